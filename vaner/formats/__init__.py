"""Document formats: one file each, one way in (`read`) and one way out (`write`, `write_to`).

>>> import io
>>> from vaner.text.documents import Document, Span
>>> stream = io.StringIO()
>>> report = write_to([Document("d1", "Asthma.", (Span(0, 6, "Disease"),))], stream, "conll")
>>> stream.getvalue().split()
['Asthma', 'B-Disease', '.', 'O']
>>> list(report.lost)
['document id has no place in the format', 'document whose white space is written as one space']
"""

from __future__ import annotations

import gzip
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, TextIO, cast

from vaner.errors import FormatError, VanerError
from vaner.formats import (
    brat,
    conll,
    doccano,
    genetag,
    jsonl,
    label_studio,
    parquet,
    prodigy,
    pubmed,
    pubtator,
    text,
)
from vaner.formats.bioc import json as bioc_json
from vaner.formats.bioc import xml as bioc_xml
from vaner.formats.detect import detect_format, suggest_format
from vaner.formats.source import STDIN, FormatWarning, OnError, get_suffix
from vaner.formats.spans import encode_file_start, rename_types
from vaner.formats.unsupported_annotations import ALL, count_unsupported_annotations
from vaner.text.documents import Document

__all__ = [
    "FORMATS",
    "Format",
    "FormatWarning",
    "OnError",
    "WriteReport",
    "detect_format",
    "get_suffix",
    "has_known_suffix",
    "make_ids_unique",
    "read",
    "rename_types",
    "suggest_format",
    "write",
    "write_to",
]


class Reader(Protocol):
    def __call__(
        self, path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
    ) -> Iterator[Document]: ...


Writer = Callable[[Iterable[Document], Counter[str]], Iterator[str]]
PathWriter = Callable[[Iterable[Document], Path, Counter[str]], Iterator[Document]]


@dataclass(frozen=True, slots=True)
class Format:
    """A format by name.

    Args:
        name: the name it goes by on the command line.
        description: one line for help and documentation.
        suffixes: what its files usually end in.
        reader: documents of a file.
        writer: text of the documents in pieces, one a document; None for formats that are only
            read, that are a folder, or that are no text.
        folder_writer: writes files into a folder.
        file_writer: writes a file that is no text.
        besides: metadata from which it writes relations, attributes and notes again.
    """

    name: str
    description: str
    suffixes: tuple[str, ...]
    reader: Reader
    writer: Writer | None = None
    folder_writer: PathWriter | None = None
    file_writer: PathWriter | None = None
    besides: tuple[str, ...] = ()

    @property
    def path_writer(self) -> PathWriter | None:
        """What writes a format that cannot be a stream."""
        return self.folder_writer or self.file_writer

    @property
    def writable(self) -> bool:
        return bool(self.writer or self.path_writer)


@dataclass(frozen=True, slots=True)
class WriteReport:
    """What was written, and what the format could not express.

    Args:
        documents: number of documents written.
        lost: reason -> how often something was left out or changed; empty if nothing was.
    """

    documents: int = 0
    lost: Mapping[str, int] = field(default_factory=dict)


FORMATS: Mapping[str, Format] = {
    f.name: f
    for f in (
        Format("text", "plain text, a document a file", (".txt",), text.read, text.render),
        Format(
            "lines",
            "plain text, a document a line",
            (".txt",),
            text.read_each_line,
            text.render_each_line,
        ),
        Format(
            "jsonl",
            "JSON Lines, holds everything",
            (".jsonl", ".ndjson"),
            jsonl.read,
            jsonl.render,
            besides=ALL,
        ),
        Format(
            "parquet",
            "Parquet, a row a document",
            (".parquet",),
            parquet.read,
            file_writer=parquet.write_file,
            besides=ALL,
        ),
        Format(
            "conll",
            "CoNLL columns: a token a line, its tag last (IOB1, IOB2, BIOES); of mentions that "
            "overlap only the longest",
            (".tsv", ".conll", ".bio", ".iob", ".iob2", ".iobes"),
            conll.read,
            conll.render,
        ),
        Format(
            "pubtator",
            "PubTator: title, abstract, tab-separated mentions in one piece",
            (".pubtator", ".txt"),
            pubtator.read,
            pubtator.render,
            besides=("pubtator",),
        ),
        Format(
            "bioc_xml", "BioC as XML", (".xml",), bioc_xml.read, bioc_xml.render, besides=("bioc",)
        ),
        Format(
            "bioc_json",
            "BioC as JSON",
            (".json",),
            bioc_json.read,
            bioc_json.render,
            besides=("bioc",),
        ),
        Format(
            "brat",
            "brat standoff: a folder of .txt and .ann files",
            (".ann",),
            brat.read,
            folder_writer=brat.write_folder,
            besides=("brat",),
        ),
        Format(
            "label_studio",
            "Label Studio's JSON: tasks with predictions, exports with annotations",
            (".json",),
            label_studio.read,
            label_studio.render,
        ),
        Format("prodigy", "Prodigy's JSON Lines", (".jsonl",), prodigy.read, prodigy.render),
        Format("doccano", "doccano's JSON Lines", (".jsonl",), doccano.read, doccano.render),
        Format("pubmed", "PubMed or MEDLINE XML (read only)", (".xml",), pubmed.read),
        Format(
            "genetag",
            "BioCreative gene mentions: sentences beside their mentions (read only)",
            (".test", ".in"),
            genetag.read,
        ),
    )
}


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise VanerError(f"no format is called {name!r}; there are {', '.join(FORMATS)}")
    return FORMATS[name]


def has_known_suffix(file: Path) -> bool:
    """Whether a file is named as those of some format mostly are."""
    return any(get_suffix(file) in format.suffixes for format in FORMATS.values())


def read(
    path: str | Path,
    format: str | None = None,
    *,
    encoding: str = "utf-8",
    on_error: OnError | None = None,
) -> Iterator[Document]:
    """Documents of a file, one at a time.

    Args:
        path: file or folder, plain or gzip, or ``"-"`` for standard input.
        format: name in `FORMATS`, or None to tell it from the file.
        encoding: encoding of the file; UTF-8 may begin with a byte order mark.
        on_error: called with each error, after which the bad part is left out: the mention where
            only a mention is bad, the document where the document is. What leaves no way on, such
            as a broken encoding, raises all the same. None raises every error.

    Raises:
        FormatError: naming file and line.
    """
    chosen = _format(format or detect_format(path, encoding=encoding))
    return chosen.reader(path, encoding=encoding, on_error=on_error)


def write_to(documents: Iterable[Document], stream: TextIO, format: str) -> WriteReport:
    """Write documents to a stream as they come, flushing after each.

    Raises:
        VanerError: for a format that cannot be written to a stream.
    """
    chosen = _format(format)
    if chosen.writer is None:
        writable = ", ".join(f.name for f in FORMATS.values() if f.writer)
        raise VanerError(f"{format} cannot be written to a stream; {writable} can")
    lost, counted = Counter[str](), _Counted(documents)
    written = count_unsupported_annotations(counted, chosen.besides, lost)
    for number, piece in enumerate(chosen.writer(written, lost)):
        stream.write(piece if number else encode_file_start(piece, lost))
        stream.flush()
    return WriteReport(counted.number, dict(+lost))


def write(
    documents: Iterable[Document], path: str | Path, format: str | None = None
) -> WriteReport:
    """Write documents to a file, to standard output (``"-"``), or for brat into a folder.

    Each document is on disk before the next is asked for, so an error loses none of them. The
    file must not be the one that the documents are being read from.

    Args:
        documents: the documents; a generator is consumed as it yields.
        path: file or folder; ``.gz`` at the end compresses.
        format: name in `FORMATS`, or None to tell it from the suffix.

    Raises:
        VanerError: for a format that is only read.
        FormatError: for a file that cannot be written.
    """
    chosen = _format(format or suggest_format(path))
    if not chosen.writable:
        raise VanerError(f"{chosen.name} can only be read")
    try:
        if chosen.path_writer:
            if str(path) == STDIN:
                raise VanerError(f"{chosen.name} cannot be written to a stream; give a file")
            lost = Counter[str]()
            written = count_unsupported_annotations(documents, chosen.besides, lost)
            number = sum(1 for _ in chosen.path_writer(written, Path(path), lost))
            return WriteReport(number, dict(+lost))
        with _sink(path) as stream:
            return write_to(documents, stream, chosen.name)
    except OSError as problem:
        raise FormatError(f"cannot be written: {problem.strerror or problem}", path) from None


@contextmanager
def _sink(path: str | Path) -> Iterator[TextIO]:
    """A UTF-8 stream that translates no line ends."""
    if str(path) == STDIN:
        yield sys.stdout
    elif str(path).endswith(".gz"):
        with gzip.open(path, "wt", encoding="utf-8", newline="") as packed:
            yield cast(TextIO, packed)
    else:
        with open(path, "w", encoding="utf-8", newline="") as stream:
            yield stream


class _Counted:
    """An iterable that knows how many items it has handed on."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self.documents, self.number = documents, 0

    def __iter__(self) -> Iterator[Document]:
        for document in self.documents:
            self.number += 1
            yield document


def make_ids_unique(documents: Iterable[Document]) -> Iterator[Document]:
    """Documents with ids made unique, for what must tell them apart, such as scoring.

    Readers keep ids as they are in the file, where one can stand twice (PMID 8528200 does in the
    NCBI disease training set). The second becomes ``8528200#2``.
    """
    seen, used = Counter[str](), set[str]()
    for document in documents:
        name = document.id
        while name in used:
            seen[document.id] += 1
            name = f"{document.id}#{seen[document.id] + 1}"
        used.add(name)
        yield document if name == document.id else replace(document, id=name)
