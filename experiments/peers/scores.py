"""A trained peer on test: its figures and its speed."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from experiments.peers.peer import Learnt
from experiments.peers.sentences import Split
from vaner.evaluation import score, seen_mentions
from vaner.evaluation.evaluate import Evaluation
from vaner.text.documents import Document
from vaner.text.reachability import count_unreachable


class Clock:
    """Seconds by the wall and of this process's CPU time, which others' work does not lengthen."""

    def __init__(self) -> None:
        self._start = time.monotonic(), time.process_time()

    def read(self) -> dict[str, float]:
        """Seconds since it was made."""
        wall, cpu = time.monotonic() - self._start[0], time.process_time() - self._start[1]
        return {"seconds": round(wall, 2), "cpu_seconds": round(cpu, 2)}


def judged(
    learnt: Learnt, test: Split, train: Split
) -> tuple[dict[str, Any], tuple[Document, ...]]:
    """Tag a test split once.

    Args:
        learnt: the trained peer.
        test: what it is scored on.
        train: what it was trained on, to score seen and unseen mentions apart.

    Returns:
        The figures, in the form of `vaner.evaluation.evaluate`, and the documents as the peer
        tagged them.
    """
    clock = Clock()
    tags = learnt.tag(test.words)
    tagging = clock.read()
    predicted = test.annotated(tags)
    types = test.corpus.types
    reasons = sum((count_unreachable(document, types) for document in test.corpus), Counter[str]())
    report = score(
        test.corpus, predicted, types=types, seen=seen_mentions(train.corpus),
        unreachable=reasons.total(),
    )  # fmt: skip
    found = Evaluation(
        test.corpus.name, test.corpus.split, types, (), report, dict(reasons), tagging["seconds"],
        predicted,
    )  # fmt: skip
    rate = len(test.sentences) / max(tagging["cpu_seconds"], 0.01)
    figures = {
        "tagging": {**tagging, "sentences_a_cpu_second": round(rate, 1)},
        "test": found.to_dict(),
    }
    return figures, predicted
