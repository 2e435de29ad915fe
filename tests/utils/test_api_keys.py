"""API keys: the file, and the requests that are refused."""

from __future__ import annotations

import asyncio
import hmac
from pathlib import Path
from typing import Any

import pytest

from vaner.errors import VanerError
from vaner.utils.api_keys import ApiKeyMiddleware, is_readable_by_others, read_api_keys

ONE, TWO = "first-key-0123456789", "second/key+0123456789="


def test_a_key_on_each_line(tmp_path: Path) -> None:
    path = tmp_path / "keys.txt"
    path.write_bytes(f"\ufeff# of the ward\r\n {ONE} \r\n\n{TWO}".encode())
    assert read_api_keys(path) == (ONE, TWO)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "keys.txt: contains no key"),
        (b"# " + ONE.encode(), "keys.txt: contains no key"),
        (f"{ONE}\nshort".encode(), "keys.txt:2: a key has at least 16 characters"),
        (b"a key with spaces in it", "keys.txt:1: a key has only ASCII characters and no spaces"),
        ("schlüssel-0123456789".encode(), "keys.txt:1: a key has only ASCII"),
        (b"\xff\xfe\x00", "keys.txt: is not a text file"),
    ],
)
def test_a_wrong_file_is_an_error_without_the_key(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "keys.txt"
    path.write_bytes(content)
    with pytest.raises(VanerError) as caught:
        read_api_keys(path)
    assert message in str(caught.value)
    assert not any(word in str(caught.value) for word in ("short", "key with", "schl", ONE))
    with pytest.raises(VanerError, match=r"no\.txt: cannot be read: No such file"):
        read_api_keys(tmp_path / "no.txt")


def test_the_permissions_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "keys.txt"
    path.touch()
    path.chmod(0o640)
    assert not is_readable_by_others(path)
    path.chmod(0o644)
    assert is_readable_by_others(path)


async def _answer(path: str, *headers: tuple[bytes, bytes]) -> int:
    """Return the status of a request, by a middleware that knows two keys."""
    statuses: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def receive() -> None:
        raise AssertionError("the body of a request without a key is not read")

    protected = ApiKeyMiddleware(app, (ONE, TWO), ("/health",))
    await protected({"type": "http", "path": path, "headers": headers}, receive, send)
    return statuses[0]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([], 401),
        ([(b"authorization", f"Bearer {ONE}".encode())], 200),
        ([(b"authorization", f"bearer   {TWO} ".encode())], 200),
        ([(b"x-api-key", TWO.encode())], 200),
        ([(b"authorization", ONE.encode())], 401),
        ([(b"authorization", f"Basic {ONE}".encode())], 401),
        ([(b"authorization", f"Bearer {ONE}x".encode())], 401),
        ([(b"x-api-key", ONE[:-1].encode())], 401),
        ([(b"x-api-key", b"\xff\x00")], 401),
        ([(b"x-api-key", b"")], 401),
    ],
)
@pytest.mark.parametrize("path", ["/annotate", "/health/", "/nowhere"])
def test_requests(path: str, headers: list[tuple[bytes, bytes]], status: int) -> None:
    assert asyncio.run(_answer(path, *headers)) == status
    assert asyncio.run(_answer("/health", *headers)) == 200


def test_every_key_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also after one that is equal: the time must not say which key it was."""
    original, results = hmac.compare_digest, list[bool]()

    def compare(first: bytes, second: bytes) -> bool:
        results.append(original(first, second))
        return results[-1]

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert asyncio.run(_answer("/", (b"x-api-key", ONE.encode()))) == 200
    assert results == [True, False]
