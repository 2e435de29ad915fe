"""Quotes: mentions as a file repeats them, perhaps spelled otherwise than in the text.

PubTator and other programs write ``TNF-a`` or ``TNF-alpha`` for ``TNF-α``, and a hyphen for another
dash. Such a quote is accepted if it equals the mention after folding. It may be longer or shorter.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from vaner.formats.source import FormatWarning
from vaner.formats.spellings import is_same_spelling
from vaner.text.documents import Document


@dataclass(slots=True)
class Corrections:
    """What a reader accepted although it is not exactly as in the text.

    Args:
        quotes: mention in the text and quote in the file -> how often they differ in spelling.
        moved: quote and type of each mention of which a piece was moved.
        conversions: what offsets of a file do -> the documents in which they were converted.
    """

    quotes: Counter[tuple[str, str]] = field(default_factory=Counter)
    moved: list[tuple[str, str]] = field(default_factory=list)
    conversions: dict[str, list[str]] = field(default_factory=dict)


_corrections: ContextVar[Corrections | None] = ContextVar("corrections", default=None)


class FoldedQuoteWarning(FormatWarning):
    """A file repeats mentions in another spelling. Their offsets are right."""


@contextmanager
def collect_corrections(corrections: Corrections) -> Iterator[None]:
    """Record the corrections of a reader during the block."""
    token = _corrections.set(corrections)
    try:
        yield
    finally:
        _corrections.reset(token)


def accept_spelling(mention: str, quoted: str) -> bool:
    """Return whether a quote is the mention in another spelling; if so, count it.

    >>> accept_spelling("TNF-α", "TNF-alpha"), accept_spelling("TNF-α", "TNF-b")
    (True, False)
    """
    if not is_same_spelling(mention, quoted):
        return False
    if (corrections := _corrections.get()) is not None:
        corrections.quotes[mention, quoted] += 1
    return True


def report_conversion(description: str, document: str) -> None:
    """Record that the offsets of a document were converted, if a file is being read."""
    if (corrections := _corrections.get()) is not None:
        corrections.conversions.setdefault(description, []).append(document)


def report_moved_piece(quoted: str, type: str) -> None:
    """Record a mention of which a piece was moved, or warn about it if no file is being read."""
    if (corrections := _corrections.get()) is not None:
        corrections.moved.append((quoted, type))
    else:
        _warn_moved_piece("", quoted, type)


def _warn_moved_piece(location: str, quoted: str, type: str) -> None:
    warnings.warn(
        f"{location}a piece of the mention {quoted!r} ({type}) is one character off and was moved",
        FormatWarning,
        stacklevel=3,
    )


def warn_corrections(documents: Iterable[Document], name: str) -> Iterator[Document]:
    """Yield documents that are being read, and warn about what their reader corrected.

    Args:
        documents: documents of a reader.
        name: name of the file.

    Warns:
        FormatWarning: for each mention of which a piece was moved, with the document, and after
            the last document about offsets that were converted.
        FoldedQuoteWarning: after the last document, if there were quotes in another spelling.
    """
    corrections, remaining = Corrections(), iter(documents)
    while True:
        # Only while the reader works, so that files that are read in turns are counted separately.
        with collect_corrections(corrections):
            document = next(remaining, None)
        location = f"{name}: " if document is None else f"{name}: document {document.id}: "
        for quoted, type in corrections.moved:
            _warn_moved_piece(location, quoted, type)
        corrections.moved.clear()
        if document is None:
            break
        yield document
    for description, ids in corrections.conversions.items():
        where = f"document {ids[0]}" if len(ids) == 1 else f"{len(ids):,} documents ({ids[0]}, …)"
        message = f"{name}: the offsets of {where} {description}; converted"
        warnings.warn(message, FormatWarning, stacklevel=2)
    if corrections.quotes:
        (mention, quoted), number = next(iter(corrections.quotes)), corrections.quotes.total()
        what = "1 mention is" if number == 1 else f"{number:,} mentions are"
        warnings.warn(
            f"{name}: {what} spelled differently in the annotation, and accepted: "
            f"{quoted!r} for {mention!r}{', …' if len(corrections.quotes) > 1 else ''}",
            FoldedQuoteWarning,
            stacklevel=2,
        )
