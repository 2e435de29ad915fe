"""Validation of JSON values against types. Stored files may have been edited by hand."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaner.errors import ModelError, library_errors

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_ADVICE = "restore the file, or train again"


def validation_error(value: Any, type: Any) -> str | None:
    """Return what is wrong with a value, in one line, or None if it has the type.

    Args:
        value: e.g. parsed JSON. Nothing in it is converted.
        type: the expected type, such as a typed dictionary.

    >>> validation_error({"a": [1, "2"]}, dict[str, list[int]])
    'a.1: Input should be a valid integer'
    """
    from pydantic import ValidationError

    try:
        _get_adapter(type).validate_python(value, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        location = ".".join(str(part) for part in first["loc"])
        return f"{location}: {first['msg']}" if location else first["msg"]
    return None


def read_validated_json(path: Path, type: Any) -> Any:
    """Read a JSON file that is stored with a model's weights.

    Args:
        path: the file.
        type: the expected type of its content.

    Returns:
        The content, or None if the file does not exist.

    Raises:
        ModelError: if the file cannot be read or its content does not have the type.
    """
    if not path.exists():
        return None
    with library_errors(path, "cannot be read", _ADVICE, error_class=ModelError):
        content = json.loads(path.read_text("utf-8"))
    if message := validation_error(content, type):
        raise ModelError(f"{path}: has unexpected content ({message}); {_ADVICE}")
    return content


@cache
def _get_adapter(type: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter  # imported late: it is slow, and most runs do not need it

    return TypeAdapter(type)
