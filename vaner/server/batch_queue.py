"""Batching the requests of all clients for the single thread that uses the annotator.

Requests with equal options share batches. Their documents take turns, one of each request, until
the batch has a given number of characters. So a large request does not delay small ones, and many
small requests fill the batches of the model. The result of a document does not depend on the other
documents of its batch. If the annotator fails on a document, only the request with this document
fails.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice, zip_longest
from typing import NamedTuple

from vaner.recognition.options import AnnotateOptions
from vaner.text.documents import Document

CHARACTERS = 20_000
"""Characters per batch: some hundred sentences, which fill the batches of the model."""


Annotate = Callable[[Iterable[Document], AnnotateOptions], Iterable[Document]]


class BatchStats(NamedTuple):
    """The size of a batch and the time that it took, in seconds."""

    requests: int
    documents: int
    characters: int
    seconds: float


class QueueFullError(Exception):
    """The queue accepts no further request at the moment."""


@dataclass(eq=False, slots=True)
class _Request:
    """A request in the queue, with its documents and the results so far."""

    documents: Sequence[Document]
    options: AnnotateOptions
    future: Future[list[Document]] = field(default_factory=Future)
    results: list[Document] = field(default_factory=list)

    @property
    def remaining(self) -> Iterator[Document]:
        """The documents that are not annotated yet."""
        return islice(self.documents, len(self.results), None)

    @property
    def is_done(self) -> bool:
        """Whether the request is answered, failed or cancelled."""
        return self.future.done()

    def add_results(self, results: Iterable[Document]) -> None:
        """Add the results of the next documents, and answer the request if they are the last."""
        self.results += results
        if len(self.results) == len(self.documents):
            with suppress(InvalidStateError):  # it was cancelled at this moment
                self.future.set_result(self.results)

    def fail(self, error: Exception) -> None:
        """Answer the request with an error."""
        with suppress(InvalidStateError):
            self.future.set_exception(error)


_Batch = list[tuple[_Request, Document]]


class BatchQueue:
    """Annotates the documents of waiting requests in a thread, batch by batch.

    Args:
        annotate: function that annotates documents with some options, in their order.
        max_requests: number of requests that may wait or be in progress.
        max_characters: characters per batch; a batch has at least one document.
        on_batch: called after each batch.
        on_idle: called if no request arrives within `idle_seconds`.
        idle_seconds: see `on_idle`.
    """

    def __init__(
        self,
        annotate: Annotate,
        *,
        max_requests: int,
        max_characters: int = CHARACTERS,
        on_batch: Callable[[BatchStats], None] = lambda _: None,
        on_idle: Callable[[], None] = lambda: None,
        idle_seconds: float = 1.0,
    ) -> None:
        self._annotate = annotate
        self._max_requests, self._max_characters = max_requests, max_characters
        self._on_batch, self._on_idle, self._idle_seconds = on_batch, on_idle, idle_seconds
        self._requests: list[_Request] = []
        self._changed = threading.Condition()
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="vaner-annotator", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Answer the accepted requests, accept no others, and end the thread."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join()

    @property
    def is_running(self) -> bool:
        """Whether requests are accepted and answered."""
        return self._thread.is_alive() and not self._is_closing

    @property
    def waiting(self) -> int:
        """Number of requests that wait or are in progress."""
        with self._changed:
            return sum(not request.is_done for request in self._requests)

    @property
    def is_full(self) -> bool:
        """Whether the next request would be refused."""
        return self._is_closing or self.waiting >= self._max_requests

    def submit(
        self, documents: Sequence[Document], options: AnnotateOptions
    ) -> Future[list[Document]]:
        """Add a request to the queue.

        Returns:
            A future of the annotated documents, in their order. If it is cancelled, the remaining
            documents are not annotated.

        Raises:
            QueueFullError: if the queue is full or closed.
        """
        request = _Request(documents, options)
        request.add_results(())  # answers a request without documents
        with self._changed:
            if self.is_full:
                raise QueueFullError
            if not request.is_done:
                self._requests.append(request)
                self._changed.notify()
        return request.future

    def _run(self) -> None:
        while batch := self._next_batch():
            start = time.monotonic()
            self._annotate_batch(batch)
            self._on_batch(
                BatchStats(
                    len({id(request) for request, _ in batch}),
                    len(batch),
                    sum(len(document.text) for _, document in batch),
                    time.monotonic() - start,
                )
            )

    def _next_batch(self) -> _Batch:
        """Wait for requests and return the next batch; an empty one if the queue is closed."""
        with self._changed:
            if not self._changed.wait_for(self._has_work, self._idle_seconds):
                self._on_idle()
                self._changed.wait_for(self._has_work)
            if not self._requests:
                return []
            batch = self._build_batch()
            served = {id(request) for request, _ in batch}
            # Stable: requests that were served go behind the others, which keep their order.
            self._requests.sort(key=lambda request: id(request) in served)
            return batch

    def _has_work(self) -> bool:
        """Return whether there is a request to answer, or the queue was closed."""
        self._requests = [request for request in self._requests if not request.is_done]
        return bool(self._requests) or self._is_closing

    def _build_batch(self) -> _Batch:
        """Take documents in turn from all requests with the options of the first one."""
        options = self._requests[0].options
        requests = [request for request in self._requests if request.options == options]
        batch, characters = _Batch(), 0
        for row in zip_longest(*(request.remaining for request in requests)):
            for request, document in zip(requests, row, strict=True):
                if document is None:
                    continue
                characters += len(document.text)
                if batch and characters > self._max_characters:
                    return batch
                batch.append((request, document))
        return batch

    def _annotate_batch(self, batch: _Batch) -> None:
        """Annotate a batch; if that fails, annotate the documents of each request alone."""
        requests = list(dict.fromkeys(request for request, _ in batch))
        try:
            annotated = list(self._annotate([d for _, d in batch], requests[0].options))
            results: dict[_Request, list[Document]] = {request: [] for request in requests}
            for (request, _), document in zip(batch, annotated, strict=True):
                results[request].append(document)
        except Exception as error:  # bugs too: the client gets the error, and the server continues
            if len(requests) == 1:
                requests[0].fail(error)
                return
            for request in requests:
                self._annotate_batch([(r, document) for r, document in batch if r is request])
            return
        for request, documents in results.items():
            request.add_results(documents)
