"""``--rename OLD=NEW``: other names for the types of a corpus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from vaner.errors import VanerError
from vaner.text.documents import format_types

if TYPE_CHECKING:
    from vaner.text.documents import Corpus, Document

RenameOption = Annotated[
    list[str] | None,
    typer.Option(
        help="Rename a type of the corpus; may be repeated. Tags without a type have the empty "
        "name: --rename =Disease. Example: --rename Drug=Chemical",
        show_default=False,
    ),
]


def parse_renames(values: Iterable[str] | None) -> dict[str, str]:
    """Return the new names of types by their old names, from ``["Drug=Chemical"]``.

    Raises:
        VanerError: if a value does not have this form, or a type has two new names.
    """
    names: dict[str, str] = {}
    for value in values or ():
        old, equals, new = (part.strip() for part in value.rpartition("="))
        if not equals or not new:
            raise VanerError(f"--rename {value}: must be OLD=NEW, such as --rename Drug=Chemical")
        if names.setdefault(old, new) != new:
            raise VanerError(f"--rename gives {old} two names, {names[old]} and {new}")
    return names


def rename_corpora(corpora: Sequence[Corpus], names: Mapping[str, str]) -> list[Corpus]:
    """Return the corpora with renamed types.

    Raises:
        VanerError: if none of the corpora has one of the types.
    """
    types = list(dict.fromkeys(type for corpus in corpora for type in corpus.types))
    for old in names:
        if old not in types:
            raise VanerError(f"--rename {old}={names[old]}: the corpus has {format_types(types)}")
    return [
        corpus.rename_types({old: new for old, new in names.items() if old in corpus.types})
        for corpus in corpora
    ]


class TypeRenamer:
    """Renames the types of documents, one document at a time.

    Args:
        names: new names of types by their old names.

    Attributes:
        missing: the old names that no document has had so far.
        untyped: number of mentions without a type in the renamed documents so far.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self.missing = list(names)
        self.untyped = 0

    def __call__(self, document: Document) -> Document:
        from vaner import formats

        if self.missing:
            self.missing = [type for type in self.missing if type not in document.types]
        renamed = formats.rename_types(document, self._names) if self._names else document
        self.untyped += sum(not span.type for span in renamed.spans)
        return renamed
