"""The base class of every part of a recipe, and how fields keep their former names."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationInfo, model_validator


@dataclass(frozen=True, slots=True)
class FormerName:
    """An earlier name of a recipe field, which recipes may still use.

    Annotate the field with it: ``projection_dim: Annotated[int, FormerName("width")]``.

    Args:
        name: the earlier name.
    """

    name: str


class RecipePart(BaseModel):
    """A part of a recipe. Unknown fields are errors, and values do not change later.

    A field under its former name is read as the field. The caller chooses how the user learns of
    it: a dict passed as pydantic's validation ``context`` collects former name -> current name;
    without a context each former name is a `DeprecationWarning`.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )

    @classmethod
    def former_names(cls) -> Mapping[str, str]:
        """Return former name -> current name of the renamed fields."""
        return {
            mark.name: name
            for name, field in cls.model_fields.items()
            for mark in field.metadata
            if isinstance(mark, FormerName)
        }

    @classmethod
    def with_current_names(cls, content: Any, renamed: dict[str, str] | None) -> Any:
        """Return the content of this part with former field names replaced.

        Args:
            content: what is validated; only a dict has names to replace.
            renamed: collects former name -> current name; None warns instead.

        Raises:
            ValueError: if a field is given under both names.
        """
        if not isinstance(content, dict):
            return content
        former = {name: new for name, new in cls.former_names().items() if name in content}
        for name, new in former.items():
            if new in content:
                raise ValueError(f"{name} is the former name of {new}: give only {new}")
            if renamed is None:
                message = f"recipe field `{name}` is now called `{new}`"
                warnings.warn(message, DeprecationWarning, stacklevel=2)
            else:
                renamed[name] = new
        return {former.get(key, key): value for key, value in content.items()}

    @model_validator(mode="before")
    @classmethod
    def _read_former_names(cls, content: Any, info: ValidationInfo) -> Any:
        return cls.with_current_names(content, info.context)
