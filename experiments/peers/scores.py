"""Scores a trained peer on test, and measures its speed."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from experiments.peers.peer import TrainedPeer
from experiments.peers.sentences import Split
from vaner.evaluation import score, seen_mentions
from vaner.evaluation.evaluate import Evaluation
from vaner.text.documents import Document
from vaner.text.reachability import count_unreachable


class Clock:
    """Measures wall time, and CPU time, which does not depend on other processes."""

    def __init__(self) -> None:
        self._start = time.monotonic(), time.process_time()

    def read(self) -> dict[str, float]:
        """Return the seconds since the clock was created."""
        wall, cpu = time.monotonic() - self._start[0], time.process_time() - self._start[1]
        return {"seconds": round(wall, 2), "cpu_seconds": round(cpu, 2)}


def score_peer(
    peer: TrainedPeer, test: Split, train: Split
) -> tuple[dict[str, Any], tuple[Document, ...]]:
    """Tag a test split once and score it.

    Args:
        peer: the trained peer.
        test: the test split.
        train: the train split, which decides whether a mention counts as seen.

    Returns:
        The figures, in the form of `vaner.evaluation.evaluate`, and the predicted documents.
    """
    clock = Clock()
    tags = peer.tag(test.words)
    tagging = clock.read()
    predicted = test.decode(tags)
    types = test.corpus.types
    reasons = sum((count_unreachable(document, types) for document in test.corpus), Counter[str]())
    report = score(
        test.corpus, predicted, types=types, seen=seen_mentions(train.corpus),
        unreachable=reasons.total(),
    )  # fmt: skip
    result = Evaluation(
        test.corpus.name, test.corpus.split, types, (), report, dict(reasons), tagging["seconds"],
        predicted,
    )  # fmt: skip
    rate = len(test.sentences) / max(tagging["cpu_seconds"], 0.01)
    figures = {
        "tagging": {**tagging, "sentences_a_cpu_second": round(rate, 1)},
        "test": result.to_dict(),
    }
    return figures, predicted
