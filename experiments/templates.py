"""Texts with annotations, made from templates with slots such as ``{Disease}``."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import regex

from vaner.text.documents import Span

_SLOT = regex.compile(r"\{(\w+)\}")


class Entry(NamedTuple):
    """A text of a vocabulary.

    Attributes:
        text: what fills the slot.
        type: the type of the mention; empty for what is not one.
    """

    text: str
    type: str = ""


def read_vocabulary(path: Path) -> dict[str, list[Entry]]:
    """Return slot -> its texts.

    Args:
        path: a TOML file. A table ``mentions.slot`` has a ``type`` and ``texts``; the table
            ``others`` has the texts of slots that are no mentions.
    """
    content = tomllib.loads(path.read_text("utf-8"))
    slots = {slot: [Entry(text) for text in texts] for slot, texts in content["others"].items()}
    for slot, group in content["mentions"].items():
        slots[slot] = [Entry(text, group["type"]) for text in group["texts"]]
    return slots


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
