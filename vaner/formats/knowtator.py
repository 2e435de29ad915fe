"""XML of Knowtator and eHOST: a file of annotations per text, as CRAFT has them (read only).

Knowtator and eHOST write ``<annotations textSource="a.txt">`` with an ``<annotation>`` for the
offsets and a ``<classMention>`` for the class of each mention. Knowtator 2 writes
``<knowtator-project>`` with both in ``<annotation>``. The text of ``a.txt.knowtator.xml`` is in
the same folder, or in the folder ``corpus`` or ``txt`` next to it. A class such as ``CHEBI:24870``
is an identifier, and its prefix is the type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import Element

from vaner.formats.companions import read_each, read_text_of, warn_unread
from vaner.formats.offset_conventions import find_conversion
from vaner.formats.quotes import report_conversion
from vaner.formats.skipped_records import SkipCounts, warn_skipped_records
from vaner.formats.source import InputFile, MalformedError, OnError
from vaner.formats.spans import OFFSET, make_span
from vaner.formats.xml import iter_children
from vaner.text.documents import Document, Span

ENDING = ".knowtator.xml"
SLOT = "attribute or relation of a mention"
UNLOCATED = "annotation without offsets"

_HEAD = re.compile(
    r"\s*(?:<[?!][^>]*>\s*)*<(?:annotations\s[^>]*textSource=|knowtator-project[\s>])"
)
_FOLDERS = ("corpus", "txt")
_CONCEPT = re.compile(r"([A-Za-z]\w*):\S+")


class _Mention(NamedTuple):
    pieces: list[tuple[int, int]]
    quoted: str
    id: str
    line: int


def matches(head: str) -> bool:
    """Return whether the beginning of a file is of Knowtator or eHOST.

    >>> matches('<annotations textSource="a.txt">'), matches("<annotations>")
    (True, False)
    """
    return _HEAD.match(head) is not None


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Read the text of a file of annotations, or the texts of those of a folder.

    Args:
        path: file, or folder with files whose names end in ``.knowtator.xml``.
        encoding: encoding of the texts.
        on_error: see `vaner.formats.read`.

    Raises:
        FormatError: if there is no text for a file, or the XML is broken.
    """
    file = InputFile(path, on_error)
    paths = sorted(file.path.glob(f"*{ENDING}")) if file.is_folder else [file.path]
    yield from read_each(
        paths, lambda path: _read_document(InputFile(path, on_error), encoding), on_error
    )
    if file.is_folder:
        warn_unread(file, (".xml", ".txt"))


def _read_document(file: InputFile, encoding: str) -> Document:
    mentions, classes, skipped = list[_Mention](), dict[str, str](), SkipCounts()
    texts, is_usual = 0, file.path.name.endswith(ENDING)
    name = file.path.name.removesuffix(ENDING) if is_usual else file.path.stem
    for root, element, line in iter_children(file):
        if root == "knowtator-project":
            texts += element.tag == "document"
            if texts > 1:
                raise file.error("has annotations of several texts; give a file for each", line)
            name = element.get("text-file") or name
            entries = element.findall("annotation")
        else:
            entries = [element] if element.tag == "annotation" else []
        if element.tag == "classMention":
            skipped[SLOT] += len(element.findall("hasSlotMention"))
            class_ = element.find("mentionClass")
            if class_ is not None:
                classes[element.get("id", "")] = class_.get("id", "")
        for entry in entries:
            with file.guard(line):
                mention = _read_mention(entry, line, classes)
                mentions += [mention] if mention.pieces else []
                skipped[UNLOCATED] += not mention.pieces
    base = re.split(r"[/\\]", name)[-1]
    text = read_text_of(file, (base, f"{base}.txt"), _FOLDERS, encoding)
    warn_skipped_records(file, +skipped)
    id = Path(name).name.removesuffix(".txt")
    return Document(id, text, tuple(_make_spans(text, id, mentions, classes, file)))


def _read_mention(entry: Element, line: int, classes: dict[str, str]) -> _Mention:
    spans = entry.findall("span")
    offsets = [(span.get("start", ""), span.get("end", "")) for span in spans]
    if not all(re.fullmatch(OFFSET, offset) for pair in offsets for offset in pair):
        raise MalformedError("the offsets of a span are not integers")
    mention, class_ = entry.find("mention"), entry.find("class")
    id = entry.get("id", "") if mention is None else mention.get("id", "")
    if class_ is not None:
        classes[id] = class_.get("id", "")
    quoted = entry.findtext("spannedText") or " ".join(span.text or "" for span in spans)
    return _Mention([(int(start), int(end)) for start, end in offsets], quoted, id, line)


def _make_spans(
    text: str, id: str, mentions: list[_Mention], classes: Mapping[str, str], file: InputFile
) -> Iterator[Span]:
    conversion = find_conversion(text, [(m.pieces, m.quoted) for m in mentions])
    if conversion:
        report_conversion(conversion.description, id)
    for mention in mentions:
        with file.guard(mention.line, id):
            pieces = conversion.apply(mention.pieces) if conversion else mention.pieces
            name = classes.get(mention.id, "")
            concept = _CONCEPT.fullmatch(name)
            type, names = (concept[1], (name,)) if concept else (name, ())
            quoted = mention.quoted.strip() or None
            yield make_span(text, pieces, type, quoted=quoted, identifiers=names)
