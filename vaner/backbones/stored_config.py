"""The stored ``config.json`` of a saved model, read without a deep-learning library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vaner.errors import ModelError
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
    try:
        return with_current_names(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, AttributeError) as error:
        raise ModelError(f"{path}: not a readable config ({error}); copy it again") from error


def with_current_names(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a stored config by their current names.

    >>> with_current_names({"datasets": {}, "head": "crf"})
    {'corpora': {}, 'head': 'crf'}
    """
    return renamed_fields(config, FORMER_NAMES)
