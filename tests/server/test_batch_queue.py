"""The queue: each request gets its results in order, whatever else is in its batches."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.serving import POISON, WordRecognizer, spans, wait_for
from vaner.recognition.options import AnnotateOptions
from vaner.server.batch_queue import BatchQueue, BatchStats, QueueFullError
from vaner.server.batch_workers import InMemoryWorker
from vaner.server.worker import WorkerStoppedError
from vaner.text.documents import Document

OPTIONS = AnnotateOptions(types=WordRecognizer.types)
TEXTS = ["asthma", "", "aspirin for lung cancer", "nothing", "😀 asthma"]


def documents(*texts: str) -> list[Document]:
    return [Document(str(number), text) for number, text in enumerate(texts)]


class BlockedQueue:
    """A queue whose annotator blocks at its first call until `finish`."""

    def __init__(self, **settings: int) -> None:
        self.recognizer, self.batches = WordRecognizer(), list[BatchStats]()
        self.recognizer.gate.clear()
        self.queue = BatchQueue(
            [InMemoryWorker(self._annotate)],
            **{"max_requests": 100, **settings},
            on_batch=self.batches.append,
        )
        self.queue.start()
        self.first = self.queue.submit(documents("first"), OPTIONS)
        assert self.recognizer.reached.wait(10)

    def _annotate(
        self, documents: Iterable[Document], options: AnnotateOptions
    ) -> Iterator[Document]:
        return self.recognizer.annotate(documents, options.types)

    @property
    def texts(self) -> list[list[str]]:
        """The texts of each call after the first."""
        return [texts for texts, _ in self.recognizer.calls[1:]]

    def finish(self) -> None:
        self.recognizer.gate.set()
        self.queue.close()


def is_correct(answer: Future[list[Document]], texts: Iterable[str]) -> bool:
    results = answer.result(10)
    return [(d.text, list(d.spans)) for d in results] == [(t, sorted(spans(t))) for t in texts]


def test_requests_with_equal_options_share_batches() -> None:
    blocked = BlockedQueue()
    equal = [blocked.queue.submit(documents(text, f"{text} asthma"), OPTIONS) for text in "abc"]
    other = blocked.queue.submit(documents("asthma", "lung"), AnnotateOptions(types=("Anatomy",)))
    blocked.finish()
    assert blocked.texts == [
        ["a", "b", "c", "a asthma", "b asthma", "c asthma"],
        ["asthma", "lung"],
    ]
    for text, answer in zip("abc", equal, strict=True):
        assert is_correct(answer, [text, f"{text} asthma"])
    assert [len(d.spans) for d in other.result()] == [0, 1]
    assert [(r.requests, r.documents) for r in blocked.batches] == [(1, 1), (3, 6), (1, 2)]


def test_a_large_request_does_not_delay_small_ones() -> None:
    blocked = BlockedQueue(max_characters=10)
    order: list[str] = []
    large = blocked.queue.submit(documents(*["aaaa"] * 50), OPTIONS)
    small = blocked.queue.submit(documents("b"), OPTIONS)
    for name, answer in (("large", large), ("small", small)):
        answer.add_done_callback(lambda _, name=name: order.append(name))  # type: ignore[misc]
    blocked.finish()
    assert order == ["small", "large"]
    assert blocked.texts[0] == ["aaaa", "b", "aaaa"]
    assert is_correct(large, ["aaaa"] * 50)


def test_requests_with_other_options_take_turns() -> None:
    blocked = BlockedQueue(max_characters=4)
    blocked.queue.submit(documents(*["aaaa"] * 3), OPTIONS)
    blocked.queue.submit(documents("bbbb", "bbbb"), AnnotateOptions(types=("Disease",)))
    blocked.finish()
    assert blocked.texts == [["aaaa"], ["bbbb"], ["aaaa"], ["bbbb"], ["aaaa"]]


def test_a_failing_document_fails_only_its_request() -> None:
    blocked = BlockedQueue()
    good = [blocked.queue.submit(documents(text, text), OPTIONS) for text in TEXTS]
    bad = blocked.queue.submit(documents("asthma", POISON), OPTIONS)
    more = blocked.queue.submit(documents("asthma"), OPTIONS)
    blocked.finish()
    with pytest.raises(RuntimeError, match="swallowed poison"):
        bad.result(10)
    assert all(is_correct(answer, [text, text]) for text, answer in zip(TEXTS, good, strict=True))
    assert is_correct(more, ["asthma"])


def test_a_cancelled_request_is_not_annotated() -> None:
    blocked = BlockedQueue()
    cancelled = blocked.queue.submit(documents("asthma"), OPTIONS)
    other = blocked.queue.submit(documents("aspirin"), OPTIONS)
    assert cancelled.cancel() and blocked.queue.waiting == 2
    blocked.finish()
    assert is_correct(other, ["aspirin"]) and blocked.texts == [["aspirin"]]


def test_a_full_queue_refuses_requests_and_closing_finishes_accepted_ones() -> None:
    blocked = BlockedQueue(max_requests=3)
    taken = [blocked.queue.submit(documents(text), OPTIONS) for text in ("asthma", "lung")]
    with pytest.raises(QueueFullError):
        blocked.queue.submit(documents("asthma"), OPTIONS)
    closing = threading.Thread(target=blocked.queue.close)
    closing.start()
    assert wait_for(lambda: not blocked.queue.is_running)
    blocked.recognizer.gate.set()
    closing.join(10)
    assert is_correct(taken[0], ["asthma"]) and is_correct(taken[1], ["lung"])
    with pytest.raises(QueueFullError):
        blocked.queue.submit(documents("asthma"), OPTIONS)


class HangingWorker(InMemoryWorker):
    """A worker that hangs on some texts until it is killed, as a process would."""

    def __init__(self) -> None:
        super().__init__(lambda batch, options: WordRecognizer().annotate(batch, options.types))
        self.reached, self.hangs = threading.Event(), 0

    def annotate(
        self, documents: Sequence[Document], options: AnnotateOptions, is_abandoned: Any
    ) -> list[Document]:
        self.reached.set()
        if any("hang" in document.text for document in documents):
            self.hangs += 1
            assert wait_for(is_abandoned, 60)
            raise WorkerStoppedError("killed")
        return super().annotate(documents, options, is_abandoned)


def test_a_request_that_hangs_does_not_stop_those_of_its_batch() -> None:
    worker = HangingWorker()
    queue = BatchQueue([worker], max_requests=9, max_seconds=0.05)
    bad = queue.submit(documents("hang"), OPTIONS)
    good = [queue.submit(documents(text), OPTIONS) for text in ("asthma", "lung and asthma")]
    queue.start()
    assert all(
        is_correct(answer, [text])
        for text, answer in zip(("asthma", "lung and asthma"), good, strict=True)
    )
    assert not bad.done() and worker.hangs >= 1
    bad.cancel()  # its deadline passes
    assert is_correct(queue.submit(documents("aspirin"), OPTIONS), ["aspirin"])
    queue.close()


def test_a_long_document_never_has_all_workers() -> None:
    workers = [HangingWorker(), HangingWorker()]
    queue = BatchQueue(workers, max_requests=9, max_characters=30)
    queue.start()
    long = [queue.submit(documents("hang" * 10), OPTIONS) for _ in range(3)]
    for text in TEXTS[1:]:
        assert is_correct(queue.submit(documents(text, text), OPTIONS), [text, text])
    assert not any(answer.done() for answer in long) and not workers[0].hangs
    assert queue.is_ready(60)
    for answer in long:
        answer.cancel()
    queue.close()


def test_a_queue_is_not_ready_while_its_only_worker_hangs() -> None:
    worker = HangingWorker()
    queue = BatchQueue([worker], max_requests=9)
    queue.start()
    assert wait_for(lambda: queue.is_ready(0.01))
    answer = queue.submit(documents("hang"), OPTIONS)
    assert wait_for(lambda: not queue.is_ready(0.01)) and queue.is_running
    answer.cancel()
    assert wait_for(lambda: queue.is_ready(60))
    queue.close()
    assert not queue.is_ready(60)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.lists(st.sampled_from(TEXTS), max_size=5), st.booleans()), max_size=8),
    st.integers(1, 40),
)
def test_any_mixture_of_requests_is_answered(
    requests: list[tuple[list[str], bool]], characters: int
) -> None:
    blocked = BlockedQueue(max_characters=characters)
    answers = [
        blocked.queue.submit(
            documents(*texts), OPTIONS if alike else AnnotateOptions(types=("Anatomy",))
        )
        for texts, alike in requests
    ]
    blocked.finish()
    for (texts, alike), answer in zip(requests, answers, strict=True):
        types = OPTIONS.types if alike else ("Anatomy",)
        assert [(d.id, list(d.spans)) for d in answer.result(0)] == [
            (str(i), sorted(spans(text, types))) for i, text in enumerate(texts)
        ]
