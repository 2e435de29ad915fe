"""Old spellings of public arguments and attributes, which keep working with a warning."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class RenamedWarning(DeprecationWarning):
    """A public name is used in its old spelling. The command line prints it as one line."""


def renamed_argument(old: str, new: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator that accepts a keyword argument under its old name too.

    Args:
        old: the old name. Using it raises a `DeprecationWarning`.
        new: the name that the function has for it now.

    Raises:
        TypeError: from the decorated function, if a call uses both names.

    >>> @renamed_argument("dataset", "corpus")
    ... def describe(*, corpus: str) -> str:
    ...     return f"text from {corpus}"
    >>> import warnings
    >>> with warnings.catch_warnings(record=True, action="always"):
    ...     describe(dataset="BC5CDR")
    'text from BC5CDR'
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            if old in kwargs:
                if new in kwargs:
                    raise TypeError(f"{function.__name__}: {old} is the old name of {new}")
                warn_renamed(f"argument {old}", new)
                kwargs[new] = kwargs.pop(old)
            return function(*args, **kwargs)

        return call

    return decorate


def warn_renamed(old: str, new: str, *, stacklevel: int = 3) -> None:
    """Warn that a public name has changed.

    Args:
        old: what was used: ``argument dataset``.
        new: the name to use instead.
        stacklevel: frames between this function and the caller's code, as in `warnings.warn`.
    """
    warnings.warn(f"{old} is now called {new}", RenamedWarning, stacklevel=stacklevel)


def renamed_fields(fields: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return fields under other names.

    Args:
        fields: the fields, by name.
        names: name -> new name. Fields without a new name keep theirs. A field that is also there
            under its new name is dropped.

    >>> renamed_fields({"datasets": {}, "head": "crf"}, {"datasets": "corpora"})
    {'corpora': {}, 'head': 'crf'}
    """
    return {
        names.get(name, name): value
        for name, value in fields.items()
        if names.get(name) not in fields
    }
