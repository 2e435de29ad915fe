"""A model or a dictionary against a corpus: annotate its text, score, say what was out of reach.

The one path to a figure, for the command line and for scripts alike.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from vaner.calibration.reliability import Reliability, reliability
from vaner.corpora import base_corpus
from vaner.errors import VanerError
from vaner.evaluation import Report, score, seen_mentions
from vaner.evaluation.label_predictions import label_predictions
from vaner.formats import make_ids_unique
from vaner.recognition.recognizer import Recognizer
from vaner.text.documents import Corpus, Document, filter_by_score, format_types

ProgressWrapper = Callable[[Iterator[Document]], Iterator[Document]]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A model's figures on one split.

    Args:
        corpus, split: what it was scored on.
        types: types that were scored.
        not_found: types of the corpus that the model does not find, and that were not scored.
        report: the figures.
        unreachable: reason -> gold mentions of the scored types that no answer can give back.
        seconds: time the annotation took.
        predicted: the documents with the model's mentions, to compare with another model's.
        gold: the same documents with the corpus's own.
        reliability: how far the scores can be trusted; None where there are none.
        uncalibrated: the same of the scores as the model computes them, where they are calibrated.
        out_of: documents of the split, where only the first of them were scored.
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

    @property
    def name(self) -> str:
        """What it was scored on, for people."""
        if self.total_documents is None:
            return f"{self.corpus} {self.split}"
        part = f"the first {self.report.documents:,} of {self.total_documents:,} documents"
        return f"{self.corpus} {self.split}, {part}"

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able dictionary: the report's, and what it was computed on."""
        return {
            "corpus": self.corpus,
            "split": self.split,
            "out_of": self.total_documents,
            "scored_types": list(self.types),
            "types_not_found": list(self.unsupported_types),
            "seconds": round(self.seconds, 2),
            "unreachable_reasons": dict(self.unreachable),
            **self.report.to_dict(),
            "reliability": self.reliability.to_dict() if self.reliability else None,
            "uncalibrated": self.uncalibrated.to_dict() if self.uncalibrated else None,
        }


def evaluate(
    recognizer: Recognizer,
    corpus: Corpus,
    *,
    types: Sequence[str] | None = None,
    train: Iterable[Document] | None = None,
    min_score: float | Mapping[str, float] = 0.0,
    limit: int | None = None,
    name_corpus: bool = True,
    bootstrap: int = 1000,
    seed: int = 0,
    progress: ProgressWrapper = iter,
) -> Evaluation:
    """Score a model on a split of a corpus.

    Args:
        recognizer: the model, or the matcher of a knowledge base.
        corpus: gold documents. Their mentions are taken off before the model sees them.
        types: types to score; those that the corpus annotates and the model finds if None.
        min_score: mentions that are less probable are left out, in [0, 1]; one for all types, or
            one for each.
        limit: score only so many documents, the first ones, and say so; all if None.
        name_corpus: put the corpus's name into the instruction, where the model was trained on
            that corpus; without it, the corpus is read as text of no known corpus.
        train: training documents, to score seen and unseen mentions apart.
        bootstrap: resamples behind the 95% intervals, 0 for none.
        seed: seed of the resampling.
        progress: wraps the stream of annotated documents, e.g. in a progress bar.

    Raises:
        VanerError: for a type that the corpus does not annotate or the model does not find, and
            where they have no type in common or there is no document.
    """
    chosen = select_types(recognizer, corpus, types)
    gold = tuple(islice(make_ids_unique(corpus), limit))
    bare = (document.with_spans(()) for document in gold)
    started = time.monotonic()
    named = _name_for_model(recognizer, corpus.name) if name_corpus else None
    found = progress(recognizer.annotate(bare, chosen, corpus=named))
    predicted = tuple(filter_by_score(document, min_score) for document in found)
    seconds = time.monotonic() - started
    reasons = Counter[str]()
    for document in gold:
        reasons += recognizer.unreachable(document, chosen)
    report = score(
        gold,
        predicted,
        types=chosen,
        seen=seen_mentions(train) if train is not None else None,
        unreachable=reasons.total(),
        bootstrap=bootstrap,
        seed=seed,
    )
    left = tuple(t for t in corpus.types if t not in recognizer.types) if types is None else ()
    calibration = recognizer.calibration
    given = None if calibration is None else tuple(map(calibration.undo, predicted))
    return Evaluation(
        corpus.name, corpus.split, chosen, left, report, dict(reasons), seconds, predicted, gold,
        _reliability(gold, predicted, chosen),
        None if given is None else _reliability(gold, given, chosen),
        len(corpus) if len(gold) < len(corpus) else None,
    )  # fmt: skip


def _reliability(
    gold: Iterable[Document], predicted: Iterable[Document], types: Sequence[str]
) -> Reliability | None:
    return reliability(chain.from_iterable(label_predictions(gold, predicted, types)))


def _name_for_model(recognizer: Recognizer, corpus: str) -> str:
    """Return the name under which the model was trained on a corpus: of a view, its base corpus."""
    known = getattr(recognizer, "corpora", getattr(recognizer, "datasets", {}))
    return corpus if corpus in known else base_corpus(corpus)


def select_types(
    recognizer: Recognizer, corpus: Corpus, types: Sequence[str] | None
) -> tuple[str, ...]:
    """The types to score, checked against those that the recognizer finds and the corpus's own."""
    if not corpus.documents:
        raise VanerError(f"corpus {corpus.name} {corpus.split} has no documents to score on")
    if types is None:
        common = tuple(type for type in corpus.types if type in recognizer.types)
        if not common:
            raise VanerError(
                f"corpus {corpus.name} annotates {format_types(corpus.types)}; "
                f"the {recognizer.kind} finds {', '.join(recognizer.types)}: there is nothing to "
                "score; call what means the same by the same name",
                argument="rename",
            )
        return common
    for type in types:
        if type not in corpus.types:
            raise VanerError(
                f"corpus {corpus.name} does not annotate {type}; it has "
                f"{format_types(corpus.types)}: call one of them {type}",
                argument="rename",
            )
        if type not in recognizer.types and not recognizer.zero_shot:
            raise VanerError(
                f"the {recognizer.kind} does not find {type}; "
                f"it finds {', '.join(recognizer.types)}"
            )
    return tuple(dict.fromkeys(types))
