"""A server with something in place of a model: it knows some words, and does as it is told."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from vaner.annotator import Annotator
from vaner.text.documents import Document, Span

WORDS = {
    "aspirin": ("Chemical",),
    "asthma": ("Disease",),
    "lung cancer": ("Disease",),
    "lung": ("Anatomy",),
    "😀": ("Disease",),
}
POISON = "poison"
PROBABLE = 0.75


class Known:
    """Finds the words it knows.

    Attributes:
        calls: the texts of each call, and the types asked for.
        gate: nothing is answered while it is closed.
    """

    kind = "stand-in"
    types = ("Chemical", "Disease", "Anatomy")
    zero_shot = False

    def __init__(self) -> None:
        self.calls: list[tuple[list[str], tuple[str, ...]]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.reached = threading.Event()

    def annotate(
        self, documents: Iterable[Any], types: Any = None, *, corpus: str | None = None
    ) -> Iterator[Document]:
        some = list(documents)
        self.calls.append(([document.text for document in some], tuple(types)))
        self.reached.set()
        assert self.gate.wait(20)
        for document in some:
            if POISON in document.text:
                raise RuntimeError("swallowed poison")
            yield document.with_spans(sorted(spans(document.text, types)))

    def unreachable(self, document: Document, types: Sequence[str]) -> Counter[str]:
        return Counter()


def spans(text: str, types: Sequence[str] = Known.types) -> list[Span]:
    """What is found in a text."""
    return [
        Span(found.start(), found.end(), type, PROBABLE)
        for word, all_types in WORDS.items()
        for type in all_types
        if type in types
        for found in re.finditer(re.escape(word), text)
    ]


def waited_for(condition: Any, seconds: float = 10.0) -> bool:
    """Whether something came true."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return bool(condition())


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The address of an application on localhost, in a thread of this process."""
    import uvicorn

    from vaner.server.run import address_of, bound

    with bound("127.0.0.1", 0) as place:
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [place]}, daemon=True)
        thread.start()
        assert waited_for(lambda: server.started)
        try:
            yield address_of(place)
        finally:
            server.should_exit = True
            thread.join(10)


def annotator() -> Annotator:
    return Annotator(Known())
