"""Score a model or a dictionary on a corpus, for ``vaner evaluate``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from vaner.cli.messages import print_message
from vaner.errors import VanerError

if TYPE_CHECKING:
    from vaner.evaluation.evaluation import Evaluation
    from vaner.recognition.recognizer import Recognizer
    from vaner.text.documents import Corpus


def score_system(
    recognizer: Recognizer,
    gold: Corpus,
    types: Sequence[str] | None,
    train: Corpus | None = None,
    *,
    limit: int | None,
    min_score: float | None,
    min_precision: float | None,
    bootstrap: int,
    quiet: bool,
    name_corpus: bool,
    consistency: bool,
    is_file: bool,
) -> Evaluation:
    """Score a model or a dictionary on a corpus, and warn if the model was trained on its texts.

    Args:
        recognizer: the model or the dictionary.
        gold: the corpus.
        types: types to score; those in common if None.
        train: documents whose mentions count as seen.
        limit: number of documents to score; all if None.
        min_score: minimum score of a mention, in [0, 1]; None for those of the calibration.
        min_precision: precision from which thresholds are computed; None for no thresholds.
        bootstrap: number of resamples for the intervals.
        quiet: whether no progress is shown.
        name_corpus: whether the instruction names the corpus.
        consistency: whether equal names in a document get equal answers.
        is_file: whether the corpus is a file or a folder without splits.

    Raises:
        VanerError: if there is nothing to score, or the dictionary has no scores for thresholds.
    """
    from vaner.annotator import Annotator
    from vaner.display.progress import show_progress
    from vaner.evaluation.evaluate import evaluate as evaluate_corpus
    from vaner.evaluation.evaluate import select_types

    type_names = select_types(recognizer, gold, types)  # raises errors before the work starts
    thresholds: float | Mapping[str, float] | None = min_score
    if min_precision is not None:
        if not isinstance(recognizer, Annotator):
            raise VanerError(f"the {recognizer.kind} has no scores, which --min-precision requires")
        calibrated = recognizer.thresholds(type_names, min_precision)
        thresholds = {type: max(min_score or 0.0, value) for type, value in calibrated.items()}
    _warn_of_training_texts(recognizer, gold, is_file=is_file)
    total = len(gold.documents[:limit])
    return evaluate_corpus(
        recognizer,
        gold,
        types=types,
        train=train,
        min_score=thresholds,
        limit=limit,
        name_corpus=name_corpus,
        bootstrap=bootstrap,
        progress=lambda stream: show_progress(stream, gold.name, total=total, quiet=quiet),
        **({"consistency": consistency} if isinstance(recognizer, Annotator) else {}),
    )


def _warn_of_training_texts(recognizer: Recognizer, gold: Corpus, *, is_file: bool) -> None:
    """Warn if the model was trained on the texts, or on a corpus made from the same texts.

    A file has no splits: it may be the training split of a corpus of its name, and is otherwise
    taken for the test split.
    """
    from vaner.annotator import Annotator
    from vaner.corpora import base_corpus, same_texts
    from vaner.evaluation.evaluation import join_names

    if not isinstance(recognizer, Annotator):
        return
    training_corpora = set(map(base_corpus, recognizer.training_corpora))
    title = join_names(gold.name, gold.split)
    if base_corpus(gold.name) in training_corpora:
        if is_file:
            print_message(
                f"warning: {gold.name}: the model was trained on a corpus of this name. If the "
                "texts are the same, the scores are not valid for new texts"
            )
        elif gold.split.startswith("train"):
            print_message(
                f"warning: {title}: the model was trained on these texts; the "
                "scores are not valid for new texts"
            )
    for name, split in sorted(same_texts(gold.name, gold.split or "test")):
        if name in training_corpora and split.startswith("train"):
            print_message(
                f"warning: {title} shares texts with {name} {split}, on which the "
                "model was trained; the scores are not valid for new texts"
            )
