"""Terms of an ontology, whatever file they came in, and which of them become concepts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from vaner.formats.source import InputFile
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.rows import concept, each

SCOPES = ("EXACT", "NARROW", "BROAD", "RELATED")
# RELATED is what OBO gives to a synonym whose curator named no scope, and brand names in ChEBI
# are RELATED; NARROW and BROAD are names of other things, which would link to the wrong concept.
DEFAULT_SCOPES = ("EXACT", "RELATED")
# Synonym types that are no names (ChEBI's structures), or that the ontology took back (HPO).
NO_NAMES = frozenset(
    {"FORMULA", "InChI", "InChIKey", "SMILES", "HP:0034334", "obsolete_synonym"}
    | {"MONDO:DEPRECATED", "OMO:0003005"}
)
# http://purl.obolibrary.org/obo/HP_0000118, http://www.orpha.net/ORDO/Orphanet_558
_IRI = re.compile(r".*[/#]([A-Za-z][A-Za-z.\-]*)_([^/#]+)")
_PREFIXES = {"Orphanet": "ORPHA", "ORDO": "ORPHA"}


@dataclass(slots=True)
class Term:
    """A term as it stands in the file.

    Args:
        line: where it begins.
        identifier: CURIE.
        name: label; None where a file only mentions a term of another ontology.
        synonyms: ``(name, scope, synonym type)``, the latter empty if there is none.
        parents: identifiers of the terms that it is a kind of.
        obsolete: withdrawn by its ontology.
    """

    line: int
    identifier: str = ""
    name: str | None = None
    synonyms: list[tuple[str, str, str]] = field(default_factory=list)
    parents: list[str] = field(default_factory=list)
    obsolete: bool = False


def concepts(
    place: InputFile,
    terms: Iterable[Term],
    *,
    type: str,
    source: str,
    prefixes: Collection[str] | None,
    scopes: Sequence[str],
    under: Collection[str] | None,
) -> Iterator[Concept]:
    """The terms that are wanted, as concepts.

    Args:
        place: the file, to which errors are reported.
        terms: in the order of the file; with `under` they are all read before the first concept.
        type: entity type.
        source: name of the source.
        prefixes: only terms of these ontologies, e.g. ``{"HP"}``; all if None.
        scopes: synonym scopes that are kept.
        under: only these terms and their kinds; all if None.

    Raises:
        FormatError: where a term in `under` is not in the file.
    """
    if under is not None:
        terms = list(terms)
        wanted = _kinds(place, terms, under)
        terms = (term for term in terms if term.identifier in wanted)
    kept = (
        (term.line, term)
        for term in terms
        if not term.obsolete
        and term.name is not None
        and (prefixes is None or term.identifier.partition(":")[0] in prefixes)
    )

    def convert(term: Term) -> Iterator[Concept]:
        synonyms = (
            s for s, scope, kind in term.synonyms if scope in scopes and kind not in NO_NAMES
        )
        yield concept(renamed(term.identifier), [term.name or "", *synonyms], type, source)

    return each(place, kept, convert)


def curie(iri: str) -> str:
    """A CURIE out of the IRI of an OBO term; empty where it is another kind of IRI.

    >>> curie("http://purl.obolibrary.org/obo/HP_0000118")
    'HP:0000118'
    """
    found = _IRI.fullmatch(iri)
    return f"{found[1]}:{found[2]}" if found else ""


def renamed(identifier: str) -> str:
    """An identifier with the prefix by which vaner knows its ontology."""
    prefix, _, local = identifier.partition(":")
    return f"{_PREFIXES.get(prefix, prefix)}:{local}"


def _kinds(place: InputFile, terms: Iterable[Term], roots: Collection[str]) -> set[str]:
    """The roots and everything below them."""
    below: dict[str, list[str]] = {}
    known = set()
    for term in terms:
        known.add(term.identifier)
        for parent in term.parents:
            below.setdefault(parent, []).append(term.identifier)
    missing = sorted(set(roots) - known)
    if missing:
        raise place.error(f"has no term {', '.join(missing)}, below which was to be read")
    found, waiting = set[str](), list(roots)
    while waiting:
        identifier = waiting.pop()
        if identifier not in found:
            found.add(identifier)
            waiting += below.get(identifier, [])
    return found
