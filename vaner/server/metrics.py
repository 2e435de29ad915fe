"""Counts and times of the server, in the format of Prometheus."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vaner.server.batch_queue import BatchStats
from vaner.text.documents import Document

_SECONDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
_REQUESTS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
OTHER = "other"
"""Label of all types and paths that clients invent: each label of a metric stays in memory."""


class Metrics:
    """The metrics of one server.

    Args:
        types: entity types that are counted separately.
        paths: paths that are counted separately.
        waiting: returns the number of requests that wait or are in progress.
        workers: returns the number of workers that can annotate.
    """

    def __init__(
        self,
        types: Iterable[str],
        paths: Iterable[str],
        waiting: Callable[[], int],
        workers: Callable[[], int],
    ) -> None:
        self._types, self._paths = frozenset(types), frozenset(paths)
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._requests = Counter(
            "vaner_requests", "Requests answered.", ("path", "status"), registry=registry
        )
        self._seconds = Histogram(
            "vaner_request_seconds", "Time from a request to the end of its response.", ("path",),
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._documents = Counter("vaner_documents", "Documents annotated.", registry=registry)
        self._characters = Counter("vaner_characters", "Characters annotated.", registry=registry)
        self._mentions = Counter("vaner_mentions", "Mentions found.", ("type",), registry=registry)
        self._batch_seconds = Histogram(
            "vaner_round_seconds", "Time to annotate a batch of documents.",
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._batch_requests = Histogram(
            "vaner_round_requests", "Requests with documents in the same batch.",
            buckets=_REQUESTS, registry=registry,
        )  # fmt: skip
        Gauge(
            "vaner_waiting_requests", "Requests that wait or are in progress.", registry=registry
        ).set_function(waiting)
        Gauge("vaner_workers", "Workers that can annotate.", registry=registry).set_function(
            workers
        )

    def count_batch(self, batch: BatchStats) -> None:
        """Count a batch."""
        self._documents.inc(batch.documents)
        self._characters.inc(batch.characters)
        self._batch_seconds.observe(batch.seconds)
        self._batch_requests.observe(batch.requests)

    def count_mentions(self, documents: Sequence[Document]) -> None:
        """Count the mentions of a response."""
        for document in documents:
            for span in document.spans:
                self._mentions.labels(span.type if span.type in self._types else OTHER).inc()

    def count_request(self, path: str, status: int, seconds: float) -> None:
        """Count a request."""
        label = path if path in self._paths else OTHER
        self._requests.labels(label, str(status)).inc()
        self._seconds.labels(label).observe(seconds)

    def render(self) -> bytes:
        """Return all metrics as Prometheus reads them."""
        return generate_latest(self._registry)


class MetricsMiddleware:
    """Counts the requests of an application.

    Args:
        app: the application.
        metrics: the metrics to count them in.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status = time.monotonic(), 500

        async def send_and_note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note_status)
        finally:
            self._metrics.count_request(scope["path"], status, time.monotonic() - start)
