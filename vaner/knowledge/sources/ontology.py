"""Terms of an ontology in any file format, and their conversion to concepts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.source_file import SourceFile

SCOPES = ("EXACT", "NARROW", "BROAD", "RELATED")
# RELATED is the default scope in OBO, and the scope of brand names in ChEBI. NARROW and BROAD
# synonyms are names of other concepts, so they would give wrong identifiers.
DEFAULT_SCOPES = ("EXACT", "RELATED")
# Synonym types that are not names (structures in ChEBI) or are withdrawn (HPO).
EXCLUDED_SYNONYM_TYPES = frozenset(
    {"FORMULA", "InChI", "InChIKey", "SMILES", "HP:0034334", "obsolete_synonym"}
    | {"MONDO:DEPRECATED", "OMO:0003005"}
)
# http://purl.obolibrary.org/obo/HP_0000118, http://www.orpha.net/ORDO/Orphanet_558
_IRI = re.compile(r".*[/#]([A-Za-z][A-Za-z.\-]*)_([^/#]+)")
_PREFIXES = {"Orphanet": "ORPHA", "ORDO": "ORPHA"}


@dataclass(slots=True)
class Term:
    """A term of an ontology.

    Args:
        line: its first line in the file.
        identifier: CURIE.
        name: label; None if the file only refers to a term of another ontology.
        synonyms: ``(name, scope, synonym type)``; the synonym type may be empty.
        parents: identifiers of its superclasses.
        obsolete: whether the ontology has withdrawn it.
    """

    line: int
    identifier: str = ""
    name: str | None = None
    synonyms: list[tuple[str, str, str]] = field(default_factory=list)
    parents: list[str] = field(default_factory=list)
    obsolete: bool = False


def convert_terms(
    file: SourceFile,
    terms: Iterable[Term],
    *,
    type: str,
    prefixes: Collection[str] | None,
    scopes: Sequence[str],
    under: Collection[str] | None,
) -> Iterator[Concept]:
    """Select terms and convert them to concepts.

    Args:
        file: the file that the terms are from.
        terms: in the order of the file. With `under`, all terms are read before the first concept
            is yielded.
        type: entity type.
        prefixes: only terms of these ontologies, e.g. ``{"HP"}``; all if None.
        scopes: synonym scopes to include.
        under: only these terms and their descendants; all if None.

    Raises:
        FormatError: if a term in `under` is not in the file.
    """
    if under is not None:
        terms = list(terms)
        included = _collect_descendants(file, terms, under)
        terms = (term for term in terms if term.identifier in included)
    selected = (
        (term.line, term)
        for term in terms
        if not term.obsolete
        and term.name is not None
        and (prefixes is None or term.identifier.partition(":")[0] in prefixes)
    )

    def convert(term: Term) -> Iterator[Concept]:
        synonyms = (
            s
            for s, scope, kind in term.synonyms
            if scope in scopes and kind not in EXCLUDED_SYNONYM_TYPES
        )
        identifier = _replace_prefix(term.identifier)
        yield file.make_concept(identifier, [term.name or "", *synonyms], type)

    return file.make_concepts(selected, convert)


def iri_to_curie(iri: str) -> str:
    """Convert the IRI of an OBO term to a CURIE; any other IRI gives an empty string.

    >>> iri_to_curie("http://purl.obolibrary.org/obo/HP_0000118")
    'HP:0000118'
    """
    match = _IRI.fullmatch(iri)
    return f"{match[1]}:{match[2]}" if match else ""


def _replace_prefix(identifier: str) -> str:
    """Replace the prefix of an identifier by the standard one of its ontology."""
    prefix, _, local = identifier.partition(":")
    return f"{_PREFIXES.get(prefix, prefix)}:{local}"


def _collect_descendants(
    file: SourceFile, terms: Iterable[Term], roots: Collection[str]
) -> set[str]:
    """Return the identifiers of the roots and of all their descendants."""
    children: dict[str, list[str]] = {}
    known = set()
    for term in terms:
        known.add(term.identifier)
        for parent in term.parents:
            children.setdefault(parent, []).append(term.identifier)
    missing = sorted(set(roots) - known)
    if missing:
        raise file.error(f"has no term {', '.join(missing)}, which `under` selects")
    descendants, stack = set[str](), list(roots)
    while stack:
        identifier = stack.pop()
        if identifier not in descendants:
            descendants.add(identifier)
            stack += children.get(identifier, [])
    return descendants
