"""Small knowledge bases, and documents with marked mentions."""

from __future__ import annotations

from pathlib import Path

from vaner.knowledge.base import KnowledgeBase, write
from vaner.knowledge.concepts import Concept, Source
from vaner.linking.linker import Linker
from vaner.text.documents import Document, Span


def build(path: Path, *concepts: Concept) -> KnowledgeBase:
    """Write a base, named after its file."""
    return write(concepts, path, name=path.stem, sources=[Source("mine", "CC0", "", "1")])


def mark(text: str, *mentions: str, type: str = "Disease") -> Document:
    """Return a document with the first occurrence of each mention."""
    spans = [Span(text.index(m), text.index(m) + len(m), type) for m in mentions]
    return Document("1", text, tuple(spans))


def link(linker: Linker, document: Document) -> list[tuple[str, ...]]:
    """Return the identifiers of each mention."""
    return [span.identifiers for span in next(linker.identify([document])).spans]
