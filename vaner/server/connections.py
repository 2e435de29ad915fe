"""Connections that a slow client cannot block: a limit of their number, and of their time.

uvicorn closes a connection between two requests after some seconds, but waits without limit for the
rest of a request, and for a client that does not read its response.
"""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from uvicorn.protocols.http.h11_impl import H11Protocol

_MIN_WAIT = 1.0  # seconds; a client that has waited for less may not have had time to send
_CLOSE = b"Connection: close\r\nContent-Length: 0\r\n\r\n"

Phase = Literal["headers", "body", "response"]


class LimitedProtocol(H11Protocol):
    """A connection that knows since when it waits for its client.

    Args:
        arguments: for `H11Protocol`.
        max_connections: if there are more, the one that has waited longest for the rest of a
            request is closed, if that is longer than a second. Otherwise there may be twice as
            many; after that, new ones are refused.
        waiting: the connections that wait for their clients, in the order in which they began to.
    """

    def __init__(
        self,
        *arguments: Any,
        max_connections: int,
        waiting: dict[LimitedProtocol, None],
        **more: Any,
    ) -> None:
        super().__init__(*arguments, **more)
        self._max_connections, self._waiting = max_connections, waiting
        self._since = self.loop.time()
        self._blocked_since: float | None = None
        self._phase: Phase = "headers"

    def _update_phase(self) -> None:
        """Note what the connection waits for now."""
        if self.cycle is None or self.cycle.response_complete:
            phase: Phase = "headers"
        else:
            phase = "body" if self.cycle.more_body else "response"
        if phase != self._phase and not self.transport.is_closing():
            self._enter(phase)

    def _enter(self, phase: Phase) -> None:
        """Note that a phase begins."""
        self._phase, self._since = phase, self.loop.time()
        self._waiting.pop(self, None)
        if phase != "response":
            self._waiting[self] = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection, and close another one if there are too many."""
        super().connection_made(transport)
        number = len(self.connections)
        oldest = next(iter(self._waiting), None)
        self._enter("headers")
        if number <= self._max_connections:
            return
        if oldest is not None and oldest._since < self._since - _MIN_WAIT:
            self._waiting.pop(oldest)
            oldest.transport.abort()
        elif number > 2 * self._max_connections:
            transport.write(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n" + _CLOSE)
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        self._waiting.pop(self, None)

    def data_received(self, data: bytes) -> None:
        """Receive a part of a request."""
        super().data_received(data)
        self._update_phase()

    def on_response_complete(self) -> None:
        """Wait for the next request, unless it was received already."""
        self._enter("headers")
        super().on_response_complete()
        self._update_phase()

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
        elif self._phase == "headers" and self._since < latest:
            if self.cycle is None:
                self.transport.write(b"HTTP/1.1 408 Request Timeout\r\n" + _CLOSE)
            self.transport.close()
