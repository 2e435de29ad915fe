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
<<<<<<< HEAD


def open_linker(options: LinkOptions) -> MentionLinker | None:
    """Return the linker that options describe, exact names first; None if they name no base.

    Raises:
        VanerError: if a base does not exist, or if candidates are requested without a base to link
            to.
    """
    linkers: list[MentionLinker] = []
    if options.candidates and options.link is None:
        message = "candidates require a knowledge base to link to; name one"
        raise VanerError(message, argument="link")
    if options.kb is not None:
        from vaner.knowledge.matcher import Matcher

        linkers.append(Matcher.from_name(options.kb))
    if options.link is not None:  # its libraries take a second to import
        from vaner.linking.linker import Linker

        linkers.append(Linker.from_name(options.link, max_candidates=options.candidates))
    return LinkerChain(linkers) if linkers else None
=======
>>>>>>> 6b3ef344c2cdbd207ab336eff6c91d0073884ab8
