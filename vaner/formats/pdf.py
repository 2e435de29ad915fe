"""PDF: the text of all pages (read only). It needs the package `pypdf`.

The pages are joined by line breaks; `pages` in the metadata has the start and end of each. Lines
end as they do on the page. A scanned PDF contains images and no text.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from pathlib import Path

from vaner.formats.source import InputFile, OnError, read_bytes
from vaner.text.documents import Document
from vaner.utils.distribution import describe_install


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Read a PDF as one document, named after the file.

    Args:
        path: the file.
        encoding: ignored, a PDF declares its encodings itself.
        on_error: see `vaner.formats.read`.

    Raises:
        FormatError: if `pypdf` is missing, or the file is broken, encrypted, or has no text.
    """
    file = InputFile(path, on_error)
    pages = _read_pages(file)
    if not any(page.strip() for page in pages):
        file.report("the PDF contains no text; recognize the text of its images first")
        return
    bounds, start = [], 0
    for page in pages:
        bounds.append((start, start + len(page)))
        start += len(page) + 1
    yield Document(file.stem, "\n".join(pages), (), {"pages": tuple(bounds)})


def _read_pages(file: InputFile) -> list[str]:
    try:
        from pypdf import PdfReader
    except ImportError:
        message = "looks like a PDF; to read it: " + describe_install("pdf")
        raise file.error(message) from None
    content, logger = io.BytesIO(read_bytes(file)), logging.getLogger("pypdf")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)  # it warns of each irregularity of a file
    try:
        reader = PdfReader(content)
        is_readable = not reader.is_encrypted or bool(reader.decrypt(""))
        pages = [page.extract_text().strip() for page in reader.pages] if is_readable else []
    except Exception as error:  # pypdf raises errors of many types for broken files
        raise file.error(f"cannot be read as PDF: {type(error).__name__}: {error}") from None
    finally:
        logger.setLevel(level)
    if not is_readable:
        raise file.error("the PDF needs a password; save it without one")
    return pages
