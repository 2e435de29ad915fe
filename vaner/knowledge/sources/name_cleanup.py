"""Names as the vocabularies spell them -> names as people write them. Originals are kept."""

from __future__ import annotations

import re
from collections.abc import Iterable

# After a comma these begin something that cannot be moved to the front.
_LINKS = frozenset(
    "a after and and/or as at by due during for from if in including included into not of on or "
    "other susceptibility to unspecified via with without".split()
)
_TYPE = re.compile(r"(type|grade|stage|class) [0-9IVXivx]+[A-Za-z]?")
_INCLUDED = re.compile(r"[,;]?\s+(INCLUDED|included)$")


def clean(names: Iterable[str]) -> list[str]:
    """Names with single spaces and a letter or a digit in them, each once."""
    tidy = (" ".join(name.split()) for name in names)
    return list(dict.fromkeys(name for name in tidy if any(map(str.isalnum, name))))


def uninverted(name: str) -> str | None:
    """The natural order of a name in index order, or None where it is not surely one.

    MeSH and OMIM put the head first: "Neoplasms, Breast". Left alone are lists, numbered loci,
    and whatever a comma joins in another way ("Short stature, with …").

    >>> uninverted("Neoplasms, Breast"), uninverted("Leukemia, Myeloid, Acute")
    ('Breast Neoplasms', 'Acute Myeloid Leukemia')
    >>> uninverted("Diabetes Mellitus, Type 2"), uninverted("Heart, liver and lungs")
    ('Type 2 Diabetes Mellitus', None)
    """
    head, *rest = name.split(", ")
    if not 1 <= len(rest) <= 2 or not all(map(_movable, rest)) or not _word(head):
        return None
    if head.split()[0].lower() in _LINKS:
        return None
    return " ".join((*reversed(rest), head))


def _movable(part: str) -> bool:
    """Whether a part after a comma reads as a modifier."""
    words = part.split()
    if not 1 <= len(words) <= 3 or not _word(part) or any(w.lower() in _LINKS for w in words):
        return False
    return not any(map(str.isdigit, part)) or bool(_TYPE.fullmatch(part.lower()))


def _word(part: str) -> bool:
    """Whether a part stands by itself: no chemical prefix, bracket or list."""
    return part[:1].isalpha() and part[-1:].isalnum() and not set(part) & set(",;()[]{}")


def with_uninverted(names: Iterable[str]) -> list[str]:
    """The names, then the natural orders of those that are in index order."""
    given = list(names)
    return given + [natural for name in given if (natural := uninverted(name))]


def omim_names(title: str) -> list[str]:
    """Names out of an OMIM title, which joins name and abbreviations by semicolons.

    The title itself comes last, so that nothing of the original is lost.

    >>> omim_names("GOUT, PROGRESSIVE; GP")
    ['GOUT, PROGRESSIVE', 'GP', 'PROGRESSIVE GOUT', 'GOUT, PROGRESSIVE; GP']
    """
    parts = [_INCLUDED.sub("", part.strip()) for part in title.split(";")]
    return clean([*with_uninverted(part for part in parts if part != "INCLUDED"), title])
