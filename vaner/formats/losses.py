"""Losses: what a format cannot hold, counted by reason while documents are written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from vaner.text.documents import Span
from vaner.text.normalize import SURROGATE

Losses = Counter[str]
"""Reason -> number of times that something was changed or not written."""

SCORE = "score has no place in the format"
IDENTIFIER = "identifier has no place in the format"
CANDIDATES = "candidates of a mention have no place in the format"
CONTEXT = "negation or other context of a mention has no place in the format"
FRAGMENTS = "discontinuous mention written from its first to its last character"
CHARACTER = "character written as U+FFFD, the format cannot hold it"
LINE_BREAK = "line break written as a space"
NAME = "character of a name or type replaced by _"
MARK = "U+FEFF at the beginning of a file written as U+2060, it would be read as a byte order mark"
UNTYPED = "mention without a type, which is read as a NamedEntity"
METADATA = "metadata that JSON cannot hold left out"
DANGLING = "relation or attribute left out, its mention is gone"


def replace_surrogates(text: str, losses: Losses) -> str:
    """Return text that UTF-8 can hold. Lone surrogates become U+FFFD, so offsets do not change."""
    clean, count = SURROGATE.subn("\ufffd", text)
    losses[CHARACTER] += count
    return clean


def replace_file_start(text: str, losses: Losses) -> str:
    """Return text that can begin a file.

    U+FEFF at the start of a file would be read as a byte order mark. U+2060 has the same meaning
    elsewhere in a text, a joiner without width.
    """
    if not text.startswith("\ufeff"):
        return text
    losses[MARK] += 1
    return "\u2060" + text[1:]


def replace_line_breaks(text: str, losses: Losses) -> str:
    """Return text of the same length without line breaks and lone surrogates."""
    losses[LINE_BREAK] += text.count("\n") + text.count("\r")
    return replace_surrogates(text, losses).replace("\n", " ").replace("\r", " ")


def replace_forbidden(name: str, losses: Losses, forbidden: str = r"\s") -> str:
    """Return a name without characters that would end it in the format.

    Args:
        name: an identifier or entity type.
        losses: counts the replaced characters.
        forbidden: regular expression of the characters to replace by an underscore.
    """
    clean, count = re.subn(forbidden, "_", replace_surrogates(name, losses))
    losses[NAME] += count
    return clean


def count_scores(spans: Iterable[Span], losses: Losses) -> None:
    """Count the scores that are lost in a format without scores."""
    losses[SCORE] += sum(span.score is not None for span in spans)
