"""The plan of a job: the input split into parts, which are ranges of the documents of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the input, at the start of the job.

    Args:
        path: absolute path of the file or the folder of brat.
        bytes: its size, to notice that it has changed.
        documents: number of its documents, without invalid records.
        bad: number of its invalid records, which are skipped.
    """

    path: str
    bytes: int
    documents: int
    bad: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """Documents that are annotated together and written to one file.

    Args:
        number: number of the part, from 0, in the order of the input.
        path: file with the documents.
        first: index of the first document in the file.
        end: index after the last document in the file.
    """

    number: int
    path: str
    first: int
    end: int

    @property
    def documents(self) -> int:
        """Number of documents."""
        return self.end - self.first


def split_into_parts(sources: Iterable[Source], size: int) -> list[Part]:
    """Return parts of at most `size` documents; a part never contains documents of two files.

    Every document of every source is in exactly one part. The parts of a file have the same size,
    give or take one document.

    >>> sources = [Source("a", 1, 5), Source("b", 1, 0)]
    >>> [(part.first, part.end) for part in split_into_parts(sources, 2)]
    [(0, 2), (2, 4), (4, 5)]
    """
    ranges = ((s.path, *range_) for s in sources for range_ in _split_range(s.documents, size))
    return [Part(i, path, first, end) for i, (path, first, end) in enumerate(ranges)]


def _split_range(documents: int, size: int) -> Iterator[tuple[int, int]]:
    number = -(-documents // size)  # rounded up
    short, longer = divmod(documents, number) if number else (0, 0)
    first = 0
    for i in range(number):
        end = first + short + (i < longer)
        yield first, end
        first = end
