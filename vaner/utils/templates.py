"""Templates with fields in braces, such as ``"{type} in {dataset}: "``."""

from __future__ import annotations

from string import Formatter

from vaner.errors import VanerError


def list_fields(template: str) -> set[str]:
    """Return the names of the fields of a template.

    Raises:
        VanerError: if a brace is not closed, or not opened.

    >>> sorted(list_fields("{type} in {dataset}: "))
    ['dataset', 'type']
    """
    try:
        return {name for _, name, _, _ in Formatter().parse(template) if name is not None}
    except ValueError as error:
        raise VanerError(f"instruction template {template!r}: {error}") from error
