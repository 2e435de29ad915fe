"""CoNLL: a token a line, its tag in the last column, an empty line between sentences.

Columns are separated by a tab or by spaces; IOB1, IOB2, BIOES and BILOU are all read. Without
``-DOCSTART-`` lines every sentence is a document; with them a document holds the sentences up to
the next, joined by line breaks. Tokens are joined by one space. Written as IOB2 (or BIOES), tab
separated, with the columns in between where the file that was read had them.

A token has one tag, so the format holds neither nested nor crossing nor discontinuous mentions. Of
mentions that share a token the longest is written, which is the outermost where they nest; see
`vaner.text.tags.encode_tags`. The others are left out and counted.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vaner.formats.source import (
    LINE_ENDS,
    FormatWarning,
    InputFile,
    MalformedError,
    OnError,
    read_lines,
)
from vaner.formats.spans import IDENTIFIER, Losses, count_scores, make_span, replace_forbidden
from vaner.text.documents import Document, Span
from vaner.text.tags import (
    OUTSIDE,
    TagScheme,
    UnreachableReason,
    decode_tags,
    encode_tags,
    find_violations,
    split_tag,
)
from vaner.text.words import Word, get_offset_pairs, get_sentences, split_words

DOCSTART = "-DOCSTART-"
FILLER = "-X-"
SPLIT = "mention left out, it crosses a sentence boundary"
UNSPELT = {
    UnreachableReason.DISCONTINUOUS: "discontinuous mention left out",
    UnreachableReason.OVERLAPPING: "overlapping mention left out, the longest is kept",
    UnreachableReason.BOUNDARY: "mention written on whole words, it begins or ends inside one",
}
EMPTY = "document without words"
ID = "document id has no place in the format"
SPACING = "document whose white space is written as one space"
COLUMNS = "columns between token and tag left out, others have not as many"
_SPACES = re.compile(" +")

Row = list[str]
Block = tuple[int, list[Row]]


@dataclass
class _Tags:
    """What the tags of a file tell about their scheme, sentence by sentence."""

    known: set[str] = field(default_factory=set)
    begun: int = 0
    unbegun: int = 0
    first: int | None = None

    def check(self, tags: Sequence[str], line: int) -> None:
        for tag in dict.fromkeys(tags):  # the first wrong one is told
            if tag in self.known:
                continue
            try:
                split_tag(tag)
            except ValueError as problem:
                raise MalformedError(str(problem), line + tags.index(tag)) from None
            self.known.add(tag)

    def observe(self, tags: Sequence[str], line: int) -> None:
        """Count mentions that begin with B where IOB1 has I, and with I where IOB2 has B."""
        wrong = find_violations(tags)
        if wrong and self.first is None:
            self.first = line + wrong[0]
        self.unbegun += len(wrong)
        before = OUTSIDE
        for tag in tags:
            self.begun += tag[0] in "BSU" and tag[1:] != before[1:]
            before = tag

    def warn(self, name: str) -> None:
        """Say so where a file is neither IOB1 nor IOB2 as a whole."""
        if self.begun and self.unbegun:
            warnings.warn(
                f"{name}:{self.first}: {self.unbegun} tags continue a mention that has not begun; "
                "each was read as the beginning of one",
                FormatWarning,
                stacklevel=2,
            )


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Documents of a CoNLL file, named after the file and numbered from 1.

    Warns:
        FormatWarning: once a file, where some mentions begin with I- in a file that is not IOB1.
    """
    place, tags = InputFile(path, on_error), _Tags()
    number, group, grouped = 0, list[Block](), False
    for block in _blocks(place, encoding):
        start = block[1][0][0] == DOCSTART and len(block[1]) == 1
        if group and (start or not grouped):
            number += 1
            with place.guard(group[0][0]):
                yield _document(f"{place.stem}-{number}", group, tags, grouped)
            group = []
        grouped = grouped or start
        if not start:
            group.append(block)
    if group:
        with place.guard(group[0][0]):
            yield _document(f"{place.stem}-{number + 1}", group, tags, grouped)
    tags.warn(place.name)


def _blocks(place: InputFile, encoding: str) -> Iterator[Block]:
    """Sentences as rows of columns with the line they start on; bad sentences are left out."""
    rows, start, width, good = list[Row](), 0, 0, True
    for number, line in read_lines(place, encoding):
        row = _row(line)
        if any("\r" in cell for cell in row[1:]):
            raise place.error(LINE_ENDS, number)
        if not row or row[0] == DOCSTART:  # which ends a sentence as an empty line does
            if rows and good:
                yield start, rows
            rows, start, good = [], 0, True
            if row:
                yield number, [row]
            continue
        width = width or len(row)
        start = start or number
        problem = _problem(row, width)
        if problem and good:
            good = False
            place.report(problem, number)
        rows.append(row)
    if rows and good:
        yield start, rows


def _row(line: str) -> Row:
    if not line.strip():
        return []
    return line.split("\t") if "\t" in line else _SPACES.split(line.strip(" "))


def _problem(row: Row, width: int) -> str | None:
    if len(row) != width or width == 1:
        return f"expected {max(width, 2)} columns (token … tag), found {len(row)}"
    return None if row[0] and row[-1] else "a row with an empty token or tag"


def _document(name: str, blocks: Sequence[Block], tags: _Tags, grouped: bool) -> Document:
    tokens, sentences, spans, position = list[Word](), list[tuple[int, int]](), list[Span](), 0
    text = "\n".join(" ".join(row[0] for row in rows) for _, rows in blocks)
    for line, rows in blocks:
        words, start = list[Word](), position
        for row in rows:
            words.append(Word(position, position + len(row[0])))
            position += len(row[0]) + 1
        sentences.append((start, position - 1))
        tokens += words
        spans += _spans(text, words, [row[-1] for row in rows], tags, line)
    metadata: dict[str, Any] = {"pretokenized": True, "sentences": tuple(sentences)}
    if text.split() != [text[w.start : w.end] for w in tokens]:
        metadata["tokens"] = tuple((w.start, w.end) for w in tokens)
    if len(blocks[0][1][0]) > 2:
        metadata["columns"] = tuple(tuple(row[1:-1]) for _, rows in blocks for row in rows)
    if grouped:
        metadata["docstart"] = True
    return Document(name, text, tuple(spans), metadata)


def _spans(
    text: str, words: Sequence[Word], tags: Sequence[str], seen: _Tags, line: int
) -> Iterator[Span]:
    if set(tags) == {OUTSIDE}:
        return
    seen.check(tags, line)
    seen.observe(tags, line)
    for chunk in decode_tags(tags):
        yield make_span(text, [(words[chunk.start].start, words[chunk.end - 1].end)], chunk.type)


def render(
    documents: Iterable[Document], lost: Losses, *, scheme: TagScheme = TagScheme.BIO
) -> Iterator[str]:
    """Sentences as tab-separated rows, an empty line after each.

    Once a document needs a ``-DOCSTART-`` line to hold its sentences together, it and all that
    follow get one. All rows have as many columns as the first.
    """
    grouped, width = False, None
    for document in documents:
        words = _words(document)
        sentences = get_sentences(document, words)
        grouped = grouped or len(sentences) > 1 or bool(document.metadata.get("docstart"))
        _count(document, words, lost)
        if words:
            middle = _columns(document, len(words))
            width = len(middle[0]) if width is None else width
            filler = (FILLER,) * width
            if len(middle[0]) != width:
                lost[COLUMNS] += bool(middle[0])
                middle = [filler] * len(words)
            head = ["\t".join((DOCSTART, *filler, OUTSIDE)) + "\n\n"] if grouped else []
            body = _rows(document, words, sentences, middle, scheme, lost)
            yield "".join((*head, *body))


def _words(document: Document) -> list[Word]:
    """The tokens of the source, or the words of a raw text."""
    text, given = document.text, get_offset_pairs(document, "tokens")
    if given and all(0 <= s < e <= len(text) for s, e in given):
        return [Word(start, end) for start, end in given]
    if document.metadata.get("pretokenized"):
        return [Word(*match.span()) for match in re.finditer(r"\S+", text)]
    return split_words(text)


def _columns(document: Document, number: int) -> Sequence[Sequence[str]]:
    """The columns between token and tag, row by row, where the file that was read had them."""
    given = document.metadata.get("columns")
    rows = [row for row in given if _strings(row)] if isinstance(given, list | tuple) else []
    sound = len(rows) == number and len(set(map(len, rows))) == 1
    return rows if sound else [()] * number


def _strings(row: Any) -> bool:
    return isinstance(row, list | tuple) and all(isinstance(cell, str) for cell in row)


def _count(document: Document, words: Sequence[Word], lost: Losses) -> None:
    count_scores(document.spans, lost)
    lost[IDENTIFIER] += sum(bool(span.identifiers) for span in document.spans)
    lost[EMPTY] += not words
    if not document.metadata.get("pretokenized"):
        lost[ID] += 1
        text = " ".join(document.text[w.start : w.end] for w in words)
        lost[SPACING] += text != document.text


def _rows(
    document: Document,
    words: Sequence[Word],
    sentences: Sequence[tuple[int, int]],
    columns: Sequence[Sequence[str]],
    scheme: TagScheme,
    lost: Losses,
) -> Iterator[str]:
    waiting = sorted(document.spans)
    lost[SPLIT] += len(waiting)  # taken off again for every mention that lies in one sentence
    for first, last in sentences:
        inside = words[first:last]
        start, end = inside[0].start, inside[-1].end
        spans = [s for s in waiting if start <= s.start and s.end <= end]
        waiting = [s for s in waiting if s.end > end]
        lost[SPLIT] -= len(spans)
        named = [(s, replace_forbidden(s.type, lost)) for s in spans]
        encoded = encode_tags(
            inside, [Span(s.start, s.end, t, s.score, (), s.fragments) for s, t in named], scheme
        )
        for _, reason in encoded.unreachable:
            lost[UNSPELT[reason]] += 1
        for (begin, stop), middle, tag in zip(
            inside, columns[first:last], encoded.tags, strict=True
        ):
            cells = (
                replace_forbidden(cell, lost, "[\t\n]")
                for cell in (document.text[begin:stop], *middle)
            )
            yield "\t".join((*cells, tag)) + "\n"
        yield "\n"
