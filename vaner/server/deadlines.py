"""The deadlines of the requests in progress, which become shorter when the server stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from vaner.server.limits import RejectedRequest

RETRY_AFTER = "5"
"""Seconds after which a client may try again if the server is busy."""


class Deadlines:
    """Limits the time of the parts of a request, and ends all of them when the server stops."""

    def __init__(self) -> None:
        self._active = set[asyncio.Timeout]()
        self._end: float | None = None

    @asynccontextmanager
    async def limit(self, seconds: float, error: RejectedRequest) -> AsyncIterator[None]:
        """Limit the time of a block.

        Args:
            seconds: time that the block may take.
            error: raised if it takes longer.

        Raises:
            RejectedRequest: if it takes longer, or if the server stops.
        """
        loop = asyncio.get_running_loop()
        end = min(loop.time() + seconds, self._end or float("inf"))
        try:
            async with asyncio.timeout_at(end) as timeout:
                self._active.add(timeout)
                try:
                    yield
                finally:
                    self._active.discard(timeout)
        except TimeoutError:
            raise error if self._end is None else _stopping() from None

    def end_all(self, seconds: float) -> None:
        """End all blocks, and those that begin later, after some seconds.

        It is called in the thread of the event loop.
        """
        self._end = asyncio.get_running_loop().time() + seconds
        for timeout in self._active:
            when = timeout.when()
            if when is None or when > self._end:
                timeout.reschedule(self._end)


def _stopping() -> RejectedRequest:
    return RejectedRequest(503, "the server is stopping; try again later", {"Retry-After": "5"})
