"""CoNLL: a token per line, its tag in the last column, and an empty line between sentences.

Columns are separated by a tab or by spaces. A first line that names the columns is not a token.
IOB1, IOB2, BIOES, BILOU, BMES and BMEWO are read. Other places of token and tag are recognized or
named, see `vaner.formats.conll_columns`. Without ``-DOCSTART-`` lines or comments that begin a
document, each sentence is a document; with them, a document has all sentences up to the next such
line, joined by line breaks. Tokens are joined by a space. Files are written as IOB2 (or BIOES),
tab-separated, with the columns between token and tag if the source had them.

A token has a single tag, so the format holds no nested, crossing or discontinuous mentions. Of
mentions that share a token, the longest is written, i.e. the outermost if they are nested: see
`vaner.text.tags.encode_tags`. The others are left out and counted.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

from vaner.formats.columns_option import parse_columns
from vaner.formats.conll_columns import (
    Columns,
    find_brackets,
    find_columns,
    find_further_tags,
    is_comment,
    split_row,
)
from vaner.formats.conll_tags import TagStatistics, may_be_header, warn_further_tags
from vaner.formats.losses import IDENTIFIER, Losses, count_scores, replace_forbidden
from vaner.formats.source import (
    CARRIAGE_RETURNS,
    FormatWarning,
    InputFile,
    OnError,
    read_lines,
)
from vaner.formats.spans import make_span
from vaner.formats.token_table import DOCSTART, expand_table, get_document_id, mark_documents
from vaner.text.documents import Document, Span
from vaner.text.tags import (
    OUTSIDE,
    TagScheme,
    UnreachableReason,
    decode_tags,
    encode_tags,
)
from vaner.text.words import Word, get_extents, get_offset_pairs, get_sentences, split_words

FILLER = "-X-"
CROSSES_SENTENCE = "mention left out, it crosses a sentence boundary"
UNREACHABLE = {
    UnreachableReason.DISCONTINUOUS: "discontinuous mention left out",
    UnreachableReason.OVERLAPPING: "overlapping mention left out, the longest is written",
    UnreachableReason.BOUNDARY: "mention extended to full words, it begins or ends inside a word",
}
EMPTY = "document without words"
EMPTY_TOKEN = "empty token left out"
ID = "document id has no place in the format"
SPACING = "document whose white space is written as one space"
COLUMNS = "columns between token and tag left out, their number differs"
_EMPTY = "a row with an empty token or tag; the tag of a word outside of mentions is O"
_SAMPLE_LINES = 50
_NUMBERED = re.compile(r".*-\d+", re.DOTALL)

Row = list[str]
Block = tuple[int, list[Row]]
"""First line and rows of a sentence."""


def read(
    path: str | Path,
    *,
    encoding: str = "utf-8",
    on_error: OnError | None = None,
    columns: str | None = None,
) -> Iterator[Document]:
    """Read the documents of a CoNLL file, named after the file and numbered from 1.

    Args:
        path: the file. A table with columns of documents and sentences has the documents' ids, and
            so have comments such as ``# newdoc id = d1``.
        encoding: encoding of the file.
        on_error: see `vaner.formats.read`.
        columns: numbers of the columns, counted from 1, such as ``token=2,tag=4``. Default: the
            first and the last, unless others are plausible.

    Warns:
        FormatWarning: once per file, if some mentions begin with I- in a file that is not IOB1, or
            if all tokens are numbers.
    """
    file = InputFile(path, on_error)
    number, group, is_grouped, id = 0, list[Block](), False, ""
    lines = read_lines(file, encoding)
    lines = expand_table(lines) if columns is None else lines
    lines = mark_documents(lines)
    sample = list(islice(lines, _SAMPLE_LINES))
    rows = _get_rows(sample)
    statistics = TagStatistics(may_be_table=bool(rows) and may_be_header(rows[0]))
    layout = find_columns(rows)
    layout = layout if columns is None else parse_columns(columns, layout)
    further = find_further_tags(rows, layout) if columns is None else []
    if columns is None and (mention := find_brackets(rows)):
        message = f"{file.name}: mentions in brackets, such as {mention}, are not read"
        warnings.warn(message, FormatWarning, stacklevel=2)
    for block in _read_blocks(file, chain(sample, lines), layout):
        is_start = block[1][0][0] == DOCSTART and len(block[1]) == 1
        if group and (is_start or not is_grouped):
            number += 1
            with file.guard(group[0][0]):
                id = id or f"{file.stem}-{number}"
                yield _to_document(id, group, statistics, layout, is_grouped)
            group, id = [], ""
        is_grouped = is_grouped or is_start
        if is_start:
            id = get_document_id(block[1][0])
        else:
            group.append(block)
    if group:
        with file.guard(group[0][0]):
            id = id or f"{file.stem}-{number + 1}"
            yield _to_document(id, group, statistics, layout, is_grouped)
    if layout.has_plain_types:
        statistics.warn_plain_types(file.name)
    statistics.warn(file.name)
    if further:
        warn_further_tags(file.name, further, layout.token + 1, layout.tag % len(rows[0]) + 1)


def _get_rows(lines: Iterable[tuple[int, str]]) -> list[Row]:
    rows = [split_row(line) for _, line in lines if not is_comment(line)]
    return [row for row in rows if row and row[0] != DOCSTART]


def _read_blocks(
    file: InputFile, lines: Iterable[tuple[int, str]], layout: Columns
) -> Iterator[Block]:
    """Yield the rows of each sentence. Sentences with a bad row are reported and skipped."""
    rows, start, width, is_good = list[Row](), 0, 0, True
    for number, line in lines:
        if is_comment(line, is_first=not rows):
            continue
        row = split_row(line)
        if any("\r" in cell for cell in row[1:]):
            raise file.error(CARRIAGE_RETURNS, number)
        if not row or row[0] == DOCSTART:  # both end a sentence
            if rows and is_good:
                yield start, rows
            rows, start, is_good = [], 0, True
            if row:
                yield number, [row]
            continue
        width = width or len(row)
        message = _check_row(row, width, layout)
        if not message and not layout.is_word(row):
            continue
        if (
            rows
            and not message
            and len(rows[-1]) == width
            and layout.starts_sentence(row, rows[-1])
        ):
            if is_good:
                yield start, rows
            rows, start, is_good = [], 0, True
        start = start or number
        if message and is_good:
            is_good = False
            file.report(message, number)
        rows.append(row)
    if rows and is_good:
        yield start, rows


def _check_row(row: Row, width: int, layout: Columns) -> str | None:
    """Return what is wrong with a row, or None."""
    if len(row) != width or width == 1:
        return f"expected {max(width, 2)} columns (token … tag), found {len(row)}"
    last = max(layout.token, layout.tag, *layout.layers)
    if last >= width:
        missing = last + 1
        return f"there is no column {missing}, the row has {width} columns"
    is_complete = row[layout.token] and layout.get_tag(row) and all(layout.get_layers(row))
    return None if is_complete else _EMPTY


def _to_document(
    id: str,
    blocks: Sequence[Block],
    statistics: TagStatistics,
    layout: Columns,
    is_grouped: bool,
) -> Document:
    tokens, sentences, spans, position = list[Word](), list[tuple[int, int]](), list[Span](), 0
    text = "\n".join(_join_tokens(rows, layout) for _, rows in blocks)
    for line, rows in blocks:
        words, start = list[Word](), position
        for row in rows:
            words.append(Word(position, position + len(layout.get_token(row))))
            position = words[-1].end + layout.has_space_after(row)
        position = words[-1].end + 1
        sentences.append((start, position - 1))
        statistics.count_tokens([layout.get_token(row) for row in rows])
        tokens += words
        mentions = dict[Span, None]()  # each once, though it may be in several columns
        cells = [(layout.get_tag(row), *layout.get_layers(row)) for row in rows]
        for tags in zip(*cells, strict=True):
            mentions |= dict.fromkeys(_make_spans(text, words, tags, statistics, line))
        spans += mentions
    metadata: dict[str, Any] = {"pretokenized": True, "sentences": tuple(sentences)}
    if text.split() != [text[w.start : w.end] for w in tokens]:
        metadata["tokens"] = tuple((w.start, w.end) for w in tokens)
    if layout.get_others(blocks[0][1][0]):
        metadata["columns"] = tuple(layout.get_others(row) for _, rows in blocks for row in rows)
    if is_grouped:
        metadata["docstart"] = True
    return Document(id, text, tuple(spans), metadata)


def _join_tokens(rows: Sequence[Row], layout: Columns) -> str:
    spaces = [" " if layout.has_space_after(row) else "" for row in rows[:-1]]
    tokens = [layout.get_token(row) for row in rows]
    return "".join(token + space for token, space in zip(tokens, (*spaces, ""), strict=True))


def _make_spans(
    text: str, words: Sequence[Word], tags: Sequence[str], statistics: TagStatistics, line: int
) -> Iterator[Span]:
    if set(tags) == {OUTSIDE}:
        return
    statistics.check(tags, line)
    statistics.update(tags, line)
    for chunk in decode_tags(tags):
        yield make_span(text, [(words[chunk.start].start, words[chunk.end - 1].end)], chunk.type)


def render(
    documents: Iterable[Document], losses: Losses, *, scheme: TagScheme = TagScheme.BIO
) -> Iterator[str]:
    """Yield each document as tab-separated rows, with an empty line after each sentence.

    Once a document needs a ``-DOCSTART-`` line to hold its sentences together, this document and
    all that follow get one. All rows have as many columns as the first.
    """
    is_grouped, width = False, None
    for document in documents:
        words = _get_tokens(document)
        sentences = get_sentences(document, words)
        is_grouped = is_grouped or len(sentences) > 1 or bool(document.metadata.get("docstart"))
        _count_losses(document, words, losses)
        if words:
            columns = _get_columns(document, len(words))
            width = len(columns[0]) if width is None else width
            filler = (FILLER,) * width
            if len(columns[0]) != width:
                losses[COLUMNS] += bool(columns[0])
                columns = [filler] * len(words)
            head = ["\t".join((DOCSTART, *filler, OUTSIDE)) + "\n\n"] if is_grouped else []
            rows = _make_rows(document, words, sentences, columns, scheme, losses)
            yield "".join((*head, *rows))


def _get_tokens(document: Document) -> list[Word]:
    """Return the tokens of the source, or the words of a raw text."""
    text, pairs = document.text, get_offset_pairs(document, "tokens")
    if pairs and all(0 <= start <= end <= len(text) for start, end in pairs):
        return [Word(start, end) for start, end in pairs if start < end]
    if document.metadata.get("pretokenized"):
        return [Word(*match.span()) for match in re.finditer(r"\S+", text)]
    return split_words(text)


def _get_columns(document: Document, number: int) -> Sequence[Sequence[str]]:
    """Return the columns between token and tag of each row, if the source had them."""
    value = document.metadata.get("columns")
    rows = [row for row in value if _is_row(row)] if isinstance(value, list | tuple) else []
    is_valid = len(rows) == number and len(set(map(len, rows))) == 1
    return rows if is_valid else [()] * number


def _is_row(row: Any) -> bool:
    return isinstance(row, list | tuple) and all(isinstance(cell, str) for cell in row)


def _count_losses(document: Document, words: Sequence[Word], losses: Losses) -> None:
    count_scores(document.spans, losses)
    losses[IDENTIFIER] += sum(bool(span.identifiers) for span in document.spans)
    losses[EMPTY] += not words
    losses[EMPTY_TOKEN] += sum(s == e for s, e in get_offset_pairs(document, "tokens"))
    is_pretokenized = bool(document.metadata.get("pretokenized"))
    # Documents of a file without ids are named after the file and their number.
    losses[ID] += not is_pretokenized or not _NUMBERED.fullmatch(document.id)
    if not is_pretokenized:
        text = " ".join(document.text[w.start : w.end] for w in words)
        losses[SPACING] += text != document.text


def _make_rows(
    document: Document,
    words: Sequence[Word],
    sentences: Sequence[tuple[int, int]],
    columns: Sequence[Sequence[str]],
    scheme: TagScheme,
    losses: Losses,
) -> Iterator[str]:
    remaining = sorted(document.spans)
    losses[CROSSES_SENTENCE] += len(remaining)  # reduced by the mentions inside each sentence
    extents = get_extents(words, sentences)
    for (first, last), (start, end) in zip(sentences, extents, strict=True):
        sentence = words[first:last]
        spans = [s for s in remaining if start <= s.start and s.end <= end]
        remaining = [s for s in remaining if s.end > end]
        losses[CROSSES_SENTENCE] -= len(spans)
        clean = [
            Span(s.start, s.end, replace_forbidden(s.type, losses), s.score, (), s.fragments)
            for s in spans
        ]
        encoded = encode_tags(sentence, clean, scheme)
        for _, reason in encoded.unreachable:
            losses[UNREACHABLE[reason]] += 1
        for word, row, tag in zip(sentence, columns[first:last], encoded.tags, strict=True):
            token = document.text[word.start : word.end]
            cells = (replace_forbidden(cell, losses, "[\t\n]") for cell in (token, *row))
            yield "\t".join((*cells, tag)) + "\n"
        yield "\n"
