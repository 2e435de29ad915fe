"""Read concepts as JSON Lines, the format for your own vocabularies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vaner.formats.json_values import parse_json
from vaner.formats.source import MalformedError, OnError
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.source_file import SourceFile

_FIELDS = {"identifier", "name", "type", "synonyms"}


def read(
    path: str | Path, *, source: str = "", type: str = "", on_error: OnError | None = None
) -> Iterator[Concept]:
    """Read ``{"identifier": "MY:1", "name": "…", "type": "Disease", "synonyms": ["…"]}``.

    Args:
        path: the file, plain or gzipped.
        source: name of the source.
        type: entity type of lines without ``type``.
        on_error: see `SourceFile`.

    Raises:
        FormatError: with the line, for a line that is not such an object.
    """
    file = SourceFile(path, source, on_error)

    def convert(line: str) -> Iterator[Concept]:
        identifier, name, concept_type, synonyms = _validate(parse_json(line), type)
        yield file.make_concept(identifier, [name, *synonyms], concept_type)

    return file.make_concepts(file.read_lines(), convert)


def _validate(record: Any, default_type: str) -> tuple[str, str, str, list[str]]:
    """Return identifier, name, type and synonyms.

    Raises:
        MalformedError: for an unknown field, or a field of the wrong type.
    """
    if not isinstance(record, dict):
        raise MalformedError("not a JSON object")
    if unknown := sorted(set(record) - _FIELDS):
        raise MalformedError(f"unknown field {', '.join(unknown)}")
    values = [record.get("identifier"), record.get("name"), record.get("type", default_type)]
    synonyms = record.get("synonyms", [])
    for field, value in zip(("identifier", "name", "type"), values, strict=True):
        if not isinstance(value, str):
            raise MalformedError(f"{field} is {value!r}, not a string")
    if not isinstance(synonyms, list) or not all(isinstance(s, str) for s in synonyms):
        raise MalformedError("synonyms is not a list of strings")
    return values[0], values[1], values[2], synonyms
