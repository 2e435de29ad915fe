"""Batching the requests of all clients for the workers that run the model.

Requests with equal options share batches. Their documents take turns, one of each request, until
the batch has a given number of characters. So a large request does not delay small ones, and many
small requests fill the batches of the model. The result of a document does not depend on the other
documents of its batch. If a worker fails on a document, only the request with this document fails.

A thread drives each worker. With several workers, one of them never gets a document that is longer
than a batch, or a request that took too long. So long documents cannot stop short ones.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

from vaner.recognition.options import AnnotateOptions
from vaner.server.batch_workers import BatchWorker
from vaner.server.queued_request import QueuedRequest
from vaner.server.worker import WorkerStoppedError
from vaner.text.documents import Document

CHARACTERS = 20_000
"""Characters per batch: some hundred sentences, which fill the batches of the model."""
_RETRY_SECONDS = 1.0  # after a worker could not be started
_CHECK_SECONDS = 1.0  # how often an idle thread checks its worker
_MAX_WAIT = 5.0  # seconds of waiting for an abandoned batch before its worker is killed
_CLOSE_SECONDS = 30.0


class BatchStats(NamedTuple):
    """The size of a batch and the time that it took, in seconds."""

    requests: int
    documents: int
    characters: int
    seconds: float


class QueueFullError(Exception):
    """The queue accepts no further request at the moment."""


_Batch = list[tuple[QueuedRequest, Document]]


@dataclass(eq=False, slots=True)
class _Driver:
    """A worker, and what it does.

    Attributes:
        worker: the worker.
        takes_long: whether it takes documents that are longer than a batch.
        busy_since: time at which its batch began; None if it has none.
        thread: the thread that drives it.
    """

    worker: BatchWorker
    takes_long: bool
    busy_since: float | None = None
    thread: threading.Thread | None = None


class BatchQueue:
    """Annotates the documents of waiting requests, batch by batch.

    Args:
        workers: the workers.
        max_requests: number of requests that may wait or be in progress.
        max_characters: characters per batch; a batch has at least one document.
        max_seconds: seconds that a batch of several requests may take. After that its worker is
            killed, and the requests are annotated one by one. Those that take too long alone are
            annotated last, without this limit.
        on_batch: called after each batch.
    """

    def __init__(
        self,
        workers: Sequence[BatchWorker],
        *,
        max_requests: int,
        max_characters: int = CHARACTERS,
        max_seconds: float = 60.0,
        on_batch: Callable[[BatchStats], None] = lambda _: None,
    ) -> None:
        self._max_requests, self._max_characters = max_requests, max_characters
        self._max_seconds, self._on_batch = max_seconds, on_batch
        self._requests: list[QueuedRequest] = []
        self._changed = threading.Condition()
        self._is_closing = False
        self._drivers = [
            _Driver(worker, i > 0 or len(workers) == 1) for i, worker in enumerate(workers)
        ]

    def start(self) -> None:
        """Start the threads, also again after `close`."""
        self._is_closing = False
        for driver in self._drivers:
            driver.thread = threading.Thread(
                target=self._run, args=(driver,), name="vaner-annotator", daemon=True
            )
            driver.thread.start()

    def close(self, seconds: float = _CLOSE_SECONDS) -> None:
        """Answer the accepted requests, accept no others, and end the threads and workers.

        Args:
            seconds: time for the accepted requests. After that they fail.
        """
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        end = time.monotonic() + seconds
        for driver in self._drivers:
            if driver.thread is not None:
                driver.thread.join(max(end - time.monotonic(), 0))
        with self._changed:
            for request in self._requests:
                request.fail(QueueFullError())  # has no effect if it is answered
        for driver in self._drivers:
            driver.worker.kill()

    @property
    def is_running(self) -> bool:
        """Whether requests are accepted."""
        threads = [driver.thread for driver in self._drivers if driver.thread is not None]
        return any(thread.is_alive() for thread in threads) and not self._is_closing

    def is_ready(self, seconds: float) -> bool:
        """Return whether the next request would be accepted, and a worker answers.

        Args:
            seconds: a worker that has had the same batch for so long does not answer.
        """
        latest = time.monotonic() - seconds
        return not self.is_full and any(
            d.worker.is_prepared and (d.busy_since is None or d.busy_since > latest)
            for d in self._drivers
        )

    @property
    def prepared_workers(self) -> int:
        """Number of workers that can annotate."""
        return sum(driver.worker.is_prepared for driver in self._drivers)

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
        request = QueuedRequest(documents, options)
        request.add_results(())  # answers a request without documents
        with self._changed:
            if self.is_full:
                raise QueueFullError
            if not request.is_done:
                self._requests.append(request)
                self._changed.notify_all()
        return request.future

    def _run(self, driver: _Driver) -> None:
        """Prepare a worker and give it batches until the queue is closed."""
        while not self._has_ended:
            try:
                driver.worker.prepare()
            except Exception:  # for instance for lack of memory; other workers continue
                time.sleep(_RETRY_SECONDS)
            else:
                if batch := self._next_batch(driver):
                    self._process_batch(driver, batch)

    @property
    def _has_ended(self) -> bool:
        """Whether the queue is closed and all requests are answered."""
        with self._changed:
            return self._is_closing and all(request.is_done for request in self._requests)

    def _process_batch(self, driver: _Driver, batch: _Batch) -> None:
        start = driver.busy_since = time.monotonic()
        self._annotate_batch(driver, batch)
        driver.busy_since = None
        with self._changed:
            for request, _ in batch:
                request.is_in_batch = False
            self._changed.notify_all()
        self._on_batch(
            BatchStats(
                len({id(request) for request, _ in batch}),
                len(batch),
                sum(len(document.text) for _, document in batch),
                time.monotonic() - start,
            )
        )

    def _next_batch(self, driver: _Driver) -> _Batch:
        """Wait for requests and return the next batch.

        It is empty if the queue was closed, or if the worker has to be prepared again.
        """
        with self._changed:
            while not (requests := self._available(driver)):
                if self._is_closing and not self._requests:
                    return []
                self._changed.wait(_CHECK_SECONDS)
                if not driver.worker.is_prepared:
                    return []
            batch = self._build_batch(requests)
            served = {id(request) for request, _ in batch}
            for request, _ in batch:
                request.is_in_batch = True
            # Stable: requests that were served go behind the others, which keep their order.
            self._requests.sort(key=lambda request: (request.is_slow, id(request) in served))
            return batch

    def _available(self, driver: _Driver) -> list[QueuedRequest]:
        """Return the requests that a worker may annotate now, in their order."""
        self._requests = [request for request in self._requests if not request.is_done]
        return [
            request
            for request in self._requests
            if not request.is_in_batch
            and (driver.takes_long or not request.is_long(self._max_characters))
        ]

    def _build_batch(self, available: Sequence[QueuedRequest]) -> _Batch:
        """Take documents in turn from all requests with the options of the first one."""
        first = available[0]
        requests = [r for r in available if r.options == first.options and not r.is_slow]
        if first.is_slow:
            requests = [first]
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

    def _annotate_batch(self, driver: _Driver, batch: _Batch) -> None:
        """Annotate a batch; if that fails, annotate the documents of each request alone."""
        requests = list(dict.fromkeys(request for request, _ in batch))
        if len(requests) == 1:
            self._annotate_alone(driver, batch, float("inf"))
            return
        try:
            self._annotate(driver, batch, self._max_seconds)
        except Exception:
            for request in requests:
                part = [item for item in batch if item[0] is request]
                self._annotate_alone(driver, part, self._max_seconds)

    def _annotate_alone(self, driver: _Driver, batch: _Batch, seconds: float) -> None:
        """Annotate documents of one request. If they take too long, that is done later."""
        request = batch[0][0]
        if request.is_done:
            return
        try:
            self._annotate(driver, batch, seconds)
        except WorkerStoppedError:
            request.is_slow = True
        except Exception as error:  # bugs too: the client gets the error, and the server continues
            request.fail(error)

    def _annotate(self, driver: _Driver, batch: _Batch, seconds: float) -> None:
        requests = list(dict.fromkeys(request for request, _ in batch))
        results: dict[QueuedRequest, list[Document]] = {request: [] for request in requests}
        annotated = driver.worker.annotate(
            [document for _, document in batch],
            requests[0].options,
            self._abandonment(driver, requests, seconds),
        )
        for (request, _), document in zip(batch, annotated, strict=True):
            results[request].append(document)
        for request, documents in results.items():
            request.add_results(documents)

    def _abandonment(
        self, driver: _Driver, requests: Sequence[QueuedRequest], seconds: float
    ) -> Callable[[], bool]:
        """Return a function that returns whether a batch that begins now should be given up.

        A batch whose requests have all been given up is waited for as long as a new worker would
        take to start: a batch that is nearly complete is finished sooner.
        """
        start, wait = time.monotonic(), min(driver.worker.load_seconds, _MAX_WAIT)
        done_since: float | None = None

        def is_abandoned() -> bool:
            nonlocal done_since
            now = time.monotonic()
            if all(request.is_done for request in requests):
                done_since = done_since or now
                return self._is_closing or now - done_since >= wait
            return now - start > seconds

        return is_abandoned
