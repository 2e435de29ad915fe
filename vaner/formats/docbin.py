"""spaCy's `DocBin`, the binary training data of spaCy 3 (read only). It needs the package `spacy`.

Mentions are the entities and the groups of spans of each `Doc`. Parts of speech, lemmas, user data
and other annotations are left out, and counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaner.formats.jsonl import guard_item
from vaner.formats.records import RecordReader
from vaner.formats.skipped_records import SkipCounts
from vaner.formats.source import InputFile, OnError, read_bytes
from vaner.text.documents import Document
from vaner.utils.distribution import describe_install

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span

TOKEN_LAYER = "annotation of a token"
GROUP = "name of a group of spans"
USER_DATA = "value of user data"


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

    Warns:
        SkippedRecordsWarning: about what is left out of the file.
    """
    file, reader = InputFile(path, on_error), RecordReader()
    prefix = f"{file.stem}-"
    for number, doc in enumerate(_read_docs(file), 1):
        record = _to_record(doc, reader.skipped)
        guard = partial(guard_item, file, None, f"{prefix}{number}")
        yield from reader.read(record, prefix, number, guard)
    reader.warn(file)


def _read_docs(file: InputFile) -> Iterator[Doc]:
    try:
        import spacy
        from spacy.tokens import DocBin
    except ImportError:
        message = "looks like a DocBin of spaCy; to read it: " + describe_install("spacy")
        raise file.error(message) from None
    content, number = read_bytes(file), 0
    try:
        for doc in DocBin().from_bytes(content).get_docs(spacy.blank("xx").vocab):
            number += 1
            yield doc
    except Exception as error:  # spaCy raises errors of many types for broken files
        location = f" after {number:,} documents" if number else ""
        raise file.error(
            f"cannot be read as DocBin{location}: {type(error).__name__}: {error}"
        ) from None


def _to_record(doc: Doc, skipped: SkipCounts) -> dict[str, Any]:
    """Return a `Doc` in the dialect of `Doc.to_json`, which has no identifiers of entities."""
    counts = {
        TOKEN_LAYER: sum(bool(t.tag_ or t.pos_ or t.lemma_ or t.dep_ or t.morph) for t in doc),
        GROUP: len(doc.spans),
        USER_DATA: len(doc.user_data),
    }
    skipped.update({reason: count for reason, count in counts.items() if count})
    record: dict[str, Any] = {
        "text": doc.text,
        "ents": [_to_entry(ent) for ent in doc.ents],
        "spans": {key: [_to_entry(span) for span in doc.spans[key]] for key in doc.spans},
        "cats": doc.cats,
    }
    if doc.has_annotation("SENT_START"):
        record["sents"] = [{"start": s.start_char, "end": s.end_char} for s in doc.sents]
    return record


def _to_entry(span: Span) -> dict[str, Any]:
    return {
        "start": span.start_char,
        "end": span.end_char,
        "label": span.label_,
        "kb_id": span.kb_id_,
    }
