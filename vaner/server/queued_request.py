"""A request in the queue of the model, with its documents and the results so far."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice

from vaner.recognition.options import AnnotateOptions
from vaner.text.documents import Document


@dataclass(eq=False, slots=True)
class QueuedRequest:
    """A request in the queue, with its documents and the results so far."""

    documents: Sequence[Document]
    options: AnnotateOptions
    future: Future[list[Document]] = field(default_factory=Future)
    results: list[Document] = field(default_factory=list)
    is_in_batch: bool = False
    is_slow: bool = False

    @property
    def remaining(self) -> Iterable[Document]:
        """The documents that are not annotated yet."""
        return islice(self.documents, len(self.results), None)

    @property
    def is_done(self) -> bool:
        """Whether the request is answered, failed or cancelled."""
        return self.future.done()

    def is_long(self, max_characters: int) -> bool:
        """Return whether the request took too long, or its next document is longer than a batch."""
        return self.is_slow or any(len(d.text) > max_characters for d in islice(self.remaining, 1))

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
