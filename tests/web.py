"""A web server on localhost that breaks off where it is told to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class Site:
    """What the server gives, and what it was asked for.

    Args:
        files: path -> content.
        break_after: bytes of an answer after which the connection is closed, once for each path.
        ranges: whether it answers a part where a part is asked for.
        errors: path -> status.
        version: of all files, told as ETag.
        asked: path and Range header of each request.
    """

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    break_after: dict[str, int] = field(default_factory=dict)
    ranges: bool = True
    errors: dict[str, int] = field(default_factory=dict)
    version: str = '"one"'
    asked: list[tuple[str, str | None]] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        site: Site = self.server.site  # type: ignore[attr-defined]
        asked = self.headers.get("Range")
        site.asked.append((self.path, asked))
        if self.path in site.errors:
            self.send_error(site.errors[self.path])
            return
        content = site.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        start, same = 0, self.headers.get("If-Range", site.version) == site.version
        if asked and site.ranges and same:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= len(content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.send_header("ETag", site.version)
        self.end_headers()
        self.wfile.write(content[start : site.break_after.pop(self.path, None)])

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[Site]:
    """A server with no files yet, asked directly whatever proxy there is."""
    found = Site()
    # A context of its own: the fixture `run` undoes what the test's own `monkeypatch` did.
    with (
        pytest.MonkeyPatch.context() as patch,
        ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server,
    ):
        patch.setenv("no_proxy", "*")
        server.site = found  # type: ignore[attr-defined]
        found.address = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield found
        server.shutdown()
        thread.join()
