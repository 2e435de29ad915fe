"""PDF: the text of all pages (read only). It needs the package `pypdf`.

The pages are joined by line breaks; `pages` in the metadata has the start and end of each. Lines
end as they do on the page, but words that are divided at the end of a line are joined. A scanned
PDF contains images and no text. Images, comments, form fields, attached files and pages without
text are counted.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import regex

from vaner.formats.skipped_records import SkipCounts, warn_skipped_records
from vaner.formats.source import InputFile, OnError, read_bytes
from vaner.text.documents import Document
from vaner.utils.distribution import describe_install

if TYPE_CHECKING:
    from pypdf import PageObject

IMAGE, COMMENT, FORM_FIELD = "image", "comment", "form field"
ATTACHMENT, EMPTY_PAGE = "attached file", "page without text"
# Links and windows have no content; a text field may have a value.
_ANNOTATIONS = {"/Link": "", "/Popup": "", "/Widget": FORM_FIELD}

_LETTERS = r"(?<![\p{L}\p{N}])([\p{L}\p{N}]++)"
_WORD = regex.compile(_LETTERS)
_DIVIDED_WORD = regex.compile(rf"{_LETTERS}([-\u00ad\u2010]) *+\n *+(?=([\p{{L}}\p{{N}}]++))")
_HYPHENATED_WORD = regex.compile(rf"{_LETTERS}[-\u2010](?=([\p{{L}}\p{{N}}]++))")
_CONJUNCTIONS = ("and", "or", "to")  # as in "short- and long-term"


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
    file, skipped = InputFile(path, on_error), SkipCounts()
    pages = _read_pages(file, skipped)
    if not any(page.strip() for page in pages):
        file.report("the PDF contains no text; recognize the text of its images first")
        return
    pages = _join_divided_words(pages)
    bounds, start = [], 0
    for page in pages:
        bounds.append((start, start + len(page)))
        start += len(page) + 1
    yield Document(file.stem, "\n".join(pages), (), {"pages": tuple(bounds)})
    skipped.update({EMPTY_PAGE: empty} if (empty := sum(not page for page in pages)) else {})
    warn_skipped_records(file, skipped)


def _read_pages(file: InputFile, skipped: SkipCounts) -> list[str]:
    try:
        from pypdf import PdfReader
    except ImportError:
        message = "looks like a PDF; to read it: " + describe_install("pdf")
        raise file.error(message) from None
    content, logger = io.BytesIO(read_bytes(file)), logging.getLogger("pypdf")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)  # it warns of each irregularity of a file
    pages, location = list[str](), ""
    try:
        reader = PdfReader(content)
        is_readable = not reader.is_encrypted or bool(reader.decrypt(""))
        for number in range(len(reader.pages) if is_readable else 0):
            location = f"page {number + 1}: "
            page = reader.pages[number]
            pages.append(page.extract_text().strip())
            skipped.update(_list_others(page))
        attached = len(reader.attachments) if is_readable else 0
        skipped.update({ATTACHMENT: attached} if attached else {})
    except Exception as error:  # pypdf raises errors of many types for broken files
        reason = f"{type(error).__name__}: {error}"
        raise file.error(f"{location}cannot be read as PDF: {reason}") from None
    finally:
        logger.setLevel(level)
    if not is_readable:
        raise file.error("the PDF needs a password; save it without one")
    return pages


def _join_divided_words(pages: Sequence[str]) -> list[str]:
    """Return pages without line breaks in words, and without the hyphens that only divide a word.

    Whether a hyphen belongs to a word is seen where the word is not divided, with or without the
    hyphen. Otherwise it belongs to words with a single letter, a digit or a capital letter before
    or after it, as in "p-value", "IL-6" and "mRNA-based".
    """
    read = "\n".join(pages).casefold()
    hyphenated, words = set(_HYPHENATED_WORD.findall(read)), set(_WORD.findall(read))

    def join(match: regex.Match[str]) -> str:
        first, hyphen, second = match.groups()
        folded, lower = (first.casefold(), second.casefold()), first[1:] + second
        is_one_word = hyphen == "\u00ad" or "".join(folded) in words
        if second in _CONJUNCTIONS and not is_one_word:
            return match[0]
        if folded in hyphenated:
            is_part = True
        elif "".join(folded) in words:
            is_part = False
        else:
            is_part = len(first) == 1 or not (lower.isalpha() and lower.islower())
        return first + ("-" if is_part and hyphen != "\u00ad" else "")

    return [_DIVIDED_WORD.sub(join, page) for page in pages]


def _list_others(page: PageObject) -> Iterator[str]:
    """Yield the kind of each image and annotation of a page."""
    resources = _resolve(page.get("/Resources"))
    objects = _resolve(resources.get("/XObject")) if isinstance(resources, dict) else None
    for item in map(_resolve, objects.values() if isinstance(objects, dict) else ()):
        if isinstance(item, dict) and item.get("/Subtype") == "/Image":
            yield IMAGE
    annotations = _resolve(page.get("/Annots"))
    for item in map(_resolve, annotations if isinstance(annotations, list) else ()):
        kind = _ANNOTATIONS.get(str(item.get("/Subtype")), COMMENT) if item else ""
        if kind:
            yield kind


def _resolve(value: Any) -> Any:
    """Return the object that a reference refers to."""
    return value.get_object() if hasattr(value, "get_object") else value
