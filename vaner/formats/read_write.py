"""Read and write documents in any format."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TextIO

from vaner.errors import FormatError, VanerError
from vaner.formats.compression import check_not_compressed, open_compressed_text
from vaner.formats.detect import detect_format, suggest_format
from vaner.formats.losses import Losses, replace_file_start
from vaner.formats.names import get_format
from vaner.formats.quotes import warn_corrections
from vaner.formats.registry import FORMATS
from vaner.formats.source import STDIN, OnError, get_suffix
from vaner.formats.unsupported_annotations import prepare_unsupported_annotations
from vaner.text.documents import Document
from vaner.utils.atomic_write import atomic_write, find_replaceable_file


@dataclass(frozen=True, slots=True)
class WriteReport:
    """The result of writing documents.

    Args:
        documents: number of documents written.
        lost: reason -> number of times that something was changed or not written, because the
            format cannot hold it. Empty if nothing was lost.
    """

    documents: int = 0
    lost: Mapping[str, int] = field(default_factory=dict)


def read(
    path: str | Path,
    format: str | None = None,
    *,
    encoding: str = "utf-8",
    on_error: OnError | None = None,
    **options: str | None,
) -> Iterator[Document]:
    """Read the documents of a file, one at a time.

    Args:
        path: file or folder, compressed or not, or ``"-"`` for standard input.
        format: name of a format in `FORMATS`. Default: detected from the file; CSV if an option
            names a column of a table and the suffix is ``.csv``, ``.tsv`` or ``.txt``.
        encoding: encoding of the file. UTF-8 may begin with a byte order mark.
        on_error: called with each error. The reader then skips the bad mention, or the document if
            the document is bad, and continues. Errors that make continuing impossible, such as a
            wrong encoding, are raised. If None, all errors are raised.

        options: parameters of a format, such as ``text_column="note"`` for CSV. None is ignored.

    Raises:
        FormatError: naming file and line, and the document if a mention is wrong.
        VanerError: for an option that the format does not have.
    """
    given = {name: value for name, value in options.items() if value is not None}
    source = get_format(format or _detect_format(path, encoding, given))
    for name in given.keys() - set(source.options):
        others = ", ".join(f.name for f in FORMATS.values() if name in f.options)
        known = f"it is an option of {others}" if others else "no format has it"
        raise VanerError(f"{path}: the format {source.name} has no option {name}; {known}")
    if source.member_reader:
        members = source.member_reader(path)
        return chain.from_iterable(read(m, encoding=encoding, on_error=on_error) for m in members)
    assert source.reader is not None  # a format has one or the other
    documents = source.reader(path, encoding=encoding, on_error=on_error, **given)
    return warn_corrections(documents, "<stdin>" if str(path) == STDIN else str(path))


def _detect_format(path: str | Path, encoding: str, options: Collection[str]) -> str:
    """Return the format of a file: CSV for a table whose columns only the options reveal."""
    detected = detect_format(path, encoding=encoding)
    is_table = bool(options) and {*options} <= {*FORMATS["csv"].options}
    has_suffix = get_suffix(Path(path)) in (".csv", ".tsv", ".txt")
    return "csv" if is_table and has_suffix and detected in ("conll", "text") else detected


def write_to(documents: Iterable[Document], stream: TextIO, format: str) -> WriteReport:
    """Write documents to a stream. The stream is flushed after each document.

    Args:
        documents: the documents. A generator is consumed one document at a time.
        stream: a text stream.
        format: name of a format in `FORMATS`.

    Raises:
        VanerError: if the format cannot be written to a stream.
    """
    target = get_format(format)
    if target.writer is None:
        streamable = ", ".join(f.name for f in FORMATS.values() if f.writer)
        raise VanerError(f"{format} cannot be written to a stream; use one of {streamable}")
    losses, counter = Losses(), _CountingIterable(documents)
    prepared = prepare_unsupported_annotations(counter, target, losses)
    for number, piece in enumerate(target.writer(prepared, losses)):
        stream.write(piece if number else replace_file_start(piece, losses))
        stream.flush()
    return WriteReport(counter.number, dict(+losses))


def write(
    documents: Iterable[Document], path: str | Path, format: str | None = None
) -> WriteReport:
    """Write documents to a file, to a folder (brat), or to standard output (``"-"``).

    Each document is written before the next one is requested, so an error loses none of them. Do
    not write to the file that the documents are read from.

    Args:
        documents: the documents. A generator is consumed one document at a time.
        path: file or folder; missing folders are created. ``.gz``, ``.bz2`` or ``.xz`` at the end
            compresses.
        format: name of a format in `FORMATS`. Default: from the suffix of the path.

    Raises:
        VanerError: if the format cannot be written.
        FormatError: if the file cannot be written.
    """
    target = get_format(format or suggest_format(path))
    if not target.is_writable:
        raise VanerError(f"{target.name} can only be read")
    try:
        if target.path_writer:
            if str(path) == STDIN:
                raise VanerError(f"{target.name} cannot be written to a stream; give a file")
            check_not_compressed(path, target.name)
            losses, counter = Losses(), _CountingIterable(documents)
            prepared = prepare_unsupported_annotations(counter, target, losses)
            opened = (
                nullcontext(Path(path)) if target.folder_writer else _complete_file(path, counter)
            )
            with opened as file:
                number = sum(1 for _ in target.path_writer(prepared, file, losses))
            return WriteReport(number, dict(+losses))
        with open_output(path) as stream:
            return write_to(documents, stream, target.name)
    except OSError as error:
        raise FormatError(f"cannot be written: {error.strerror or error}", path) from None


@contextmanager
def open_output(path: str | Path) -> Iterator[TextIO]:
    """Open a UTF-8 stream that does not translate line ends, in folders that may be missing.

    Args:
        path: file, or ``"-"`` for standard output. ``.gz``, ``.bz2`` or ``.xz`` compresses.

    Raises:
        OSError: if the file cannot be written.
    """
    if str(path) == STDIN:
        yield sys.stdout
        return
    file = find_replaceable_file(Path(path)) or Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    if compressed := open_compressed_text(path):
        with compressed:
            yield compressed
    else:
        with open(path, "w", encoding="utf-8", newline="") as stream:
            yield stream


@contextmanager
def _complete_file(path: str | Path, documents: _CountingIterable) -> Iterator[Path]:
    """Yield a temporary path for a binary file, which cannot be read before it is complete.

    It replaces `path` at the end, also if reading a document failed: the writer then completes the
    file with the documents before that. If writing failed, `path` is as it was.

    Args:
        path: the file.
        documents: the documents that are written.
    """
    failure: BaseException | None = None
    with atomic_write(Path(path)) as temporary:
        try:
            yield temporary
        except BaseException as error:
            if not documents.has_failed:
                raise
            failure = error
    if failure is not None:
        raise failure


class _CountingIterable:
    """An iterable that counts the documents it has yielded.

    Attributes:
        number: number of documents so far.
        has_failed: whether an error ended them.
    """

    def __init__(self, documents: Iterable[Document]) -> None:
        self.documents, self.number, self.has_failed = documents, 0, False

    def __iter__(self) -> Iterator[Document]:
        try:
            for document in self.documents:
                self.number += 1
                yield document
        except GeneratorExit:
            raise
        except BaseException:
            self.has_failed = True
            raise


def make_ids_unique(documents: Iterable[Document]) -> Iterator[Document]:
    """Yield documents with unique ids, e.g. for scoring.

    Readers keep the ids of a file, which may occur twice: PMID 8528200 does in the training set of
    NCBI-disease. The second document then becomes ``8528200#2``.
    """
    duplicates, used = Counter[str](), set[str]()
    for document in documents:
        id = document.id
        while id in used:
            duplicates[document.id] += 1
            id = f"{document.id}#{duplicates[document.id] + 1}"
        used.add(id)
        yield document if id == document.id else replace(document, id=id)
