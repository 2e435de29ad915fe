"""A file that is closed properly, however what is written into it ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def with_trailer(parts: Iterable[str], end: str) -> Iterator[str]:
    """The parts, and the end behind them, also where they break off in an error.

    >>> list(closed(["<a>", "x"], "</a>"))
    ['<a>', 'x', '</a>']
    """
    try:
        yield from parts
    except Exception:  # whatever it is, it goes on from here; one who stops reading wants no end
        yield end
        raise
    yield end
