"""Text to words with offsets, words to sentences, long word sequences to overlapping windows.

One splitter serves raw text and pre-tokenised corpora alike: a corpus token is cut again here, so
a hyphen is cut the same way wherever it stands, in training and in use.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import regex

from vaner.text.documents import Document


class Word(NamedTuple):
    """A word as half-open code-point offsets into its text."""

    start: int
    end: int


# A word is one character of a script written without spaces, or a run of letters and digits with
# their combining marks, or one other grapheme: punctuation, a symbol, a whole emoji sequence.
UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_WORD = regex.compile(rf"{UNSPACED}\p{{M}}*|(?:(?!{UNSPACED})[\p{{L}}\p{{N}}]\p{{M}}*)+|(?!\s)\X")

_TERMINATORS = frozenset(".!?")
_UNSPACED_TERMINATORS = frozenset("。！？")
_CLOSERS = frozenset(")]}\"'”’»）」』】")
_OPENERS = frozenset("([{\"'“‘«")
_BREAK = regex.compile(r"\n[^\S\n]*\n|\r[^\S\r\n]*\r|\r\n[^\S\r\n]*\r\n|[\f\u2029]")
_LINE_END = regex.compile(r"[\n\r\u2028]")
# An item of a list; not "2." or "E.", which may be the rest of a sentence.
_ITEM = regex.compile(r"(?:[-*•·▪◦‣–—]|\(?(?:\p{N}{1,2}|\p{Ll})\))\s")
_NUMBERED = regex.compile(r"\p{N}{1,2}\.\s")
_NARROW = 40  # characters that the lines of wrapped text have at least
_MOST_CLOSERS = 8

# Written with a full stop that rarely ends a sentence. Compared case-insensitively.
_ABBREVIATIONS = frozenset(
    "al approx ca cf co cv dr e eg eq eqs et etc exp fig figs g i ie inc no nos nr p pp prof ref "
    "refs resp sp spp ssp st str subsp subspp suppl tab var viz vol vs".split()
)


def split_words(text: str) -> list[Word]:
    """Cut a text into words; every character that is not white space lies in exactly one word.

    >>> text = "anti-TNF (5 µg)"
    >>> [text[w.start : w.end] for w in split_words(text)]
    ['anti', '-', 'TNF', '(', '5', 'µg', ')']
    """
    found = (_trimmed(text, *match.span()) for match in _WORD.finditer(text))
    return [word for word in found if word.start < word.end]


def _trimmed(text: str, start: int, end: int) -> Word:
    r"""A word without white space at its end, empty where it is nothing else.

    ``\X`` and `str.isspace` disagree on a few control characters, and ``\X`` takes a space along
    behind an Arabic number sign: a mention must not be blank, nor end in one.
    """
    if text[end - 1].isspace():
        end = start + len(text[start:end].rstrip())
    return Word(start, end)


def split_sentences(text: str, words: Sequence[Word]) -> list[tuple[int, int]]:
    """Group the words of a text into sentences.

    A rule-based splitter that would rather join than cut: a missed boundary costs a little speed,
    a wrong one can cut a mention in two.

    Returns:
        Half-open ranges of word indices that cover all words in order.

    >>> text = "It was E. coli (Fig. 2). He slept."
    >>> words = split_words(text)
    >>> [text[words[i].start : words[j - 1].end] for i, j in split_sentences(text, words)]
    ['It was E. coli (Fig. 2).', 'He slept.']
    """
    starts = [0] + [i for i in range(1, len(words)) if _boundary(text, words, i)]
    ends = starts[1:] + [len(words)]
    return list(zip(starts, ends, strict=True)) if words else []


def _boundary(text: str, words: Sequence[Word], i: int) -> bool:
    """Whether a sentence ends between word i - 1 and word i."""
    gap = text[words[i - 1].end : words[i].start]
    if _BREAK.search(gap) or (_LINE_END.search(gap) and _new_line(text, words, i)):
        return True
    last, first = i - 1, max(0, i - 1 - _MOST_CLOSERS)
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
    return mark != "." or not _abbreviated(text, words, last)


def _new_line(text: str, words: Sequence[Word], i: int) -> bool:
    """Whether a line that begins at word i is one of its own: an item of a list, or a short line.

    Text that is wrapped fills its lines, as far as the next word allows. So a line is no part of a
    wrapped sentence if its first word had found room on the line before; where that word is written
    small it is taken for a part of one all the same.
    """
    start, before = words[i].start, words[i - 1].end
    if item := _ITEM.match(text, start):
        opened = text[max(0, before - 200) : before]
        closes = ")" in item[0] and item[0][0] != "(" and opened.rfind("(") > opened.rfind(")")
        return not closes  # the end of a bracket: "(type 2) was"
    if not (text[start].isupper() or _NUMBERED.match(text, start)):
        return False
    line = text[start : found.start() if (found := _LINE_END.search(text, start)) else None]
    ends = (text.rfind(end, 0, before) for end in "\n\r\u2028")
    return before - max(ends) + len(line.split(None, 1)[0]) <= max(_NARROW, len(line))


def _abbreviated(text: str, words: Sequence[Word], stop: int) -> bool:
    """Whether the full stop at index `stop` belongs to an abbreviation or an initial."""
    if stop == 0 or words[stop - 1].end != words[stop].start:
        return False
    before = text[words[stop - 1].start : words[stop - 1].end]
    initial = len(before) == 1 and before.isalpha() and before.isupper()
    return initial or before.casefold() in _ABBREVIATIONS


def get_offset_pairs(document: Document, key: str) -> list[tuple[int, int]]:
    """The sentences or tokens that a document's source fixed, as offsets; empty where it did not.

    Metadata may come from others, for whom the key says something else: a list of strings, say.
    """
    found = document.metadata.get(key)
    pairs = found if isinstance(found, list | tuple) else []
    sound = all(
        isinstance(pair, list | tuple) and len(pair) == 2 and all(isinstance(n, int) for n in pair)
        for pair in pairs
    )
    return [(start, end) for start, end in pairs] if sound else []


def get_sentences(document: Document, words: Sequence[Word]) -> list[tuple[int, int]]:
    """Sentences of a document as ranges of word indices: the source's own where it has them.

    A sentence boundary that would cut one of the source's mentions is not looked for here: gold
    must not steer what the model reads.
    """
    fixed = get_offset_pairs(document, "sentences")
    if not fixed:
        if document.metadata.get("pretokenized"):
            return [(0, len(words))] if words else []
        return split_sentences(document.text, words)
    ends = [end for _, end in fixed]
    return list(_cut_at(words, ends))


def _cut_at(words: Sequence[Word], ends: Iterable[int]) -> Iterator[tuple[int, int]]:
    first = i = 0
    for end in (*ends, float("inf")):
        while i < len(words) and words[i].start < end:
            i += 1
        if i > first:
            yield first, i
            first = i


class Window(NamedTuple):
    """A range of words read together, and the part of it whose answers are kept.

    ``start <= keep_start <= keep_end <= end``; over all windows of a sentence the kept parts
    cover every word exactly once.
    """

    start: int
    end: int
    keep_start: int
    keep_end: int


def split_windows(lengths: Sequence[int], limit: int, overlap: int) -> list[Window]:
    """Cut a word sequence into windows of at most `limit` sub-words.

    Neighbouring windows share about `overlap` sub-words; the kept parts meet in the middle of
    what is shared, so every word is answered where it has context on both sides.

    Args:
        lengths: sub-words of each word, each between 1 and `limit`.
        limit: most sub-words in a window.
        overlap: sub-words that neighbours should share; less than `limit`.

    >>> windows([1, 1, 1, 1, 1, 1], limit=4, overlap=2)
    [Window(start=0, end=4, keep_start=0, keep_end=3),
     Window(start=2, end=6, keep_start=3, keep_end=6)]
    """
    if not lengths:
        return []
    if not 0 <= overlap < limit or max(lengths) > limit:
        raise ValueError("windows need 0 <= overlap < limit and no word longer than the limit")
    spans: list[tuple[int, int]] = []
    start = 0
    while True:
        end, used = start, 0
        while end < len(lengths) and used + lengths[end] <= limit:
            used += lengths[end]
            end += 1
        spans.append((start, end))
        if end == len(lengths):
            break
        back, shared = end, 0
        while back - 1 > start and shared + lengths[back - 1] <= overlap:
            back -= 1
            shared += lengths[back]
        start = back
    # The kept parts meet half-way between the next window's start and this window's end.
    cuts = [(after[0] + before[1]) // 2 for before, after in zip(spans, spans[1:], strict=False)]
    edges = [0, *cuts, len(lengths)]
    return [Window(s, e, edges[i], edges[i + 1]) for i, (s, e) in enumerate(spans)]
