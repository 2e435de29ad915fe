"""The content of a knowledge base: concepts, their names, and their sources."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vaner.errors import KnowledgeError

# prefix:local, as the Bioregistry defines a CURIE. The local part may contain colons, but no lone
# surrogates, which UTF-8 cannot encode.
_CURIE = re.compile(r"[A-Za-z][\w.\-]*:[^\s\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class Concept:
    """A concept with its names.

    Args:
        identifier: CURIE, e.g. ``"MESH:D003924"``.
        name: preferred name, spelled as in the source.
        type: entity type, e.g. ``"Disease"``.
        synonyms: other names, spelled as in the source.
        source: name of its `Source`.

    Raises:
        KnowledgeError: for an identifier that is not a CURIE, an empty name, or an empty type.

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
            raise KnowledgeError(
                f"identifier {self.identifier!r} is not a CURIE such as MESH:D003924"
            )
        if not self.name.strip():
            raise KnowledgeError(f"concept {self.identifier} has no name")
        if not self.type.strip():
            raise KnowledgeError(f"concept {self.identifier} has no entity type")

    @property
    def names(self) -> tuple[str, ...]:
        """The preferred name and the synonyms, without duplicates and empty names."""
        return tuple(dict.fromkeys(n for n in (self.name, *self.synonyms) if n.strip()))


@dataclass(frozen=True, slots=True)
class Source:
    """The origin of concepts, stored with them.

    Args:
        name: short name, e.g. ``"hpo"``.
        license: license as the source states it. It applies to a base that has these concepts.
        homepage: URL of the home page.
        version: release, package version or date.
        checksum: SHA-256 of the file, in hex; empty if the source has several files.
    """

    name: str
    license: str
    homepage: str = ""
    version: str = ""
    checksum: str = ""
