"""The part of a recipe that names a corpus: how its files are read, and new names of its types."""

from __future__ import annotations

from pydantic import Field, field_validator

from vaner.errors import VanerError
from vaner.formats.names import resolve_format_name
from vaner.training.recipe.part import RecipePart


class CorpusPart(RecipePart):
    """Documents of a corpus, how its files are read, and new names of its types."""

    rename: dict[str, str] = Field(default={})
    """New names of types, by their names in the corpus: {Drug: Chemical}. Types of several corpora
    that get the same name are learned as one type."""
    input_format: str | None = None
    """Format of the files; null detects it."""
    encoding: str = "utf-8"
    """Encoding of the files."""
    columns: str | None = None
    """Columns of token and tag in CoNLL files: token=2,tag=4; null recognizes them."""

    @property
    def reading_options(self) -> dict[str, str]:
        """How the files are read, as arguments of `vaner.corpora.load`; without defaults."""
        options = {"format": self.input_format, "encoding": self.encoding, "columns": self.columns}
        return {name: value for name, value in options.items() if value and value != "utf-8"}

    @field_validator("input_format")
    @classmethod
    def _check_format(cls, name: str | None) -> str | None:
        try:
            return resolve_format_name(name)
        except VanerError as error:
            raise ValueError(str(error)) from None
