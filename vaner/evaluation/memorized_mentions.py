"""Which mentions a system could have learnt by heart.

A tagger that memorises its training names scores well on them and fails on new ones, and the usual
figure hides which it does (Kim and Kang 2022, "How do your biomedical named entity recognition
models generalize to novel entities?", IEEE Access 10).
"""

from __future__ import annotations

from collections.abc import Iterable

from vaner.text.documents import Document, Span

MentionKey = tuple[str, str]
"""Normalised text of a mention, and its type."""


def mention_key(document: Document, span: Span) -> MentionKey:
    """Text casefolded with white space folded to single spaces, and the type.

    >>> mention_key(Document("d", "Breast  Cancer"), Span(0, 14, "Disease"))
    ('breast cancer', 'Disease')
    """
    return " ".join(document.mention(span).casefold().split()), span.type


def seen_mentions(documents: Iterable[Document]) -> frozenset[MentionKey]:
    """The mentions of training documents, for the `seen` argument of `score`.

    >>> seen_mentions([Document("d", "Asthma", (Span(0, 6, "Disease"),))])
    frozenset({('asthma', 'Disease')})
    """
    return frozenset(
        mention_key(document, span) for document in documents for span in document.spans
    )
