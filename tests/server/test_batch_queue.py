"""Requests of all clients, answered together: each gets its own, in order, whatever others sent."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.serving import POISON, Known, spans, waited_for
from vaner.recognition.options import AnnotateOptions
from vaner.server.batch_queue import Batcher, FullError, Round
from vaner.text.documents import Document

OPTIONS = AnnotateOptions(types=Known.types)
TEXTS = ["asthma", "", "aspirin for lung cancer", "nothing", "😀 asthma"]


def documents(*texts: str) -> list[Document]:
    return [Document(str(number), text) for number, text in enumerate(texts)]


class Held:
    """A batcher whose annotator waits at its first call until it is let go."""

    def __init__(self, **settings: int) -> None:
        self.known, self.rounds = Known(), list[Round]()
        self.known.gate.clear()
        self.batcher = Batcher(
            self._annotate, **{"room": 100, **settings}, watch=self.rounds.append
        )  # fmt: skip
        self.batcher.start()
        self.first = self.batcher.submit(documents("first"), OPTIONS)
        assert self.known.reached.wait(10)

    def _annotate(self, some: Iterable[Document], options: AnnotateOptions) -> Iterator[Document]:
        return self.known.annotate(some, options.types)

    @property
    def texts(self) -> list[list[str]]:
        """The texts of each call after the first."""
        return [texts for texts, _ in self.known.calls[1:]]

    def finish(self) -> None:
        self.known.gate.set()
        self.batcher.close()


def right(answer: Future[list[Document]], texts: Iterable[str]) -> bool:
    found = answer.result(10)
    return [(d.text, list(d.spans)) for d in found] == [(t, sorted(spans(t))) for t in texts]


def test_requests_that_ask_for_the_same_are_read_together() -> None:
    held = Held()
    alike = [held.batcher.submit(documents(text, f"{text} asthma"), OPTIONS) for text in "abc"]
    other = held.batcher.submit(documents("asthma", "lung"), AnnotateOptions(types=("Anatomy",)))
    held.finish()
    assert held.texts == [["a", "b", "c", "a asthma", "b asthma", "c asthma"], ["asthma", "lung"]]
    for text, answer in zip("abc", alike, strict=True):
        assert right(answer, [text, f"{text} asthma"])
    assert [len(d.spans) for d in other.result()] == [0, 1]
    assert [(r.requests, r.documents) for r in held.rounds] == [(1, 1), (3, 6), (1, 2)]


def test_a_large_request_does_not_hold_up_small_ones() -> None:
    held = Held(characters=10)
    order: list[str] = []
    large = held.batcher.submit(documents(*["aaaa"] * 50), OPTIONS)
    small = held.batcher.submit(documents("b"), OPTIONS)
    for name, answer in (("large", large), ("small", small)):
        answer.add_done_callback(lambda _, name=name: order.append(name))  # type: ignore[misc]
    held.finish()
    assert order == ["small", "large"]
    assert held.texts[0] == ["aaaa", "b", "aaaa"]
    assert right(large, ["aaaa"] * 50)


def test_other_questions_have_their_turn() -> None:
    held = Held(characters=4)
    held.batcher.submit(documents(*["aaaa"] * 3), OPTIONS)
    held.batcher.submit(documents("bbbb", "bbbb"), AnnotateOptions(types=("Disease",)))
    held.finish()
    assert held.texts == [["aaaa"], ["bbbb"], ["aaaa"], ["bbbb"], ["aaaa"]]


def test_what_fails_fails_alone() -> None:
    held = Held()
    good = [held.batcher.submit(documents(text, text), OPTIONS) for text in TEXTS]
    bad = held.batcher.submit(documents("asthma", POISON), OPTIONS)
    more = held.batcher.submit(documents("asthma"), OPTIONS)
    held.finish()
    with pytest.raises(RuntimeError, match="swallowed poison"):
        bad.result(10)
    assert all(right(answer, [text, text]) for text, answer in zip(TEXTS, good, strict=True))
    assert right(more, ["asthma"])


def test_what_is_given_up_is_not_read() -> None:
    held = Held()
    given_up = held.batcher.submit(documents("asthma"), OPTIONS)
    kept = held.batcher.submit(documents("aspirin"), OPTIONS)
    assert given_up.cancel() and held.batcher.waiting == 2
    held.finish()
    assert right(kept, ["aspirin"]) and held.texts == [["aspirin"]]


def test_there_is_room_for_so_many_and_what_was_taken_is_finished() -> None:
    held = Held(room=3)
    taken = [held.batcher.submit(documents(text), OPTIONS) for text in ("asthma", "lung")]
    with pytest.raises(FullError):
        held.batcher.submit(documents("asthma"), OPTIONS)
    closing = threading.Thread(target=held.batcher.close)
    closing.start()
    assert waited_for(lambda: not held.batcher.alive)
    held.known.gate.set()
    closing.join(10)
    assert right(taken[0], ["asthma"]) and right(taken[1], ["lung"])
    with pytest.raises(FullError):
        held.batcher.submit(documents("asthma"), OPTIONS)


def test_it_rests_once_and_is_woken() -> None:
    rests: list[int] = []
    known = Known()
    batcher = Batcher(
        lambda some, options: known.annotate(some, options.types),
        room=5, rest=lambda: rests.append(len(known.calls)), pause=0.02,
    )  # fmt: skip
    batcher.start()
    for number in (1, 2):
        assert right(batcher.submit(documents("asthma"), OPTIONS), ["asthma"])
        assert waited_for(lambda number=number: number in rests)  # type: ignore[misc]
    time.sleep(0.1)
    batcher.close()
    assert rests.count(1) == rests.count(2) == 1


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.lists(st.sampled_from(TEXTS), max_size=5), st.booleans()), max_size=8),
    st.integers(1, 40),
)
def test_any_mixture_is_answered(asked: list[tuple[list[str], bool]], characters: int) -> None:
    held = Held(characters=characters)
    answers = [
        held.batcher.submit(
            documents(*texts), OPTIONS if alike else AnnotateOptions(types=("Anatomy",))
        )
        for texts, alike in asked
    ]
    held.finish()
    for (texts, alike), answer in zip(asked, answers, strict=True):
        types = OPTIONS.types if alike else ("Anatomy",)
        assert [(d.id, list(d.spans)) for d in answer.result(0)] == [
            (str(i), sorted(spans(text, types))) for i, text in enumerate(texts)
        ]
