"""Trailers: close a file properly, even if writing it ends in an error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def with_trailer(parts: Iterable[str], trailer: str) -> Iterator[str]:
    """Yield the parts and then the trailer, also if the parts end in an error.

    >>> list(with_trailer(["<a>", "x"], "</a>"))
    ['<a>', 'x', '</a>']
    """
    try:
        yield from parts
    except Exception:  # not GeneratorExit: a caller that stops reading needs no trailer
        yield trailer
        raise
    yield trailer
