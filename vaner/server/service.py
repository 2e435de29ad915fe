"""The work behind the routes: parse a request, annotate its documents, build the response."""

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
from vaner.recognition.options import AnnotateOptions
from vaner.recognition.recognizer import resolve_types
from vaner.server.batch_queue import BatchQueue, QueueFullError
from vaner.server.limits import Limits, RateLimiter, RejectedRequest
from vaner.server.memory import release_memory
from vaner.server.metrics import Metrics
from vaner.server.request import (
    READABLE,
    AnnotateParams,
    ParsedRequest,
    QueryParams,
    parse_request,
)
from vaner.server.response import WRITABLE, ResponseBody, build_body, choose_format
from vaner.text.documents import Document

Identify = Callable[[Iterable[Document]], Iterator[Document]]

_RETRY_AFTER = "5"  # seconds after which a client may try again if the server is busy
_SIZE_LIMITS = ("body", "documents", "characters")
_CONVERT_FACTOR = 4


class Service:
    """Annotates and converts documents for many clients.

    Args:
        annotator: the annotator.
        name: name of its model, which clients see.
        limits: limits of requests and clients.
        identify: adds identifiers to mentions; None for no identifiers.
        paths: paths that the metrics count separately.
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
        # An annotated document that a client sends back is larger than its text.
        sizes = {name: _CONVERT_FACTOR * getattr(limits, name) for name in _SIZE_LIMITS}
        self._convert_limits = replace(limits, **sizes)
        self._rate_limiter, self._active = RateLimiter(limits.rate), 0
        self.metrics = Metrics(annotator.types, paths, lambda: self.queue.waiting)
        self.queue = BatchQueue(
            self._annotate,
            max_requests=limits.waiting,
            on_batch=self.metrics.count_batch,
            on_idle=release_memory,
        )

    def _annotate(
        self, documents: Iterable[Document], options: AnnotateOptions
    ) -> Iterator[Document]:
        annotated = self._annotator.annotate(documents, **options.as_arguments())
        return annotated if self._identify is None else self._identify(annotated)

    def describe(self) -> dict[str, Any]:
        """Return the model, its types, the formats and the limits."""
        return {
            "model": self.name,
            "vaner": __version__,
            "types": list(self._annotator.types),
            "zero_shot": self._annotator.zero_shot,
            "selector": self._annotator.selector is not None,
            "read": list(READABLE),
            "write": list(WRITABLE),
            "limits": {
                "body": self.limits.body,
                "documents": self.limits.documents,
                "characters": self.limits.characters,
                "requests_a_minute": self.limits.rate,
                "seconds": self.limits.timeout,
            },
        }

    async def annotate(self, request: Request, query: QueryParams) -> ResponseBody:
        """Annotate the documents of a request.

        Raises:
            RejectedRequest: if the request is malformed or exceeds a limit.
        """
        async with self._slot():
            parsed = await self._parse(request, query, self.limits)
            format = choose_format(parsed.params.format, request.headers.get("accept", ""))
            options = self._options(parsed.params)
            annotated = await self._submit(request, parsed.documents, options)
            self.metrics.count_mentions(annotated)
            return await run_in_threadpool(build_body, annotated, format)

    async def convert(self, request: Request, query: QueryParams) -> ResponseBody:
        """Write the documents of a request, with their mentions, in another format.

        Raises:
            RejectedRequest: if the request is malformed or exceeds a limit.
        """
        async with self._slot():
            parsed = await self._parse(request, query, self._convert_limits)
            format = choose_format(parsed.params.format, request.headers.get("accept", ""))
            return await run_in_threadpool(build_body, parsed.documents, format)

    async def read_documents(self, request: Request) -> list[Document]:
        """Return the documents of a request.

        Raises:
            RejectedRequest: if the request is malformed or exceeds a limit.
        """
        async with self._slot():
            return (await self._parse(request, QueryParams(), self._convert_limits)).documents

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        """Count a request among the active ones, and limit its time."""
        if self._active >= self.limits.waiting or not self.queue.is_running:
            raise _busy()
        self._active += 1
        try:
            async with asyncio.timeout(self.limits.timeout):
                yield
        except TimeoutError:
            seconds = f"{self.limits.timeout:g} seconds"
            message = f"not finished within {seconds}; send less text, or try again later"
            raise RejectedRequest(504, message, {"Retry-After": _RETRY_AFTER}) from None
        finally:
            self._active -= 1

    async def _parse(self, request: Request, query: QueryParams, limits: Limits) -> ParsedRequest:
        client = request.client.host if request.client else ""
        if seconds := self._rate_limiter.seconds_to_wait(client):
            message = f"a client may send {self.limits.rate:,} requests a minute; try again later"
            raise RejectedRequest(429, message, {"Retry-After": str(int(seconds) + 1)})
        body = await _read_body(request, limits.body)
        content_type = request.headers.get("content-type", "")
        return await run_in_threadpool(parse_request, body, content_type, query, limits)

    def _options(self, params: AnnotateParams) -> AnnotateOptions:
        try:
            types = resolve_types(self._annotator, params.types)
            if params.min_precision is not None:
                self._annotator.thresholds(types, params.min_precision)
        except VanerError as error:
            raise RejectedRequest(400, " ".join(str(error).split())) from None
        return params.options(types)

    async def _submit(
        self, request: Request, documents: list[Document], options: AnnotateOptions
    ) -> list[Document]:
        """Annotate documents, and stop if the client disconnects."""
        try:
            results = asyncio.wrap_future(self.queue.submit(documents, options))
        except QueueFullError:
            raise _busy() from None
        disconnected = asyncio.ensure_future(_wait_for_disconnect(request))
        either: set[asyncio.Future[Any]] = {results, disconnected}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not results.done():
                raise RejectedRequest(400, "the client has disconnected")
            return results.result()
        except VanerError as error:
            raise RejectedRequest(400, " ".join(str(error).split())) from None
        finally:
            results.cancel()  # has no effect if they are complete
            disconnected.cancel()


async def _read_body(request: Request, limit: int) -> bytes:
    """Read a body, but no more of it than the limit."""
    parts, length = list[bytes](), 0
    message = f"a body may have {limit:,} bytes; send less at a time"
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise RejectedRequest(413, message, {"Connection": "close"})
    try:
        async for part in request.stream():
            parts.append(part)
            length += len(part)
            if length > limit:
                raise RejectedRequest(413, message, {"Connection": "close"})
    except ClientDisconnect:
        raise RejectedRequest(400, "the body is incomplete") from None
    return b"".join(parts)


async def _wait_for_disconnect(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _busy() -> RejectedRequest:
    message = "too many requests are waiting; try again in a moment"
    return RejectedRequest(503, message, {"Retry-After": _RETRY_AFTER})
