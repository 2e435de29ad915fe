"""A web server on localhost that can interrupt downloads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class Site:
    """The files of the server, and the requests it has received.

    Args:
        address: URL of the server.
        files: content by path.
        break_after: number of bytes of a response after which the connection is closed, by path;
            once for each path.
        ranges: whether requests for a range are answered with the range.
        errors: status of an error response, by path.
        version: version of all files, sent as ETag.
        lengths: whether responses state their length.
        requests: path and Range header of each request.
    """

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    break_after: dict[str, int] = field(default_factory=dict)
    ranges: bool = True
    errors: dict[str, int] = field(default_factory=dict)
    version: str = '"one"'
    lengths: bool = True
    requests: list[tuple[str, str | None]] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        site: Site = self.server.site  # type: ignore[attr-defined]
        requested_range = self.headers.get("Range")
        site.requests.append((self.path, requested_range))
        if self.path in site.errors:
            self.send_error(site.errors[self.path])
            return
        content = site.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        start, same = 0, self.headers.get("If-Range", site.version) == site.version
        if requested_range and site.ranges and same:
            start = int(requested_range.removeprefix("bytes=").removesuffix("-"))
            if start >= len(content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if site.lengths:
            self.send_header("Content-Length", str(len(content) - start))
        self.send_header("ETag", site.version)
        self.end_headers()
        self.wfile.write(content[start : site.break_after.pop(self.path, None)])

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@pytest.fixture
def site() -> Iterator[Site]:
    """Start a server without files, which is reached without a proxy."""
    empty_site = Site()
    # A separate context: the fixture `run` undoes the changes of `monkeypatch`.
    with (
        pytest.MonkeyPatch.context() as patch,
        ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server,
    ):
        patch.setenv("no_proxy", "*")
        server.site = empty_site  # type: ignore[attr-defined]
        empty_site.address = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield empty_site
        server.shutdown()
        thread.join()
