"""Tokenization: words with offsets, sentences, and overlapping windows of long word sequences.

The same splitter is used for raw text and for pre-tokenized corpora: corpus tokens are split again,
so that e.g. a hyphen is treated the same way everywhere, in training and at inference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import regex

from vaner.text.documents import Document
from vaner.text.normalize import UNSPACED, normalize_with_offsets
from vaner.text.sentence_boundaries import is_boundary


class Word(NamedTuple):
    """Offsets of a word in its text: half-open, in code points."""

    start: int
    end: int


# A word is a single character of a script written without spaces, a run of letters and digits with
# their combining marks, or a single other grapheme: punctuation, a symbol, an emoji sequence.
# Normalization leaves only the joiners that spelling needs.
# A flag is two regional indicators. It has a separate pattern because ``\X`` counts all regional
# indicators before it each time, which is quadratic in a run of them.
_FLAG = r"\p{RI}{1,2}[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]*+"
_WORD = regex.compile(
    rf"{UNSPACED}\p{{M}}*|(?:(?!{UNSPACED})[\p{{L}}\p{{N}}][\p{{M}}\u200c\u200d]*)+|{_FLAG}|(?!\s)\X"
)


def split_words(text: str) -> list[Word]:
    """Split a text into words. Each visible character is in exactly one word.

    Invisible characters do not split a word (`vaner.text.normalize`), and are not words. Those at
    the beginning or end of a word are not a part of it.

    >>> text = "anti-TNF (5 µg)"
    >>> [text[w.start : w.end] for w in split_words(text)]
    ['anti', '-', 'TNF', '(', '5', 'µg', ')']
    """
    normalized, starts, ends = normalize_with_offsets(text)
    words = (_strip_word(normalized, *match.span()) for match in _WORD.finditer(normalized))
    words = (word for word in words if word.start < word.end)
    if normalized is text:
        return list(words)
    return [Word(starts[word.start], ends[word.end - 1]) for word in words]


def read_words(text: str, words: Sequence[Word]) -> list[str]:
    r"""Return words as they are read (`vaner.text.normalize`).

    >>> read_words("as\u00adthma", [Word(0, 7)])
    ['asthma']
    """
    if not words:
        return []
    start, end = words[0].start, words[-1].end
    normalized = normalize_with_offsets(text[start:end])
    edges = ((normalized.find(s - start), normalized.find(e - start)) for s, e in words)
    return [normalized.text[first:last] for first, last in edges]


def count_words(text: str, limit: int) -> int:
    """Count the words of a text, but stop as soon as there are more than `limit`.

    >>> count_words("anti-TNF (5 µg)", 100), count_words("one two three four", 2)
    (7, 3)
    """
    return sum(1 for _ in islice(_WORD.finditer(text), limit + 1))


def find_nonspace_offsets(text: str) -> list[int]:
    """Return the offsets of the characters that are not white space.

    >>> find_nonspace_offsets(" a b")
    [1, 3]
    """
    return [offset for offset, character in enumerate(text) if not character.isspace()]


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
    if not words:
        return []
    indices: Sequence[int] = range(len(words))
    end = len(words)
    if not text.isascii():
        begin = words[0].start
        normalized = normalize_with_offsets(text[begin : words[-1].end])
        text = normalized.text
        words = [Word(normalized.find(s - begin), normalized.find(e - begin)) for s, e in words]
        # Another program may have words of only invisible characters.
        indices = [i for i in indices if words[i].start < words[i].end]
        words = [words[i] for i in indices]
    starts = [0] + [indices[i] for i in range(1, len(words)) if is_boundary(text, words, i)]
    return list(zip(starts, [*starts[1:], end], strict=True))


def get_extents(
    words: Sequence[Word], sentences: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, float]]:
    """Yield the offsets between which the mentions of each sentence are.

    An extent has the white space and the invisible characters around a sentence in it, because an
    annotator may have marked them together with a word.

    >>> list(get_extents([Word(0, 3), Word(3, 4), Word(6, 7)], [(0, 2), (2, 3)]))
    [(0, 6), (4, inf)]
    """
    for first, end in sentences:
        start = words[first - 1].end if first else 0
        yield start, words[end].start if end < len(words) else float("inf")


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
