"""Tokenization: words with offsets, sentences, and overlapping windows of long word sequences.

The same splitter is used for raw text and for pre-tokenized corpora: corpus tokens are split again,
so that e.g. a hyphen is treated the same way everywhere, in training and at inference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import regex

from vaner.text.documents import Document


class Word(NamedTuple):
    """Offsets of a word in its text: half-open, in code points."""

    start: int
    end: int


# A word is a single character of a script written without spaces, a run of letters and digits with
# their combining marks, or a single other grapheme: punctuation, a symbol, an emoji sequence.
UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
# A flag is two regional indicators. It has a separate pattern because ``\X`` counts all regional
# indicators before it each time, which is quadratic in a run of them.
_FLAG = r"\p{RI}{1,2}[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]*+"
_WORD = regex.compile(
    rf"{UNSPACED}\p{{M}}*|(?:(?!{UNSPACED})[\p{{L}}\p{{N}}]\p{{M}}*)+|{_FLAG}|(?!\s)\X"
)

_TERMINATORS = frozenset(".!?")
_UNSPACED_TERMINATORS = frozenset("。！？")
_CLOSERS = frozenset(")]}\"'”’»）」』】")
_OPENERS = frozenset("([{\"'“‘«")
_PARAGRAPH_BREAK = regex.compile(r"\n[^\S\n]*\n|\r[^\S\r\n]*\r|\r\n[^\S\r\n]*\r\n|[\f\u2029]")
_LINE_END = regex.compile(r"[\n\r\u2028]")
_LAST_LINE_END = regex.compile(r"(?r)[\n\r\u2028]")  # searches backwards
# A list item. "2." and "E." are not included: they may be the end of a sentence.
_LIST_ITEM = regex.compile(r"(?:[-*•·▪◦‣–—]|\(?(?:\p{N}{1,2}|\p{Ll})\))\s")
_NUMBERED_ITEM = regex.compile(r"\p{N}{1,2}\.\s")
_MIN_WRAP_WIDTH = 40  # minimum line length, in characters, of wrapped text
_MAX_CLOSERS = 8

# Abbreviations with a full stop that rarely ends a sentence. Compared case-insensitively.
_ABBREVIATIONS = frozenset(
    "al approx ca cf co cv dr e eg eq eqs et etc exp fig figs g i ie inc no nos nr p pp prof ref "
    "refs resp sp spp ssp st str subsp subspp suppl tab var viz vol vs".split()
)


def split_words(text: str) -> list[Word]:
    """Split a text into words. Each character other than white space is in exactly one word.

    >>> text = "anti-TNF (5 µg)"
    >>> [text[w.start : w.end] for w in split_words(text)]
    ['anti', '-', 'TNF', '(', '5', 'µg', ')']
    """
    words = (_strip_word(text, *match.span()) for match in _WORD.finditer(text))
    return [word for word in words if word.start < word.end]


def _strip_word(text: str, start: int, end: int) -> Word:
    r"""Return a word without trailing white space; an empty word if nothing else is left.

    ``\X`` and `str.isspace` disagree on a few control characters, and ``\X`` includes a space
    after an Arabic number sign. A mention must not be blank or end in white space.
    """
    if text[end - 1].isspace():
        end = start + len(text[start:end].rstrip())
    return Word(start, end)


def split_sentences(text: str, words: Sequence[Word]) -> list[tuple[int, int]]:
    """Group the words of a text into sentences.

    The rules prefer joining to splitting: a missed boundary costs some speed, a wrong boundary can
    split a mention.

    Returns:
        Half-open ranges of word indices that cover all words in order.

    >>> text = "It was E. coli (Fig. 2). He slept."
    >>> words = split_words(text)
    >>> [text[words[i].start : words[j - 1].end] for i, j in split_sentences(text, words)]
    ['It was E. coli (Fig. 2).', 'He slept.']
    """
    starts = [0] + [i for i in range(1, len(words)) if _is_boundary(text, words, i)]
    ends = starts[1:] + [len(words)]
    return list(zip(starts, ends, strict=True)) if words else []


def _is_boundary(text: str, words: Sequence[Word], i: int) -> bool:
    """Return whether a sentence ends between word i - 1 and word i."""
    gap = text[words[i - 1].end : words[i].start]
    if _PARAGRAPH_BREAK.search(gap):
        return True
    if _LINE_END.search(gap) and _starts_new_line(text, words, i):
        return True
    # Skip closing brackets and quotation marks to find the punctuation before them.
    last, first = i - 1, max(0, i - 1 - _MAX_CLOSERS)
    while last > first and text[words[last].start] in _CLOSERS:
        last -= 1
    mark = text[words[last].start : words[last].end]
    if mark in _UNSPACED_TERMINATORS:
        return text[words[i].start] not in _CLOSERS
    if mark not in _TERMINATORS or not gap:
        return False
    begin = text[words[i].start]
    if not (begin.isupper() or begin.isdigit() or begin in _OPENERS or not begin.isascii()):
        return "\n" in gap and not begin.islower()
    return mark != "." or not _is_abbreviation(text, words, last)


def _starts_new_line(text: str, words: Sequence[Word], i: int) -> bool:
    """Return whether word i starts a line that does not continue the previous one.

    This is the case for list items and for short lines such as headings. In wrapped text each line
    is as long as the next word allows. So if the first word of a line would have fitted on the
    previous line, the line break is intended. A lower-case first word is always treated as a
    continuation.
    """
    start, previous_end = words[i].start, words[i - 1].end
    if item := _LIST_ITEM.match(text, start):
        context = text[max(0, previous_end - 200) : previous_end]
        # The "2)" of a wrapped "(type 2) was" closes a bracket and is not an item.
        is_open = context.rfind("(") > context.rfind(")")
        return not (")" in item[0] and item[0][0] != "(" and is_open)
    if not (text[start].isupper() or _NUMBERED_ITEM.match(text, start)):
        return False
    line_end = _LINE_END.search(text, start)
    line = text[start : line_end.start() if line_end else None]
    previous_line_end = _LAST_LINE_END.search(text, 0, previous_end)
    previous_length = previous_end - (previous_line_end.start() if previous_line_end else -1)
    return previous_length + len(line.split(None, 1)[0]) <= max(_MIN_WRAP_WIDTH, len(line))


def _is_abbreviation(text: str, words: Sequence[Word], stop: int) -> bool:
    """Return whether the full stop at word index `stop` ends an abbreviation or an initial."""
    if stop == 0 or words[stop - 1].end != words[stop].start:
        return False
    word = text[words[stop - 1].start : words[stop - 1].end]
    is_initial = len(word) == 1 and word.isalpha() and word.isupper()
    return is_initial or word.casefold() in _ABBREVIATIONS


def get_offset_pairs(document: Document, key: str) -> list[tuple[int, int]]:
    """Return the sentences or tokens defined by a document's source, as ``(start, end)`` pairs.

    The list is empty if there are none. Other programs may use the same metadata key for something
    else, e.g. for a list of strings; such values are ignored.
    """
    value = document.metadata.get(key)
    pairs = value if isinstance(value, list | tuple) else []
    is_valid = all(
        isinstance(pair, list | tuple) and len(pair) == 2 and all(isinstance(n, int) for n in pair)
        for pair in pairs
    )
    return [(start, end) for start, end in pairs] if is_valid else []


def get_sentences(document: Document, words: Sequence[Word]) -> list[tuple[int, int]]:
    """Return the sentences of a document as ranges of word indices.

    The sentence boundaries of the source are used if there are any. Gold mentions are not
    consulted: gold must not influence what the model reads.
    """
    sentences = get_offset_pairs(document, "sentences")
    if sentences:
        return list(_split_at(words, (end for _, end in sentences)))
    if document.metadata.get("pretokenized"):
        return [(0, len(words))] if words else []
    return split_sentences(document.text, words)


def _split_at(words: Sequence[Word], ends: Iterable[int]) -> Iterator[tuple[int, int]]:
    first = i = 0
    for end in (*ends, float("inf")):
        while i < len(words) and words[i].start < end:
            i += 1
        if i > first:
            yield first, i
            first = i


class Window(NamedTuple):
    """A range of words that is read at once, and the part of it whose predictions are used.

    ``start <= keep_start <= keep_end <= end``. Over all windows of a sentence, the used
    parts cover each word exactly once.
    """

    start: int
    end: int
    keep_start: int
    keep_end: int


def split_windows(lengths: Sequence[int], limit: int, overlap: int) -> list[Window]:
    """Split a word sequence into windows of at most `limit` subwords.

    Adjacent windows share about `overlap` subwords. The used parts meet in the middle of the shared
    part, so that each word is predicted where it has context on both sides.

    Args:
        lengths: number of subwords of each word, each between 1 and `limit`.
        limit: maximum number of subwords in a window.
        overlap: number of subwords that adjacent windows should share; less than `limit`.

    Raises:
        ValueError: if the arguments are out of range.

    >>> split_windows([1, 1, 1, 1, 1, 1], limit=4, overlap=2)
    [Window(start=0, end=4, keep_start=0, keep_end=3),
     Window(start=2, end=6, keep_start=3, keep_end=6)]
    """
    if not lengths:
        return []
    if not 0 <= overlap < limit or max(lengths) > limit:
        raise ValueError("windows need 0 <= overlap < limit and no word longer than the limit")
    ranges: list[tuple[int, int]] = []
    start = 0
    while True:
        # Extend the window as far as the limit allows.
        end, used = start, 0
        while end < len(lengths) and used + lengths[end] <= limit:
            used += lengths[end]
            end += 1
        ranges.append((start, end))
        if end == len(lengths):
            break
        # Go back from the end of this window to the start of the next one.
        next_start, shared = end, 0
        while next_start - 1 > start and shared + lengths[next_start - 1] <= overlap:
            next_start -= 1
            shared += lengths[next_start]
        start = next_start
    # The used parts meet half-way between the start of the next window and the end of this one.
    cuts = [(right[0] + left[1]) // 2 for left, right in zip(ranges, ranges[1:], strict=False)]
    edges = [0, *cuts, len(lengths)]
    return [Window(s, e, edges[i], edges[i + 1]) for i, (s, e) in enumerate(ranges)]
