"""The result of an evaluation: the scores on a split of a corpus, and the scored documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from vaner.calibration.reliability import Reliability, reliability
from vaner.errors import VanerError, check_argument
from vaner.evaluation.label_predictions import label_predictions
from vaner.evaluation.prediction_alignment import Alignment
from vaner.evaluation.report import Report
from vaner.text.documents import Corpus, Document, format_types
from vaner.utils.names import list_types, match_name


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The scores of a recognizer on one split of a corpus.

    Args:
        corpus, split: Corpus and split; the split of a corpus without splits is empty.
        types: Scored entity types.
        unsupported_types: Types of the corpus that the recognizer does not find; not scored.
        report: The scores.
        unreachable: Number of gold mentions that the recognizer cannot represent, by reason.
        seconds: Duration of the annotation.
        predicted: Documents with the predicted mentions.
        gold: The same documents with the gold mentions.
        reliability: Reliability of the mention scores; None without scores.
        uncalibrated: Reliability of the uncalibrated scores; None without a calibration.
        total_documents: Number of documents of the split if only the first ones were scored,
            otherwise None.
        duplicates: Number of gold mentions that repeat another one; each counts once.
        alignment: For predictions from documents: which documents were paired.
    """

    corpus: str
    split: str
    types: tuple[str, ...]
    unsupported_types: tuple[str, ...]
    report: Report
    unreachable: Mapping[str, int]
    seconds: float
    predicted: tuple[Document, ...]
    gold: tuple[Document, ...] = ()
    reliability: Reliability | None = None
    uncalibrated: Reliability | None = None
    total_documents: int | None = None
    duplicates: int = 0
    alignment: Alignment | None = None

    @property
    def name(self) -> str:
        """Name of the corpus and split, and which part of them was scored, for display."""
        if self.total_documents is None:
            return self.split_name
        part = f"the first {self.report.documents:,} of {self.total_documents:,} documents"
        return f"{self.split_name}, {part}"

    @property
    def split_name(self) -> str:
        """Name of the corpus and split, for display."""
        return join_names(self.corpus, self.split)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-serializable dictionary of the report and its settings."""
        return {
            "corpus": self.corpus,
            "split": self.split,
            "out_of": self.total_documents,
            "scored_types": list(self.types),
            "types_not_found": list(self.unsupported_types),
            "seconds": round(self.seconds, 2),
            "unreachable_reasons": dict(self.unreachable),
            "duplicates": self.duplicates,
            **self.report.to_dict(),
            "reliability": self.reliability.to_dict() if self.reliability else None,
            "uncalibrated": self.uncalibrated.to_dict() if self.uncalibrated else None,
            "alignment": self.alignment.to_dict() if self.alignment else None,
        }


def join_names(corpus: str, split: str) -> str:
    """Return the name of a split for display; of a corpus without splits, only its name.

    >>> join_names("BC5CDR", "test"), join_names("letters", "")
    ('BC5CDR test', 'letters')
    """
    return f"{corpus} {split}".rstrip()


def check_corpus(corpus: Corpus) -> None:
    """Check that a corpus has documents with mentions to score against.

    Raises:
        VanerError: If it has none, or if it is not a corpus.
    """
    advice = "make one of documents: Corpus(name, split, documents)"
    check_argument("corpus", corpus, Corpus, advice)
    name = join_names(corpus.name, corpus.split)
    if not corpus.documents:
        raise VanerError(f"corpus {name} has no documents to score")
    if not corpus.types:
        raise VanerError(
            f"corpus {name} has no mentions to score against; give a corpus that is annotated"
        )


def match_corpus_types(types: str | Sequence[str], corpus: Corpus) -> tuple[str, ...]:
    """Return the types of a corpus that a user gives, without duplicates.

    Args:
        types: The types, or one of them, in upper or lower case.
        corpus: The corpus.

    Raises:
        VanerError: If no type is given, or if the corpus does not annotate one of them.
    """
    if not (given := list_types(types)):
        raise VanerError("types is empty; leave it out to score all types")
    names = tuple(dict.fromkeys(match_name(name, corpus.types) or name for name in given))
    if missing := [name for name in names if name not in corpus.types]:
        raise VanerError(
            f"corpus {corpus.name} does not annotate {missing[0]}; it has "
            f"{format_types(corpus.types)}; rename one of them to {missing[0]}",
            argument="rename",
        )
    return names


def measure_reliability(
    gold: Iterable[Document], predicted: Iterable[Document], types: Sequence[str]
) -> Reliability | None:
    """Return the reliability of the scores of predictions; None if they have no scores."""
    return reliability(chain.from_iterable(label_predictions(gold, predicted, types)))
