"""Mentions of the training data, which a model may have memorized.

A model that memorizes the names of its training data scores well on these names and fails on new
ones; overall scores do not show the difference.

Source: Kim and Kang 2022, "How do your biomedical named entity recognition models generalize to
novel entities?", IEEE Access 10.
"""

from __future__ import annotations

from collections.abc import Iterable

from vaner.text.documents import Document, Span
from vaner.text.normalize import normalize

MentionKey = tuple[str, str]
"""Normalized text of a mention, and its type."""


def mention_key(document: Document, span: Span) -> MentionKey:
    """Return the case-folded text of a mention with single spaces, and its type.

    >>> mention_key(Document("d", "Breast  Cancer"), Span(0, 14, "Disease"))
    ('breast cancer', 'Disease')
    """
    return " ".join(normalize(document.mention(span)).casefold().split()), span.type


def seen_mentions(documents: Iterable[Document]) -> frozenset[MentionKey]:
    """Return the mentions of training documents, for the argument `seen` of `score`.

    >>> seen_mentions([Document("d", "Asthma", (Span(0, 6, "Disease"),))])
    frozenset({('asthma', 'Disease')})
    """
    return frozenset(
        mention_key(document, span) for document in documents for span in document.spans
    )
