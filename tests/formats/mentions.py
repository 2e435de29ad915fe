"""The mentions of a document in a short form."""

from __future__ import annotations

from vaner.text.documents import Document


def mentions(document: Document) -> list[tuple[str, str]]:
    """Return text and type of each mention."""
    return [(document.mention(span), span.type) for span in document.spans]
