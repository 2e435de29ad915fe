"""Whether what a file holds has the shape that it must have: files are changed by hand."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaner.errors import ModelError

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def validation_error(value: Any, shape: Any) -> str | None:
    """What is wrong with a value, in one line; None where it has the shape.

    Args:
        value: e.g. what was read as JSON; nothing in it is converted.
        shape: a type, such as a typed dictionary.

    >>> misfit({"a": [1, "2"]}, dict[str, list[int]])
    'a.1: Input should be a valid integer'
    """
    from pydantic import ValidationError

    try:
        _adapter(shape).validate_python(value, strict=True)
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        return f"{place}: {first['msg']}" if place else first["msg"]
    return None


def read_validated_json(path: Path, shape: Any) -> Any:
    """What a JSON file beside a model's weights holds; None where there is no such file.

    Raises:
        ModelError: where it cannot be read or has not the shape, so that nobody goes by half of it.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as problem:
        raise ModelError(f"{path}: cannot be read ({problem})") from None
    if wrong := validation_error(content, shape):
        raise ModelError(f"{path}: is not what was written there ({wrong})")
    return content


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter  # takes a moment, and most files need none

    return TypeAdapter(shape)
