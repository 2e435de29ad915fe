"""The concepts of each document as a table, for curators and spreadsheets.

A row is a concept in a document: identifier, type, the name that is most frequent in the document,
the number of mentions, the best score, and the context. Mentions of another context, such as
negated ones, have a separate row, so that a denied problem does not look present. Mentions without
an identifier have no row.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from vaner.formats.losses import Losses
from vaner.formats.row_tables import Row, RowTable, round_score
from vaner.text.documents import Document, Span


class Concept(NamedTuple):
    """A concept in a document, with its mentions of one context."""

    identifier: str
    type: str
    context: tuple[str, ...]
    spans: tuple[Span, ...]


def list_rows(document: Document, losses: Losses) -> Iterator[Row]:
    """Yield the concepts of a document as rows, and count the mentions without an identifier.

    >>> span = Span(0, 4, "Disease", 0.75, ("MESH:D006073",))
    >>> list(list_rows(Document("7", "Gout", (span,)), Losses()))
    [('7', 'MESH:D006073', 'Disease', 'Gout', 1, 0.75, ())]
    """
    for concept in list_concepts(document):
        scores = [span.score for span in concept.spans if span.score is not None]
        name, count = _find_name(document, concept.spans), len(concept.spans)
        score = round_score(max(scores, default=None))
        row = (document.id, concept.identifier, concept.type, name, count, score)
        yield *row, concept.context
    losses["mentions without an identifier"] += sum(not s.identifiers for s in document.spans)


def list_concepts(document: Document) -> list[Concept]:
    """Return the concepts of a document, those with the most mentions first.

    >>> spans = (Span(0, 4, "Disease", None, ("MESH:D006073",)), Span(5, 9, "Disease"))
    >>> [concept.identifier for concept in list_concepts(Document("1", "Gout gout", spans))]
    ['MESH:D006073']
    """
    spans: dict[tuple[str, str, tuple[str, ...]], list[Span]] = defaultdict(list)
    for span in document.spans:
        context = tuple(sorted({cue.attribute for cue in span.context}))
        for identifier in span.identifiers:
            spans[identifier, span.type, context].append(span)
    concepts = [Concept(*key, tuple(mentions)) for key, mentions in spans.items()]
    return sorted(concepts, key=lambda c: (-len(c.spans), c.spans[0], c.identifier))


def _find_name(document: Document, spans: Iterable[Span]) -> str:
    """Return the text of most of the mentions, on one line; of several the first."""
    names = Counter(" ".join(document.mention(span).split()) for span in spans)
    return names.most_common(1)[0][0]


_COLUMNS = {
    "document": str, "identifier": str, "type": str, "name": str, "mentions": int, "score": float,
    "context": tuple,
}  # fmt: skip
CONCEPTS = RowTable("concepts", _COLUMNS, list_rows)
"""The table of concepts."""
