"""API keys of servers: reading them from a file, and refusing requests without one.

The middleware is plain ASGI, so that it protects `vaner serve` and `vaner mcp --http` alike.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import stat
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from pathlib import Path
from typing import Any

from vaner.errors import VanerError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MIN_LENGTH = 16
_KEY = re.compile(r"[!-~]+")  # characters that a header can contain
_ADVICE = "send it in the header `Authorization: Bearer KEY` or `X-API-Key: KEY`"


def read_api_keys(path: Path) -> tuple[str, ...]:
    """Return the keys in a file: one per line, without empty lines and lines that begin with #.

    Args:
        path: a text file.

    Raises:
        VanerError: if the file cannot be read or contains no key, or if a key is too short or has
            spaces or other characters that a header cannot have. A message never contains a key.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except OSError as error:
        raise VanerError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise VanerError(f"{path}: is not a text file with a key on each line") from None
    keys: list[str] = []
    for number, line in enumerate(map(str.strip, lines), 1):
        if not line or line.startswith("#"):
            continue
        if not _KEY.fullmatch(line):
            raise VanerError(f"{path}:{number}: a key has only ASCII characters and no spaces")
        if len(line) < MIN_LENGTH:
            raise VanerError(f"{path}:{number}: a key has at least {MIN_LENGTH} characters")
        keys.append(line)
    if not keys:
        raise VanerError(f"{path}: contains no key; write one on each line")
    return tuple(keys)


def is_readable_by_others(path: Path) -> bool:
    """Return whether users other than the owner and the group can read a file."""
    return os.name == "posix" and bool(path.stat().st_mode & stat.S_IROTH)


class ApiKeyMiddleware:
    """Answers requests without a known key with status 401.

    The time of a comparison depends neither on the key of the request nor on the position of the
    key among the known ones.

    Args:
        app: the application.
        keys: the known keys. Only their hashes stay in memory.
        open_paths: paths that need no key.
    """

    def __init__(self, app: App, keys: Iterable[str], open_paths: Iterable[str] = ()) -> None:
        self._app, self._open_paths = app, frozenset(open_paths)
        self._hashes = [_hash(key.encode("ascii")) for key in keys]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in self._open_paths:
            await self._app(scope, receive, send)
            return
        key = _find_key(scope["headers"])
        if key is not None and self._is_known(key):
            await self._app(scope, receive, send)
            return
        reason = "this server needs an API key" if key is None else "the API key is not valid"
        body = json.dumps({"error": f"{reason}; {_ADVICE}"}).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"www-authenticate", b'Bearer realm="vaner"'),
        ]
        await send({"type": "http.response.start", "status": 401, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _is_known(self, key: bytes) -> bool:
        hashed = _hash(key)
        # All keys are compared: `any` of a generator would stop at the first that is equal.
        return any([hmac.compare_digest(hashed, known) for known in self._hashes])


def _hash(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()


def _find_key(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """Return the key in the headers of a request; None if there is none."""
    for name, value in headers:
        if name.lower() == b"x-api-key":
            return value.strip()
        scheme, _, key = value.strip().partition(b" ")
        if name.lower() == b"authorization" and scheme.lower() == b"bearer":
            return key.strip()
    return None
