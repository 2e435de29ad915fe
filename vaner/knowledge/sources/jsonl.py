"""Concepts as JSON, one on each line: the form in which to bring a vocabulary of one's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vaner.formats.source import InputFile, MalformedError, OnError, read_lines
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.rows import concept, each

_FIELDS = {"identifier", "name", "type", "synonyms"}


def read(
    path: str | Path, *, source: str = "", type: str = "", on_error: OnError | None = None
) -> Iterator[Concept]:
    """Read ``{"identifier": "MY:1", "name": "…", "type": "Disease", "synonyms": ["…"]}``.

    Args:
        path: the file, plain or gzipped.
        source: name of the source.
        type: entity type where a line has none.
        on_error: called with what is broken, which is then left out; None raises it.

    Raises:
        FormatError: with the line, for what is no such object.
    """
    place = InputFile(path, on_error)

    def convert(line: str) -> Iterator[Concept]:
        try:
            content = json.loads(line)
        except json.JSONDecodeError as problem:
            raise MalformedError(f"not JSON: {problem.msg} at column {problem.colno}") from None
        except (ValueError, RecursionError) as problem:  # a number too long, lists too deep
            raise MalformedError(f"not JSON: {problem}") from None
        identifier, name, kind, synonyms = _checked(content, type)
        yield concept(identifier, [name, *synonyms], kind, source)

    return each(place, ((n, line) for n, line in read_lines(place) if line.strip()), convert)


def _checked(content: Any, type: str) -> tuple[str, str, str, list[str]]:
    if not isinstance(content, dict):
        raise MalformedError("not a JSON object")
    if unknown := sorted(set(content) - _FIELDS):
        raise MalformedError(f"no field is called {', '.join(unknown)}")
    texts = [content.get("identifier"), content.get("name"), content.get("type", type)]
    synonyms = content.get("synonyms", [])
    for name, text in zip(("identifier", "name", "type"), texts, strict=True):
        if not isinstance(text, str):
            raise MalformedError(f"{name} is {text!r}, not a string")
    if not isinstance(synonyms, list) or not all(isinstance(s, str) for s in synonyms):
        raise MalformedError("synonyms is not a list of strings")
    return texts[0], texts[1], texts[2], synonyms
