"""Brackets in predicted mentions: what is opened in a mention is closed in it.

A tagger chooses the two ends of a mention for their context, and sometimes in two different pairs
of brackets: "protein kinase B (Akt". Annotated mentions are hardly ever like this.
"""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_letters, digits

from vaner.text.words import Word

BRACKETS = {")": "(", "]": "[", "}": "{", "）": "（", "］": "［", "｝": "｛", "】": "【"}
_NAME_CHARACTERS = frozenset(f"{ascii_letters}{digits}-")  # next to a bracket that is in a name
_CLOSED_BY = {opening: closing for closing, opening in BRACKETS.items()}


def balance_brackets(text: str, words: Sequence[Word], first: int, last: int) -> tuple[int, int]:
    """Return a mention without a bracket that is not opened or not closed in it.

    Such a bracket at an end is dropped. If the other bracket of the pair is next to the mention,
    and the brackets are a part of the name, as in "[Cu(phen)2]2+", it is added. Otherwise the
    mention ends before the bracket. Intervals such as "[0, 1)" remain.

    Args:
        text: the text.
        words: the words of the sentence.
        first, last: the mention, a half-open range of words.

    Returns:
        The mention; an empty range if it consists of brackets only.

    >>> from vaner.text.words import split_words
    >>> def balance(text: str, first: int, last: int) -> str:
    ...     words = split_words(text)
    ...     start, end = balance_brackets(text, words, first, last)
    ...     return text[words[start].start : words[end - 1].end]
    >>> balance("kinase B (Akt) binds", 0, 4)
    'kinase B'
    >>> balance("[Ca(2+)]i rises", 1, 8)
    '[Ca(2+)]i'
    """
    tokens = [text[word.start : word.end] for word in words[first:last]]
    unmatched = [first + i for i in _find_unmatched(tokens)]
    is_interval = [text[words[i].start] in BRACKETS for i in unmatched] == [False, True]
    if not unmatched or is_interval:
        return first, last
    while unmatched and unmatched[-1] == last - 1:
        last = unmatched.pop()
    while unmatched and unmatched[0] == first:
        first = unmatched.pop(0) + 1
    if not unmatched:
        return first, last
    at = unmatched[0]
    bracket = text[words[at].start : words[at].end]
    if len(unmatched) == 1 and bracket in ")]":
        before = text[words[first - 1].start : words[first].start] if first else ""
        if before == BRACKETS[bracket] and text[words[at].end] in _NAME_CHARACTERS:
            return first - 1, last
    elif len(unmatched) == 1 and bracket == "[":
        after = text[words[last - 1].end : words[last].end] if last < len(words) else ""
        if after == "]" and text[words[at].start - 1] in _NAME_CHARACTERS:
            return first, last + 1
    return balance_brackets(text, words, first, at)  # has only brackets that are not closed


def _find_unmatched(tokens: Sequence[str]) -> list[int]:
    """Return the indices of the brackets without the other bracket of the pair, in order.

    >>> _find_unmatched(["a", ")", "b", "(", "c", ")", "["])
    [1, 6]
    """
    opened, unmatched = list[int](), list[int]()
    for i, token in enumerate(tokens):
        if token in _CLOSED_BY:
            opened.append(i)
        elif token in BRACKETS:
            if opened and tokens[opened[-1]] == BRACKETS[token]:
                opened.pop()
            else:
                unmatched.append(i)
    return sorted([*unmatched, *opened])
