"""Concepts of i2b2 2010: a ``.con`` file per text, whose offsets count lines and words (read only).

A mention is ``c="the cad" 40:1 40:2||t="problem"``: its text in lower case, and the line, from 1,
and the word, from 0, of its first and its last word. The text ``NAME.txt`` of ``NAME.con`` is in
the same folder, or in the folder ``txt`` next to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from vaner.formats.companions import read_each, read_text_of, warn_unread
from vaner.formats.skipped_records import SkipCounts, warn_skipped_records
from vaner.formats.source import InputFile, MalformedError, OnError, read_nonempty_lines
from vaner.formats.spans import OFFSET, make_span
from vaner.text.documents import Document, Span

SUFFIX = ".con"
UNANNOTATED = "text without .con file"

_POSITION = rf"({OFFSET}):({OFFSET})"
_CONCEPT = re.compile(rf'\s*c="(.*)" {_POSITION} {_POSITION}\|\|t="([^"]*)"(?:\|\|.*)?\s*')
_WORD = re.compile(r"\S+")


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Read the texts of a ``.con`` file, or of those of a folder, named after the files.

    Args:
        path: folder or file.
        encoding: encoding of the files.
        on_error: see `vaner.formats.read`.

    Raises:
        FormatError: if there is no text for a file.
    """
    file = InputFile(path, on_error)
    paths = sorted(file.path.iterdir()) if file.is_folder else []
    names = {path.stem for path in paths if path.suffix.lower() == SUFFIX}
    yield from read_each(
        [path for path in paths if path.suffix.lower() == SUFFIX] or [file.path],
        lambda path: _read_document(InputFile(path, on_error), encoding),
        on_error,
    )
    if file.is_folder:
        warn_unread(file, (SUFFIX, ".txt"))
        texts = [path for path in paths if path.suffix.lower() == ".txt"]
        unread = sum(path.stem not in names for path in texts)
        warn_skipped_records(file, SkipCounts({UNANNOTATED: unread} if unread else {}))


def _read_document(file: InputFile, encoding: str) -> Document:
    text = read_text_of(file, (file.path.with_suffix(".txt").name,), ("txt",), encoding)
    words, start = list[list[tuple[int, int]]](), 0
    for line in text.split("\n"):
        words.append([(start + m.start(), start + m.end()) for m in _WORD.finditer(line)])
        start += len(line) + 1
    spans = list[Span]()
    for number, line in read_nonempty_lines(file, encoding):
        with file.guard(number, file.stem):
            spans.append(_read_concept(text, words, line))
    return Document(file.stem, text, tuple(spans))


def _read_concept(text: str, words: list[list[tuple[int, int]]], line: str) -> Span:
    match = _CONCEPT.fullmatch(line)
    if not match:
        raise MalformedError('expected c="…" line:word line:word||t="…"')
    quoted, *positions, type = match.groups()
    pieces = []
    for row, word in zip(positions[::2], positions[1::2], strict=True):
        if not 0 < int(row) <= len(words) or int(word) >= len(words[int(row) - 1]):
            raise MalformedError(f"there is no word {row}:{word} in the text")
        pieces.append(words[int(row) - 1][int(word)])
    start, end = pieces[0][0], pieces[1][1]
    # The quote is in lower case, which is not another spelling.
    is_equal = " ".join(text[start:end].lower().split()) == " ".join(quoted.lower().split())
    return make_span(text, [(start, end)], type, quoted=None if is_equal else quoted)
