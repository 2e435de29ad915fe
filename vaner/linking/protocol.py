"""The interface of linkers, which add identifiers to mentions. It imports no linker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from vaner.errors import VanerError
from vaner.text.documents import Document


class MentionLinker(Protocol):
    """Adds identifiers to the mentions of documents, such as `Linker` and `Matcher`."""

    @property
    def types(self) -> tuple[str, ...]:
        """The entity types that it has concepts of."""
        ...

    def identify(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Yield the documents, with identifiers for mentions that have none."""
        ...


def check_linker_types(linker: MentionLinker, types: Iterable[str]) -> None:
    """Check that a linker can identify mentions of at least one of some types.

    Raises:
        VanerError: if it has concepts of other types only.
        TypeError: if it is not a linker, but the name of a knowledge base, for instance.
    """
    if not hasattr(linker, "identify"):
        given = type(linker).__name__
        raise TypeError(f"linker is {given}; use vaner.linking.linker.Linker.from_name(…)")
    requested = sorted(set(types))
    if requested and not set(requested) & set(linker.types):
        raise VanerError(
            f"the knowledge base has no concepts of the type {' or '.join(requested)}; it has "
            f"{', '.join(linker.types) or 'no concepts'}; link to another one"
        )
