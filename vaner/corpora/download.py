"""Getting one file over HTTP: what broke off is gone on with.

The standard library's client does: a corpus is a handful of files, and the clients that the Hub's
library brings along change from one of its versions to the next.
"""

from __future__ import annotations

import http.client
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from vaner.errors import CorpusError

TIMEOUT = 60.0  # seconds without a byte
_CHUNK = 1 << 17

Watch = Callable[[int, int | None], None]
"""Told how many bytes there are, and how many there will be if the server said so."""


def download(address: str, target: Path, watch: Watch | None = None) -> None:
    """Get a file, going on from what an earlier try left in `target`.

    Beside it lies what the server told of the file's version, so that no two versions are put
    together.

    Args:
        address: http or https.
        target: where to; complete when this returns.
        watch: called as it grows.

    Raises:
        CorpusError: in one line that says how to go on.
    """
    version = target.with_name(f"{target.name}.version")
    have = target.stat().st_size if target.is_file() else 0
    with _told(address):
        try:
            answer = urlopen(_request(address, have, version), timeout=TIMEOUT)
        except HTTPError as problem:
            problem.close()
            if problem.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE or not have:
                raise
            if problem.headers.get("Content-Range") != f"bytes */{have}":
                target.unlink()  # longer than the file is now: from another one
                return download(address, target, watch)
            version.unlink(missing_ok=True)
            return None
    with answer:
        goes_on = answer.status == http.HTTPStatus.PARTIAL_CONTENT and _start(answer) == have
        if not goes_on:
            have = 0
        length = answer.headers.get("Content-Length")
        total = have + int(length) if length else None
        with _written(target), target.open("ab" if goes_on else "wb") as file:
            version.write_text(_version(answer), "utf-8")
            for chunk in _chunks(answer, address):
                have += file.write(chunk)
                if watch is not None:
                    watch(have, total)
    if total is not None and have < total:
        raise CorpusError(
            f"{address}: broke off after {have:,} of {total:,} bytes; run it again to go on"
        )
    version.unlink(missing_ok=True)


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _request(address: str, have: int, version: Path) -> Request:
    headers = {"User-Agent": "vaner", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
        known = version.read_text("utf-8") if version.is_file() else ""
        if known:
            headers["If-Range"] = known
    return Request(address, headers=headers)


def _version(answer: http.client.HTTPResponse) -> str:
    """What `If-Range` takes: a strong tag, else a date."""
    tag = answer.headers.get("ETag", "")
    return tag if tag.startswith('"') else answer.headers.get("Last-Modified", "")


def _start(answer: http.client.HTTPResponse) -> int | None:
    found = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    return int(found[1]) if found else None


def _chunks(answer: http.client.HTTPResponse, address: str) -> Iterator[bytes]:
    while True:
        with _told(address):
            # read1 hands on what has come, so that what a broken connection brought is kept.
            chunk = answer.read1(_CHUNK)
        if not chunk:
            return
        yield chunk


@contextmanager
def _told(address: str) -> Iterator[None]:
    """What goes wrong on the way, as one line."""
    try:
        yield
    except HTTPError as problem:
        later = "try later" if problem.code == 429 or problem.code >= 500 else "it may have moved"
        raise CorpusError(f"{address}: {problem.code} {problem.reason}; {later}") from None
    except (OSError, http.client.HTTPException) as problem:
        reason = problem.reason if isinstance(problem, URLError) else problem
        hint = "run it again to go on"
        if isinstance(reason, ssl.SSLCertVerificationError):
            hint = "SSL_CERT_FILE may name the certificates to trust"
        told = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        raise CorpusError(f"{address}: {told}; {hint}") from None


@contextmanager
def _written(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise CorpusError(f"{target}: cannot be written: {problem.strerror or problem}") from None
