r"""PubTator: title, abstract, and a tab-separated line per mention; an empty line ends a document.

``PMID|t|Title``, ``PMID|a|Abstract``, ``PMID<tab>start<tab>end<tab>mention<tab>type<tab>ids``.
Offsets count title and abstract joined by one character, here a line break. Other programs require
both lines, so a document with one passage is written with an empty abstract, and an empty abstract
is read as none. See `vaner.formats.identifiers` for the identifiers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from typing_extensions import TypedDict

from vaner.formats.identifiers import join_identifiers, list_forms, split_identifiers
from vaner.formats.losses import (
    DANGLING,
    FRAGMENTS,
    NAME,
    Losses,
    count_scores,
    replace_forbidden,
    replace_line_breaks,
)
from vaner.formats.offset_conventions import Conversion, find_conversion
from vaner.formats.quotes import report_conversion
from vaner.formats.roundtrip_metadata import (
    Line,
    get_roundtrip_metadata,
    with_roundtrip_metadata,
)
from vaner.formats.source import CARRIAGE_RETURNS, InputFile, MalformedError, OnError, read_lines
from vaner.formats.spans import OFFSET, make_span, recall, remember, separate_removed
from vaner.formats.title_abstract import mark_passages
from vaner.text.documents import Document, Span

_NUMBER = re.compile(r"\s*[+-]?[0-9]+(\.[0-9]*)?\s*")
# Some programs write spaces around the bars.
_TEXT_LINE = re.compile(r"([^|\t]+)\|([ta])\|(.*)", re.DOTALL)
_SPACED_LINE = re.compile(r"([^|\t]*[^|\t ]) \| ([ta]) \| ?(.*)", re.DOTALL)
_TITLE = re.compile(r"[^|\t\s]+(?:\|[ta]\|| \| [ta] \| )")
_CHECKED_LINES = 20

Block = list[tuple[int, str]]
"""The numbered lines of a document."""


class Stored(TypedDict, total=False):
    """What is stored of a document: other lines, and identifier columns of a different form.

    Of the mentions' identifiers, those are stored that the other lines refer to.
    """

    lines: Sequence[Line]
    identifiers: Sequence[str]
    columns: Mapping[str, Sequence[Line]]


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Read the documents of a PubTator file. Ids may occur more than once.

    Lines that are neither text nor mention, i.e. relations, are stored in the metadata.

    Args:
        path: the file.
        encoding: encoding of the file.
        on_error: see `vaner.formats.read`.
    """
    file = InputFile(path, on_error)
    for block in read_blocks(file, encoding):
        with file.guard(block[0][0]):
            yield _to_document(block, file)


def read_blocks(file: InputFile, encoding: str = "utf-8") -> Iterator[Block]:
    """Yield the lines of each document. It ends at an empty line or before the next title."""
    block: Block = []
    for number, line in read_lines(file, encoding):
        match = _match_text(line)
        if block and (not line.strip() or (match and match[2] == "t")):
            yield block
            block = []
        is_comment = not block and line.startswith("#") and not match
        if line.strip() and not is_comment:
            block.append((number, line))
    if block:
        yield block


def read_title(block: Block) -> tuple[str, str]:
    """Return the id and the title of a document.

    Raises:
        MalformedError: if its first line is not a title.
    """
    match = _match_text(block[0][1])
    if not match or match[2] != "t":
        raise MalformedError("expected ID|t|Title at the beginning of a document")
    return match[1], match[3]


def has_title(lines: Sequence[str]) -> bool:
    """Return whether the first lines of a file contain a title or an abstract.

    An id with spaces counts if title and abstract follow each other.

    >>> has_title(["# PubTator", "1|t|Gout"]), has_title(["Gout or rat fever|t|x"])
    (True, False)
    >>> has_title(["rat 1|t|Gout", "rat 1|a|It hurts."])
    True
    """
    checked = lines[:_CHECKED_LINES]
    return any(map(_TITLE.match, checked)) or any(map(_are_title_and_abstract, checked, lines[1:]))


def _are_title_and_abstract(first: str, second: str) -> bool:
    title, abstract = _match_text(first), _match_text(second)
    if not title or not abstract:
        return False
    return (title[2], abstract[2]) == ("t", "a") and title[1] == abstract[1]


def _match_text(line: str) -> re.Match[str] | None:
    """Return the id, the kind, ``t`` or ``a``, and the text of a line, or None for another line."""
    return _TEXT_LINE.match(line) or _SPACED_LINE.match(line)


def _to_document(block: Block, file: InputFile) -> Document:
    id, text, rest = _read_text(block)
    spans, columns, others = list[Span](), list[str](), list[str]()
    conversion = _find_conversion(text, [line.split("\t") for _, line in rest])
    if conversion:
        report_conversion(conversion.description, id)
    for number, line in rest:
        with file.guard(number, id):
            fields = line.split("\t")
            if fields[0] != id or len(fields) < 2:
                raise MalformedError(f"expected a tab-separated annotation of {id}")
            if _are_integers(fields[1:3]):
                spans.append(_make_span(text, fields, conversion))
                columns.append("\t".join(fields[5:]))
            elif _NUMBER.fullmatch(fields[1]) or (len(fields) >= 6 and not fields[1].isalpha()):
                offsets = " ".join(map(repr, fields[1:3]))
                raise MalformedError(f"offsets {offsets} are not integers")
            else:
                others.append(line.partition("\t")[2])
    title, _, abstract = text.partition("\n")
    # A text in one line is not always a title, so it stays a single passage.
    passages = mark_passages(title, abstract) if title and abstract else {}
    return Document(id, text, tuple(spans), passages | _make_metadata(spans, columns, others))


def _read_text(block: Block) -> tuple[str, str, Block]:
    """Return id and text of a document, and the lines after the text."""
    id, text = read_title(block)
    rest = block[1:]
    if f"\r{id}|a|" in text or f"\r{id}\t" in text:
        raise MalformedError(CARRIAGE_RETURNS)
    abstract = _match_text(rest[0][1]) if rest else None
    if abstract and abstract[2] == "a":
        if abstract[1] != id:
            raise MalformedError(f"abstract of {abstract[1]} follows the title of {id}")
        text, rest = f"{text}\n{abstract[3]}" if abstract[3] else text, rest[1:]
    return id, text, rest


def _are_integers(fields: Sequence[str]) -> bool:
    return len(fields) == 2 and all(re.fullmatch(rf"\s*-?{OFFSET}\s*", field) for field in fields)


def _find_conversion(text: str, lines: Iterable[Sequence[str]]) -> Conversion | None:
    """Return the conversion of the offsets of the mention lines, if they need one."""
    mentions = [fields for fields in lines if _are_integers(fields[1:3]) and len(fields) > 4]
    return find_conversion(text, [([(int(f[1]), int(f[2]))], f[3]) for f in mentions])


def _make_span(text: str, fields: Sequence[str], conversion: Conversion | None) -> Span:
    if len(fields) < 5:
        raise MalformedError("expected id, start, end, mention, type and identifiers")
    pieces = [(int(fields[1]), int(fields[2]))]
    if conversion:
        pieces = conversion.apply(pieces)
    identifiers = split_identifiers(fields[5] if len(fields) > 5 else "")
    return make_span(text, pieces, fields[4].strip(), quoted=fields[3], identifiers=identifiers)


def _make_metadata(spans: list[Span], columns: list[str], others: list[str]) -> dict[str, object]:
    """Return what is needed to write the lines unchanged."""
    stored: dict[str, object] = {}
    if others:
        stored["lines"] = tuple(others)
        fields = {field for line in others for field in line.split("\t")[1:]}
        forms = list_forms(identifier for span in spans for identifier in span.identifiers)
        stored["identifiers"] = tuple(sorted(name for name in fields if list_forms([name]) & forms))
    different = [
        (span, column)
        for span, column in zip(spans, columns, strict=True)
        if column != join_identifiers(span.identifiers, Losses())
    ]
    if different:
        stored["columns"] = remember((s for s, _ in different), (c for _, c in different))
    return {"pubtator": stored} if stored else {}


def count_unsupported(document: Document) -> int:
    """Count the stored lines that are not mentions, and the columns after the identifiers."""
    stored = get_roundtrip_metadata(document, "pubtator", Stored, Losses())
    columns = (column for columns in stored.get("columns", {}).values() for column in columns)
    return len(stored.get("lines", ())) + sum("\t" in column for column in columns)


def drop_dangling(document: Document, losses: Losses) -> Document:
    """Return the document without relations over identifiers that no mention has now.

    Args:
        document: the document.
        losses: counts what is left out, also columns of mentions that no longer exist.
    """
    stored = get_roundtrip_metadata(document, "pubtator", Stored, Losses())
    lines = stored.get("lines", ())
    columns, removed = separate_removed(document.spans, stored.get("columns", {}))
    forms = list_forms(identifier for span in document.spans for identifier in span.identifiers)
    gone = {name for name in stored.get("identifiers", ()) if not list_forms([name]) & forms}
    remaining = tuple(line for line in lines if gone.isdisjoint(line.split("\t")[1:]))
    if not removed and len(remaining) == len(lines):
        return document
    losses[DANGLING] += len(lines) - len(remaining) + sum("\t" in column for column in removed)
    identifiers = [name for name in stored.get("identifiers", ()) if name not in gone]
    current = {"lines": remaining, "identifiers": tuple(identifiers), "columns": columns}
    return with_roundtrip_metadata(document, "pubtator", current)


def render(documents: Iterable[Document], losses: Losses) -> Iterator[str]:
    """Yield each document. The first line break of a text separates title and abstract."""
    for document in documents:
        yield "\n".join((*_make_lines(document, losses), "", ""))


def _make_lines(document: Document, losses: Losses) -> Iterator[str]:
    title, _, abstract = document.text.partition("\n")
    if not abstract:
        title = document.text  # a line break at the end separates nothing
    id = replace_forbidden(document.id, losses, r"[|\t\r\n]") or "_"
    losses[NAME] += not document.id
    title, abstract = replace_line_breaks(title, losses), replace_line_breaks(abstract, losses)
    yield f"{id}|t|{title}"
    yield f"{id}|a|{abstract}"
    stored = get_roundtrip_metadata(document, "pubtator", Stored, losses)
    columns = recall(document.spans, stored.get("columns", {}))
    count_scores(document.spans, losses)
    text = f"{title} {abstract}"
    for span, column in zip(document.spans, columns, strict=True):
        losses[FRAGMENTS] += span.is_discontinuous
        names, *others = (column or "").split("\t")
        if split_identifiers(names) != span.identifiers:
            names = join_identifiers(span.identifiers, losses, r"\t\r\n")
        # A tab in a mention would begin a column. Readers compare white space loosely.
        mention = text[span.start : span.end].replace("\t", " ")
        type = replace_forbidden(span.type, losses, r"[\t\r\n]")
        yield "\t".join((id, str(span.start), str(span.end), mention, type, names, *others))
    yield from (f"{id}\t{line}" for line in stored.get("lines", ()))
