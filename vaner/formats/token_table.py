"""Tables of tokens and tags whose first line names the columns, separated by tabs or commas.

Spreadsheets and data frames are exported like this: ``Sentence #,Word,POS,Tag``. The lines become
those of CoNLL: the token first, the tag last, and an empty line where a sentence begins.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

_TOKENS = ("token", "tokens", "word", "words", "form")
_TAGS = (
    "tag", "tags", "ner_tag", "ner_tags", "ner", "label", "labels", "bio", "bio_tag", "iob",
    "iob_tag", "ne", "ne_tag", "entity",
)  # fmt: skip
_SENTENCES = (
    "sentence #", "sentence", "sentence_id", "sentence_idx", "sentence_no", "sent_id", "sent",
    "sentenceid", "sentence id", "doc_id",
)  # fmt: skip
_DELIMITERS = "\t,;"

Line = tuple[int, str]
"""A line and its number."""


class Header(NamedTuple):
    """The columns of a table: its delimiter, and the indices of token, tag and sentence."""

    delimiter: str
    token: int
    tag: int
    sentence: int | None


def find_header(line: str) -> Header | None:
    """Return the columns that a line names, or None if it is not the first one of such a table.

    >>> find_header("Sentence #,Word,POS,Tag")
    Header(delimiter=',', token=1, tag=3, sentence=0)
    """
    delimiter = max(_DELIMITERS, key=line.count)
    if delimiter not in line:
        return None
    names = [cell.strip().strip('"').casefold() for cell in line.split(delimiter)]
    token, tag, sentence = (
        next((names.index(name) for name in known if name in names), None)
        for known in (_TOKENS, _TAGS, _SENTENCES)
    )
    if token is None or tag is None or len(set(names)) < len(names):
        return None
    return Header(delimiter, token, tag, sentence)


def is_token_table(lines: Sequence[str]) -> bool:
    """Return whether lines are a table of tokens and tags, neither of which contains spaces.

    >>> is_token_table(["word,tag", "Gout,B-Disease"]), is_token_table(["word,tag", "Gout,a few"])
    (True, False)
    """
    header = find_header(lines[0])
    if header is None or len(lines) < 2:
        return False
    rows = list(csv.reader(lines[1:], delimiter=header.delimiter))
    cells = [row[i].strip() for row in rows for i in header[1:3] if i < len(row)]
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
    sentence = ""
    for number, line in remaining:
        cells = next(csv.reader([line], delimiter=header.delimiter), [])
        if not any(cell.strip() for cell in cells) or len(cells) <= max(header[1:3]):
            yield number, line if any(cell.strip() for cell in cells) else ""
            continue
        given = "" if header.sentence is None else _get(cells, header.sentence)
        if given and given != sentence:
            if sentence:
                yield number, ""
            sentence = given
        used = (header.token, header.tag, header.sentence)
        others = [cell for i, cell in enumerate(cells) if i not in used]
        row = (cells[header.token], *others, cells[header.tag])
        yield number, "\t".join(cell.strip().replace("\t", " ") for cell in row)


def _get(cells: Sequence[str], index: int) -> str:
    return cells[index].strip() if index < len(cells) else ""
