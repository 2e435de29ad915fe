"""The dev score of models that find mentions."""

from __future__ import annotations

from collections.abc import Sequence

from vaner.evaluation import Counts
from vaner.evaluation.evaluate import evaluate
from vaner.recognition.recognizer import Recognizer
from vaner.training.data.sources import DevSet


def score_recognizer(recognizer: Recognizer, dev: Sequence[DevSet]) -> dict[str, float]:
    """Strict micro F1 over the dev sets together, and over each."""
    figures: dict[str, float] = {}
    counts = Counts(0, 0, 0)
    for one in dev:
        micro = evaluate(recognizer, one.corpus, types=one.types, bootstrap=0).report.micro.counts
        assert micro is not None  # only a macro average has none
        figures[f"eval_f1_{one.corpus.name}"] = micro.f1
        counts = counts + micro
    return {"eval_f1": counts.f1, **figures}
