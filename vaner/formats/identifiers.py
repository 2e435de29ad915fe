"""Concept identifiers as files write them: lists with separators, variants, and prefixes.

``|``, ``;`` and ``,`` separate the identifiers of a mention. Variants contain these characters
themselves: ``c|DEL|68_69|AG;RSID:80357713``, as tmVar and PubTator write them, is one identifier.
A composite such as ``D007674+D006222`` is one identifier too.

BioC and JSON have identifiers under many names: ``identifier``, ``database_id``, or the name of a
database, which becomes the prefix: ``NCBI Gene identifier``, ``MESH``, ``tmVar``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from vaner.formats.losses import IDENTIFIER, Losses, replace_forbidden

JOINED = "identifiers written as one, the format cannot separate them"

_NO_IDENTIFIER = {"", "-", "-1", "None", "null", "NULL", "NIL", "CUI-less", "CUILESS"}
# Separators do not count in brackets, as in c.[76A>C;83G>C].
_PART = re.compile(r"(?:\[[^\]]{0,200}\]|\([^)]{0,200}\)|[^|;,])+")
_KINDS = "SUB|DEL|INS|DUP|INDEL|FS|Allele"
_VARIANT = re.compile(
    rf"(?:tmVar:)?(?:[cgmnpr]\||\|(?:{_KINDS})\|)"
    r"|(?:.*;)?\s*(?:tmVar|HGVS|VariantGroup|CorrespondingGene|RS#|RSID|CA#)\s*:",
    re.IGNORECASE | re.DOTALL,
)
_NEXT_VARIANT = re.compile(rf"[|;,]\s*(?=(?:tmVar:)?[cgmnpr]\|(?:{_KINDS})\|)")
_PREFIX = re.compile(r"[A-Za-z][\w .#-]*:")
_SEPARATORS = ("|", ";", ",")

# Names are compared in lower case, and without spaces and punctuation.
_DATABASES = {
    "cellosaurus": "Cellosaurus", "chebi": "CHEBI", "cui": "UMLS", "cvcl": "Cellosaurus",
    "dbsnp": "dbSNP", "doid": "DOID", "drugbank": "DrugBank", "efo": "EFO", "ensembl": "Ensembl",
    "entrez": "NCBIGene", "entrezgene": "NCBIGene", "geneontology": "GO", "go": "GO",
    "hgnc": "HGNC", "hgvs": "HGVS", "hpo": "HP", "icd10": "ICD10", "icd9": "ICD9",
    "loinc": "LOINC", "meddra": "MedDRA", "medic": "MESH", "mesh": "MESH", "mondo": "MONDO",
    "ncbigene": "NCBIGene", "ncbihomologene": "HomoloGene", "homologene": "HomoloGene",
    "locuslink": "NCBIGene", "ncbimesh": "MESH", "pubchemcid": "PubChem",
    "ncbitaxon": "NCBITaxon", "ncbitaxonomy": "NCBITaxon", "ncit": "NCIT", "omim": "OMIM",
    "orphanet": "Orphanet", "pubchem": "PubChem", "rs": "dbSNP", "rxnorm": "RxNorm",
    "snomed": "SNOMED", "snomedct": "SNOMED", "taxonomy": "NCBITaxon", "tmvar": "tmVar",
    "uberon": "UBERON", "umls": "UMLS", "uniprot": "UniProt",
}  # fmt: skip
# Only with a word such as "identifier" after it.
_CONCEPTS = {
    "": "", "chemical": "", "concept": "", "database": "", "db": "", "disease": "", "kb": "",
    "entkb": "", "linked": "", "norm": "", "ontology": "", "term": "", "gene": "NCBIGene",
    "species": "NCBITaxon", "tax": "NCBITaxon", "taxon": "NCBITaxon",
}  # fmt: skip
_SUFFIX = re.compile(r"(identifier|accession|curie|code|cui|id)s?$")
_NOT_CONCEPTS = {"annotation", "annotator", "document", "entity", "mention", "relation", "span"}
_DATABASE_FIELDS = {"database", "databasename", "db", "dbname", "ontology", "kb"}
_WITH_DATABASE = {"databaseid", "dbid", "kbid", "ontologyid", "conceptid", "termid"}
# In BigBIO, a list of databases and identifiers. PubTator 3 repeats the identifier in them.
_NORMALIZED = {"normalized", "normalizedid"}
# Fields that describe the concept of an identifier, or repeat it.
_DESCRIPTIONS = _NORMALIZED | _DATABASE_FIELDS | {"accession", "biotype"}
_MAX_NAME_LENGTH = 100  # the time to find "identifier" at the end is quadratic
_NO_FIELDS = {"id", "ids", "accession"}


def split_identifiers(text: str) -> tuple[str, ...]:
    """Return the identifiers in a field of a file. ``-`` and ``-1`` mean none.

    >>> split_identifiers("D013276,D005756"), split_identifiers("c|DEL|68_69|AG;RSID:80357713")
    (('D013276', 'D005756'), ('c|DEL|68_69|AG;RSID:80357713',))
    """
    parts = _NEXT_VARIANT.split(text) if _VARIANT.match(text) else _PART.findall(text)
    return tuple(part for part in map(str.strip, parts) if part not in _NO_IDENTIFIER)


def join_identifiers(identifiers: Iterable[str], losses: Losses, forbidden: str = "") -> str:
    """Return identifiers as a field from which `split_identifiers` returns the same ones.

    Where this is impossible, a variant and other identifiers are joined as PubTator does it, and
    separators in the others become underscores. Both are counted.

    Args:
        identifiers: the identifiers.
        losses: counts what is not preserved.
        forbidden: other characters that the field must not contain, for a class of characters in
            a regular expression.
    """
    given = tuple(identifiers)
    clean = [replace_forbidden(i, losses, f"[{forbidden}]") if forbidden else i for i in given]
    clean = [identifier for identifier in clean if identifier.strip() not in _NO_IDENTIFIER]
    losses[IDENTIFIER] += len(given) - len(clean)
    for separator in _SEPARATORS:
        if split_identifiers(field := separator.join(clean)) == tuple(clean):
            return field
    if any(map(_VARIANT.match, clean)):
        losses[JOINED] += 1
        return ";".join(clean)
    replaced = [replace_forbidden(identifier, losses, "[|;,]").strip() for identifier in clean]
    field = "|".join(replaced)
    losses[JOINED] += split_identifiers(field) != tuple(replaced)  # brackets that do not match
    return field


def add_prefix(database: str, identifier: str) -> str:
    """Return an identifier with its database in front, unless it has a prefix.

    >>> add_prefix("MESH", "D006073"), add_prefix("CHEBI", "CHEBI:15365")
    ('MESH:D006073', 'CHEBI:15365')
    """
    if not database or _PREFIX.match(identifier):
        return identifier
    # MedCAT, e.g., writes identifiers of other terminologies as CUI.
    is_other = database == "UMLS" and not re.fullmatch(r"C\d+", identifier)
    return identifier if is_other else f"{database}:{identifier}"


def read_identifiers(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the identifiers in the fields of a mention, each from the first field with it.

    >>> read_identifiers({"type": "Gene", "NCBI Gene identifier": "672,675"})
    ('NCBIGene:672', 'NCBIGene:675')
    """
    identifiers, known, known_bare = list[str](), set[str](), set[str]()
    for is_read in (is_identifier_field, _repeats_identifier):
        if not identifiers:
            for name in filter(is_read, fields):
                pairs = [(i, _PREFIX.sub("", i)) for i in _read_field(name, fields)]
                # not those of other fields, with or without prefix
                new = [(i, b) for i, b in pairs if known.isdisjoint((i, b)) and i not in known_bare]
                identifiers += [identifier for identifier, _ in new]
                known |= {identifier for identifier, _ in new}
                known_bare |= {bare for _, bare in new}
    return tuple(identifiers)


def _repeats_identifier(name: str) -> bool:
    return _simplify(name) in _NORMALIZED


def without_identifiers(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a mention without identifiers and what describes their concepts."""
    others = {k: v for k, v in fields.items() if not is_identifier_field(k)}
    simple_names = set(map(_simplify, fields))
    descriptions = _DESCRIPTIONS | ({"name"} if simple_names & {"accession", "biotype"} else set())
    return {name: value for name, value in others.items() if _simplify(name) not in descriptions}


def count_concept_fields(fields: Mapping[str, Any]) -> int:
    """Count the fields of a mention that describe the concept of its identifier."""
    identifiers = sum(map(is_identifier_field, fields))
    return len(fields) - len(without_identifiers(fields)) - identifiers


def is_identifier_field(name: str) -> bool:
    """Return whether a field contains concept identifiers, by its name.

    >>> is_identifier_field("MeSH ID"), is_identifier_field("annotation_id")
    (True, False)
    """
    return _find_database(name) is not None


@lru_cache(maxsize=1024)
def _find_database(name: str) -> str | None:
    """Return the prefix of the identifiers in a field, or None if it does not contain any."""
    simple = _simplify(name)
    if simple in _DATABASES:
        return _DATABASES[simple]
    stem = _SUFFIX.sub("", simple)
    if stem in _DATABASES or (stem in _CONCEPTS and stem != simple and simple not in _NO_FIELDS):
        return _DATABASES.get(stem, _CONCEPTS.get(stem))
    if len(name) > _MAX_NAME_LENGTH:
        return None
    words = re.fullmatch(r"(.+?)[\W_]*identifiers?", name, re.IGNORECASE)
    return re.sub(r"\s", "", words[1]) if words and stem not in _NOT_CONCEPTS else None


@lru_cache(maxsize=1024)
def _simplify(name: str) -> str:
    return re.sub(r"[\W_]", "", name.lower())


def _read_field(name: str, fields: Mapping[str, Any]) -> Iterator[str]:
    """Yield the identifiers of a field: a string, a number, or fields, or a list of them."""
    database, value = _find_database(name) or "", fields[name]
    if _simplify(name) in _WITH_DATABASE:
        names = (fields[key] for key in fields if _simplify(key) in _DATABASE_FIELDS)
        given = next((name for name in names if isinstance(name, str)), "")
        database = _DATABASES.get(_simplify(given), given)
    values = value if isinstance(value, list | tuple) else (value,)
    for text in values:
        if isinstance(text, Mapping):
            yield from read_identifiers(text)
        elif isinstance(text, str | int) and not isinstance(text, bool):
            for identifier in split_identifiers(str(text)):
                yield add_prefix(database, identifier)


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
