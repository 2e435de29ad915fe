"""XML with texts and mentions, as several corpora and programs have it (read only).

- DDI, and corpora of protein interactions in the same form: ``<sentence text="…">`` with
  ``<entity charOffset="0-6;14-20" type="drug" text="…"/>``, whose last characters are included.
  The sentences of a document are joined by line breaks.
- i2b2, n2c2, MAE and MedTator: ``<TEXT>`` with ``<TAGS>`` such as ``<NAME start="0" end="4"
  text="…" TYPE="DOCTOR"/>`` or ``<NAME spans="0~4,9~12" text="…"/>``.
- GENIA: ``<article>`` with mentions in the text, see `vaner.formats.genia`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from vaner.formats.genia import read_article
from vaner.formats.offset_conventions import find_conversion
from vaner.formats.quotes import report_conversion
from vaner.formats.skipped_records import SkipCounts, count_field, warn_skipped_records
from vaner.formats.source import InputFile, MalformedError, OnError
from vaner.formats.spans import OFFSET, make_span
from vaner.formats.xml import iter_children
from vaner.text.documents import Document, Span

RELATION = "relation"
UNLOCATED = "annotation without offsets"

_HEAD = re.compile(
    r"\s*(?:<[?!][^>]*>\s*)*<\w+[^>]*>\s*(?:<TEXT>\s*<!\[CDATA|(?:<document\b[^>]*>\s*)?<sentence\b[^>]*\stext="
    r"|(?:<import\b[^>]*>\s*(?:</import>\s*)?)*<article>\s*<articleinfo>)"
)
_PIECE = re.compile(rf"({OFFSET})-({OFFSET})")
_SPAN = re.compile(rf"({OFFSET})~({OFFSET})")
_READ = {"id", "start", "end", "text", "spans", "TYPE", "type", "charOffset", "seqId", "origId"}


def matches(head: str) -> bool:
    """Return whether the beginning of a file is of one of these forms.

    >>> matches('<document id="d1"><sentence id="d1.s0" text="Gout.">'), matches("<TEI><text>")
    (True, False)
    """
    return _HEAD.match(head) is not None


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Read the documents of a file. A document without an id is named after the file.

    Args:
        path: the file.
        encoding: overrides the encoding in the XML declaration, unless it is UTF-8.
        on_error: see `vaner.formats.read`.

    Raises:
        FormatError: if the file is not of one of these forms, or is broken.
    """
    file, skipped = InputFile(path, on_error), SkipCounts()
    text: str | None = None
    sentences, number, line = list[Element](), 0, 1
    for root, element, line in iter_children(file, encoding):
        if element.tag == "document":
            number += 1
            id = element.get("id") or f"{file.stem}-{number}"
            yield _join_sentences(id, element.findall("sentence"), file, line, skipped)
        elif element.tag == "sentence":
            sentences.append(element)
        elif element.tag == "article":
            number += 1
            id = f"{file.stem}-{number}"
            with file.guard(line, id):
                yield read_article(element, id, file, line, skipped)
        elif element.tag == "TEXT":
            text = "".join(element.itertext())
        elif element.tag == "TAGS" and text is not None:
            yield Document(file.stem, text, tuple(_read_tags(element, text, file, line, skipped)))
            text = None
        elif text is None and element.tag not in ("META", "import"):
            raise file.error(
                f"<{root}> begins with neither <sentence>, <document>, <article> nor <TEXT>", line
            )
    if sentences:
        id = sentences[0].get("id", "").rpartition(".s")[0] or file.stem
        yield _join_sentences(id, sentences, file, line, skipped)
    if text is not None:
        yield Document(file.stem, text)
    warn_skipped_records(file, skipped)


def _join_sentences(
    id: str, sentences: Iterable[Element], file: InputFile, line: int, skipped: SkipCounts
) -> Document:
    texts, spans, extents, start = list[str](), list[Span](), list[tuple[int, int]](), 0
    for sentence in sentences:
        text = sentence.get("text", "")
        for entity in sentence.findall("entity"):
            with file.guard(line, id):
                spans.append(_read_entity(entity, text, start))
                _count_attributes(entity, skipped)
        pairs = [*sentence.iter("pair"), *sentence.iter("interaction")]
        related = sum("false" not in (p.get("ddi"), p.get("interaction")) for p in pairs)
        skipped.update({RELATION: related} if related else {})
        texts.append(text)
        extents.append((start, start + len(text)))
        start += len(text) + 1
    metadata = {"sentences": tuple(extents)} if len(extents) > 1 else {}
    return Document(id, "\n".join(texts), tuple(spans), metadata)


def _read_entity(entity: Element, sentence: str, shift: int) -> Span:
    """Return a mention of a sentence that begins at an offset of its document."""
    offsets = entity.get("charOffset", "").split(";")
    located = [match for part in offsets if (match := _PIECE.fullmatch(part.strip()))]
    if len(located) != len(offsets):
        raise MalformedError(f"charOffset {entity.get('charOffset', '')!r} is not such as 0-6;9-12")
    pairs, quoted = [(int(match[1]), int(match[2])) for match in located], entity.get("text")
    # The last character is included, except in a few corpora.
    is_exclusive = quoted is not None and " ".join(sentence[a:b] for a, b in pairs) == quoted
    pieces = [(start, end + (not is_exclusive)) for start, end in pairs]
    span = make_span(sentence, pieces, entity.get("type", ""), quoted=quoted)
    fragments = tuple((start + shift, end + shift) for start, end in span.fragments)
    return Span(span.start + shift, span.end + shift, span.type, None, (), fragments)


def _read_tags(
    tags: Element, text: str, file: InputFile, line: int, skipped: SkipCounts
) -> Iterator[Span]:
    located = list[tuple[Element, list[tuple[int, int]]]]()
    for tag in tags:
        if pieces := _find_pieces(tag):
            located.append((tag, pieces))
            _count_attributes(tag, skipped)
        else:
            skipped[RELATION if tag.get("fromID") else UNLOCATED] += 1
    conversion = find_conversion(text, [(pieces, tag.get("text")) for tag, pieces in located])
    if conversion:
        report_conversion(conversion.description, file.stem)
    for tag, pieces in located:
        with file.guard(line, file.stem):
            converted = conversion.apply(pieces) if conversion else pieces
            type = tag.get("TYPE") or tag.get("type") or tag.tag
            yield make_span(text, converted, type, quoted=tag.get("text"))


def _find_pieces(tag: Element) -> list[tuple[int, int]]:
    """Return the pieces of a tag; none if it describes the document or a relation."""
    if matched := _SPAN.findall(tag.get("spans", "")):
        return [(int(start), int(end)) for start, end in matched]
    start, end = tag.get("start", ""), tag.get("end", "")
    is_located = all(re.fullmatch(OFFSET, offset) for offset in (start, end))
    return [(int(start), int(end))] if is_located else []


def _count_attributes(element: Element, skipped: SkipCounts) -> None:
    """Count the attributes of a mention that are not read."""
    for name, value in element.items():
        if name not in _READ:
            count_field(name, value, "mention", skipped)
