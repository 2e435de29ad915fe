"""Parse bracket markup: separate the copied text from the brackets, and pair the brackets."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable
from typing import NamedTuple

from vaner.generator.repairs import Repair, RepairKind

ESCAPES = {"[": r"\[", "]": r"\]", "\\": r"\\", "\n": r"\n", "\r": r"\r"}
"""Characters of a text that markup escapes, and their escapes."""

_UNESCAPED = {escaped: character for character, escaped in ESCAPES.items()}
_SPECIAL = re.compile(r"\\[\[\]\\nr]|[\[\]\\\n\r]")


class Bracket(NamedTuple):
    """A bracket: offset in the markup, offset in the copy that it precedes, and the character."""

    offset: int
    copy_offset: int
    character: str


class ParsedMarkup(NamedTuple):
    """A markup, separated into text and brackets.

    Args:
        copy: Copy of the source, without brackets and escapes.
        brackets: The brackets, in order.
        pieces: Pairs (offset in the copy, offset in the markup) of runs without special
            characters, in order.
        repairs: Unescaped characters that were read as text.
    """

    copy: str
    brackets: list[Bracket]
    pieces: list[tuple[int, int]]
    repairs: list[Repair]

    def markup_offset(self, copy_offset: int) -> int:
        """Return the offset in the markup of a character of the copy."""
        i = bisect_right(self.pieces, copy_offset, key=lambda piece: piece[0]) - 1
        start, offset = self.pieces[i]
        return offset + copy_offset - start


def parse_markup(markup: str, literal: Collection[int] = ()) -> ParsedMarkup:
    """Separate text and brackets; brackets at the offsets `literal` are text of the source."""
    copy, brackets, repairs = [], [], []
    pieces, length, done = [(0, 0)], 0, 0
    for match in _SPECIAL.finditer(markup):
        offset, special = match.start(), match.group()
        copy.append(markup[done:offset])
        length += offset - done
        done = match.end()
        if special in "[]" and offset not in literal:
            brackets.append(Bracket(offset, length, special))
        else:
            if special not in _UNESCAPED:
                repairs.append(Repair(offset, RepairKind.UNESCAPED, special))
            copy.append(_UNESCAPED.get(special, special))
            pieces.append((length, offset))
            length += 1
        pieces.append((length, done))
    copy.append(markup[done:])
    return ParsedMarkup("".join(copy), brackets, pieces, repairs)


def pair_brackets(
    brackets: Iterable[Bracket],
) -> tuple[list[tuple[Bracket, Bracket]], list[Repair]]:
    """Return matching pairs of brackets, and a repair for each bracket without a partner."""
    opened: list[Bracket] = []
    pairs, repairs = [], []
    for bracket in brackets:
        if bracket.character == "[":
            opened.append(bracket)
        elif opened:
            pairs.append((opened.pop(), bracket))
        else:
            repairs.append(Repair(bracket.offset, RepairKind.UNOPENED, bracket.character))
    repairs += [Repair(item.offset, RepairKind.UNCLOSED, item.character) for item in opened]
    return pairs, repairs
