"""Calibrate the scores of a model: annotate a dev set, label the predictions, fit.

The command line and scripts use the same function.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, Protocol

from vaner.calibration.calibration import Calibration
from vaner.calibration.fit import fit_calibration
from vaner.calibration.labels import LabeledMention
from vaner.corpora import base_corpus, evaluation_split, is_one_split, resolve_split
from vaner.errors import VanerError
from vaner.evaluation.evaluate import ProgressWrapper, evaluate, select_types
from vaner.evaluation.label_predictions import label_predictions
from vaner.recognition.recognizer import Recognizer
from vaner.text.documents import Corpus
from vaner.utils.provenance import collect_provenance

_SEED = 0
"""Seed of the sample of documents, if only some are annotated."""


class AnnotatorWithSelector(Recognizer, Protocol):
    """An annotator, with a record of its training data and possibly a selector.

    Attributes:
        selector: The selector, which has ``types``; None if there is none.
        training_corpora: Names of the corpora that the model and the selector were trained on.
    """

    @property
    def selector(self) -> Any: ...

    @property
    def training_corpora(self) -> frozenset[str]: ...


def calibrate(
    annotator: AnnotatorWithSelector,
    corpora: Sequence[Corpus],
    *,
    types: Sequence[str] | None = None,
    limit: int | None = None,
    name_corpus: bool = True,
    progress: Callable[[Corpus], ProgressWrapper] = lambda _: iter,
) -> Calibration:
    """Fit a calibration of the scores of an annotator: those of its selector, if it has one.

    Args:
        annotator: The annotator, loaded with ``calibrated=False``.
        corpora: Gold documents that the model was not trained on and will not be evaluated on.
        types: Types to calibrate; if None, of each corpus those that it annotates and the model
            finds.
        limit: Number of documents to sample from each corpus; all if None.
        name_corpus: Whether to put the corpus's name into the instruction. Without it, the scores
            are calibrated for text from an unknown source.
        progress: Function of a corpus; returns a wrapper of its stream of annotated documents,
            such as a progress bar.

    Returns:
        The calibration. `vaner.calibration.calibration.write_calibration` stores it with the
        model.

    Raises:
        VanerError: If the model was trained on one of the corpora, no type can be calibrated, or
            there are no predictions to fit.
    """
    # All corpora are checked before the first is annotated.
    types_by_corpus = [(gold, _select_types(annotator, gold, types)) for gold in corpora]
    labeled: list[list[LabeledMention]] = []
    gold_counts: list[Counter[str]] = []
    record = []
    for gold, selected in types_by_corpus:
        sample = _sample_documents(gold, limit)
        result = evaluate(
            annotator, sample, types=selected, name_corpus=name_corpus, min_score=0, bootstrap=0,
            progress=progress(sample),
        )  # fmt: skip
        labeled += label_predictions(result.gold, result.predicted, result.types)
        gold_counts += (
            Counter(span.type for span in document.spans if span.type in result.types)
            for document in result.gold
        )
        record.append(
            {
                "corpus": gold.name,
                "split": gold.split,
                "documents": len(sample),
                "drawn_from": len(gold),
            }
        )
    record_of_all = {"fitted_on": record, **_collect_published_provenance()}
    return fit_calibration(labeled, record_of_all, gold=gold_counts)


def check_not_test_split(name: str, split: str) -> None:
    """Raise an error for a test split, because evaluating on it afterwards would be invalid.

    Args:
        name: Name of a corpus, or a path.
        split: A split of the corpus.

    Raises:
        VanerError: If the split is a test split, or the split that the corpus is evaluated on.
    """
    split = resolve_split(split)
    split_name = Path(name).stem.casefold() if is_one_split(name) else split.casefold()
    if split == evaluation_split(name) or split_name.startswith("test"):
        raise VanerError(
            f"{name} {split}: models are evaluated on this split; calibrate on another split, "
            "such as devel"
        )


def _select_types(
    annotator: AnnotatorWithSelector, gold: Corpus, types: Sequence[str] | None
) -> list[str]:
    """Return the types of a corpus to calibrate; raise if the model was trained on the corpus."""
    trained_on = set(map(base_corpus, annotator.training_corpora))
    if gold.split.startswith("train") and base_corpus(gold.name) in trained_on:
        raise VanerError(
            f"{gold.name} {gold.split}: the model was trained on this split, so its scores are "
            "too high there; calibrate on another split, such as devel"
        )
    scored = annotator.types if annotator.selector is None else annotator.selector.types
    selected = [type for type in select_types(annotator, gold, types) if type in scored]
    if not selected:
        raise VanerError(
            f"corpus {gold.name} has no type of the selector, which has {', '.join(scored)}"
        )
    return selected


def _sample_documents(gold: Corpus, limit: int | None) -> Corpus:
    """Return a random sample of the documents of a corpus, in their order."""
    if limit is None or limit >= len(gold):
        return gold
    indices = sorted(Random(_SEED).sample(range(len(gold)), limit))
    return replace(gold, documents=tuple(gold.documents[i] for i in indices))


def _collect_published_provenance() -> dict[str, Any]:
    """Return the provenance without the command, whose paths should not be published."""
    return {name: value for name, value in collect_provenance().items() if name != "command"}
