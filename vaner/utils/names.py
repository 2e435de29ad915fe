"""Names that a user gives: found without regard to case, or answered with the most similar one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from vaner.errors import ArgumentError, check_argument

_MAX_FILE_NAME = 200  # bytes; with an ending, systems allow 255
_MIN_PREFIX = 3  # letters at the beginning of a name that suggest it


def match_name(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that a user means; None if there is none, or more than one.

    An equal name is preferred. Otherwise upper case, ``-``, ``_`` and spaces are ignored.

    Args:
        name: the name that the user gives.
        known: the names that exist.

    >>> match_name("cell type", ["CellType", "Cell"]), match_name("DNA", ["dna", "Dna"])
    ('CellType', None)
    """
    names = list(dict.fromkeys(known))
    if name in names:
        return name
    similar = [other for other in names if _fold(other) == _fold(name)]
    return similar[0] if len(similar) == 1 else None


def list_types(types: str | Iterable[str]) -> list[str]:
    """Return the entity types that a user gives, or one of them, as a list.

    Raises:
        ArgumentError: if they are not names.

    >>> list_types("Disease")
    ['Disease']
    """
    advice = "give names, as in ['Disease']"
    check_argument("types", types, Iterable, advice)
    names = [types] if isinstance(types, str) else list(types)
    if wrong := [name for name in names if not isinstance(name, str)]:
        raise ArgumentError(f"types are names, as in ['Disease'], not {wrong[0]!r}")
    return names


def is_file_name(name: str) -> bool:
    r"""Return whether a name can be that of a file on every system, and names no other folder.

    >>> is_file_name("stage 1"), is_file_name("../x"), is_file_name("a\0")
    (True, False, False)
    """
    is_path = name in ("", ".", "..") or bool(set(name) & set("/\\"))
    return name.isprintable() and not is_path and len(name.encode()) <= _MAX_FILE_NAME


def suggest_name(name: str, known: Iterable[str]) -> str:
    """Return the end of a message that suggests a similar known name; empty if none is similar.

    >>> suggest_name("biomedcal", ["biomedical", "disease-chemical"])
    '. Did you mean biomedical?'
    >>> suggest_name("NCBI", ["BC5CDR", "NCBI-disease"])
    '. Did you mean NCBI-disease?'
    """
    folded, given = {_fold(other): other for other in known}, _fold(name)
    matches = get_close_matches(given, folded, n=1) or [
        other for other in folded if len(given) >= _MIN_PREFIX and other.startswith(given)
    ]
    return f". Did you mean {folded[matches[0]]}?" if matches else ""


def _fold(name: str) -> str:
    return name.casefold().translate({ord(sign): None for sign in "-_ "})
