"""Tables as CSV or TSV whose first line names the columns: a document per row (read only).

The columns of title, text and id are found by their names, or named by the user. The other columns,
with their empty cells, are stored in the metadata as `table`. The delimiter is a tab, comma,
semicolon or bar. For the quotation marks, see `vaner.formats.csv_rows`.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from vaner.errors import FormatError
from vaner.formats.csv_rows import find_delimiter, read_csv_rows
from vaner.formats.dialects.mentions import START_END, TYPES, looks_like_mention
from vaner.formats.mention_tables import are_mentions
from vaner.formats.metadata_fields import TABLE
from vaner.formats.skipped_records import SkipCounts, warn_skipped_records
from vaner.formats.source import FormatWarning, InputFile, MalformedError, OnError
from vaner.text.documents import Document
from vaner.text.tags import OUTSIDE, is_tag

TEXTS = (
    "text", "abstract", "content", "sentence", "body", "note", "note_text", "clinical_note",
    "document_text", "report", "report_text", "transcription", "description", "narrative",
    "abstracttext", "abstract_text", "message", "passage", "question",
)  # fmt: skip
"""Names of the column with the text, the likeliest first."""

TITLES = ("title", "articletitle", "article_title")
IDS = (
    "id", "pmid", "pmcid", "doc_id", "document_id", "docid", "doc_key", "note_id", "row_id", "doi",
    "uid", "identifier", "index",
)  # fmt: skip
NO_TEXT = "row without text"

_ONLY_TEXTS = {
    *TEXTS, *TITLES, "texts", "abstracts", "sentences", "documents", "document", "notes", "reports",
    "comment", "comments", "summary", "snippet", "paragraph", "raw_text", "sentence_text", "input",
    "findings", "impression", "medical_history", "discharge_summary", "utterance", "query",
}  # fmt: skip
_PROSE = 60

_PYTHON_MENTION = re.compile(r"\[\s*[(\[]\s*\d+,\s*\d+,\s*'|\[\s*\{\s*'\w+':")
_BETWEEN_TAGS = re.compile(r"""['"]?[,\s]+['"]?""")
_MAX_NAME_LENGTH = 40
_CHECKED_ENTRIES = 10
_CHECKED_ROWS = 5  # fewer may agree by chance, such as numbers from 0 and lengths of texts


class Columns(NamedTuple):
    """Positions of the columns: those of the text, joined by line breaks, and that of the id."""

    texts: Sequence[int]
    id: int | None


def read(
    path: str | Path,
    *,
    encoding: str = "utf-8",
    on_error: OnError | None = None,
    text_column: str | None = None,
    id_column: str | None = None,
) -> Iterator[Document]:
    """Read each row as a document. A row without an id is named after the file and its number.

    Args:
        path: the file.
        encoding: encoding of the file.
        on_error: see `vaner.formats.read`.
        text_column: name of the column with the text, or several names separated by commas.
            Default: title and text, by their usual names.
        id_column: name of the column with the id. Default: by its usual names.
    """
    file, skipped = InputFile(path, on_error), SkipCounts()
    yield from read_rows(file, read_csv_rows(file, encoding), text_column, id_column, skipped)
    warn_skipped_records(file, skipped)


def read_rows(
    file: InputFile,
    rows: Iterable[tuple[int, list[str]]],
    text_column: str | None,
    id_column: str | None,
    skipped: SkipCounts,
) -> Iterator[Document]:
    """Yield the rows of a table as documents.

    Args:
        file: the file, for messages and the names of documents.
        rows: the rows, the header first, each with its line.
        text_column, id_column: see `read`.
        skipped: counts the rows without text.

    Raises:
        FormatError: if the column of the text is unknown, or if the table has mentions per row.
    """
    annotated = set[str]()
    header: list[str] = []
    columns = Columns((), None)
    remaining, sample, failure = iter(rows), list[tuple[int, list[str]]](), None
    try:
        sample.extend(islice(remaining, _CHECKED_ROWS))
    except FormatError as error:  # after the rows before it
        failure = error
    has_mentions = any(are_mentions([row for _, row in sample[i:]]) for i in (0, 1))
    for number, (line, cells) in enumerate(chain(sample, remaining)):
        if number == 0:
            header = [cell.strip() for cell in cells]
            listed = ", ".join(_find_mention_columns(header) or header * has_mentions)
            if text_column is None and listed:
                message = f"is a table of mentions ({listed}), which is not read"
                message += "; give a file with mentions and texts, such as JSON Lines"
                message += "; to read only its texts, name their column"
                raise file.error(message, line, argument="text_column")
            if len(header) == 1 and text_column is None:
                _check_header(file, header, line)
            columns = _find_columns(file, header, text_column, id_column)
            continue
        with file.guard(line):
            if len(cells) != len(header):
                raise MalformedError(f"expected {len(header)} columns, found {len(cells)}")
            document = _to_document(header, cells, columns, f"{file.stem}-{number}")
            annotated |= {
                name for name, cell in zip(header, cells, strict=True) if _has_mentions(cell)
            }
            if document.text.strip():
                yield document
            else:
                skipped[NO_TEXT] += 1
    if failure:
        raise failure
    if annotated:
        names = ", ".join(sorted(annotated))
        message = f"{file.name}: not read as mentions: {names}; use JSON for texts with mentions"
        warnings.warn(message, FormatWarning, stacklevel=2)


def _has_mentions(cell: str) -> bool:
    """Return whether a cell has tags, or mentions in JSON, as in the CSV of Label Studio."""
    tags = _BETWEEN_TAGS.split(cell.strip("[]'\" "))
    if OUTSIDE in tags and "-" in cell and all(map(is_tag, tags)):
        return True
    if not cell.startswith("["):
        return False
    try:
        entries = json.loads(cell)
    except (ValueError, RecursionError):
        return bool(_PYTHON_MENTION.match(cell))
    return any(map(looks_like_mention, entries[:_CHECKED_ENTRIES]))


def is_header(line: str) -> bool:
    """Return whether a line names the columns of a table with texts.

    >>> is_header("pmid,title,abstract"), is_header("Gout, text and more")
    (True, False)
    """
    delimiter = find_delimiter(line)
    if delimiter not in line:
        return False
    names = [cell.strip().strip('"').lower() for cell in line.split(delimiter)]
    is_short = all(0 < len(name) <= _MAX_NAME_LENGTH for name in names)
    has_no_prose = delimiter == "\t" or " " not in line
    is_known = bool({*TEXTS, *TITLES} & set(names)) or bool(_find_mention_columns(names))
    return is_short and has_no_prose and is_known and len(set(names)) == len(names)


def _find_mention_columns(header: Sequence[str]) -> list[str]:
    """Return the columns of start, end and type of a table with a mention per row; none if not."""
    names = {_simplify(name): name.casefold() for name in header}
    type = next((name for name in map(_simplify, TYPES) if name in names), None)
    pairs = ((_simplify(start), _simplify(end)) for start, end in START_END)
    pair = next((pair for pair in pairs if {*pair} <= {*names}), None)
    return [names[name] for name in (*pair, type)] if pair and type else []


def _simplify(name: str) -> str:
    """Return the name of a column in lower case, without spaces and punctuation."""
    return re.sub(r"[\W_]", "", name.casefold())


def is_column_of_texts(lines: Sequence[str]) -> bool:
    """Return whether lines are a table with one column, whose name is a usual one for texts.

    >>> is_column_of_texts(["text", "Gout."]), is_column_of_texts(["Gout.", "Rat fever."])
    (True, False)
    """
    name = lines[0].strip().strip('"').lower().replace(" ", "_")
    return name in _ONLY_TEXTS and not any("\t" in line for line in lines)


def _check_header(file: InputFile, header: Sequence[str], line: int) -> None:
    """Refuse a table whose first line is a text: it would be lost as the name of a column."""
    (name,) = header
    if len(name) > _PROSE or (" " in name and name.endswith((".", "?", "!"))):
        message = (
            "the first line is a text, not a column name; insert the line `text` before it, or"
        )
        raise file.error(f"{message} use the format lines, which reads each line as a text", line)


def _find_columns(
    file: InputFile, header: Sequence[str], text_column: str | None, id_column: str | None
) -> Columns:
    names = [name.casefold() for name in header]
    if text_column is not None:
        texts = [_find_column(file, names, name, "text_column") for name in text_column.split(",")]
    else:
        texts = [names.index(name) for name in TEXTS if name in names][:1]
        titles = [names.index(name) for name in TITLES if name in names][:1]
        texts = titles + texts
    if id_column is not None:
        id: int | None = _find_column(file, names, id_column, "id_column")
    else:
        id = next((names.index(name) for name in IDS if name in names), None)
    if not texts:
        others = [position for position in range(len(names)) if position != id]
        if len(others) != 1:
            listed = ", ".join(header)
            message = f"which column is the text? There are {listed}; name it"
            raise file.error(message, 1, argument="text_column")
        texts = others
    return Columns(texts, id)


def _find_column(file: InputFile, names: Sequence[str], name: str, argument: str) -> int:
    if name.strip().casefold() not in names:
        message = f"there is no column {name.strip()!r}; there are {', '.join(names)}; name one"
        raise file.error(message, 1, argument=argument)
    return names.index(name.strip().casefold())


def _to_document(
    header: Sequence[str], cells: Sequence[str], columns: Columns, default_id: str
) -> Document:
    text = "\n".join(cells[position] for position in columns.texts if cells[position])
    id = cells[columns.id].strip() if columns.id is not None else ""
    used = {*columns.texts, columns.id}
    others = {name: cells[i] for i, name in enumerate(header) if i not in used}
    return Document(id or default_id, text, (), {TABLE: others} if others else {})
