"""Read tables with a header: a column of identifiers, columns of names, and optionally of types."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from vaner.errors import KnowledgeError
from vaner.formats.source import MalformedError, OnError
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.ontology import iri_to_curie
from vaner.knowledge.sources.source_file import SourceFile

Entry = tuple[str, list[str], str]
"""Identifier, names and entity type."""


def read(
    path: str | Path,
    *,
    source: str = "",
    identifier: str = "identifier",
    names: Sequence[str] = ("name",),
    synonyms: str = "",
    separator: str = "|",
    type: str = "",
    type_column: str = "",
    prefix: str = "",
    delimiter: str = "\t",
    on_error: OnError | None = None,
) -> Iterator[Concept]:
    """Read a table. Fields may be in double quotes; rows with the same identifier are merged.

    Args:
        path: the file, plain or gzipped.
        source: name of the source.
        identifier: column of identifiers: CURIEs, IRIs of OBO terms, or bare identifiers.
        names: columns with one name each, starting with the preferred name.
        synonyms: column with several names; none if empty.
        separator: separates the names in that column.
        type: entity type of all rows, unless there is a column of types.
        type_column: column of entity types; none if empty.
        prefix: prefix of bare identifiers, e.g. ``"NCBIGene"``.
        delimiter: separates columns; a comma for CSV.
        on_error: see `SourceFile`.

    Raises:
        FormatError: with the line, for a missing column, a short row, or an identifier that is
            not a CURIE.
        KnowledgeError: for a delimiter that is not one character, and an empty separator.
    """
    if len(delimiter) != 1 or not separator:
        raise KnowledgeError(
            f"source {source}: delimiter {delimiter!r} and separator {separator!r} are not valid; "
            "the first must be one character, the second must not be empty"
        )
    file = SourceFile(path, source, on_error)

    def parse(row: Mapping[str, str]) -> Entry:
        spellings = [row[column] for column in names]
        if synonyms:
            spellings += row[synonyms].split(separator)
        row_type = row[type_column] if type_column else type
        return _make_curie(row[identifier], prefix), spellings, row_type

    def convert(entry: Entry) -> Iterator[Concept]:
        yield file.make_concept(*entry)

    optional = [column for column in (synonyms, type_column) if column]
    table = file.read_table((*optional, identifier, *names), file.read_quoted_rows(delimiter))
    return file.make_concepts(_merge_rows(file, table, parse), convert)


def _merge_rows(
    file: SourceFile,
    rows: Iterable[tuple[int, Mapping[str, str]]],
    parse: Callable[[Mapping[str, str]], Entry],
) -> Iterator[tuple[int, Entry]]:
    """Merge rows with the same identifier and type, in the order of their first rows."""
    merged: dict[tuple[str, str], tuple[int, list[str]]] = {}
    for line, row in rows:
        with file.guard(line):
            identifier, names, type = parse(row)
            merged.setdefault((identifier, type), (line, []))[1].extend(names)
    for (identifier, type), (line, names) in merged.items():
        yield line, (identifier, names, type)


def _make_curie(text: str, prefix: str) -> str:
    text = text.strip()
    if (text.startswith("<") and text.endswith(">")) or "://" in text:
        if not (curie := iri_to_curie(text.strip("<>"))):
            raise MalformedError(f"{text!r} is not the IRI of an OBO term")
        return curie
    return f"{prefix}:{text}" if prefix and not text.startswith(f"{prefix}:") else text
