"""Headings of lists: "Family history:" says something about the lines below it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vaner.context.triggers import Token

_MAX_LABEL = 5  # words at the start of a line with another heading, as in "Plan: aspirin"
_MAX_MARK = 2  # words of a mark, as in "1)"
_MARK = re.compile(r"\s*(?:[-–—*•+#]|\(?\d{1,3}[.)])")  # of an item in a list
_INDENT = re.compile(r"\s*\n[^\S\n]+")  # before a line that continues an item


def find_headings(
    text: str, sentences: Sequence[Sequence[Token]], has_mention: Sequence[bool]
) -> list[int | None]:
    """Return for each sentence the index of the heading that it is below, or None.

    A heading is a sentence that ends in a colon. The lines below it end at an empty line, unless
    that follows the heading itself, at a line with another heading, at a line in capitals
    without a mention, at a second sentence in a line, and at a line without a mark such as "-" or
    "1." if the first line has one, unless it is indented.

    Args:
        text: the text.
        sentences: the words of each sentence; the last one is a full stop, which may be empty.
        has_mention: whether each sentence has a mention. *Shape:* (number of sentences,)
    """
    headings: list[int | None] = []
    heading, previous, end, has_marks = None, -1, 0, False
    for number, tokens in enumerate(sentences):
        words = [token.text for token in tokens]
        if words == ["#", "."]:  # the number of an item, which the splitter separates from it
            headings.append(None)
            continue
        line_ends = len(f"{text[end : tokens[0].start]}.".splitlines()) - 1
        is_label = ":" in words[:_MAX_LABEL]
        is_title = not has_mention[number] and text[tokens[0].start : tokens[-1].end].isupper()
        beginning = text[end : tokens[:_MAX_MARK][-1].end]
        if previous == heading:
            has_marks = _MARK.match(beginning) is not None
        elif line_ends != 1 or (
            has_marks and not _MARK.match(beginning) and not _INDENT.match(beginning)
        ):
            heading = None
        if is_label or is_title:
            heading = None
        headings.append(heading)
        previous, end = number, tokens[-1].end
        if words[-2:] == [":", "."]:
            heading = number
    return headings
