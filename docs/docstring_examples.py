"""A griffe extension that puts doctests into code blocks.

Markdown would render ``>>>`` as nested block quotes.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

_EXAMPLE = re.compile(r"(?:^[ ]*>>> .*\n?(?:^(?![ ]*$).*\n?)*)+", re.M)
_DIRECTIVE = re.compile(r"  # doctest: .*$", re.M)


def fence_examples(docstring: str) -> str:
    r"""Return a docstring with its doctests in fenced code blocks, without doctest directives.

    >>> fence_examples("Adds.\n\n>>> 1 + 1\n2\n\nEnd.").split("\n")
    ['Adds.', '', '```pycon', '>>> 1 + 1', '2', '```', '', 'End.']
    """
    return _EXAMPLE.sub(
        lambda match: f"```pycon\n{_DIRECTIVE.sub('', match[0]).rstrip()}\n```\n", docstring
    ).rstrip("\n")


class FencedExamples(griffe.Extension):
    """Fences the examples of every docstring when griffe reads the sources."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring:
            obj.docstring.value = fence_examples(obj.docstring.value)
