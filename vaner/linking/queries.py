"""What to search in a base for each mention of a document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import regex

from vaner.linking.abbreviations import find_abbreviations
from vaner.linking.name_index import MAX_LENGTH, canonicalize_name
from vaner.linking.species import measure_foreign_share
from vaner.text.documents import Document
from vaner.text.normalize import normalize

_SHORT_SPECIES = regex.compile(r"(\p{Lu}\p{Ll}{0,3})\.\s?(?=(\p{Ll}{3,}))")  # "E. coli"
_SPECIES = regex.compile(r"\b(\p{Lu}\p{Ll}{3,})\s+(\p{Ll}{3,})\b")


class Query(NamedTuple):
    """The search for a mention: its canonical name and type, and features of its document.

    Args:
        name: the canonical name, see `canonicalize_name`.
        type: the entity type.
        expanded: whether the name is the long form of an abbreviation.
        foreign: see `vaner.linking.linker.Features`.
    """

    name: str
    type: str
    expanded: bool
    foreign: float


def make_queries(document: Document, species: str) -> list[Query]:
    """Return what to search for each mention: abbreviations are replaced by their long forms.

    The long form of "E. coli" is the name of the text with a complete genus, "Escherichia coli".

    Args:
        document: with mentions of any origin.
        species: the species of the base; see `measure_foreign_share`.
    """
    text = document.text
    foreign = measure_foreign_share(text, species)
    long_forms = {
        normalize(text[pair.short_start : pair.short_end]): text[pair.long_start : pair.long_end]
        for pair in find_abbreviations(text)
    }
    genera: dict[str, list[str]] = defaultdict(list)
    for genus, epithet in _SPECIES.findall(text):
        genera[epithet].append(genus)
    queries = []
    for span in document.spans:
        mention = document.mention(span)
        long_form = _find_long_form(normalize(mention), long_forms)
        long_form = long_form or _complete_genus(mention, genera)
        searched = long_form or mention
        name = canonicalize_name(searched) if len(searched) <= MAX_LENGTH else ""
        queries.append(Query(name, span.type, long_form is not None, foreign))
    return queries


def _find_long_form(short: str, long_forms: Mapping[str, str]) -> str | None:
    """Return the long form of an abbreviation, which may be in another number than its definition.

    >>> _find_long_form("GIST", {"GISTs": "gastrointestinal stromal tumors"})
    'gastrointestinal stromal tumors'
    """
    plural = f"{short}s" if len(short) > 1 else short
    forms = (short, plural, short.removesuffix("s"))
    return next((long_forms[form] for form in forms if form in long_forms), None)


def _complete_genus(mention: str, genera: Mapping[str, Sequence[str]]) -> str | None:
    """Return the name of a species with its complete genus; None if there is none.

    Args:
        mention: the mention.
        genera: second word of the name of a species -> first words, in the order of the text.

    >>> _complete_genus("E. coli K-12", {"coli": ["Escherichia"]})
    'Escherichia coli K-12'
    """
    name = _SHORT_SPECIES.match(mention)
    if name is None:
        return None
    matching = (genus for genus in genera.get(name[2], ()) if genus.startswith(name[1]))
    return next((f"{genus} {mention[name.end() :]}" for genus in matching), None)
