"""Texts with annotations, made from templates with slots such as ``{Disease}``."""

from __future__ import annotations

from collections.abc import Callable

import regex

from vaner.text.documents import Span

_SLOT = regex.compile(r"\{(\w+)\}")


def fill_template(
    template: str, choose: Callable[[str], tuple[str, str]], start: int = 0
) -> tuple[str, list[Span]]:
    """Return a template with texts in its slots, and the mentions that they are.

    Args:
        template: the template.
        choose: returns the text for a slot, given its name, and the entity type of the text; an
            empty type for what is not a mention.
        start: offset of the template in a longer text, which the mentions refer to.

    >>> fill_template("PMH: {Disease}", lambda slot: ("gout", slot))[0]
    'PMH: gout'
    """
    text, spans, end = "", list[Span](), 0
    for slot in _SLOT.finditer(template):
        text += template[end : slot.start()]
        chosen, type = choose(slot[1])
        if type:
            spans.append(Span(start + len(text), start + len(text) + len(chosen), type))
        text += chosen
        end = slot.end()
    return text + template[end:], spans
