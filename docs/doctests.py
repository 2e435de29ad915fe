"""Examples in docstrings as code on the page: Markdown would take ``>>>`` for quotations."""

from __future__ import annotations

import re
from typing import Any

import griffe

_EXAMPLE = re.compile(r"(?:^[ ]*>>> .*\n?(?:^(?![ ]*$).*\n?)*)+", re.M)
_DIRECTIVE = re.compile(r"  # doctest: .*$", re.M)


def fenced(text: str) -> str:
    r"""A docstring with its doctests in fences.

    >>> fenced("Adds.\n\n>>> 1 + 1\n2\n\nEnd.").split("\n")
    ['Adds.', '', '```pycon', '>>> 1 + 1', '2', '```', '', 'End.']
    """
    return _EXAMPLE.sub(
        lambda found: f"```pycon\n{_DIRECTIVE.sub('', found[0]).rstrip()}\n```\n", text
    ).rstrip("\n")


class Doctests(griffe.Extension):
    """Puts them into fences as the sources are read."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring:
            obj.docstring.value = fenced(obj.docstring.value)
