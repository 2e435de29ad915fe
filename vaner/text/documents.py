"""Spans, documents and corpora: immutable, with exact offsets.

Offsets are half-open, ``[start, end)``, and count Unicode code points of the original text:
``document.text[span.start:span.end]`` is the mention, for every text.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from vaner.errors import CorpusError, VanerError
from vaner.text.mention_details import Candidate, Cue

Overlaps = Literal["keep", "best"]
"""How to treat overlapping mentions: keep all, or only the best (see `resolve_overlaps`)."""


def format_types(types: Iterable[str]) -> str:
    """Return entity types as a list for messages. Tags without a type have an empty type.

    >>> format_types(["Gene", ""])
    "Gene, '' (tags without a type)"
    """
    return ", ".join(type or "'' (tags without a type)" for type in types) or "none"


class SpanError(VanerError):
    """A span that is outside its text, covers only white space, or has invalid fragments."""


@dataclass(frozen=True, slots=True, order=True, repr=False)
class Span:
    """A mention of an entity: ``text[start:end]``, half-open, in code points.

    Args:
        start: index of the first code point.
        end: index after the last code point.
        type: entity type, e.g. ``"Disease"``.
        score: probability of the span in [0, 1], or None if unknown. Ignored in comparisons.
        identifiers: concept identifiers, e.g. ``("MESH:D003866",)``. Ignored in comparisons.
        fragments: ``(start, end)`` pairs of a discontinuous mention, in order; empty for a
            contiguous mention. `start` and `end` then enclose all fragments.
        candidates: concepts that the mention may refer to, the most probable first. Ignored in
            comparisons.
        context: what its sentence says about it, such as a negation. Ignored in comparisons.

    Raises:
        SpanError: if the span is empty or reversed, or the fragments are not two or more ordered
            parts of it.

    >>> Span(0, 5, "Disease").length
    5
    """

    start: int
    end: int
    type: str
    score: float | None = field(default=None, compare=False)
    identifiers: tuple[str, ...] = field(default=(), compare=False)
    fragments: tuple[tuple[int, int], ...] = ()
    candidates: tuple[Candidate, ...] = field(default=(), compare=False)
    context: tuple[Cue, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise SpanError(f"span {self.start}:{self.end} ({self.type}) is empty or reversed")
        if self.fragments:
            self._check_fragments()

    def __repr__(self) -> str:
        """Return the fields, without empty `candidates` and `context`."""
        optional = [name for name in ("candidates", "context") if getattr(self, name)]
        names = ("start", "end", "type", "score", "identifiers", "fragments", *optional)
        return f"Span({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    def _check_fragments(self) -> None:
        offsets = [offset for piece in self.fragments for offset in piece]
        is_ordered = all(s < e for s, e in self.fragments) and offsets == sorted(offsets)
        has_extent = (offsets[0], offsets[-1]) == (self.start, self.end)
        if not is_ordered or not has_extent or len(self.fragments) < 2:
            raise SpanError(
                f"fragments {self.fragments} are not two or more ordered pieces of "
                f"{self.start}:{self.end}"
            )

    @property
    def length(self) -> int:
        """Number of code points from start to end, including gaps."""
        return self.end - self.start

    @property
    def is_discontinuous(self) -> bool:
        """Whether the mention has more than one fragment."""
        return bool(self.fragments)

    @property
    def pieces(self) -> tuple[tuple[int, int], ...]:
        """The contiguous parts: the fragments, or the full span as a single part."""
        return self.fragments or ((self.start, self.end),)

    def overlaps(self, other: Span) -> bool:
        """Return whether the two extents share a code point. Types are not compared."""
        return self.start < other.end and other.start < self.end

    def shift(self, offset: int) -> Span:
        """Return the same span moved by `offset` code points."""
        return replace(
            self,
            start=self.start + offset,
            end=self.end + offset,
            fragments=tuple((s + offset, e + offset) for s, e in self.fragments),
            context=tuple(Cue(c.attribute, c.start + offset, c.end + offset) for c in self.context),
        )


@dataclass(frozen=True, slots=True)
class Document:
    """A text with its mentions.

    Args:
        id: identifier, unique in its corpus.
        text: the original text.
        spans: the mentions, in the given order.
        metadata: what a format needs to write the document back, and anything else that the
            caller attaches. Keys shared by all formats: ``sentences``, a tuple of ``(start, end)``
            pairs if the source defines sentence boundaries; ``pretokenized``, True if white space
            separates the tokens of the source; ``doc_id``, the document that this sentence or
            passage belongs to.

    Raises:
        SpanError: if a span ends outside the text or covers only white space.

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
        """The ``doc_id`` in the metadata: the document that this one is a part of, or None.

        >>> Document("12", "It was asthma.", metadata={"doc_id": 7}).source_id
        '7'
        """
        source = self.metadata.get("doc_id")
        return str(source) if isinstance(source, str | int) else None

    @property
    def types(self) -> tuple[str, ...]:
        """The entity types of the mentions, sorted."""
        return tuple(sorted({span.type for span in self.spans}))

    def mention(self, span: Span) -> str:
        """Return the text of a span. Fragments are joined by a space."""
        return " ".join(self.text[start:end] for start, end in span.pieces)

    def count_mentions(self) -> Counter[str]:
        """Return the number of mentions per type."""
        return Counter(span.type for span in self.spans)

    def with_spans(self, spans: Iterable[Span]) -> Document:
        """Return the same document with other spans."""
        return replace(self, spans=tuple(spans))

    def without_duplicates(self) -> Document:
        """Return the document with each mention once: its offsets and type differ from others'.

        >>> document = Document("1", "Gout", (Span(0, 4, "D"), Span(0, 4, "D", 0.5)))
        >>> document.without_duplicates().spans
        (Span(start=0, end=4, type='D', score=None, identifiers=(), fragments=()),)
        """
        distinct = tuple(dict.fromkeys(self.spans))
        return self if len(distinct) == len(self.spans) else self.with_spans(distinct)

    def rename_types(self, names: Mapping[str, str]) -> Document:
        """Return the document with other names for some entity types.

        If two types become one, a mention annotated with both is returned once. Duplicates that
        already had the same type, e.g. with different identifiers, are not merged.

        Args:
            names: old type -> new type.

        >>> document = Document("1", "asthma", (Span(0, 6, "DISO"),))
        >>> document.rename_types({"DISO": "Disease"}).types
        ('Disease',)
        """
        first_type: dict[Span, str] = {}
        renamed = (
            (span.type, replace(span, type=names.get(span.type, span.type))) for span in self.spans
        )
        return self.with_spans(
            span for old_type, span in renamed if first_type.setdefault(span, old_type) == old_type
        )

    def _repr_html_(self) -> str:
        """Return HTML for notebooks, which look for a method with this name."""
        from vaner.display.html.notebook import fragment

        return fragment(self)


def tally_mentions(documents: Iterable[Document], counts: Counter[str]) -> Iterator[Document]:
    """Yield the documents unchanged, and add the number of their mentions per type to `counts`."""
    for document in documents:
        counts.update(document.count_mentions())
        yield document


def filter_by_score(document: Document, threshold: float | Mapping[str, float]) -> Document:
    """Return the document without the mentions that score below a threshold.

    Mentions without a score always stay.

    Args:
        document: the document.
        threshold: one threshold for all types, or a threshold per type. Types that are missing
            from the mapping have no threshold.

    >>> document = Document("1", "asthma", (Span(0, 6, "Disease", 0.3),))
    >>> filter_by_score(document, 0.5).spans
    ()
    """

    def get_threshold(span: Span) -> float:
        return threshold.get(span.type, 0.0) if isinstance(threshold, Mapping) else threshold

    return document.with_spans(
        span for span in document.spans if span.score is None or span.score >= get_threshold(span)
    )


def resolve_overlaps(spans: Iterable[Span]) -> list[Span]:
    """Return a subset of the spans without overlaps, in text order.

    Of overlapping spans, the one with the highest score is selected; ties go to the longest.
    Time: O(n log n) comparisons for n spans.

    >>> resolve_overlaps([Span(0, 9, "Chemical", 0.9), Span(0, 9, "Disease", 0.3)])
    [Span(start=0, end=9, type='Chemical', score=0.9, identifiers=(), fragments=())]
    """
    selected: list[Span] = []
    for span in sorted(spans, key=lambda s: (-(s.score or 0.0), -s.length, s.start, s.type)):
        # `selected` is sorted and free of overlaps, so only the two neighbors can overlap.
        index = bisect_left(selected, span.start, key=lambda other: other.start)
        if not any(span.overlaps(other) for other in selected[max(0, index - 1) : index + 1]):
            selected.insert(index, span)
    return selected


@dataclass(frozen=True, slots=True)
class Corpus:
    """The documents of a split of a corpus.

    Args:
        name: registered name, e.g. ``"NCBI-disease"``, or a file name.
        split: ``"train"``, ``"devel"``, ``"test"`` or another name that the corpus uses.
        documents: the documents.
        types: the entity types that the corpus annotates. A text without mentions is a negative
            example for exactly these types. Default: the types of the mentions.

    Raises:
        VanerError: if a mention has a type that is not in `types`.
    """

    name: str
    split: str
    documents: tuple[Document, ...]
    types: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "documents", tuple(self.documents))
        present = {span.type for document in self.documents for span in document.spans}
        if not self.types:
            object.__setattr__(self, "types", tuple(sorted(present)))
        elif not present <= set(self.types):
            raise VanerError(
                f"corpus {self.name} {self.split} has mentions of types it does not list: "
                f"{', '.join(sorted(present - set(self.types)))}"
            )

    def __iter__(self) -> Iterator[Document]:
        return iter(self.documents)

    def __len__(self) -> int:
        return len(self.documents)

    def rename_types(self, names: Mapping[str, str]) -> Corpus:
        """Return the corpus with other names for some entity types. Several may become one.

        Args:
            names: old type -> new type.

        Raises:
            CorpusError: if the corpus does not annotate one of the old types.
        """
        if missing := [type for type in names if type not in self.types]:
            raise CorpusError(
                f"corpus {self.name} does not annotate {', '.join(missing)}, which is to be "
                f"renamed; it annotates {format_types(self.types)}"
            )
        types = dict.fromkeys(names.get(type, type) for type in self.types)
        documents = tuple(document.rename_types(names) for document in self.documents)
        return replace(self, documents=documents, types=tuple(types))

    def count_mentions(self) -> Counter[str]:
        """Return the number of mentions per type."""
        return Counter(span.type for document in self.documents for span in document.spans)
