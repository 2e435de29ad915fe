"""Checked values of JSON records: a value of an unexpected type is malformed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from vaner.formats.source import MalformedError
from vaner.text.documents import Span

_INTEGER = re.compile(r"\s*-?[0-9]{1,18}\s*")
_MAX_FLOAT = 2.0**53


def parse_json(line: str) -> Any:
    """Parse a line of JSON Lines.

    Raises:
        MalformedError: if the line is not JSON.
    """
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        raise MalformedError(f"is not JSON: {error.msg} at column {error.colno}") from None
    except (ValueError, RecursionError) as error:  # too long a number, too deep a list
        raise MalformedError(f"is not JSON: {error}") from None


def parse_object(line: str) -> Mapping[str, Any]:
    """Parse a line of JSON Lines that is a document.

    Raises:
        MalformedError: if the line is not JSON, or not an object.
    """
    record = parse_json(line)
    if not isinstance(record, dict):
        raise MalformedError("is not a JSON object with the text of a document")
    return record


def check_type(value: Any, expected_type: type, name: str) -> Any:
    """Return the value if it has the expected type.

    Args:
        value: the value.
        expected_type: e.g. ``dict``.
        name: name of the value in the error message.

    Raises:
        MalformedError: if it has another type.
    """
    if not isinstance(value, expected_type):
        raise MalformedError(f"{name} is {type(value).__name__}, expected {expected_type.__name__}")
    return value


def get_list(record: Mapping[str, Any], name: str) -> list[Any]:
    """Return a field that must be a list; empty if it is missing or null.

    Raises:
        MalformedError: if it is not a list.
    """
    value = record.get(name)
    return [] if value is None else list(check_type(value, list, name))


def check_quoted(entry: Mapping[str, Any], name: str) -> str | None:
    """Return the repeated text of a mention, or None if it is missing.

    Raises:
        MalformedError: if it is not a string.
    """
    quoted = entry.get("text")
    return None if quoted is None else str(check_type(quoted, str, name))


def is_integer(value: Any) -> TypeGuard[int]:
    """Return whether a value is an integer. True and false are not."""
    return isinstance(value, int) and not isinstance(value, bool)


def check_pair(value: Any) -> tuple[int, int]:
    """Return a value as a pair of start and end.

    Programs also write them as strings, or as numbers with a decimal point.

    Raises:
        MalformedError: if it is not a sequence of two integers.

    >>> check_pair(["0", 4.0])
    (0, 4)
    """
    pair = value if isinstance(value, Sequence) and len(value) == 2 else ()
    start, end = map(_to_integer, pair or (None, None))
    if start is None or end is None:
        raise MalformedError(f"{value!r:.80} is not a pair of integers (start, end)")
    return start, end


def _to_integer(value: Any) -> int | None:
    """Return an integer, also from a string or a float; None for any other value."""
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < _MAX_FLOAT:
        return int(value)
    return value if is_integer(value) else None


def check_extent(span: Span, entry: Mapping[str, Any]) -> Span:
    """Return the span if its start and end are those of the record it was made from.

    Raises:
        MalformedError: if the fragments have another start or end than the record.
    """
    if (span.start, span.end) != check_pair((entry.get("start"), entry.get("end"))):
        pieces = list(span.pieces)
        raise MalformedError(f"fragments {pieces} do not reach from start to end of the span")
    return span


def check_probability(value: Any) -> float | None:
    """Return a score, or None if it is missing.

    Raises:
        MalformedError: if it is not a number between 0 and 1.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise MalformedError(f"score {value!r} is not a probability between 0 and 1")
    return float(value)


def freeze(value: Any) -> Any:
    """Convert lists to tuples, recursively, as the metadata of a document is immutable.

    Raises:
        MalformedError: if the value is nested too deeply.
    """
    try:
        return _freeze(value)
    except RecursionError:
        raise MalformedError("JSON nested too deeply") from None


def _freeze(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _freeze(v) for k, v in value.items()}
    return tuple(_freeze(v) for v in value) if isinstance(value, list) else value


def add_missing(record: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with those stored fields that it does not have, in last place."""
    return {**record, **{name: value for name, value in stored.items() if name not in record}}
