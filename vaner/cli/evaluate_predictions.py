"""``vaner evaluate --predictions``: score the mentions in a file, without a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaner.cli.messages import print_message
from vaner.display.text import format_count, format_counts
from vaner.errors import VanerError
from vaner.formats.source import STDIN
from vaner.text.documents import Corpus

if TYPE_CHECKING:
    from vaner.evaluation import Evaluation
    from vaner.evaluation.prediction_alignment import Alignment

_SHOWN_IDS = 3


@dataclass(frozen=True, slots=True)
class PredictionsFile:
    """The file or folder with predictions, and how it is read.

    Args:
        path: file, folder, or ``-`` for standard input; None if a system is scored instead.
        format: name of the format; detected if None.
        encoding: encoding of the files.
        columns: columns of token and tag, for CoNLL.
        only_predicted: whether gold documents without predictions are left out.

    Raises:
        VanerError: if one of the other options is given without the file.
    """

    path: str | None
    format: str | None
    encoding: str
    columns: str | None
    only_predicted: bool

    def __post_init__(self) -> None:
        has_options = self.format or self.columns or self.only_predicted or self.encoding != "utf-8"
        if self.path is None and has_options:
            raise VanerError(
                "--predictions-from, --predictions-encoding, --predictions-columns and "
                "--only-predicted need --predictions"
            )
        is_missing = self.path not in (None, STDIN) and not Path(str(self.path)).exists()
        if self.path == "" or is_missing:
            raise VanerError(f"--predictions {self.path}: no such file or folder")

    def check_options(self, **options: Any) -> None:
        """Check that no option of a model is given with ``--predictions``.

        Args:
            options: name -> value; false values are defaults.

        Raises:
            VanerError: if there is one.
        """
        given = [f"--{name.replace('_', '-')}" for name, value in options.items() if value]
        if self.path is not None and given:
            raise VanerError(f"--predictions is scored without a model: remove {', '.join(given)}")

    def describe(self) -> dict[str, Any]:
        """Return the path and the options that change the scores, for the results file."""
        if self.path is None:
            return {}
        return {"predictions": self.path, "only_predicted": self.only_predicted}

    def read(self, split: str) -> Corpus | None:
        """Return the predicted documents; from a folder with a file per split, those of the split.

        Raises:
            VanerError: if they cannot be read.
        """
        from vaner.corpora import read_split
        from vaner.formats.names import resolve_format_name

        if self.path is None:
            return None
        format = resolve_format_name(self.format)
        path = Path(self.path)
        try:
            documents = tuple(
                read_split(path, split, format, encoding=self.encoding, columns=self.columns)
            )
        except VanerError as error:
            if error.argument:  # the options of the corpus do not help
                error.argument = f"predictions_{error.argument}"
            raise
        return Corpus(self.path, split, documents)


def score_predictions(
    gold: Corpus,
    predicted: Corpus,
    types: Sequence[str] | None,
    train: Corpus | None,
    **options: Any,
) -> Evaluation:
    """Score predictions and print which documents and types are missing on either side.

    Args:
        gold: the corpus.
        predicted: the predictions.
        types: types to score; all that the corpus annotates if None.
        train: documents whose mentions count as seen.
        options: for `vaner.evaluation.evaluate_predictions`.

    Raises:
        VanerError: naming the file, if no document or type is on both sides.
    """
    from vaner.evaluation import evaluate_predictions

    try:
        evaluation = evaluate_predictions(gold, predicted, types=types, train=train, **options)
    except VanerError as error:
        message = f"{predicted.name} and {gold.name}: {error}"
        raise VanerError(message, argument=error.argument) from None
    for message in _describe_alignment(evaluation, evaluation.alignment):
        print_message(message)
    return evaluation


def _describe_alignment(evaluation: Evaluation, alignment: Alignment | None) -> Iterator[str]:
    """Yield a message for everything that is on one side only, or differs."""
    from vaner.evaluation.predictions import count_predictions

    if alignment is None:
        return
    name = evaluation.split_name
    if alignment.paired_by_text:
        yield f"{_count(alignment.paired_by_text)} paired by text, because the ids differ"
    if alignment.moved:
        yield (
            f"{_count(alignment.moved)} with other white space or sentences in the predictions; "
            "their offsets were moved to the text of the corpus"
        )
    if missing := alignment.without_predictions:
        effect = "not scored"
        if any(document.id in missing for document in alignment.gold):
            effect = "their mentions count as missed (--only-predicted leaves them out)"
        message = f"{_count(missing)} of {name} without predictions; {effect}"
        yield f"warning: {message}: {_list(missing)}"
    if unknown := alignment.without_gold:
        message = f"{_count(unknown)} of the predictions not in {name}, not scored"
        yield f"warning: {message}: {_list(unknown)}"
    predicted = count_predictions(alignment)
    if not predicted:
        yield "warning: the predictions contain no mentions"
    elif absent := [type for type in evaluation.types if type not in predicted]:
        yield f"warning: the predictions contain no {', '.join(absent)}; see --types and --rename"
    if ignored := {type: n for type, n in predicted.items() if type not in evaluation.types}:
        yield f"predictions not scored, because of their type: {format_counts(ignored)}"


def _count(documents: int | Sequence[str]) -> str:
    number = documents if isinstance(documents, int) else len(documents)
    return format_count(number, "document")


def _list(ids: Sequence[str]) -> str:
    return ", ".join(ids[:_SHOWN_IDS]) + (", …" if len(ids) > _SHOWN_IDS else "")
