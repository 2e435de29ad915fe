"""The work behind the routes: parse a request, annotate its documents, build the response."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

from vaner import __version__
from vaner.annotator import Annotator
from vaner.errors import VanerError
from vaner.linking.options import LinkOptions
from vaner.recognition.options import AnnotateOptions
from vaner.recognition.recognizer import resolve_corpus, resolve_types
from vaner.server.batch_queue import BatchQueue, QueueFullError
from vaner.server.batch_workers import (
    BatchWorker,
    InMemoryWorker,
    LoadAnnotator,
    annotate_batch,
    describe_model,
    start_workers,
)
from vaner.server.deadlines import RETRY_AFTER, Deadlines
from vaner.server.format_pool import FormatPool
from vaner.server.limits import Limits, RateLimiter, RejectedRequest
from vaner.server.metrics import Metrics
from vaner.server.request import (
    READABLE,
    AnnotateParams,
    ParsedRequest,
    QueryParams,
    parse_request,
)
from vaner.server.response import WRITABLE, ResponseBody, build_body, choose_format
from vaner.server.web_page import draw
from vaner.text.documents import Document

Result = TypeVar("Result")

_SIZE_LIMITS = ("body", "documents", "characters")
_CONVERT_FACTOR = 4
_READY_SECONDS = 30.0  # a worker that has had the same batch for longer does not answer
_BATCH_PART = 4  # a batch of several requests may take a quarter of the time of a request
_FORMAT_PART = 2  # reading or writing a format may take a half of the time of a request
_BUFFERED_BODIES = 32  # as many bodies of the maximum size may be in memory at once
_SMALL_BODY = 65_536  # smaller ones are not counted
_SPAN_SIZE = 50  # characters of a mention in a file
_CLOSE_SECONDS = 1.0
_ENCODINGS = ("", "gzip", "x-gzip", "identity")  # of a body; its first bytes show gzip


class Service:
    """Annotates and converts documents for many clients.

    Args:
        annotator: the annotator, or a function that can be pickled and loads one in each worker
            process.
        name: name of its model, which clients see.
        limits: limits of requests and clients.
        paths: paths that the metrics count separately.
        workers: number of worker processes, if `annotator` is a function.
        link_options: which knowledge bases the annotator links to, for clients.

    Raises:
        VanerError: if the model cannot be loaded.
    """

    def __init__(
        self,
        annotator: Annotator | LoadAnnotator,
        name: str,
        limits: Limits,
        paths: Iterable[str] = (),
        workers: int = 2,
        link_options: LinkOptions | None = None,
    ) -> None:
        self.name, self.limits = name, limits
        self._link_options = link_options or LinkOptions()
        # An annotated document that a client sends back is larger than its text.
        sizes = {name: _CONVERT_FACTOR * getattr(limits, name) for name in _SIZE_LIMITS}
        self._convert_limits = replace(limits, **sizes, words=0)
        self._rate_limiter, self._active, self._buffered = RateLimiter(limits.rate), 0, 0
        self._deadlines = Deadlines()
        self._formats = FormatPool(is_isolated=not isinstance(annotator, Annotator))
        batch_workers: Sequence[BatchWorker]
        if isinstance(annotator, Annotator):
            batch_workers = [InMemoryWorker(partial(annotate_batch, annotator))]
            self._model = describe_model(annotator)
        else:
            batch_workers, self._model = start_workers(annotator, workers)
        self.queue = BatchQueue(
            batch_workers,
            max_requests=limits.waiting,
            max_seconds=limits.timeout / _BATCH_PART,
            on_batch=lambda batch: self.metrics.count_batch(batch),
        )
        self.metrics = Metrics(
            self._model.types, paths,
            waiting=lambda: self.queue.waiting, workers=lambda: self.queue.prepared_workers,
        )  # fmt: skip

    def start(self) -> None:
        """Accept requests."""
        self._formats.start()
        self.queue.start()

    def stop(self, seconds: float) -> None:
        """End all requests within some seconds, also those that come later.

        It is called in the thread of the event loop.
        """
        self._deadlines.end_all(seconds)

    def close(self) -> None:
        """End the workers. Requests that are not answered fail."""
        self._formats.close()
        self.queue.close(_CLOSE_SECONDS)

    @property
    def is_ready(self) -> bool:
        """Whether a worker answers, and the next request would be accepted."""
        return self.queue.is_ready(min(_READY_SECONDS, self.limits.timeout / 2))

    def describe_model(self) -> dict[str, Any]:
        """Return the name of the model, its form, and the version of this package."""
        return {"model": self.name, "form": self._model.form, "vaner": __version__}

    def describe(self) -> dict[str, Any]:
        """Return the model, its types, the formats and the limits."""
        return {
            **self.describe_model(),
            "types": list(self._model.types),
            "corpora": list(self._model.corpora),
            "min_scores": dict(self._model.min_scores),
            "zero_shot": self._model.zero_shot,
            "selector": self._model.has_selector,
            "identifiers": self._describe_linking(),
            "context": self._model.has_context,
            "read": list(READABLE),
            "write": list(WRITABLE),
            "limits": {
                "body": self.limits.body,
                "documents": self.limits.documents,
                "characters": self.limits.characters,
                "words": self.limits.words,
                "requests_a_minute": self.limits.rate,
                "seconds": self.limits.timeout,
            },
        }

    def _describe_linking(self) -> dict[str, Any] | None:
        """Return which mentions get identifiers, and of which bases; None if none do."""
        if not self._model.linked_types:
            return None
        options = self._link_options
        return {
            "types": list(self._model.linked_types),
            "kb": options.kb and Path(options.kb).name,
            "link": options.link and Path(options.link).name,
            "candidates": options.candidates,
        }

    async def annotate(self, request: Request, query: QueryParams) -> ResponseBody:
        """Annotate the documents of a request.

        Raises:
            RejectedRequest: if the request is malformed or exceeds a limit.
        """
        async with self._accepted(request, query, self.limits) as parsed:
            format = choose_format(parsed.params.format, request.headers.get("accept", ""))
            options, left_out = self._options(parsed.params)
            annotated = await self._submit(request, parsed.documents, options)
            self.metrics.count_mentions(annotated)
            body = await self._format(_size(annotated), build_body, annotated, format)
            return body._replace(losses="; ".join(filter(None, (left_out, body.losses))))

    async def convert(self, request: Request, query: QueryParams) -> ResponseBody:
        """Write the documents of a request, with their mentions, in another format.

        Raises:
            RejectedRequest: if the request is malformed or exceeds a limit.
        """
        async with self._accepted(request, query, self._convert_limits) as parsed:
            format = choose_format(parsed.params.format, request.headers.get("accept", ""))
            documents = parsed.documents
            return await self._format(_size(documents), build_body, documents, format)

    async def draw(self, request: Request, types: list[str], first: int) -> bytes:
        """Return the documents of a request for the page.

        Raises:
            RejectedRequest: if the request is malformed or exceeds a limit.
        """
        async with self._accepted(request, QueryParams(), self._convert_limits) as parsed:
            documents = parsed.documents
            return await self._format(_size(documents), draw, documents, types, first)

    @asynccontextmanager
    async def _accepted(
        self, request: Request, query: QueryParams, limits: Limits
    ) -> AsyncIterator[ParsedRequest]:
        """Receive and parse a request, count it among the active ones, and limit its time."""
        self._check_capacity()
        client = request.client.host if request.client else ""
        if seconds := self._rate_limiter.seconds_to_wait(client):
            message = f"a client may send {self.limits.rate:,} requests a minute; try again later"
            raise RejectedRequest(429, message, {"Retry-After": str(int(seconds) + 1)})
        if (compression := request.headers.get("content-encoding", "")).lower() not in _ENCODINGS:
            raise RejectedRequest(415, f"the body is compressed with {compression}; use gzip")
        late = RejectedRequest(
            408, f"the body did not arrive within {self.limits.receive_timeout:g} seconds",
            {"Connection": "close"},
        )  # fmt: skip
        with self._buffer() as count:
            async with self._deadlines.limit(self.limits.receive_timeout, late):
                body = await _read_body(request, limits.body, count)
            self._check_capacity()  # others may have come in the meantime
            self._active += 1
            try:
                async with self._deadlines.limit(self.limits.timeout, self._too_slow()):
                    content_type = request.headers.get("content-type", "")
                    yield await self._format(
                        len(body), parse_request, body, content_type, query, limits
                    )
            finally:
                self._active -= 1

    def _check_capacity(self) -> None:
        if self._active >= self.limits.waiting or not self.queue.is_running:
            raise _busy()

    @contextmanager
    def _buffer(self) -> Iterator[Callable[[int], None]]:
        """Yield a function that counts the bytes of a body, and rejects it if memory is short."""
        size = 0

        def count(length: int) -> None:
            nonlocal size
            size += length
            self._buffered += length
            if size > _SMALL_BODY and self._buffered > _BUFFERED_BODIES * self.limits.body:
                raise _busy()

        try:
            yield count
        finally:
            self._buffered -= size

    async def _format(self, size: int, function: Callable[..., Result], *args: Any) -> Result:
        """Read or write a format, in a part of the time that the request has."""
        async with self._deadlines.limit(self.limits.timeout / _FORMAT_PART, self._too_slow()):
            return await self._formats.run(size, function, *args)

    def _too_slow(self) -> RejectedRequest:
        seconds = f"{self.limits.timeout:g} seconds"
        message = f"not finished within {seconds}; send less text, or try again later"
        return RejectedRequest(504, message, {"Retry-After": RETRY_AFTER})

    def _options(self, params: AnnotateParams) -> tuple[AnnotateOptions, str]:
        """Return the options of a request, and a line about types that are left out.

        Types that did not reach the requested precision are left out if the client names no types.
        """
        try:
            types = resolve_types(self._model, params.types)
            corpus = resolve_corpus(self._model, params.corpus)
        except VanerError as error:
            raise RejectedRequest(400, " ".join(str(error).split())) from None
        calibration, precision = self._model.calibration, params.min_precision
        if params.types is not None or precision is None or calibration is None:
            return params.options(types, corpus), ""
        reached, left_out = calibration.select_reached(types, precision)
        return params.options(reached, corpus), left_out

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


async def _read_body(request: Request, limit: int, count: Callable[[int], None]) -> bytes:
    """Read a body, but no more of it than the limit.

    The server receives and drops the rest of a body that is too large. If it closed the connection
    at once, a client that is still sending would not see the response.
    """
    parts, length = list[bytes](), 0
    message = f"a body may have {limit:,} bytes; send less at a time"
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise RejectedRequest(413, message)
    try:
        async for part in request.stream():
            parts.append(part)
            length += len(part)
            if length > limit:
                raise RejectedRequest(413, message)
            count(len(part))
    except ClientDisconnect:
        raise RejectedRequest(400, "the body is incomplete") from None
    return b"".join(parts)


async def _wait_for_disconnect(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _size(documents: Sequence[Document]) -> int:
    """Return roughly how many characters a file with these documents has."""
    return sum(len(document.text) + _SPAN_SIZE * len(document.spans) for document in documents)


def _busy() -> RejectedRequest:
    message = "too many requests are waiting; try again in a moment"
    return RejectedRequest(503, message, {"Retry-After": RETRY_AFTER})
