"""The one vocabulary: spans, documents and corpora, frozen and true to the offset.

Offsets are half-open, ``[start, end)``, and count Unicode code points of the text exactly as it
was given: ``document.text[span.start:span.end]`` is the entity, for every text.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from vaner.errors import CorpusError, VanerError

Overlaps = Literal["keep", "best"]
"""What becomes of mentions that overlap: all are kept, or the best: see `resolve_overlaps`."""


def format_types(types: Iterable[str]) -> str:
    """Types as messages list them; tags without a type have an empty one.

    >>> type_names(["Gene", ""])
    "Gene, '' (tags without a type)"
    """
    return ", ".join(type or "'' (tags without a type)" for type in types) or "none"


class SpanError(VanerError):
    """A span that does not lie in its text, or is blank, or has impossible fragments."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """One mention of an entity: ``text[start:end]``, half-open, in code points.

    Args:
        start: first code point of the mention.
        end: one past the last code point of the mention.
        type: the entity type, e.g. ``"Disease"``.
        score: probability of the span in [0, 1], or None where nobody computed one.
        identifiers: identifiers of the concepts it names, e.g. ``("MESH:D003866",)``.
        fragments: for a discontinuous mention the pieces as ``(start, end)`` pairs in order;
            empty for a contiguous one. `start` and `end` are then the hull of the pieces.

    Raises:
        SpanError: for a negative or empty extent, or fragments that are not ordered pieces of it.

    >>> Span(0, 5, "Disease").length
    5
    """

    start: int
    end: int
    type: str
    score: float | None = field(default=None, compare=False)
    identifiers: tuple[str, ...] = field(default=(), compare=False)
    fragments: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise SpanError(f"span {self.start}:{self.end} ({self.type}) is empty or reversed")
        if self.fragments:
            self._check_fragments()

    def _check_fragments(self) -> None:
        flat = [offset for piece in self.fragments for offset in piece]
        ordered = all(s < e for s, e in self.fragments) and flat == sorted(flat)
        if not ordered or len(self.fragments) < 2 or (flat[0], flat[-1]) != (self.start, self.end):
            raise SpanError(
                f"fragments {self.fragments} are not two or more ordered pieces of "
                f"{self.start}:{self.end}"
            )

    @property
    def length(self) -> int:
        """Number of code points from start to end, gaps included."""
        return self.end - self.start

    @property
    def is_discontinuous(self) -> bool:
        return bool(self.fragments)

    @property
    def pieces(self) -> tuple[tuple[int, int], ...]:
        """The contiguous parts: the fragments, or the whole span as one part."""
        return self.fragments or ((self.start, self.end),)

    def overlaps(self, other: Span) -> bool:
        """Whether the two extents share a code point (types are not compared)."""
        return self.start < other.end and other.start < self.end

    def shift(self, by: int) -> Span:
        """The same mention `by` code points further on."""
        pieces = tuple((s + by, e + by) for s, e in self.fragments)
        return replace(self, start=self.start + by, end=self.end + by, fragments=pieces)


@dataclass(frozen=True, slots=True)
class Document:
    """A text with its mentions.

    Args:
        id: name of the document, unique in its corpus.
        text: the text, untouched.
        spans: mentions, kept in the order given.
        metadata: what a format needs to write the document back as it was, and what a caller
            wants to carry along. Keys used across formats: ``sentences``, a tuple of
            ``(start, end)`` where the source fixed sentence boundaries; ``pretokenized``, True
            where white space separates the tokens of the source; ``doc_id``, the document that
            this is a sentence or another part of.

    Raises:
        SpanError: where a span lies outside the text or covers nothing but white space.

    >>> document = Document("d1", "Asthma is common.", (Span(0, 6, "Disease"),))
    >>> document.mention(document.spans[0])
    'Asthma'
    """

    id: str
    text: str
    spans: tuple[Span, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "spans", tuple(self.spans))
        for span in self.spans:
            for start, end in span.pieces:
                if end > len(self.text):
                    raise SpanError(
                        f"span {start}:{end} ({span.type}) ends beyond the text of document "
                        f"{self.id!r}, which has {len(self.text)} characters"
                    )
                if not self.text[start:end].strip():
                    raise SpanError(
                        f"span {start}:{end} ({span.type}) of document {self.id!r} is blank"
                    )

    @property
    def source_id(self) -> str | None:
        """The document that this is a part of, by the ``doc_id`` in its metadata; None without.

        >>> Document("12", "It was asthma.", metadata={"doc_id": 7}).source_id
        '7'
        """
        name = self.metadata.get("doc_id")
        return str(name) if isinstance(name, str | int) else None

    def mention(self, span: Span) -> str:
        """The text of a mention; the pieces of a discontinuous one are joined by a space."""
        return " ".join(self.text[start:end] for start, end in span.pieces)

    def count_mentions(self) -> Counter[str]:
        """Number of mentions of each type."""
        return Counter(span.type for span in self.spans)

    def _repr_html_(self) -> str:
        """How notebooks show it: they ask for a method of this name."""
        from vaner.display.html.notebook import fragment

        return fragment(self)

    def with_spans(self, spans: Iterable[Span]) -> Document:
        """The same text with other mentions."""
        return replace(self, spans=tuple(spans))

    def rename_types(self, names: Mapping[str, str]) -> Document:
        """The same mentions, those of some types under other names.

        Where two types become one, a mention that was of both is there once. One that a file has
        twice, with different identifiers, stays so.

        Args:
            names: types by their names here -> what they are called then.

        >>> Document("1", "asthma", (Span(0, 6, "DISO"),)).rename_types({"DISO": "Disease"}).types
        ('Disease',)
        """
        was: dict[Span, str] = {}
        pairs = (
            (span.type, replace(span, type=names.get(span.type, span.type))) for span in self.spans
        )
        return self.with_spans(span for type, span in pairs if was.setdefault(span, type) == type)

    @property
    def types(self) -> tuple[str, ...]:
        """The entity types that occur, sorted."""
        return tuple(sorted({span.type for span in self.spans}))


def filter_by_score(document: Document, score: float | Mapping[str, float]) -> Document:
    """The document with those of its mentions that have this score or a higher one, or none.

    Args:
        document: the document.
        score: one for all types, or one for each; mentions of types without one are kept.

    >>> at_least(Document("1", "asthma", (Span(0, 6, "Disease", 0.3),)), 0.5).spans
    ()
    """

    def least(span: Span) -> float:
        return score.get(span.type, 0.0) if isinstance(score, Mapping) else score

    return document.with_spans(
        span for span in document.spans if span.score is None or span.score >= least(span)
    )


def resolve_overlaps(spans: Iterable[Span]) -> list[Span]:
    """Of mentions that overlap, the most probable; of equally probable ones, the longest.

    >>> best_of_overlapping([Span(0, 9, "Chemical", 0.9), Span(0, 9, "Disease", 0.3)])
    [Span(start=0, end=9, type='Chemical', score=0.9, identifiers=(), fragments=())]
    """
    kept: list[Span] = []  # in the order of the text, none overlapping: two neighbours decide
    for span in sorted(spans, key=lambda s: (-(s.score or 0.0), -s.length, s.start, s.type)):
        place = bisect_left(kept, span.start, key=lambda other: other.start)
        if not any(span.overlaps(other) for other in kept[max(0, place - 1) : place + 1]):
            kept.insert(place, span)
    return kept


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents of one split of one corpus.

    Args:
        name: registered name, e.g. ``"NCBI-disease"``, or a file's name.
        split: ``"train"``, ``"devel"``, ``"test"`` or whatever the corpus calls it.
        documents: the documents.
        types: the entity types the corpus annotates. Every type found in it must be listed: a
            text with none of them is a negative example for exactly these types.
    """

    name: str
    split: str
    documents: tuple[Document, ...]
    types: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "documents", tuple(self.documents))
        found = {span.type for document in self.documents for span in document.spans}
        if not self.types:
            object.__setattr__(self, "types", tuple(sorted(found)))
        elif not found <= set(self.types):
            raise VanerError(
                f"corpus {self.name} {self.split} has mentions of types it does not list: "
                f"{', '.join(sorted(found - set(self.types)))}"
            )

    def __iter__(self) -> Iterator[Document]:
        return iter(self.documents)

    def __len__(self) -> int:
        return len(self.documents)

    def rename_types(self, names: Mapping[str, str]) -> Corpus:
        """The corpus with other names for some of its types; several may become one.

        Args:
            names: types by their names here -> what they are called then.

        Raises:
            CorpusError: for a type that the corpus does not annotate.
        """
        if missing := [type for type in names if type not in self.types]:
            raise CorpusError(
                f"corpus {self.name} does not annotate {', '.join(missing)}, which is to be "
                f"renamed; it has {format_types(self.types)}"
            )
        types = dict.fromkeys(names.get(type, type) for type in self.types)
        documents = tuple(document.rename_types(names) for document in self.documents)
        return replace(self, documents=documents, types=tuple(types))

    def count_mentions(self) -> Counter[str]:
        """Number of mentions of each type."""
        return Counter(span.type for document in self.documents for span in document.spans)
