"""DOCX: the text of a Word document (read only). It needs the package `python-docx`.

Each paragraph is a line, and each table row is a line with tabs between its cells. Tracked
insertions and content controls are read; tracked deletions are not. Headers, footers, footnotes,
comments, text boxes and images are counted.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vaner.formats.skipped_records import SkipCounts, warn_skipped_records
from vaner.formats.source import InputFile, OnError, read_bytes
from vaner.text.documents import Document
from vaner.utils.distribution import describe_install

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
# A text box is stored twice, the second time for old programs, without the choice around it.
_BOX = "ancestor::w:txbxContent"
_RUNS = f".//w:r[not(ancestor::w:del or ancestor::w:moveFrom or {_BOX})]"
_NOTES = ("separator", "continuationSeparator", "continuationNotice")  # lines above the notes
_COUNTED = {
    "text box": "count(//w:txbxContent[not(ancestor::w:pict)])",
    "image": "count(//*[local-name()='blip' or local-name()='imagedata'])",
    "tracked deletion": "count(//w:del[.//w:delText])",
}
_PARTS = {"header": "header", "footer": "footer", "footnotes": "footnote", "endnotes": "endnote"}


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Read a Word document as one document, named after the file.

    Args:
        path: the file.
        encoding: ignored, the text of a DOCX file is UTF-8.
        on_error: see `vaner.formats.read`.

    Raises:
        FormatError: if `python-docx` is missing, or the file is broken.

    Warns:
        SkippedRecordsWarning: about what is not in the text.
    """
    file, skipped = InputFile(path, on_error), SkipCounts()
    try:
        import docx
    except ImportError:
        message = "looks like a Word document; to read it: " + describe_install("docx")
        raise file.error(message) from None
    content, lines, location = io.BytesIO(read_bytes(file)), list[str](), ""
    try:
        document = docx.Document(content)
        for number, block in enumerate(_list_blocks(document.element.body), 1):
            location = f"block {number}: "
            lines += _read_block(block)
        location = ""
        skipped.update(_count_others(document))
    except Exception as error:  # python-docx raises errors of many types for broken files
        reason = f"{type(error).__name__}: {error}"
        raise file.error(f"{location}cannot be read as DOCX: {reason}") from None
    yield Document(file.stem, "\n".join(lines))
    warn_skipped_records(file, skipped)


def _list_blocks(parent: Any) -> Iterator[Any]:
    """Yield the paragraphs and tables of an element, also those in content controls."""
    for child in parent:
        if child.tag in (f"{_W}p", f"{_W}tbl"):
            yield child
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml"):
            yield from _list_blocks(child)


def _read_block(block: Any) -> Iterator[str]:
    """Yield the lines of a paragraph or table."""
    if block.tag == f"{_W}p":
        yield _read_paragraph(block)
        return
    for row in block.iter(f"{_W}tr"):
        if next(row.iterancestors(f"{_W}tbl")) is block:  # those of inner tables are in its cells
            yield "\t".join(_read_cell(cell) for cell in row.xpath("./w:tc|./w:sdt//w:tc"))


def _read_cell(cell: Any) -> str:
    return " ".join(" ".join(map(_read_paragraph, cell.iter(f"{_W}p"))).split())


def _read_paragraph(paragraph: Any) -> str:
    return "".join(run.text for run in paragraph.xpath(_RUNS))


def _count_others(document: Any) -> dict[str, int]:
    """Count what a document contains outside its text."""
    body = document.element.body
    counts = {reason: int(body.xpath(path)) for reason, path in _COUNTED.items()}
    for part in document.part.package.iter_parts():
        kind = part.content_type.removesuffix("+xml").rpartition(".")[2]
        if kind == "comments":
            counts["comment"] = part.blob.count(b"<w:comment ")
        elif kind in _PARTS:
            counts[_PARTS[kind]] = counts.get(_PARTS[kind], 0) + _count_texts(part, kind)
    return {reason: count for reason, count in counts.items() if count}


def _count_texts(part: Any, kind: str) -> int:
    """Count the notes of a part, or 1 for a header or footer with text."""
    from docx.oxml import parse_xml

    root = parse_xml(part.blob)
    if not kind.endswith("notes"):
        return int(any(element.text for element in root.iter(f"{_W}t")))
    return sum(note.get(f"{_W}type") not in _NOTES for note in root if note.tag.startswith(_W))
