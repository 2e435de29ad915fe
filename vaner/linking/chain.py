"""Applies several linkers in turn; a later one does not change what an earlier one identified."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from vaner.linking.protocol import MentionLinker
from vaner.text.documents import Document


class LinkerChain:
    """Several linkers as one.

    Args:
        linkers: the linkers, in order; the first one that recognizes a mention identifies it.
    """

    def __init__(self, linkers: Sequence[MentionLinker]) -> None:
        self._linkers = tuple(linkers)

    @property
    def types(self) -> tuple[str, ...]:
        """The entity types that any of them has concepts of."""
        return tuple(sorted({type for linker in self._linkers for type in linker.types}))

    def identify(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Yield the documents, with identifiers for mentions that have none."""
        for linker in self._linkers:
            documents = linker.identify(documents)
        yield from documents
