"""Values of JSON records, checked: what is of another kind than it must be is malformed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from vaner.formats.source import MalformedError
from vaner.text.documents import Span


def parsed(line: str) -> Mapping[str, Any]:
    """The object that a line of JSON Lines holds.

    Raises:
        MalformedError: for what is no JSON, or no object.
    """
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as problem:
        raise MalformedError(f"is not JSON: {problem}") from None
    if not isinstance(record, dict):
        raise MalformedError("is not a JSON object with the text of a document")
    return record


def typed(value: Any, kind: type, what: str) -> Any:
    """The value, if it is of this kind.

    Raises:
        MalformedError: naming what it is.
    """
    if not isinstance(value, kind):
        raise MalformedError(f"{what} is {type(value).__name__}, expected {kind.__name__}")
    return value


def integer(value: Any) -> bool:
    """Whether a value is an integer, which true and false are not."""
    return isinstance(value, int) and not isinstance(value, bool)


def pair(piece: Any) -> tuple[int, int]:
    """A start and an end.

    Raises:
        MalformedError: for anything else.
    """
    if not isinstance(piece, Sequence) or len(piece) != 2 or not all(map(integer, piece)):
        raise MalformedError(f"{piece!r} is no pair of integers (start, end)")
    return piece[0], piece[1]


def reaching(span: Span, entry: Mapping[str, Any]) -> Span:
    """The span, if the record that it was made of begins and ends where its fragments do.

    Raises:
        MalformedError: where it does not.
    """
    if (span.start, span.end) != (entry.get("start"), entry.get("end")):
        pieces = list(span.pieces)
        raise MalformedError(f"fragments {pieces} do not reach from start to end of the span")
    return span


def probability(value: Any) -> float | None:
    """A score, or None where there is none.

    Raises:
        MalformedError: for what is no number from 0 to 1.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise MalformedError(f"score {value!r} is no probability")
    return float(value)


def frozen(value: Any) -> Any:
    """Lists as tuples, all the way down, as readers of other formats put them.

    Raises:
        MalformedError: for lists in lists that are too many to go down into.
    """
    try:
        return _frozen(value)
    except RecursionError:
        raise MalformedError("JSON nested too deeply") from None


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _frozen(v) for k, v in value.items()}
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value


def beside(own: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """A record of ours, and behind it the fields of the one it was read from that it has not."""
    return {**own, **{name: value for name, value in kept.items() if name not in own}}
