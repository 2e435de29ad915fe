"""Entity types as a user names them."""

from __future__ import annotations

from collections.abc import Sequence

from vaner.errors import KnowledgeError
from vaner.utils.names import list_types, match_name


def match_types(types: Sequence[str] | None, known: Sequence[str], owner: str) -> list[str] | None:
    """Return the names of types that a user gives, in any case; None is returned unchanged.

    Args:
        types: the names that the user gives.
        known: the types that exist.
        owner: what has them, for the message.

    Raises:
        KnowledgeError: for a type that does not exist.
        ArgumentError: if they are not names.

    >>> match_types(["disease"], ["Chemical", "Disease"], "the base")
    ['Disease']
    """
    if types is None:
        return None
    resolved = [match_name(name, known) or name for name in list_types(types)]
    if missing := [name for name in resolved if name not in known]:
        raise KnowledgeError(f"{owner} has no type {', '.join(missing)}; it has {', '.join(known)}")
    return list(dict.fromkeys(resolved))
