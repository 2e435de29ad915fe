"""Infons of a BioC annotation: strings under free names that describe a mention."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from vaner.formats.identifiers import without_identifiers

Record = Mapping[str, Any]
"""A document, or a part of it, in the shape of BioC JSON."""


def to_string(value: Any) -> str:
    """Return a value as a string. Lists of strings are joined by ``|``, other values are JSON."""
    if isinstance(value, str) or value is None:
        return value or ""
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return "|".join(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def get_score(infons: Record) -> float | None:
    """Return the probability, or None if there is none."""
    try:
        value = float(to_string(infons.get("score")))
    except ValueError:
        return None
    return value if 0 <= value <= 1 else None


def get_descriptive_infons(infons: Record) -> dict[str, Any]:
    """Return the infons of a mention that are neither its type, identifier nor score."""
    others = without_identifiers(infons)
    return {name: value for name, value in others.items() if name not in ("type", "score")}
