"""Headings of lists: "Family history:" says something about the lines below it."""

from __future__ import annotations

from collections.abc import Sequence

from vaner.context.triggers import Token

_MAX_LABEL = 5  # words at the start of a line with another heading, as in "Plan: aspirin"


def find_headings(
    text: str, sentences: Sequence[Sequence[Token]], has_mention: Sequence[bool]
) -> list[int | None]:
    """Return for each sentence the index of the heading that it is below, or None.

    A heading is a sentence that ends in a colon. The lines below it end at an empty line, unless
    that follows the heading itself, at a line with another heading, at a line in capitals
    without a mention, and at a second sentence in a line.

    Args:
        text: the text.
        sentences: the words of each sentence; the last one is a full stop, which may be empty.
        has_mention: whether each sentence has a mention. *Shape:* (number of sentences,)
    """
    headings: list[int | None] = []
    heading, previous, end = None, -1, 0
    for number, tokens in enumerate(sentences):
        words = [token.text for token in tokens]
        if words == ["#", "."]:  # the number of an item, which the splitter separates from it
            headings.append(None)
            continue
        line_ends = len(f"{text[end : tokens[0].start]}.".splitlines()) - 1
        is_label = ":" in words[:_MAX_LABEL]
        is_title = not has_mention[number] and text[tokens[0].start : tokens[-1].end].isupper()
        if is_label or is_title or (line_ends != 1 and previous != heading):
            heading = None
        headings.append(heading)
        previous, end = number, tokens[-1].end
        if words[-2:] == [":", "."]:
            heading = number
    return headings
