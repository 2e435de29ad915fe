"""Convert names as vocabularies spell them to names as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterable

# A part after a comma that contains one of these words cannot be moved to the front.
_LINKS = frozenset(
    "a after and and/or as at by due during for from if in including included into not of on or "
    "other susceptibility to unspecified via with without".split()
)
_TYPE = re.compile(r"(type|grade|stage|class) [0-9IVXivx]+[A-Za-z]?")
_INCLUDED = re.compile(r"[,;]?\s+(INCLUDED|included)$")


def clean(names: Iterable[str]) -> list[str]:
    """Return the names with single spaces, without duplicates and names of symbols only."""
    stripped = (" ".join(name.split()) for name in names)
    return list(dict.fromkeys(name for name in stripped if any(map(str.isalnum, name))))


def to_natural_order(name: str) -> str | None:
    """Return the natural order of a name in index order; None if it is probably not one.

    MeSH and OMIM put the head first: "Neoplasms, Breast". Lists, numbered loci, and other uses of
    a comma ("Short stature, with …") are not changed.

    >>> to_natural_order("Neoplasms, Breast"), to_natural_order("Leukemia, Myeloid, Acute")
    ('Breast Neoplasms', 'Acute Myeloid Leukemia')
    >>> to_natural_order("Diabetes Mellitus, Type 2"), to_natural_order("Heart, liver and lungs")
    ('Type 2 Diabetes Mellitus', None)
    """
    head, *rest = name.split(", ")
    if not 1 <= len(rest) <= 2 or not all(map(_is_modifier, rest)) or not _is_phrase(head):
        return None
    if head.split()[0].lower() in _LINKS:
        return None
    return " ".join((*reversed(rest), head))


def _is_modifier(part: str) -> bool:
    """Whether a part after a comma looks like a modifier."""
    words = part.split()
    if not 1 <= len(words) <= 3 or not _is_phrase(part) or any(w.lower() in _LINKS for w in words):
        return False
    return not any(map(str.isdigit, part)) or bool(_TYPE.fullmatch(part.lower()))


def _is_phrase(part: str) -> bool:
    """Whether a part is a phrase: no chemical prefix, bracket or list."""
    return part[:1].isalpha() and part[-1:].isalnum() and not set(part) & set(",;()[]{}")


def with_natural_order(names: Iterable[str]) -> list[str]:
    """Return the names, followed by the natural order of names in index order."""
    given = list(names)
    return given + [natural for name in given if (natural := to_natural_order(name))]


def split_omim_title(title: str) -> list[str]:
    """Return the names in an OMIM title, in which semicolons separate names and abbreviations.

    The title itself is the last item, so that the original spelling is not lost.

    >>> split_omim_title("GOUT, PROGRESSIVE; GP")
    ['GOUT, PROGRESSIVE', 'GP', 'PROGRESSIVE GOUT', 'GOUT, PROGRESSIVE; GP']
    """
    parts = [_INCLUDED.sub("", part.strip()) for part in title.split(";")]
    return clean([*with_natural_order(part for part in parts if part != "INCLUDED"), title])
