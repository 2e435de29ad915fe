"""Concept identifiers as files write them: lists with separators, variants, and prefixes.

``|``, ``;`` and ``,`` separate the identifiers of a mention. Variants contain these characters
themselves: ``c|DEL|68_69|AG;RSID:80357713``, as tmVar and PubTator write them, is one identifier.
A composite such as ``D007674+D006222`` is one identifier too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from vaner.formats.losses import Losses, replace_forbidden

_NO_IDENTIFIER = {"", "-", "-1", "None", "null", "NULL", "NIL"}
# Separators, but not those in brackets, as in c.[76A>C;83G>C] and 2099(Tax:9606).
_SEPARATOR = re.compile(r"[|;,](?![^\[(]*[\])])")
_VARIANT = re.compile(
    r"(?:tmVar:)?(?:[cgmnpr]\||\|(?:SUB|DEL|INS|DUP|INDEL|FS|Allele)\|)"
    r"|(?:.*;)?\s*(?:tmVar|HGVS|VariantGroup|CorrespondingGene|RS#|RSID|CA#)\s*:",
    re.IGNORECASE | re.DOTALL,
)
_PREFIX = re.compile(r"[A-Za-z][\w .#-]*:")
_SEPARATORS = ("|", ";", ",")


def split_identifiers(text: str) -> tuple[str, ...]:
    """Return the identifiers in a field of a file. ``-`` and ``-1`` mean none.

    >>> split_identifiers("D013276,D005756"), split_identifiers("c|DEL|68_69|AG;RSID:80357713")
    (('D013276', 'D005756'), ('c|DEL|68_69|AG;RSID:80357713',))
    """
    parts = [text] if _VARIANT.match(text) else _SEPARATOR.split(text)
    return tuple(part for part in map(str.strip, parts) if part not in _NO_IDENTIFIER)


def join_identifiers(identifiers: Iterable[str], losses: Losses, forbidden: str = "") -> str:
    """Return identifiers as a field from which `split_identifiers` returns the same ones.

    Where this is impossible, separators in the identifiers become underscores, which are counted.

    Args:
        identifiers: the identifiers.
        losses: counts the replaced characters.
        forbidden: other characters that the field must not contain, for a class of characters in
            a regular expression.
    """
    given = tuple(identifiers)
    clean = [replace_forbidden(i, losses, f"[{forbidden}]") if forbidden else i for i in given]
    for separator in _SEPARATORS:
        if split_identifiers(field := separator.join(clean)) == tuple(clean):
            return field
    replaced = [replace_forbidden(identifier, losses, "[|;,]") for identifier in clean]
    return "|".join(replaced)


def add_prefix(database: str, identifier: str) -> str:
    """Return an identifier with its database in front, unless it has a prefix.

    >>> add_prefix("MESH", "D006073"), add_prefix("CHEBI", "CHEBI:15365")
    ('MESH:D006073', 'CHEBI:15365')
    """
    has_prefix = _PREFIX.match(identifier) is not None
    return identifier if has_prefix or not database else f"{database}:{identifier}"


def list_forms(identifiers: Iterable[str]) -> set[str]:
    """Return the forms in which relations may name concepts: parts, with and without prefix.

    >>> sorted(list_forms(["MESH:D001241"]))
    ['D001241', 'MESH:D001241']
    """
    forms: set[str] = set()
    for identifier in identifiers:
        separator = ";" if _VARIANT.match(identifier) else "[|;,+]"
        parts = {identifier, *re.split(separator, identifier)} - _NO_IDENTIFIER
        forms |= parts | {_PREFIX.sub("", part) for part in parts}
    return forms - _NO_IDENTIFIER
