"""The stored ``config.json`` of a saved model, read without a deep-learning library."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from vaner.errors import ModelError, library_errors
from vaner.utils.deprecation import renamed_fields

FORMER_NAMES = {"datasets": "corpora"}
"""Former name -> current name of a field."""


def read_config(folder: Path) -> dict[str, Any]:
    """Read the config of a saved model, with the current names of its fields.

    Raises:
        ModelError: if the file is missing or is not a JSON object.
    """
    path = folder / "config.json"
    if not path.is_file():
        raise ModelError(f"{folder}: config.json is missing; this is not a saved model")
    with config_errors(path):
        config = with_current_names(json.loads(path.read_text("utf-8")))
        check_fields(config)
    return config


def config_errors(path: Path) -> AbstractContextManager[None]:
    """Return the boundary around everything that reads a stored config.

    Args:
        path: the file, for the message.
    """
    return library_errors(path, "not a readable config", "copy it again", error_class=ModelError)


def check_fields(config: Mapping[str, Any]) -> None:
    """Check the fields that all models have, so that damage is reported before the first text.

    Raises:
        ValueError: with the field.
    """
    for name, (is_valid, expected) in _FIELDS.items():
        if name in config and not is_valid(config[name]):
            raise ValueError(f"{name} must be {expected}")
    types = config.get("types", ())
    if len(set(types)) < len(types):
        raise ValueError("a type is listed twice")


def _is_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) and name for name in value)


def is_count(value: object) -> bool:
    """Return whether a JSON value is a integer of a plausible size."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST


def _is_corpora(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_names, value.values()))


_LARGEST = 10**6
_NAMES = (_is_names, "a list of names")
_COUNT = (is_count, f"an integer from 0 to {_LARGEST:,}")
_OPTIONAL_COUNT = (lambda value: value is None or is_count(value), f"null or {_COUNT[1]}")
_TEXT = (lambda value: value is None or isinstance(value, str), "a text")
_FIELDS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "model_type": _TEXT,
    "types": _NAMES,
    "corpora": (_is_corpora, "a list of types for each corpus"),
    "max_subwords": _COUNT,
    "causal_layers": _COUNT,
    "frozen_layers": _OPTIONAL_COUNT,
    "backbone": _TEXT,
    "backbone_origin": _TEXT,
}


def with_current_names(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a stored config by their current names.

    >>> with_current_names({"datasets": {}, "head": "crf"})
    {'corpora': {}, 'head': 'crf'}
    """
    return renamed_fields(config, FORMER_NAMES)
