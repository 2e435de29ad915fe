"""Tables of tokens and tags whose first line names the columns, separated by tabs or commas.

Spreadsheets and data frames are exported like this: ``Sentence #,Word,POS,Tag``. The lines become
those of CoNLL: the token first, the tag last, and an empty line where a sentence begins. If there
are columns of documents and of sentences, a line `-DOCSTART-` with the id begins each document.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from vaner.formats.csv_rows import allow_long_cells

DOCSTART = "-DOCSTART-"

_TOKENS = ("token", "tokens", "word", "words", "form")
_TAGS = (
    "tag", "tags", "ner_tag", "ner_tags", "ner", "label", "labels", "bio", "bio_tag", "iob",
    "iob_tag", "ne", "ne_tag", "entity",
)  # fmt: skip
_SENTENCES = (
    "sentence #", "sentence", "sentence_id", "sentence_idx", "sentence_no", "sent_id", "sent",
    "sentenceid", "sentence id",
)  # fmt: skip
_DOCUMENTS = (
    "doc_id", "document_id", "docid", "documentid", "doc id", "document id", "doc", "document",
    "pmid", "pmcid", "note_id", "article_id", "abstract_id",
)  # fmt: skip
_DELIMITERS = "\t,;"
_DOCUMENT_ID = (DOCSTART, "document_id")

_DOCUMENT_LINE = re.compile(
    r"#\s*(?:newdoc(?:\s+id)?|doc_?id|document_id)\s*(?:=\s*(.*))?|###MEDLINE:(.*)", re.IGNORECASE
)

Line = tuple[int, str]
"""A line and its number."""


class Header(NamedTuple):
    """The columns of a table: its delimiter, their number, and the indices of those with a meaning.

    The first column of documents is the one with their ids.
    """

    delimiter: str
    width: int
    token: int
    tag: int
    documents: tuple[int, ...]
    sentences: tuple[int, ...]


def find_header(line: str) -> Header | None:
    """Return the columns that a line names, or None if it is not the first one of such a table.

    >>> find_header("Sentence #,Word,POS,Tag")
    Header(delimiter=',', width=4, token=1, tag=3, documents=(), sentences=(0,))
    """
    delimiter = max(_DELIMITERS, key=line.count)
    if delimiter not in line:
        return None
    names = [cell.strip().strip('"').casefold() for cell in line.split(delimiter)]
    tokens, tags, documents, sentences = (
        tuple(names.index(name) for name in known if name in names)
        for known in (_TOKENS, _TAGS, _DOCUMENTS, _SENTENCES)
    )
    if not tokens or not tags or len(set(names)) < len(names):
        return None
    return Header(delimiter, len(names), tokens[0], tags[0], documents, sentences)


def is_token_table(lines: Sequence[str]) -> bool:
    """Return whether lines are a table of tokens and tags, neither of which contains spaces.

    >>> is_token_table(["word,tag", "Gout,B-Disease"]), is_token_table(["word,tag", "Gout,a few"])
    (True, False)
    """
    header = find_header(lines[0])
    if header is None or len(lines) < 2:
        return False
    rows = [_split(line, header) for line in lines[1:]]
    cells = [row[i].strip() for row in rows for i in (header.token, header.tag) if i < len(row)]
    return bool(cells) and not any(" " in cell for cell in cells)


def expand_table(lines: Iterable[Line]) -> Iterator[Line]:
    """Yield the lines of a table of tokens as those of CoNLL; other lines are not changed.

    Args:
        lines: the numbered lines of a file.
    """
    remaining = iter(lines)
    first = next((line for line in remaining if line[1].strip()), None)
    if first is None:
        return
    header = find_header(first[1])
    if header is None:
        yield from chain([first], remaining)
        return
    # Without a column of sentences, each document is read as one.
    documents = header.documents if header.sentences else ()
    sentences = header.sentences or header.documents
    left_out = {header.token, header.tag, *header.documents, *header.sentences}
    current, is_first = dict[int, str](), True
    for number, line in remaining:
        cells = _split(line, header)
        if not any(cell.strip() for cell in cells) or len(cells) <= max(header.token, header.tag):
            yield number, line if any(cell.strip() for cell in cells) else ""
            continue
        has_values = bool(current)
        changed = _update(current, cells, (*documents, *sentences))
        if documents and (is_first or changed & {*documents}):
            id = current.get(documents[0], "").replace("\t", " ")
            yield number, "\t".join((*_DOCUMENT_ID, id))
        elif changed and has_values:
            yield number, ""
        is_first = False
        others = [cell for i, cell in enumerate(cells) if i not in left_out]
        row = (cells[header.token], *others, cells[header.tag])
        yield number, "\t".join(cell.strip().replace("\t", " ") for cell in row)


def mark_documents(lines: Iterable[Line]) -> Iterator[Line]:
    r"""Yield lines, with a line `-DOCSTART-` for each comment that begins a document.

    Such comments are ``# newdoc id = d1`` of CoNLL-U, ``# doc_id = d1``, and ``###MEDLINE:1`` of
    JNLPBA.

    >>> list(mark_documents([(1, "# newdoc id = d1"), (2, "# doc")]))
    [(1, '-DOCSTART-\tdocument_id\td1'), (2, '# doc')]
    """
    for number, line in lines:
        match = _DOCUMENT_LINE.fullmatch(line) if line.startswith("#") else None
        id = (match[1] or match[2] or "").strip().replace("\t", " ") if match else ""
        yield number, "\t".join((*_DOCUMENT_ID, id)) if match else line


def get_document_id(row: Sequence[str]) -> str:
    """Return the id in a row that begins a document of a table, or an empty text.

    >>> get_document_id(["-DOCSTART-", "document_id", "d1"]), get_document_id(["-DOCSTART-", "O"])
    ('d1', '')
    """
    return row[2].strip() if len(row) == 3 and tuple(row[:2]) == _DOCUMENT_ID else ""


def _split(line: str, header: Header) -> list[str]:
    """Return the cells of a line. A quotation mark may be a token if tabs separate the cells."""
    allow_long_cells()
    try:
        cells = next(csv.reader([line], delimiter=header.delimiter), [])
    except csv.Error:  # at a carriage return that is not in quotation marks
        return line.split(header.delimiter)
    is_quoted = len(cells) == header.width or header.delimiter != "\t"
    return cells if is_quoted else line.split("\t")


def _update(current: dict[int, str], cells: Sequence[str], borders: Iterable[int]) -> set[int]:
    """Store the values of the columns that are borders, and return those that have changed.

    An empty cell repeats the value above it.
    """
    given = {i: cells[i].strip() for i in borders if i < len(cells) and cells[i].strip()}
    changed = {i for i, value in given.items() if current.get(i) != value}
    current.update(given)
    return changed
