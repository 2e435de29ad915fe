"""What the infons of a BioC annotation say of its mention: they are strings under free names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

Record = Mapping[str, Any]
"""A document, or a part of one, in the shape of BioC JSON."""

_IDENTIFIER_KEYS = {"identifier", "identifiers"}
# Infons that name a database and hold an identifier in it, as in the BioCreative corpora.
_DATABASES = {"mesh", "omim", "ncbi gene", "ncbigene", "taxonomy", "chebi", "umls", "snomed", "go"}


def told(value: Any) -> str:
    """A value as a string: several strings divided by bars, what is no string as JSON has it."""
    if isinstance(value, str) or value is None:
        return value or ""
    if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
        return "|".join(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def identifiers(infons: Record) -> Iterator[str]:
    """Identifiers of concepts, with their database where the name of the infon is one."""
    for name, value in infons.items():
        parts = [part for part in told(value).split("|") if part not in {"", "-", "-1"}]
        if name.lower() in _IDENTIFIER_KEYS:
            yield from parts
        elif name.lower() in _DATABASES:
            yield from (part if ":" in part else f"{name}:{part}" for part in parts)


def without_identifiers(infons: Record) -> dict[str, Any]:
    """The infons that name no concept."""
    names = _IDENTIFIER_KEYS | _DATABASES
    return {name: value for name, value in infons.items() if name.lower() not in names}


def score(infons: Record) -> float | None:
    """The probability, or None where there is none."""
    try:
        value = float(told(infons.get("score")))
    except ValueError:
        return None
    return value if 0 <= value <= 1 else None
