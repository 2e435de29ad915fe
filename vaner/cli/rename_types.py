"""``--rename OLD=NEW``: types of a corpus by other names."""

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
        help="Another name for a type of the corpus; may be repeated: --rename Drug=Chemical. Tags "
        "without a type have an empty one: --rename =Disease",
        show_default=False,
    ),
]


def new_names(given: Iterable[str] | None) -> dict[str, str]:
    """Types by their names in the corpus -> those they get, out of ``["Drug=Chemical"]``.

    Raises:
        VanerError: for what is not of this form, and a type that gets two names.
    """
    found: dict[str, str] = {}
    for one in given or ():
        old, given_as, new = (part.strip() for part in one.rpartition("="))
        if not given_as or not new:
            raise VanerError(f"--rename {one}: give it as OLD=NEW; e.g. --rename Drug=Chemical")
        if found.setdefault(old, new) != new:
            raise VanerError(f"--rename gives {old} two names, {found[old]} and {new}")
    return found


def renamed(corpora: Sequence[Corpus], names: Mapping[str, str]) -> list[Corpus]:
    """The corpora with other names for their types, each of which one of them annotates.

    Raises:
        VanerError: for a type that none does.
    """
    known = list(dict.fromkeys(type for corpus in corpora for type in corpus.types))
    for old in names:
        if old not in known:
            raise VanerError(f"--rename {old}={names[old]}: the corpus has {format_types(known)}")
    return [
        corpus.rename_types({old: new for old, new in names.items() if old in corpus.types})
        for corpus in corpora
    ]


class Renaming:
    """Other names for types, document by document.

    Args:
        names: types by their names in the documents -> those they get.

    Attributes:
        unseen: of the types, those that no document had so far.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self.unseen = list(names)

    def __call__(self, document: Document) -> Document:
        from vaner import formats

        if self.unseen:
            self.unseen = [type for type in self.unseen if type not in document.types]
        return formats.rename_types(document, self._names) if self._names else document
