"""Names of formats: look up a format by the name, alias or file suffix that a user gives."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TypeVar

from vaner.errors import VanerError
from vaner.formats.declaration import Format
from vaner.formats.registry import FORMAT_BY_SUFFIX, FORMATS
from vaner.formats.source import get_suffix
from vaner.utils.names import suggest_name

Name = TypeVar("Name", str, str | None)


def _normalize(name: str) -> str:
    return name.casefold().replace("-", "").replace("_", "")


_NAMES = {
    _normalize(name): format.name
    for format in FORMATS.values()
    for name in (format.name, *format.aliases)
}


def list_formats(*, writable: bool = False) -> list[str]:
    """Return the names of all formats, which can be read, or only of those that can be written.

    >>> "pubmed" in list_formats(), "pubmed" in list_formats(writable=True)
    (True, False)
    """
    return [format.name for format in FORMATS.values() if format.is_writable or not writable]


def resolve_format_name(
    name: Name, views: Collection[str] = (), listed: Collection[str] | None = None
) -> Name:
    """Return the name in `FORMATS` for a name or alias that a user gives.

    Args:
        name: name or alias. Upper case, ``-`` and ``_`` are ignored. None is returned unchanged.
        views: further valid names, such as ``html``.
        listed: the names that the error lists. Default: the views and all formats.

    Raises:
        VanerError: if the name is unknown.

    >>> resolve_format_name("BioC-JSON"), resolve_format_name("bioc")
    ('bioc_json', 'bioc_xml')
    """
    if name is None:
        return None
    names = {**_NAMES, **{_normalize(view): view for view in views}}
    if resolved := names.get(_normalize(name)):
        return resolved
    known = dict.fromkeys([*views, *FORMATS]) if listed is None else listed
    raise VanerError(
        f"unknown format {name!r}; the formats are {', '.join(known)}{suggest_name(name, known)}"
    )


def get_format(name: str) -> Format:
    """Return the format with a name or alias.

    Raises:
        VanerError: if the name is unknown.
    """
    return FORMATS[resolve_format_name(name)]


def has_known_suffix(path: Path) -> bool:
    """Return whether a file name has a usual suffix of some format."""
    return get_suffix(path) in FORMAT_BY_SUFFIX
