"""spaCy's `DocBin`, the binary training data of spaCy 3 (read only). It needs the package `spacy`.

Mentions are the entities and the groups of spans of each `Doc`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vaner.formats.records import RecordReader
from vaner.formats.source import InputFile, OnError, read_bytes
from vaner.text.documents import Document
from vaner.utils.distribution import describe_install


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Read each `Doc` of a file as a document, named after the file and its position.

    Args:
        path: the file.
        encoding: ignored, the text of a DocBin is UTF-8.
        on_error: see `vaner.formats.read`.

    Raises:
        FormatError: if spaCy is missing, or the file is broken.
    """
    file, reader = InputFile(path, on_error), RecordReader()
    for number, record in enumerate(_read_docs(file), 1):  # of the dialect of `Doc.to_json`
        yield from reader.read(record, f"{file.stem}-{number}", file.guard)


def _read_docs(file: InputFile) -> list[dict[str, Any]]:
    try:
        import spacy
        from spacy.tokens import DocBin
    except ImportError:
        message = "looks like a DocBin of spaCy; to read it: " + describe_install("spacy")
        raise file.error(message) from None
    content = read_bytes(file)
    try:
        docs = DocBin().from_bytes(content).get_docs(spacy.blank("xx").vocab)
        return [{"ents": [], **doc.to_json()} for doc in docs]
    except Exception as error:  # spaCy raises errors of many types for broken files
        raise file.error(f"cannot be read as DocBin: {type(error).__name__}: {error}") from None
