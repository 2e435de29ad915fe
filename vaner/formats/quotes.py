"""Quotes: mentions as a file repeats them, perhaps spelled otherwise than in the text.

PubTator and other programs write ``TNF-a`` for ``TNF-α`` and a hyphen for another dash. Such a
quote is accepted if it has the length of the mention and equals it after folding.
"""

from __future__ import annotations

import unicodedata
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from vaner.formats.source import FormatWarning
from vaner.text.documents import Document

QuoteCounts = Counter[tuple[str, str]]
"""Mention in the text and quote in the file -> how often they differ in spelling."""

# Letters that programs write for a Greek letter, by sound or by shape.
_GREEK = {
    "α": "a", "β": "bß", "γ": "gy", "δ": "d", "ε": "e", "ζ": "z", "η": "hen", "θ": "tq", "ι": "i",
    "κ": "k", "λ": "l", "μ": "mu", "ν": "nv", "ξ": "x", "ο": "o", "π": "p", "ρ": "rp", "σ": "s",
    "τ": "t", "υ": "uy", "φ": "fp", "χ": "xc", "ψ": "py", "ω": "ow",
}  # fmt: skip
_PUNCTUATION = str.maketrans(
    {"\u2212": "-", "`": "'", "´": "'", "\u2018": "'", "\u2019": "'", "\u2032": "'"}
    | {"\u201c": '"', "\u201d": '"', "\u2033": '"'}
)

_counts: ContextVar[QuoteCounts | None] = ContextVar("quote_counts", default=None)


class FoldedQuoteWarning(FormatWarning):
    """A file repeats mentions in another spelling. Their offsets are right."""


def is_same_after_folding(mention: str, quoted: str) -> bool:
    """Return whether a quote has the length of the mention, and differs only in spelling.

    Case, accents, dashes, quotation marks, white space and Greek letters written as Latin ones are
    differences in spelling.

    >>> is_same_after_folding("TNF-α", "TNF-a"), is_same_after_folding("TNF-α", "TNF-b")
    (True, False)
    """
    return len(mention) == len(quoted) and all(map(_is_same_letter, mention, quoted))


def _is_same_letter(first: str, second: str) -> bool:
    if first == second:
        return True
    a, b = _fold(first), _fold(second)
    return a == b or (b != "" and b in _GREEK.get(a, "")) or (a != "" and a in _GREEK.get(b, ""))


def _fold(character: str) -> str:
    """Return a character without case and accent; dashes and white space have one form each."""
    if character.isspace():
        return " "
    if unicodedata.category(character) == "Pd":
        return "-"
    translated = character.translate(_PUNCTUATION)
    parts = unicodedata.normalize("NFKD", translated).casefold()
    return "".join(c for c in parts if not unicodedata.combining(c)) or character


@contextmanager
def collect_quotes(counts: QuoteCounts) -> Iterator[None]:
    """Count the quotes that are accepted during the block."""
    token = _counts.set(counts)
    try:
        yield
    finally:
        _counts.reset(token)


def count_folded_quote(mention: str, quoted: str) -> None:
    """Count a quote that is accepted although it is spelled otherwise than in the text."""
    if (counts := _counts.get()) is not None:
        counts[mention, quoted] += 1


def warn_folded_quotes(documents: Iterable[Document], name: str) -> Iterator[Document]:
    """Yield documents that are being read, and warn once about the quotes that were accepted.

    Args:
        documents: documents of a reader.
        name: name of the file.

    Warns:
        FoldedQuoteWarning: after the last document, if there were such quotes.
    """
    counts, remaining = QuoteCounts(), iter(documents)
    while True:
        # Only while the reader works, so that files that are read in turns are counted separately.
        with collect_quotes(counts):
            document = next(remaining, None)
        if document is None:
            break
        yield document
    if counts:
        (mention, quoted), number = next(iter(counts)), counts.total()
        what = "1 mention is" if number == 1 else f"{number:,} mentions are"
        warnings.warn(
            f"{name}: {what} spelled differently in the annotation, and accepted: "
            f"{quoted!r} for {mention!r}{', …' if len(counts) > 1 else ''}",
            FoldedQuoteWarning,
            stacklevel=2,
        )
