"""What is counted, in the form that Prometheus reads."""

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

from vaner.server.batch_queue import Round
from vaner.text.documents import Document

_SECONDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
_DOCUMENTS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
OTHER = "other"
"""What everything is counted as that clients make up: each name of a metric stays in memory."""


class Metrics:
    """The counts of one server.

    Args:
        types: entity types that are counted by their names.
        paths: paths that are counted by their names.
        waiting: number of requests that wait now.
    """

    def __init__(
        self, types: Iterable[str], paths: Iterable[str], waiting: Callable[[], int]
    ) -> None:
        self._types, self._paths = frozenset(types), frozenset(paths)
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._requests = Counter(
            "vaner_requests", "Requests answered.", ("path", "status"), registry=registry
        )
        self._seconds = Histogram(
            "vaner_request_seconds", "From a request to the end of its answer.", ("path",),
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._documents = Counter("vaner_documents", "Documents annotated.", registry=registry)
        self._characters = Counter("vaner_characters", "Characters read.", registry=registry)
        self._mentions = Counter("vaner_mentions", "Mentions found.", ("type",), registry=registry)
        self._rounds = Histogram(
            "vaner_round_seconds", "Time a round of the annotator took.",
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._together = Histogram(
            "vaner_round_requests", "Requests answered together in a round.",
            buckets=_DOCUMENTS, registry=registry,
        )  # fmt: skip
        Gauge(
            "vaner_waiting_requests", "Requests that wait or are being answered.", registry=registry
        ).set_function(waiting)

    def round(self, done: Round) -> None:
        """Count a round."""
        self._documents.inc(done.documents)
        self._characters.inc(done.characters)
        self._rounds.observe(done.seconds)
        self._together.observe(done.requests)

    def found(self, documents: Sequence[Document]) -> None:
        """Count the mentions of an answer."""
        for document in documents:
            for span in document.spans:
                self._mentions.labels(span.type if span.type in self._types else OTHER).inc()

    def request(self, path: str, status: int, seconds: float) -> None:
        """Count a request."""
        name = path if path in self._paths else OTHER
        self._requests.labels(name, str(status)).inc()
        self._seconds.labels(name).observe(seconds)

    def told(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self._registry)


class Counted:
    """An application whose requests are counted.

    Args:
        app: the application.
        metrics: the counts.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status = time.monotonic(), 500

        async def watching(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watching)
        finally:
            self._metrics.request(scope["path"], status, time.monotonic() - start)
