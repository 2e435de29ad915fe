"""DOCX: the text of a Word document (read only). It needs the package `python-docx`.

Each paragraph is a line, and each table row is a line with tabs between its cells. Headers,
footers, footnotes and text boxes are not read.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vaner.formats.source import InputFile, OnError, read_bytes
from vaner.text.documents import Document
from vaner.utils.distribution import describe_install


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
    """
    file = InputFile(path, on_error)
    try:
        import docx
    except ImportError:
        message = "looks like a Word document; to read it: " + describe_install("docx")
        raise file.error(message) from None
    content = io.BytesIO(read_bytes(file))
    try:
        blocks = docx.Document(content).iter_inner_content()
        text = "\n".join(line for block in blocks for line in _read_block(block))
    except Exception as error:  # python-docx raises errors of many types for broken files
        raise file.error(f"cannot be read as DOCX: {type(error).__name__}: {error}") from None
    yield Document(file.stem, text)


def _read_block(block: Any) -> Iterator[str]:
    """Yield the lines of a paragraph or table."""
    if not hasattr(block, "rows"):
        yield block.text
        return
    for row in block.rows:
        cells: list[str] = []
        last = None
        for cell in row.cells:  # a merged cell is repeated
            if cell._tc is not last:
                cells.append(" ".join(cell.text.split()))
            last = cell._tc
        yield "\t".join(cells)
