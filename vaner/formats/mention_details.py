"""The candidates and the context of mentions in records: those of JSON Lines and Parquet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from vaner.formats.declaration import Capabilities
from vaner.formats.json_values import is_integer
from vaner.formats.losses import CANDIDATES, CONTEXT, Losses
from vaner.text.documents import Span
from vaner.text.mention_details import Candidate, Cue


def write_details(text: str, span: Span) -> dict[str, Any]:
    """Return the candidates and the context of a mention as JSON, without empty lists.

    >>> write_details("No gout", Span(3, 7, "Disease", context=(Cue("negated", 0, 2),)))
    {'context': [{'attribute': 'negated', 'start': 0, 'end': 2, 'text': 'No'}]}
    """
    candidates = [{"id": c.identifier, "name": c.name, "score": c.score} for c in span.candidates]
    context = [
        {"attribute": c.attribute, "start": c.start, "end": c.end, "text": text[c.start : c.end]}
        for c in span.context
    ]
    return {
        **({"candidates": candidates} if candidates else {}),
        **({"context": context} if context else {}),
    }


def read_details(span: Span, entry: Mapping[str, Any], length: int) -> Span:
    """Return a mention with the candidates and the context of its record.

    Other programs use the same names for something else, so entries of another form are ignored.

    Args:
        span: the mention.
        entry: its record.
        length: length of the text.
    """
    if not entry.get("candidates") and not entry.get("context"):
        return span
    candidates = tuple(filter(None, map(_read_candidate, _get_items(entry, "candidates"))))
    context = (_read_cue(item, length) for item in _get_items(entry, "context"))
    return replace(span, candidates=candidates, context=tuple(filter(None, context)))


def _get_items(entry: Mapping[str, Any], name: str) -> Iterable[Mapping[str, Any]]:
    value = entry.get(name)
    items = value if isinstance(value, list | tuple) else ()
    return (item for item in items if isinstance(item, Mapping))


def _read_candidate(item: Mapping[str, Any]) -> Candidate | None:
    identifier, name, score = item.get("id"), item.get("name"), item.get("score")
    if not isinstance(identifier, str) or not isinstance(name, str):
        return None
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        return None
    return Candidate(identifier, name, float(score))


def _read_cue(item: Mapping[str, Any], length: int) -> Cue | None:
    attribute, start, end = item.get("attribute"), item.get("start"), item.get("end")
    if not isinstance(attribute, str) or not is_integer(start) or not is_integer(end):
        return None
    return Cue(attribute, start, end) if 0 <= start < end <= length else None


def count_lost_details(spans: Iterable[Span], holds: Capabilities, losses: Losses) -> None:
    """Count the candidates and the context of mentions that a format does not hold."""
    for span in spans:
        losses[CANDIDATES] += bool(span.candidates) and not holds.candidates
        losses[CONTEXT] += len(span.context) if not holds.context else 0
