"""What the formats share about mentions: checking them, and remembering how a file spelt them."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from vaner.formats.source import FormatWarning
from vaner.text.documents import Document, Span, SpanError

Pieces = Sequence[tuple[int, int]]

Losses = Counter[str]
"""Reason -> how often something could not be written as it was."""

SCORE = "score has no place in the format"
IDENTIFIER = "identifier has no place in the format"
FRAGMENTS = "discontinuous mention written from its first to its last character"
CHARACTER = "character written as U+FFFD, the format cannot hold it"
LINE_BREAK = "line break written as a space"
NAME = "character of a name or type replaced by _"
MARK = "U+FEFF at the beginning of a file written as U+2060, it would be read as a byte order mark"
METADATA = "metadata that JSON cannot hold left out"
DANGLING = "relation or attribute left out, its mention is gone"

OFFSET = "[0-9]{1,18}"
"""What is read as an offset: Python refuses to make a number of thousands of digits."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_SPACE = re.compile(r"\s+")


def make_span(
    text: str,
    pieces: Pieces,
    type: str,
    *,
    quoted: str | None = None,
    score: float | None = None,
    identifiers: Iterable[str] = (),
) -> Span:
    """A span that lies in its text and says what the file says it says.

    Args:
        text: text of the document.
        pieces: ``(start, end)`` pairs in code points, one for a contiguous mention.
        type: entity type.
        quoted: the mention as the file repeats it, or None where it does not. White space is
            compared loosely, since files put a line break or a gap down as a space. A piece of a
            discontinuous mention that is one character off is moved to where it agrees, with a
            warning: counting a gap is where annotation tools slip.
        score: probability in [0, 1] or None.
        identifiers: identifiers of concepts.

    Raises:
        SpanError: saying what is wrong.
    """
    pieces = sorted((int(start), int(end)) for start, end in pieces)
    for start, end in pieces:
        if not 0 <= start < end <= len(text):
            raise SpanError(
                f"mention {start}:{end} ({type}) does not lie in the text, "
                f"which has {len(text)} characters"
            )
        if not text[start:end].strip():
            raise SpanError(f"mention {start}:{end} ({type}) is blank")
    if quoted is not None and not _agrees(text, pieces, quoted):
        pieces = _moved(text, pieces, type, quoted)
    fragments = tuple(pieces) if len(pieces) > 1 else ()
    return Span(pieces[0][0], pieces[-1][1], type, score, tuple(identifiers), fragments)


def _agrees(text: str, pieces: Pieces, quoted: str) -> bool:
    found = " ".join(text[start:end] for start, end in pieces)
    if quoted == found or _blanked(found, quoted):
        return True
    hull = text[pieces[0][0] : pieces[-1][1]]
    # A discontinuous mention is repeated piece by piece or whole, with or without gaps.
    gap = "" if len(pieces) > 1 else " "
    return _SPACE.sub(gap, quoted) in {_SPACE.sub(gap, t) for t in (found, hull)}


def _moved(text: str, pieces: Pieces, type: str, quoted: str) -> Pieces:
    """The pieces of a discontinuous mention with one of them a character further on or back.

    Raises:
        SpanError: where that does not make it agree, or more than one way does.
    """
    ways = []
    for i, (start, end) in enumerate(pieces if len(pieces) > 1 else ()):
        for by in (-1, 1):
            way = [*pieces[:i], (start + by, end + by), *pieces[i + 1 :]]
            if " ".join(text[max(0, s) : e] for s, e in way) == " ".join(quoted.split()):
                ways.append(way)
    if len(ways) == 1:
        warnings.warn(
            f"a piece of the mention {quoted!r} ({type}) is one character off and was moved",
            FormatWarning,
            stacklevel=2,
        )
        return ways[0]
    found = " ".join(text[start:end] for start, end in pieces)
    raise SpanError(
        f"mention {pieces[0][0]}:{pieces[-1][1]} ({type}) is {found!r} in the text "
        f"but {quoted!r} in the annotation"
    )


def _blanked(found: str, quoted: str) -> bool:
    """Whether a tool put spaces for characters it could not hold (quotation marks in NCBI)."""
    return (
        len(found) == len(quoted)
        and not quoted.isspace()
        and all(q in (f, " ") for f, q in zip(found, quoted, strict=True))
    )


def key(span: Span) -> str:
    """A name for a span by which a file's own spelling of it is found again."""
    pieces = ",".join(f"{start}-{end}" for start, end in span.pieces)
    return " ".join((pieces, span.type, *span.identifiers))


def remember(spans: Iterable[Span], values: Iterable[Any]) -> dict[str, tuple[Any, ...]]:
    """Keep one value a span, e.g. its id in the file, in a form that metadata can hold."""
    kept: dict[str, tuple[Any, ...]] = {}
    for span, value in zip(spans, values, strict=True):
        kept[key(span)] = (*kept.get(key(span), ()), value)
    return kept


def recall(spans: Sequence[Span], kept: Mapping[str, Sequence[Any]]) -> list[Any | None]:
    """What was remembered of each span; None for spans that were not in the file.

    One whose identifiers have changed since is still the same mention.
    """
    left = {name: list(values) for name, values in kept.items()}
    found = [left[key(s)].pop(0) if left.get(key(s)) else None for s in spans]
    places: dict[str, list[str]] = {}
    for name in left:
        places.setdefault(name.partition(" ")[0], []).append(name)
    for i, span in enumerate(spans):
        if found[i] is None:
            bare = key(replace(span, identifiers=()))
            there = places.get(bare.partition(" ")[0], ())
            same = (n for n in there if left[n] and f"{n} ".startswith(f"{bare} "))
            found[i] = next((left[name].pop(0) for name in same), None)
    return found


def rename_types(document: Document, names: Mapping[str, str]) -> Document:
    """A document with other names for its types; what formats remember of its mentions stays.

    Args:
        document: the document.
        names: types by their names here -> what they are called then.
    """
    keys = {
        key(span): key(replace(span, type=names.get(span.type, span.type)))
        for span in document.spans
    }
    metadata = {
        format: {name: _under(value, keys) for name, value in own.items()}
        if isinstance(own, Mapping)
        else own
        for format, own in document.metadata.items()
    }
    return replace(document.rename_types(names), metadata=metadata)


def _under(kept: Any, keys: Mapping[str, str]) -> Any:
    """What `remember` kept, under other keys; of two that become one the values are joined."""
    if not isinstance(kept, Mapping) or keys.keys().isdisjoint(kept):
        return kept
    found: dict[str, tuple[Any, ...]] = {}
    for name, values in kept.items():
        new = keys.get(name, name)
        found[new] = (*found.get(new, ()), *values)
    return found


def replace_surrogates(text: str, lost: Losses) -> str:
    """Text that UTF-8 can hold; a lone surrogate becomes U+FFFD, so offsets stay."""
    clean, count = _SURROGATE.subn("\ufffd", text)
    lost[CHARACTER] += count
    return clean


def encode_file_start(text: str, lost: Losses) -> str:
    """Text that can begin a file: U+2060 is what U+FEFF is elsewhere, a joint without width."""
    if not text.startswith("\ufeff"):
        return text
    lost[MARK] += 1
    return "\u2060" + text[1:]


def replace_line_breaks(text: str, lost: Losses) -> str:
    """Text without line breaks, as long as before."""
    lost[LINE_BREAK] += text.count("\n") + text.count("\r")
    return replace_surrogates(text, lost).replace("\n", " ").replace("\r", " ")


def replace_forbidden(name: str, lost: Losses, forbidden: str = r"\s") -> str:
    """A name for a place where white space would end it."""
    clean, count = re.subn(forbidden, "_", replace_surrogates(name, lost))
    lost[NAME] += count
    return clean


def count_scores(spans: Iterable[Span], lost: Losses) -> None:
    """Count the scores that a format without a place for them loses."""
    lost[SCORE] += sum(span.score is not None for span in spans)
