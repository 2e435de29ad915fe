r"""PubTator: title, abstract, then a tab-separated line a mention; an empty line between documents.

``PMID|t|Title``, ``PMID|a|Abstract``, ``PMID<tab>start<tab>end<tab>mention<tab>type<tab>ids``.
Offsets count title and abstract joined by one character, here a line break. Other programs look for
both lines, so a document of one passage has an empty abstract, and an empty one is read as none.
Identifiers are divided by ``|``; a composite such as ``D007674+D006222`` is one. ``-`` and ``-1``
mean none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from typing_extensions import TypedDict

from vaner.formats.roundtrip_metadata import Line, get_roundtrip_metadata
from vaner.formats.source import LINE_ENDS, InputFile, MalformedError, OnError, read_lines
from vaner.formats.spans import (
    FRAGMENTS,
    NAME,
    OFFSET,
    Losses,
    count_scores,
    make_span,
    recall,
    remember,
    replace_forbidden,
    replace_line_breaks,
)
from vaner.text.documents import Document, Span

_TEXT_LINE = re.compile(r"([^|\t]+)\|([ta])\|(.*)", re.DOTALL)
_NO_IDENTIFIER = {"", "-", "-1"}

Block = list[tuple[int, str]]


class Kept(TypedDict, total=False):
    """What is kept of a document: lines that are no mention, last columns not spelt our way."""

    lines: Sequence[Line]
    columns: Mapping[str, Sequence[Line]]


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Documents of a PubTator file under their own ids, which a file may hold twice.

    Lines that are neither text nor mention, i.e. relations, are kept in the metadata.
    """
    place = InputFile(path, on_error)
    for block in _blocks(place, encoding):
        with place.guard(block[0][0]):
            yield _document(block, place)


def _blocks(place: InputFile, encoding: str) -> Iterator[Block]:
    """Lines of one document each: it ends at an empty line or where a title follows."""
    block: Block = []
    for number, line in read_lines(place, encoding):
        match = _TEXT_LINE.match(line)
        if block and (not line.strip() or (match and match[2] == "t")):
            yield block
            block = []
        if line.strip():
            block.append((number, line))
    if block:
        yield block


def _document(block: Block, place: InputFile) -> Document:
    title = _TEXT_LINE.match(block[0][1])
    if not title or title[2] != "t":
        raise MalformedError("expected ID|t|Title at the beginning of a document")
    name, text, rest = title[1], title[3], block[1:]
    if f"\r{name}|a|" in text or f"\r{name}\t" in text:
        raise MalformedError(LINE_ENDS)
    abstract = _TEXT_LINE.match(rest[0][1]) if rest else None
    if abstract and abstract[2] == "a":
        if abstract[1] != name:
            raise MalformedError(f"abstract of {abstract[1]} follows the title of {name}")
        text, rest = f"{text}\n{abstract[3]}" if abstract[3] else text, rest[1:]
    spans, tails, others = list[Span](), list[str](), list[str]()
    for number, line in rest:
        with place.guard(number):
            fields = line.split("\t")
            if fields[0] != name or len(fields) < 2:
                raise MalformedError(f"expected a tab-separated annotation of {name}")
            if len(fields) >= 4 and _integers(fields[1:3]):
                spans.append(_span(text, fields))
                tails.append("\t".join(fields[5:]))
            elif len(fields) >= 6 and not fields[1].isalpha():
                raise MalformedError(f"offsets {fields[1]!r} {fields[2]!r} are no integers")
            else:
                others.append(line.partition("\t")[2])
    return Document(name, text, tuple(spans), _metadata(spans, tails, others))


def _integers(fields: Sequence[str]) -> bool:
    return all(re.fullmatch(f"-?{OFFSET}", f) for f in fields)


def _span(text: str, fields: Sequence[str]) -> Span:
    if len(fields) < 5:
        raise MalformedError("expected id, start, end, mention, type and identifiers")
    pieces = [(int(fields[1]), int(fields[2]))]
    tail = fields[5] if len(fields) > 5 else ""
    return make_span(
        text, pieces, fields[4].strip(), quoted=fields[3], identifiers=_identifiers(tail)
    )


def _identifiers(column: str) -> tuple[str, ...]:
    parts = (part.strip() for part in column.split("\t")[0].split("|"))
    return tuple(part for part in parts if part not in _NO_IDENTIFIER)


def _metadata(spans: list[Span], tails: list[str], others: list[str]) -> dict[str, object]:
    """What must be kept to write the lines back: relations, and columns not spelt our way."""
    kept: dict[str, object] = {}
    if others:
        kept["lines"] = tuple(others)
    odd = [(s, t) for s, t in zip(spans, tails, strict=True) if t != "|".join(s.identifiers)]
    if odd:
        kept["columns"] = remember((s for s, _ in odd), (t for _, t in odd))
    return {"pubtator": kept} if kept else {}


def count_unsupported(document: Document) -> int:
    """Number of things kept of a document that are no mention: lines, and columns after the ids."""
    kept = get_roundtrip_metadata(document, "pubtator", Kept, Losses())
    tails = (tail for tails in kept.get("columns", {}).values() for tail in tails)
    return len(kept.get("lines", ())) + sum("\t" in tail for tail in tails)


def render(documents: Iterable[Document], lost: Losses) -> Iterator[str]:
    """Documents as PubTator; the first line break of a text divides title from abstract."""
    for document in documents:
        yield "\n".join((*_lines(document, lost), "", ""))


def _lines(document: Document, lost: Losses) -> Iterator[str]:
    title, _, abstract = document.text.partition("\n")
    if not abstract:
        title = document.text  # a line break at its end divides nothing
    name = replace_forbidden(document.id, lost, r"[|\t\r\n]") or "_"
    lost[NAME] += not document.id
    title, abstract = replace_line_breaks(title, lost), replace_line_breaks(abstract, lost)
    yield f"{name}|t|{title}"
    yield f"{name}|a|{abstract}"
    kept = get_roundtrip_metadata(document, "pubtator", Kept, lost)
    tails = recall(document.spans, kept.get("columns", {}))
    count_scores(document.spans, lost)
    text = f"{title} {abstract}"
    for span, tail in zip(document.spans, tails, strict=True):
        lost[FRAGMENTS] += span.is_discontinuous
        if tail is None or _identifiers(tail) != span.identifiers:
            column = "|".join(replace_forbidden(i, lost, r"[|\t\r\n]") for i in span.identifiers)
            tail = "\t".join((column, *(tail or "").split("\t")[1:]))
        # A tab inside a mention would begin a column; the reader compares white space loosely.
        mention = re.sub("\t", " ", text[span.start : span.end])
        type = replace_forbidden(span.type, lost, r"[\t\r\n]")
        yield "\t".join((name, str(span.start), str(span.end), mention, type, str(tail)))
    yield from (f"{name}\t{line}" for line in kept.get("lines", ()))
