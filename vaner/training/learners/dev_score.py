"""Score a recognizer on the dev sets."""

from __future__ import annotations

from collections.abc import Sequence

from vaner.evaluation import Counts
from vaner.evaluation.evaluate import evaluate
from vaner.recognition.recognizer import Recognizer
from vaner.training.data.sources import DevSet


def score_recognizer(recognizer: Recognizer, dev: Sequence[DevSet]) -> dict[str, float]:
    """Return strict micro F1 over all dev sets, and over each, in [0, 1]."""
    scores: dict[str, float] = {}
    total = Counts(0, 0, 0)
    for dev_set in dev:
        evaluation = evaluate(recognizer, dev_set.corpus, types=dev_set.types, bootstrap=0)
        counts = evaluation.report.micro.counts
        assert counts is not None  # only a macro average has none
        scores[f"eval_f1_{dev_set.corpus.name}"] = counts.f1
        total = total + counts
    return {"eval_f1": total.f1, **scores}
