"""Connections that a slow client cannot block: a limit of their number, and of their time.

uvicorn closes a connection between two requests after some seconds, but waits without limit for the
rest of a request, and for a client that does not read its response.
"""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from uvicorn.protocols.http.h11_impl import H11Protocol

_CLOSE = b"Connection: close\r\nContent-Length: 0\r\n\r\n"

Phase = Literal["headers", "body", "response"]


class LimitedProtocol(H11Protocol):
    """A connection that knows since when it waits for its client.

    Args:
        arguments: for `H11Protocol`.
        max_connections: if there are more, the one that has waited longest for the rest of a
            request is closed. If there is none, the new one is refused.
    """

    def __init__(self, *arguments: Any, max_connections: int, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._max_connections = max_connections
        self._since = self.loop.time()
        self._blocked_since: float | None = None
        self._phase: Phase = "headers"

    @property
    def _current_phase(self) -> Phase:
        if self.cycle is None or self.cycle.response_complete:
            return "headers"
        return "body" if self.cycle.more_body else "response"

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection, and close another one if there are too many."""
        super().connection_made(transport)
        if len(self.connections) <= self._max_connections:
            return
        others = (c for c in self.connections if isinstance(c, LimitedProtocol) and c is not self)
        incomplete = (c for c in others if c._current_phase != "response")
        oldest = min(incomplete, key=lambda connection: connection._since, default=None)
        if oldest is not None:
            oldest.transport.abort()
            self.connections.discard(oldest)
        else:
            transport.write(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n" + _CLOSE)
            transport.close()

    def data_received(self, data: bytes) -> None:
        """Receive a part of a request."""
        super().data_received(data)
        if self._phase != (phase := self._current_phase):
            self._phase, self._since = phase, self.loop.time()

    def pause_writing(self) -> None:
        """Note that the client does not read fast enough."""
        super().pause_writing()
        self._blocked_since = self.loop.time()

    def resume_writing(self) -> None:
        """Note that the client has read."""
        super().resume_writing()
        self._blocked_since = None

    def close_if_late(self, seconds: float) -> None:
        """Close the connection if its client has sent or read too little for some seconds."""
        latest = self.loop.time() - seconds
        if self._blocked_since is not None and self._blocked_since < latest:
            self.transport.abort()
        elif self._phase == self._current_phase == "headers" and self._since < latest:
            if self.cycle is None:
                self.transport.write(b"HTTP/1.1 408 Request Timeout\r\n" + _CLOSE)
            self.transport.close()
