"""What stands behind the routes: one annotator, its limits, its counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from vaner import __version__
from vaner.annotator import Annotator
from vaner.errors import VanerError
from vaner.formats import FORMATS
from vaner.recognition.options import AnnotateOptions
from vaner.recognition.recognizer import resolve_types
from vaner.server.batch_queue import Batcher, FullError
from vaner.server.limits import Limits, Rate, Refused
from vaner.server.memory import give_back
from vaner.server.metrics import Metrics
from vaner.server.request import NOT_READ, Asked, Order, Query, read_body
from vaner.server.response import WRITABLE, Written, chosen_format, written
from vaner.text.documents import Document

Identify = Callable[[Iterable[Document]], Iterator[Document]]

_AGAIN = "5"  # seconds after which a client that found no room may come again
_SIZES = ("body", "documents", "characters")
_ROOM = 4


class Service:
    """An annotator for many clients.

    Args:
        annotator: what finds mentions.
        name: of its model, to be told.
        limits: what is taken.
        identify: gives mentions identifiers, if anything does.
        paths: counted by their names.
    """

    def __init__(
        self,
        annotator: Annotator,
        name: str,
        limits: Limits,
        identify: Identify | None = None,
        paths: Iterable[str] = (),
    ) -> None:
        self.name, self.limits = name, limits
        self._annotator, self._identify = annotator, identify
        # Documents that come back with their mentions are larger than they were.
        self._roomy = replace(limits, **{of: _ROOM * getattr(limits, of) for of in _SIZES})
        self._rate, self._taken = Rate(limits.rate), 0
        self.metrics = Metrics(annotator.types, paths, lambda: self.batcher.waiting)
        self.batcher = Batcher(
            self._annotate, room=limits.waiting, watch=self.metrics.round, rest=give_back
        )

    def _annotate(
        self, documents: Iterable[Document], options: AnnotateOptions
    ) -> Iterator[Document]:
        found = self._annotator.annotate(documents, **options.as_arguments())
        return found if self._identify is None else self._identify(found)

    def about(self) -> dict[str, Any]:
        """The model and what may be asked of it."""
        return {
            "model": self.name,
            "vaner": __version__,
            "types": list(self._annotator.types),
            "zero_shot": self._annotator.zero_shot,
            "selector": self._annotator.selector is not None,
            "read": [name for name in FORMATS if name not in NOT_READ],
            "write": list(WRITABLE),
            "limits": {
                "body": self.limits.body,
                "documents": self.limits.documents,
                "characters": self.limits.characters,
                "requests_a_minute": self.limits.rate,
                "seconds": self.limits.timeout,
            },
        }

    async def annotated(self, request: Request, query: Query) -> Written:
        """The answer to a text, or to documents, in the format that is wanted.

        Raises:
            Refused: for what is malformed or too much, or comes at the wrong time.
        """
        async with self._place():
            order = await self._order(request, query, self.limits)
            format = chosen_format(order.asked.format, request.headers.get("accept", ""))
            found = await self._found(request, order.documents, self._options(order.asked))
            self.metrics.found(found)
            return await run_in_threadpool(written, found, format)

    async def converted(self, request: Request, query: Query) -> Written:
        """The documents that were sent, mentions and all, in another format."""
        async with self._place():
            order = await self._order(request, query, self._roomy)
            format = chosen_format(order.asked.format, request.headers.get("accept", ""))
            return await run_in_threadpool(written, order.documents, format)

    async def documents(self, request: Request) -> list[Document]:
        """The documents that were sent."""
        async with self._place():
            return (await self._order(request, Query(), self._roomy)).documents

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """A place among the requests that are taken, as long as one may last."""
        if self._taken >= self.limits.waiting or not self.batcher.alive:
            raise _full()
        self._taken += 1
        try:
            async with asyncio.timeout(self.limits.timeout):
                yield
        except TimeoutError:
            line = f"not done within {self.limits.timeout:g} seconds; send less, or come later"
            raise Refused(504, line, {"Retry-After": _AGAIN}) from None
        finally:
            self._taken -= 1

    async def _order(self, request: Request, query: Query, limits: Limits) -> Order:
        client = request.client.host if request.client else ""
        if wait := self._rate.seconds_to_wait(client):
            line = f"{self.limits.rate:,} requests a minute are taken of one client; come later"
            raise Refused(429, line, {"Retry-After": str(int(wait) + 1)})
        body = await _body(request, limits.body)
        kind = request.headers.get("content-type", "")
        return await run_in_threadpool(read_body, body, kind, query, limits)

    def _options(self, asked: Asked) -> AnnotateOptions:
        try:
            types = resolve_types(self._annotator, asked.types)
            if asked.min_precision is not None:
                self._annotator.thresholds(types, asked.min_precision)
        except VanerError as problem:
            raise Refused(400, " ".join(str(problem).split())) from None
        return AnnotateOptions(
            types=types, overlaps=asked.overlaps, min_score=asked.min_score,
            min_precision=asked.min_precision,
        )  # fmt: skip

    async def _found(
        self, request: Request, documents: list[Document], options: AnnotateOptions
    ) -> list[Document]:
        """What the annotator finds, as long as the client waits for it."""
        try:
            answer = asyncio.wrap_future(self.batcher.submit(documents, options))
        except FullError:
            raise _full() from None
        gone = asyncio.ensure_future(_gone(request))
        either: set[asyncio.Future[Any]] = {answer, gone}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                raise Refused(400, "the client has gone")
            return answer.result()
        except VanerError as problem:
            raise Refused(400, " ".join(str(problem).split())) from None
        finally:
            answer.cancel()  # which gives up what is left of it, if anything is
            gone.cancel()


async def _body(request: Request, limit: int) -> bytes:
    """The body, of which no more is read than may be."""
    parts, length = list[bytes](), 0
    line = f"a body may have {limit:,} bytes; send less at a time"
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > limit:
        raise Refused(413, line, {"Connection": "close"})
    try:
        async for part in request.stream():
            parts.append(part)
            length += len(part)
            if length > limit:
                raise Refused(413, line, {"Connection": "close"})
    except ClientDisconnect:
        raise Refused(400, "the body breaks off") from None
    return b"".join(parts)


async def _gone(request: Request) -> None:
    """Wait until the client has hung up."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _full() -> Refused:
    line = "too many requests are waiting; come again in a moment"
    return Refused(503, line, {"Retry-After": _AGAIN})
