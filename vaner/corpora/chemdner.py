"""Read BC4CHEMD from the original archive, which has separate files for texts and annotations.

A line of ``training.abstracts.txt`` is ``PMID<tab>title<tab>abstract``, a line of
``training.annotations.txt`` is ``PMID<tab>T or A<tab>start<tab>end<tab>mention<tab>class``, with
offsets into the title or the abstract. The files ``development`` and ``evaluation`` have the same
layout.
"""

from __future__ import annotations

import io
import tarfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from vaner.errors import FormatError
from vaner.formats.spans import make_span
from vaner.text.documents import Document, Span, SpanError

Row = tuple[int, list[str]]
"""A line number and the fields of that line."""


def read(archive: Path, part: str) -> Iterator[Document]:
    """Read the documents of one part, with title and abstract joined by a line break.

    Archive members are found by the last component of their names and read in place. Nothing is
    extracted, so paths in the archive have no effect.

    Args:
        archive: the ``.tar.gz`` file.
        part: ``training``, ``development`` or ``evaluation``.

    Raises:
        FormatError: with the archive, the member and the line.
    """
    abstracts, annotations = f"{part}.abstracts.txt", f"{part}.annotations.txt"
    with _open_archive(archive) as tar:
        texts = list(_read_rows(tar, archive, abstracts, 3))
        mentions: dict[str, list[Row]] = defaultdict(list)
        for number, fields in _read_rows(tar, archive, annotations, 6):
            mentions[fields[0]].append((number, fields))
    for _, (pmid, title, abstract) in texts:
        rows = mentions.pop(pmid, [])
        yield Document(
            pmid,
            f"{title}\n{abstract}",
            tuple(_make_span(title, abstract, row, f"{archive}/{annotations}") for row in rows),
        )
    for pmid, rows in mentions.items():
        raise FormatError(
            f"annotates {pmid}, which is not in {abstracts}", f"{archive}/{annotations}", rows[0][0]
        )


@contextmanager
def _open_archive(archive: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(archive) as tar:
            yield tar
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise FormatError(f"cannot be read: {error}", archive) from None


def _read_rows(tar: tarfile.TarFile, archive: Path, name: str, width: int) -> Iterator[Row]:
    for member in tar:
        if member.isfile() and Path(member.name).name == name:
            stream = tar.extractfile(member)
            break
    else:
        raise FormatError(f"contains no file {name}", archive)
    assert stream is not None  # extractfile returns None only for members that are not files
    with io.TextIOWrapper(stream, "utf-8", newline="\n") as lines:
        try:
            for number, line in enumerate(lines, 1):
                fields = line.rstrip("\r\n").split("\t")
                if len(fields) != width:
                    raise FormatError(
                        f"expected {width} columns, got {len(fields)}", f"{archive}/{name}", number
                    )
                yield number, fields
        except UnicodeDecodeError:
            raise FormatError("is not UTF-8", f"{archive}/{name}") from None


def _make_span(title: str, abstract: str, row: Row, path: str) -> Span:
    number, (_, section, start, end, mention, label) = row
    sections: Mapping[str, tuple[str, int]] = {"T": (title, 0), "A": (abstract, len(title) + 1)}
    if section not in sections or not (start.isdecimal() and end.isdecimal()):
        raise FormatError("expected PMID, T or A, start, end, mention, class", path, number)
    text, offset = sections[section]
    try:
        span = make_span(text, [(int(start), int(end))], label, quoted=mention)
    except SpanError as error:
        raise FormatError(str(error), path, number) from None
    return Span(span.start + offset, span.end + offset, label)
