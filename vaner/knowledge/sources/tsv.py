"""Tables with a header: a column of identifiers, columns of names, perhaps one of types."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from vaner.errors import KnowledgeError
from vaner.formats.source import InputFile, MalformedError, OnError
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.ontology import curie
from vaner.knowledge.sources.rows import columns, concept, each, fields, quoted

Row = tuple[str, list[str], str]


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
    """Read a table. Fields may stand in double quotes; rows of one identifier are put together.

    Args:
        path: the file, plain or gzipped.
        source: name of the source.
        identifier: column of identifiers: CURIEs, IRIs of OBO terms, or bare ones.
        names: columns with one name each, the preferred one first.
        synonyms: column with several names; none if empty.
        separator: what joins those.
        type: entity type of all rows, unless there is a column of types.
        type_column: column of entity types; none if empty.
        prefix: put before bare identifiers, e.g. ``"NCBIGene"``.
        delimiter: between the columns; a comma for CSV.
        on_error: called with what is broken, which is then left out; None raises it.

    Raises:
        FormatError: with the line, for a missing column, a short row, or an identifier that is
            no CURIE.
        KnowledgeError: for a delimiter that is not one character, and an empty separator.
    """
    if len(delimiter) != 1 or not separator:
        raise KnowledgeError(
            f"source {source}: columns are joined by {delimiter!r} and names by {separator!r}; "
            "the first must be one character, the other not empty"
        )
    place = InputFile(path, on_error)
    rows = quoted(place, delimiter)
    line, header = next(rows, (1, [""]))
    header = [name.lstrip("#?") for name in header]
    extra = [name for name in (synonyms, type_column) if name]
    places = dict(
        zip((*extra, identifier), columns(place, line, header, (*extra, identifier)), strict=True)
    )
    naming = columns(place, line, header, names)
    width = max(*places.values(), *naming) + 1

    def row_of(row: Sequence[str]) -> Row:
        whole = fields(row, width)
        found = [whole[column] for column in naming]
        if synonyms:
            found += whole[places[synonyms]].split(separator)
        kind = whole[places[type_column]] if type_column else type
        return _curie(whole[places[identifier]], prefix), found, kind

    return each(place, _merged(place, rows, row_of), lambda r: [concept(r[0], r[1], r[2], source)])


def _merged(
    place: InputFile, rows: Iterable[tuple[int, list[str]]], row_of: Callable[[list[str]], Row]
) -> Iterator[tuple[int, Row]]:
    """Rows of the same identifier and type as one, in the order of the first."""
    found: dict[tuple[str, str], tuple[int, list[str]]] = {}
    for line, row in rows:
        with place.guard(line):
            identifier, names, type = row_of(row)
            found.setdefault((identifier, type), (line, []))[1].extend(names)
    for (identifier, type), (line, names) in found.items():
        yield line, (identifier, names, type)


def _curie(text: str, prefix: str) -> str:
    text = text.strip()
    if (text.startswith("<") and text.endswith(">")) or "://" in text:
        if not (found := curie(text.strip("<>"))):
            raise MalformedError(f"{text!r} is no IRI of an OBO term")
        return found
    return f"{prefix}:{text}" if prefix and not text.startswith(f"{prefix}:") else text
