"""What a knowledge base is made of: concepts, their names, and where they come from."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vaner.errors import KnowledgeError

# prefix:local, after the Bioregistry's definition of a CURIE; the local part may hold colons, but
# no lone surrogates, which no file can hold.
_CURIE = re.compile(r"[A-Za-z][\w.\-]*:[^\s\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing in the world, with its names.

    Args:
        identifier: CURIE, e.g. ``"MESH:D003924"``.
        name: preferred name, as the source spells it.
        type: entity type, e.g. ``"Disease"``.
        synonyms: other names, as the source spells them.
        source: name of the `Source` that says so.

    Raises:
        KnowledgeError: for an identifier that is no CURIE, a blank name, or a blank type.

    >>> Concept("MESH:D003924", "Diabetes Mellitus, Type 2", "Disease", ("NIDDM",)).names
    ('Diabetes Mellitus, Type 2', 'NIDDM')
    """

    identifier: str
    name: str
    type: str
    synonyms: tuple[str, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        if not _CURIE.fullmatch(self.identifier):
            raise KnowledgeError(f"identifier {self.identifier!r} is no CURIE such as MESH:D003924")
        if not self.name.strip():
            raise KnowledgeError(f"concept {self.identifier} has no name")
        if not self.type.strip():
            raise KnowledgeError(f"concept {self.identifier} has no entity type")

    @property
    def names(self) -> tuple[str, ...]:
        """Preferred name and synonyms, each once, blank ones left out."""
        return tuple(dict.fromkeys(n for n in (self.name, *self.synonyms) if n.strip()))


@dataclass(frozen=True, slots=True)
class Source:
    """Where concepts come from, kept with them.

    Args:
        name: short name, e.g. ``"hpo"``.
        licence: as the source states it; what may be done with a base follows from it.
        home: home page.
        version: release, package version or date.
        checksum: SHA-256 of the file that was read, in hex; empty where there were several.
    """

    name: str
    licence: str
    home: str = ""
    version: str = ""
    checksum: str = ""
