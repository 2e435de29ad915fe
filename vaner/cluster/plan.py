"""The input cut into parts: files, or ranges of the documents of a file. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the input, as it was when the job began.

    Args:
        path: the file or brat folder, absolute.
        bytes: its size, by which it is seen that it is another one.
        documents: how many are in it, bad ones aside.
        bad: how many records were left out of it.
    """

    path: str
    bytes: int
    documents: int
    bad: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """Documents that are annotated together and written into one file.

    Args:
        number: from 0 on, in the order of the input.
        path: the file that they are in.
        first: index in the file of the first of them.
        last: index behind the last of them.
    """

    number: int
    path: str
    first: int
    last: int

    @property
    def documents(self) -> int:
        """How many there are."""
        return self.last - self.first


def cut(sources: Iterable[Source], size: int) -> list[Part]:
    """Parts of at most `size` documents, none of two files, equally large within a file.

    Every document of every source is in exactly one part.

    >>> [(p.first, p.last) for p in cut([Source("a", 1, 5), Source("b", 1, 0)], 2)]
    [(0, 2), (2, 4), (4, 5)]
    """
    ranges = ((s.path, *range_) for s in sources for range_ in _ranges(s.documents, size))
    return [Part(i, path, first, last) for i, (path, first, last) in enumerate(ranges)]


def _ranges(documents: int, size: int) -> Iterator[tuple[int, int]]:
    number = -(-documents // size)
    short, longer = divmod(documents, number) if number else (0, 0)
    first = 0
    for i in range(number):
        last = first + short + (i < longer)
        yield first, last
        first = last
