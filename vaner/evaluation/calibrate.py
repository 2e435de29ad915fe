"""A model's scores as probabilities that can be trusted: annotate devel, judge, fit.

The one path to a calibration, for the command line and for scripts alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, Protocol

from vaner.calibration.calibration import Calibration
from vaner.calibration.fit import fit_calibration
from vaner.calibration.labels import LabeledMention
from vaner.corpora import base_corpus, evaluation_split, is_one_split
from vaner.errors import VanerError
from vaner.evaluation.evaluate import ProgressWrapper, evaluate, select_types
from vaner.evaluation.label_predictions import label_predictions
from vaner.recognition.recognizer import Recognizer
from vaner.text.documents import Corpus
from vaner.utils.provenance import collect_provenance


class AnnotatorWithSelector(Recognizer, Protocol):
    """What is calibrated: a model with a record of its training, and perhaps a selector behind it.

    Attributes:
        selector: the selector, which has ``types``; None if there is none.
        training_corpora: the corpora, by name, that they learnt from.
    """

    @property
    def selector(self) -> Any: ...

    @property
    def training_corpora(self) -> frozenset[str]: ...


_SEED = 0  # draws the documents, where not all are to be annotated


def calibrate(
    annotator: AnnotatorWithSelector,
    corpora: Sequence[Corpus],
    *,
    types: Sequence[str] | None = None,
    limit: int | None = None,
    progress: Callable[[Corpus], ProgressWrapper] = lambda _: iter,
) -> Calibration:
    """Find out how the scores of a model, or of the selector behind it, become honest.

    Args:
        annotator: the model, loaded with ``calibrated=False``.
        corpora: gold documents that it did not learn from and will not be scored on.
        types: types to calibrate; of each corpus those that it annotates and the model finds if
            None.
        limit: draw so many documents of each corpus; all if None.
        progress: returns, for a corpus, a wrapper of its stream of annotated documents,
            such as a progress bar.

    Returns:
        The calibration; `vaner.calibration.calibration.write_calibration` keeps it beside the
        weights.

    Raises:
        VanerError: where the model learnt from a corpus or judges none of its types, and where
            there is nothing to calibrate by.
    """
    asked = [(gold, _types(annotator, gold, types)) for gold in corpora]  # before the work
    documents: list[list[LabeledMention]] = []
    record = []
    for gold, own in asked:
        drawn = _drawn(gold, limit)
        found = evaluate(annotator, drawn, types=own, bootstrap=0, progress=progress(drawn))
        documents += label_predictions(found.gold, found.predicted, found.types)
        known = {"corpus": gold.name, "split": gold.split, "documents": len(drawn)}
        record.append({**known, "drawn_from": len(gold)})
    return fit_calibration(documents, {"fitted_on": record, **_made()})


def check_not_test_split(name: str, split: str) -> None:
    """Refuse what models are scored on: a figure on it would mean nothing afterwards.

    Args:
        name: of a corpus, or a path.
        split: one of its splits.

    Raises:
        VanerError: where it is a test split, or stands for one.
    """
    named = Path(name).stem.casefold() if is_one_split(name) else split.casefold()
    if split == evaluation_split(name) or named.startswith("test"):
        raise VanerError(
            f"{name} {split}: is what models are scored on; calibrate on another split, "
            "such as devel"
        )


def _types(
    annotator: AnnotatorWithSelector, gold: Corpus, types: Sequence[str] | None
) -> list[str]:
    """The types of a corpus that are judged, if the model has not learnt the corpus by heart."""
    learnt = set(map(base_corpus, annotator.training_corpora))
    if gold.split.startswith("train") and base_corpus(gold.name) in learnt:
        raise VanerError(
            f"{gold.name} {gold.split}: the model learnt from it, and is too sure of what it "
            "learnt; calibrate on another split, such as devel"
        )
    judges = annotator.types if annotator.selector is None else annotator.selector.types
    own = [type for type in select_types(annotator, gold, types) if type in judges]
    if not own:
        raise VanerError(
            f"corpus {gold.name} has no type that the selector judges: {', '.join(judges)}"
        )
    return own


def _drawn(gold: Corpus, limit: int | None) -> Corpus:
    """So many documents of a corpus, in their order."""
    if limit is None or limit >= len(gold):
        return gold
    chosen = sorted(Random(_SEED).sample(range(len(gold)), limit))
    return replace(gold, documents=tuple(gold.documents[i] for i in chosen))


def _made() -> dict[str, Any]:
    # Not the command: its paths are nobody else's business, once the model is published.
    return {name: value for name, value in collect_provenance().items() if name != "command"}
