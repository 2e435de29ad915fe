"""Download a file over HTTP, resuming an interrupted download.

The client of the standard library is enough, because a corpus has only a few files. The HTTP client
that huggingface_hub installs changes from version to version.
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

ProgressCallback = Callable[[int, int | None], None]
"""Called with the number of downloaded bytes and the total, which is None if it is unknown."""


def download(url: str, target: Path, on_progress: ProgressCallback | None = None) -> None:
    """Download a file, resuming from what an earlier attempt left in `target`.

    A second file next to `target` stores the version that the server reported, a strong ETag.
    Without one, a download starts again, so that parts of two versions are never joined. If the
    server does not state the length, an interrupted download cannot be recognized here.

    Args:
        url: an http or https URL.
        target: file to write; it is complete when this function returns.
        on_progress: called after each chunk.

    Raises:
        CorpusError: if the download fails, with what to do next.
    """
    version_file = target.with_name(f"{target.name}.version")
    size = target.stat().st_size if target.is_file() else 0
    with _connection_errors(url):
        try:
            response = urlopen(_make_request(url, size, version_file), timeout=TIMEOUT)
        except HTTPError as error:
            error.close()
            if error.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE or not size:
                raise
            if error.headers.get("Content-Range") != f"bytes */{size}":
                target.unlink()  # larger than the remote file, so it is a part of another version
                return download(url, target, on_progress)
            version_file.unlink(missing_ok=True)
            return None
    with response:
        partial = response.status == http.HTTPStatus.PARTIAL_CONTENT
        resumes = partial and _continues(response, size, version_file)
        if partial and not resumes:
            if not size:
                raise CorpusError(f"{url}: the server sent only a part; try again later")
            target.unlink()  # not the part that was requested
            version_file.unlink(missing_ok=True)
            return download(url, target, on_progress)
        if not resumes:
            size = 0
        length = response.headers.get("Content-Length")
        total = size + int(length) if length else None
        with _write_errors(target), target.open("ab" if resumes else "wb") as file:
            version_file.write_text(_version(response), "utf-8")
            for chunk in _read_chunks(response, url):
                size += file.write(chunk)
                if on_progress is not None:
                    on_progress(size, total)
    if total is not None and size < total:
        raise CorpusError(
            f"{url}: download interrupted after {size:,} of {total:,} bytes; run the command again "
            "to resume"
        )
    version_file.unlink(missing_ok=True)


def compute_sha256(path: Path) -> str:
    """Return the SHA-256 checksum of a file, in hex."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _make_request(url: str, size: int, version_file: Path) -> Request:
    headers = {"User-Agent": "vaner", "Accept-Encoding": "identity"}
    version = version_file.read_text("utf-8") if version_file.is_file() else ""
    if size and version:
        headers |= {"Range": f"bytes={size}-", "If-Range": version}
    return Request(url, headers=headers)


def _version(response: http.client.HTTPResponse) -> str:
    """Return a value for the If-Range header, a strong ETag; empty if there is none.

    A date is not enough: a file can change twice in a second.
    """
    tag: str = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else ""


def _continues(response: http.client.HTTPResponse, size: int, version_file: Path) -> bool:
    """Return whether a response is the rest of the version that `size` bytes are known of."""
    match = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    version = version_file.read_text("utf-8") if version_file.is_file() else ""
    has_version = bool(version) and _version(response) in ("", version)
    return match is not None and int(match[1]) == size and has_version


def _read_chunks(response: http.client.HTTPResponse, url: str) -> Iterator[bytes]:
    while True:
        with _connection_errors(url):
            # read1 returns what has been received, so that nothing is lost if the connection fails.
            chunk = response.read1(_CHUNK)
        if not chunk:
            return
        yield chunk


@contextmanager
def _connection_errors(url: str) -> Iterator[None]:
    """Raise network errors as a CorpusError of one line."""
    try:
        yield
    except HTTPError as error:
        is_temporary = error.code == 429 or error.code >= 500
        hint = "try again later" if is_temporary else "the file may have moved"
        raise CorpusError(f"{url}: {error.code} {error.reason}; {hint}") from None
    except (OSError, http.client.HTTPException) as error:
        reason = error.reason if isinstance(error, URLError) else error
        hint = "run the command again to resume"
        if isinstance(reason, ssl.SSLCertVerificationError):
            hint = "set SSL_CERT_FILE to the certificates to trust"
        message = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        raise CorpusError(f"{url}: {message}; {hint}") from None


@contextmanager
def _write_errors(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CorpusError(f"{target}: cannot be written: {error.strerror or error}") from None
