"""Encode candidates for the selector: an instruction, then the sentence with the extent marked.

Training and inference both call `CandidateEncoder.encode`, so their inputs cannot differ. The two
markers are learned vectors, inserted at the positions that the row names. They are not subwords of
the vocabulary, so no bracket of a text can be taken for one, whatever the tokenizer.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from operator import attrgetter
from pathlib import Path

from vaner.backbones.encoding import Encoder
from vaner.selector.candidates import Candidate
from vaner.text.normalize import normalize
from vaner.text.words import Word

Subwords = tuple[int, ...]
"""Subword ids of one word."""


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """A candidate in its sentence, ready to be batched.

    Args:
        input_ids: Special tokens, instruction, words, special tokens. A placeholder subword is at
            the position of each marker. Length T.
        open_index, close_index: Positions of the markers. The subwords of the candidate are
            between them.
        type_id: Index of the type among the types of the model.
        is_correct: In training, whether the candidate is a mention of the type.
        excluded_types: In training, indices of types the candidate is known not to have.
    """

    input_ids: tuple[int, ...]
    open_index: int
    close_index: int
    type_id: int
    is_correct: bool | None = None
    excluded_types: tuple[int, ...] = ()

    def __len__(self) -> int:
        """Return the number of subwords."""
        return len(self.input_ids)


def has_words(words: Sequence[Word], candidate: Candidate) -> bool:
    """Return whether there is a word in a candidate. Invisible characters alone are not a word."""
    first, last = _word_range(words, candidate.start, candidate.end)
    return first < last


def find_context(
    words: Sequence[Word], sentences: Sequence[tuple[int, int]], candidate: Candidate
) -> tuple[int, int]:
    """Return the sentence of a candidate, or all the sentences it spans.

    Args:
        words: Words of the text.
        sentences: Sentences as half-open ranges of words. They cover all words, in order.
        candidate: The candidate, with at least one word (`has_words`).

    Returns:
        Half-open range of words.
    """
    first, last = _word_range(words, candidate.start, candidate.end)
    ends = [end for _, end in sentences]
    begin, end = bisect_right(ends, first), bisect_right(ends, last - 1)
    return sentences[begin][0], sentences[end][1]


class CandidateEncoder:
    """Encoder of candidates into rows of subwords.

    Args:
        encoder: Encoder of words into subwords. If a row does not fit its maximum length, the
            words farthest from the candidate are left out; if the candidate alone does not fit,
            its middle is left out.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    @classmethod
    def from_folder(cls, folder: Path, max_subwords: int) -> CandidateEncoder:
        """Load ``tokenizer.json`` from a folder.

        Raises:
            ModelError: If the file is missing or broken.
        """
        return cls(Encoder.from_folder(folder, max_subwords))

    @property
    def placeholders(self) -> tuple[int, int]:
        """Subwords at the marker positions; the marker vectors are initialized from them."""
        return self._encoder.subwords("[")[-1], self._encoder.subwords("]")[-1]

    def encode(
        self,
        text: str,
        words: Sequence[Word],
        sentence: tuple[int, int],
        candidate: Candidate,
        *,
        instruction: str,
        type_id: int,
    ) -> CandidateRow:
        """Return the row of a candidate.

        Args:
            text: The text.
            words: Words of the text.
            sentence: Half-open range of the words to read, from `find_context`.
            candidate: The candidate. If it starts or ends inside a word, the word is split there.
            instruction: Rendered instruction that names the type.
            type_id: Index of the type among the types of the model.

        Raises:
            ModelError: If the instruction leaves no room for a sentence.
        """
        prefix, suffix = self._encoder.frame(instruction)
        room = self._encoder.room(instruction) - 2  # two markers
        first, last = _word_range(words, candidate.start, candidate.end)

        def encode_part(indices: Iterable[int], start: int, end: int) -> Iterator[Subwords]:
            return self._encode_words(text, words, indices, start, end)

        middle = _truncate_middle(
            lambda indices: encode_part(indices, candidate.start, candidate.end), first, last, room
        )
        # A word that contains an end of the candidate has a part on either side of the marker.
        left, right = _take_balanced(
            lambda: encode_part(range(first, sentence[0] - 1, -1), 0, candidate.start),
            lambda: encode_part(range(last - 1, sentence[1]), candidate.end, len(text)),
            room - len(middle),
        )
        opening, closing = self.placeholders
        begin = (*prefix, *chain(*reversed(left)))
        ids = (*begin, opening, *middle, closing, *chain(*right), *suffix)
        return CandidateRow(ids, len(begin), len(begin) + 1 + len(middle), type_id)

    def _encode_words(
        self, text: str, words: Sequence[Word], indices: Iterable[int], start: int, end: int
    ) -> Iterator[Subwords]:
        """Yield the subwords of the part of each word that is inside ``text[start:end]``."""
        for i in indices:
            if part := normalize(text[max(words[i].start, start) : min(words[i].end, end)]):
                yield self._encoder.subwords(part)


def _truncate_middle(
    encode: Callable[[Iterable[int]], Iterator[Subwords]], first: int, last: int, room: int
) -> Subwords:
    """Return the subwords of a range of words, without its middle if there is no room for all."""
    ids = tuple(islice(chain.from_iterable(encode(range(first, last))), room + 1))
    if len(ids) <= room:
        return ids
    backward = chain.from_iterable(map(reversed, encode(range(last - 1, first - 1, -1))))
    return (*ids[: room // 2], *reversed(tuple(islice(backward, room - room // 2))))


def _take_balanced(
    left: Callable[[], Iterator[Subwords]], right: Callable[[], Iterator[Subwords]], room: int
) -> tuple[list[Subwords], list[Subwords]]:
    """Return the first words of both sides: each gets half of the room, and what the other leaves.

    Each side is a function, because the right one is read twice: once to measure, once to take.
    """
    right_length = _length(_take(right(), room))
    left_words = _take(left(), max(room // 2, room - right_length))
    return left_words, _take(right(), room - _length(left_words))


def _word_range(words: Sequence[Word], start: int, end: int) -> tuple[int, int]:
    """Return the half-open range of the words that overlap ``text[start:end]``."""
    first = bisect_right(words, start, key=attrgetter("end"))
    return first, bisect_left(words, end, key=attrgetter("start"))


def _take(words: Iterable[Subwords], room: int) -> list[Subwords]:
    """Return the first words, as many as fit into `room` subwords."""
    taken: list[Subwords] = []
    for subwords in words:
        room -= len(subwords)
        if room < 0:
            break
        taken.append(subwords)
    return taken


def _length(words: Iterable[Subwords]) -> int:
    return sum(map(len, words))
