"""Requests of all clients, answered together by the one thread that owns the annotator.

Requests that ask for the same are answered in rounds. In a round they have their documents read in
turn, one of each, up to a number of characters: so a large request does not hold up small ones, and
many small ones fill the batches of the model. What a text is answered does not depend on its
company; a text that the annotator fails on fails its own request alone.
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
"""Of a round: some hundred sentences, enough for full batches, and soon over."""


Annotate = Callable[[Iterable[Document], AnnotateOptions], Iterable[Document]]


class Round(NamedTuple):
    """What a round held, for whoever counts."""

    requests: int
    documents: int
    characters: int
    seconds: float


class FullError(Exception):
    """There is no room for one more request."""


@dataclass(eq=False, slots=True)
class _Request:
    """A request while it is being answered: its documents, and those of them that are done."""

    documents: Sequence[Document]
    options: AnnotateOptions
    answer: Future[list[Document]] = field(default_factory=Future)
    found: list[Document] = field(default_factory=list)

    @property
    def left(self) -> Iterator[Document]:
        return islice(self.documents, len(self.found), None)

    @property
    def over(self) -> bool:
        """Whether nobody waits for more of it: it is answered, has failed or was given up."""
        return self.answer.done()

    def take(self, found: Iterable[Document]) -> None:
        """Put down what was found in the next of its documents."""
        self.found += found
        if len(self.found) == len(self.documents):
            with suppress(InvalidStateError):  # given up at this very moment
                self.answer.set_result(self.found)

    def fail(self, problem: Exception) -> None:
        with suppress(InvalidStateError):
            self.answer.set_exception(problem)


_Share = list[tuple[_Request, Document]]


class Batcher:
    """Answers requests, a round at a time.

    Args:
        annotate: finds what is asked for in documents, in their order.
        room: requests that may wait or be answered at once.
        characters: of a round; one document is read in any case.
        watch: told of each round.
        rest: called where nothing was asked for in `pause` seconds.
        pause: seconds.
    """

    def __init__(
        self,
        annotate: Annotate,
        *,
        room: int,
        characters: int = CHARACTERS,
        watch: Callable[[Round], None] = lambda _: None,
        rest: Callable[[], None] = lambda: None,
        pause: float = 1.0,
    ) -> None:
        self._annotate, self._room, self._characters = annotate, room, characters
        self._watch, self._rest, self._pause = watch, rest, pause
        self._waiting: list[_Request] = []
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="vaner-annotator", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Answer what was taken, take nothing more, and come to an end."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether requests are taken and answered."""
        return self._thread.is_alive() and not self._closing

    @property
    def waiting(self) -> int:
        """Number of requests that wait or are being answered."""
        with self._changed:
            return sum(not request.over for request in self._waiting)

    @property
    def full(self) -> bool:
        """Whether the next request would find no room."""
        return self._closing or self.waiting >= self._room

    def submit(
        self, documents: Sequence[Document], options: AnnotateOptions
    ) -> Future[list[Document]]:
        """Take a request.

        Returns:
            The documents with what was found, in their order; cancelling it gives the rest up.

        Raises:
            FullError: where as many requests wait as may.
        """
        request = _Request(documents, options)
        request.take(())  # one without documents is answered
        with self._changed:
            if self.full:
                raise FullError
            if not request.over:
                self._waiting.append(request)
                self._changed.notify()
        return request.answer

    def _work(self) -> None:
        while share := self._next():
            start = time.monotonic()
            self._answer(share)
            self._watch(
                Round(
                    len({id(request) for request, _ in share}),
                    len(share),
                    sum(len(document.text) for _, document in share),
                    time.monotonic() - start,
                )
            )

    def _next(self) -> _Share:
        """The documents of the next round; none where all is done and nothing more to come."""
        with self._changed:
            if not self._changed.wait_for(self._called, self._pause):
                self._rest()
                self._changed.wait_for(self._called)
            if not self._waiting:
                return []
            share = self._in_turn()
            served = {id(request) for request, _ in share}
            self._waiting.sort(key=lambda request: id(request) in served)  # next time behind others
            return share

    def _called(self) -> bool:
        """Whether there is something to do, if only to come to an end."""
        self._waiting = [request for request in self._waiting if not request.over]
        return bool(self._waiting) or self._closing

    def _in_turn(self) -> _Share:
        """A document of each request that asks for the same as the first one, again and again."""
        options = self._waiting[0].options
        alike = [request for request in self._waiting if request.options == options]
        share, characters = _Share(), 0
        for row in zip_longest(*(request.left for request in alike)):
            for request, document in zip(alike, row, strict=True):
                if document is None:
                    continue
                characters += len(document.text)
                if share and characters > self._characters:
                    return share
                share.append((request, document))
        return share

    def _answer(self, share: _Share) -> None:
        requests = list(dict.fromkeys(request for request, _ in share))
        try:
            found = list(self._annotate([d for _, d in share], requests[0].options))
            own: dict[_Request, list[Document]] = {request: [] for request in requests}
            for (request, _), document in zip(share, found, strict=True):
                own[request].append(document)
        except Exception as problem:  # a defect too is told to who asked, and the server goes on
            if len(requests) == 1:
                requests[0].fail(problem)
                return
            for request in requests:
                self._answer([(r, document) for r, document in share if r is request])
            return
        for request, documents in own.items():
            request.take(documents)
