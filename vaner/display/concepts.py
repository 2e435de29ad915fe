"""Renders the concepts of each document as a tab-separated table, for curators and spreadsheets.

A row is a concept in a document: identifier, type, the name that is most frequent in the document,
the number of mentions, and the best score. Mentions without an identifier have no row.
"""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from vaner.text.documents import Document, Span

HEAD = ("document", "identifier", "type", "name", "mentions", "score")


class Concept(NamedTuple):
    """A concept in a document, with its mentions."""

    identifier: str
    type: str
    spans: tuple[Span, ...]


def render(documents: Iterable[Document], lost: Counter[str]) -> Iterator[str]:
    """Yield the header, and the rows of each document."""
    yield _format_row(HEAD)
    for document in documents:
        for concept in list_concepts(document):
            scores = [span.score for span in concept.spans if span.score is not None]
            yield _format_row((
                document.id,
                concept.identifier,
                concept.type,
                _find_name(document, concept.spans),
                str(len(concept.spans)),
                f"{max(scores):.3f}" if scores else "",
            ))  # fmt: skip
        lost["mentions without an identifier"] += sum(not s.identifiers for s in document.spans)


def list_concepts(document: Document) -> list[Concept]:
    """Return the concepts of a document, those with the most mentions first.

    >>> spans = (Span(0, 4, "Disease", None, ("MESH:D006073",)), Span(5, 9, "Disease"))
    >>> [concept.identifier for concept in list_concepts(Document("1", "Gout gout", spans))]
    ['MESH:D006073']
    """
    spans: dict[tuple[str, str], list[Span]] = defaultdict(list)
    for span in document.spans:
        for identifier in span.identifiers:
            spans[identifier, span.type].append(span)
    concepts = [Concept(*key, tuple(mentions)) for key, mentions in spans.items()]
    return sorted(concepts, key=lambda c: (-len(c.spans), c.spans[0], c.identifier))


def _find_name(document: Document, spans: Iterable[Span]) -> str:
    """Return the text of most of the mentions, on one line; of several the first."""
    names = Counter(" ".join(document.mention(span).split()) for span in spans)
    return names.most_common(1)[0][0]


def _format_row(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, "excel-tab", lineterminator="\n").writerow(cells)
    return line.getvalue()
