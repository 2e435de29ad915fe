"""A model or a dictionary against a corpus: annotate its text, score, say what was out of reach.

The one path to a figure, for the command line and for scripts alike.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vaner.corpora.statistics import unreachable
from vaner.documents import Corpus, Document
from vaner.errors import VanerError
from vaner.formats import unique_ids
from vaner.knowledge.matching import Matcher
from vaner.scoring import Report, score, seen_mentions
from vaner.tagging import Scheme

if TYPE_CHECKING:
    from vaner.annotator import Annotator

Watch = Callable[[Iterator[Document]], Iterator[Document]]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A model's figures on one split.

    Args:
        corpus, split: what it was scored on.
        types: types that were scored.
        not_found: types of the corpus that the model does not find, and that were not scored.
        report: the figures.
        unreachable: reason -> gold mentions of the scored types that tags cannot spell.
        seconds: time the annotation took.
        predicted: the documents with the model's mentions, to compare with another model's.
    """

    corpus: str
    split: str
    types: tuple[str, ...]
    not_found: tuple[str, ...]
    report: Report
    unreachable: Mapping[str, int]
    seconds: float
    predicted: tuple[Document, ...]

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able dictionary: the report's, and what it was computed on."""
        return {
            "corpus": self.corpus,
            "split": self.split,
            "scored_types": list(self.types),
            "types_not_found": list(self.not_found),
            "seconds": round(self.seconds, 2),
            "unreachable_reasons": dict(self.unreachable),
            **self.report.to_dict(),
        }


def evaluate(
    annotator: Annotator | Matcher,
    corpus: Corpus,
    *,
    types: Sequence[str] | None = None,
    train: Iterable[Document] | None = None,
    bootstrap: int = 1000,
    seed: int = 0,
    batch_size: int | None = None,
    watch: Watch = iter,
) -> Evaluation:
    """Score a model on a split of a corpus.

    Args:
        annotator: the model, or the matcher of a knowledge base.
        corpus: gold documents. Their mentions are taken off before the model sees them.
        types: types to score; those that the corpus annotates and the model finds if None.
        train: training documents, to score seen and unseen mentions apart.
        bootstrap: resamples behind the 95% intervals, 0 for none.
        seed: seed of the resampling.
        batch_size: most rows in a batch; the annotator's own if None.
        watch: wraps the stream of annotated documents, e.g. in a progress bar.

    Raises:
        VanerError: for a type that the corpus does not annotate or the model does not find, and
            where they have no type in common.
    """
    finder = "dictionary" if isinstance(annotator, Matcher) else "model"
    chosen = scored_types(annotator.types, corpus, types, finder)
    gold = tuple(unique_ids(corpus))
    bare = (document.with_spans(()) for document in gold)
    started = time.monotonic()
    if isinstance(annotator, Matcher):
        stream = annotator.annotate(bare, chosen)
    else:
        stream = annotator.annotate(bare, chosen, batch_size=batch_size, dataset=corpus.name)
    predicted = tuple(watch(stream))
    seconds = time.monotonic() - started
    reasons = Counter[str]()
    if not isinstance(annotator, Matcher):  # a dictionary has no tags that could fail to spell
        for document in gold:
            reasons += unreachable(document, chosen, Scheme(annotator.model.config.scheme))
    report = score(
        gold,
        predicted,
        types=chosen,
        seen=seen_mentions(train) if train is not None else None,
        unreachable=reasons.total(),
        bootstrap=bootstrap,
        seed=seed,
    )
    left = tuple(t for t in corpus.types if t not in annotator.types) if types is None else ()
    return Evaluation(
        corpus.name, corpus.split, chosen, left, report, dict(reasons), seconds, predicted
    )


def scored_types(
    found: Sequence[str], corpus: Corpus, types: Sequence[str] | None, finder: str = "model"
) -> tuple[str, ...]:
    """The types to score, checked against those that the finder finds and the corpus's own."""
    if types is None:
        common = tuple(type for type in corpus.types if type in found)
        if not common:
            raise VanerError(
                f"corpus {corpus.name} annotates {', '.join(corpus.types) or 'nothing'}; "
                f"the {finder} finds {', '.join(found)}: there is nothing to score"
            )
        return common
    for type in types:
        if type not in corpus.types:
            raise VanerError(
                f"corpus {corpus.name} does not annotate {type}; it has {', '.join(corpus.types)}"
            )
        if type not in found:
            raise VanerError(f"the {finder} does not find {type}; it finds {', '.join(found)}")
    return tuple(dict.fromkeys(types))
