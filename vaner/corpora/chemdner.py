"""BC4CHEMD as its makers give it away: texts and annotations side by side in one archive.

``training.abstracts.txt`` has ``PMID<tab>title<tab>abstract`` a line, ``training.annotations.txt``
``PMID<tab>T or A<tab>start<tab>end<tab>mention<tab>class``, with offsets into title or abstract;
``development`` and ``evaluation`` likewise.
"""

from __future__ import annotations

import io
import tarfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from vaner.errors import FormatError
from vaner.formats.spans import make_span
from vaner.text.documents import Document, Span, SpanError

Row = tuple[int, list[str]]
"""Number of a line, and its fields."""


def read(archive: Path, part: str) -> Iterator[Document]:
    """The documents of one part, title and abstract joined by a line break.

    Members are found by the last part of their names and read where they are: nothing that the
    archive says of places is followed.

    Args:
        archive: the .tar.gz.
        part: ``training``, ``development`` or ``evaluation``.

    Raises:
        FormatError: naming archive, member and line.
    """
    abstracts, annotations = f"{part}.abstracts.txt", f"{part}.annotations.txt"
    with _opened(archive) as tar:
        texts = list(_rows(tar, archive, abstracts, 3))
        mentions: dict[str, list[Row]] = defaultdict(list)
        for number, fields in _rows(tar, archive, annotations, 6):
            mentions[fields[0]].append((number, fields))
    for _, (name, title, abstract) in texts:
        rows = mentions.pop(name, [])
        yield Document(
            name,
            f"{title}\n{abstract}",
            tuple(_span(title, abstract, row, f"{archive}/{annotations}") for row in rows),
        )
    for name, rows in mentions.items():
        raise FormatError(
            f"annotates {name}, which is not in {abstracts}", f"{archive}/{annotations}", rows[0][0]
        )


@contextmanager
def _opened(archive: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(archive) as tar:
            yield tar
    except (tarfile.TarError, EOFError, zlib.error, OSError) as problem:
        raise FormatError(f"cannot be read: {problem}", archive) from None


def _rows(tar: tarfile.TarFile, archive: Path, name: str, width: int) -> Iterator[Row]:
    for member in tar:
        if member.isfile() and Path(member.name).name == name:
            stream = tar.extractfile(member)
            break
    else:
        raise FormatError(f"holds no {name}", archive)
    assert stream is not None  # of a file there is one
    with io.TextIOWrapper(stream, "utf-8", newline="\n") as lines:
        try:
            for number, line in enumerate(lines, 1):
                fields = line.rstrip("\r\n").split("\t")
                if len(fields) != width:
                    raise FormatError(
                        f"expected {width} columns, found {len(fields)}",
                        f"{archive}/{name}",
                        number,
                    )
                yield number, fields
        except UnicodeDecodeError:
            raise FormatError("is not UTF-8", f"{archive}/{name}") from None


def _span(title: str, abstract: str, row: Row, path: str) -> Span:
    number, (_, where, start, end, mention, label) = row
    texts: Mapping[str, Sequence[str | int]] = {"T": (title, 0), "A": (abstract, len(title) + 1)}
    if where not in texts or not (start.isdecimal() and end.isdecimal()):
        raise FormatError("expected PMID, T or A, start, end, mention, class", path, number)
    text, offset = texts[where]
    try:
        span = make_span(str(text), [(int(start), int(end))], label, quoted=mention)
    except SpanError as problem:
        raise FormatError(str(problem), path, number) from None
    return Span(span.start + int(offset), span.end + int(offset), label)
