"""A candidate as a selector reads it: its type, and its sentence with a mark on either side of it.

Training and use both come through `MarkEncoder.row`, so neither can differ from the other. The
marks are no sub-words of the vocabulary but vectors of the model's own, put in at places that the
row tells: no bracket of a text can be taken for one, whatever the tokenizer.
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
from vaner.text.words import Word

Piece = tuple[int, ...]
"""The sub-words of a word."""


@dataclass(frozen=True, slots=True)
class MarkedRow:
    """A candidate in its sentence, ready to be batched.

    Args:
        input_ids: sub-words: specials, instruction, words, specials, and a bracket where a mark
            is, which is only a placeholder. Length T.
        opening, closing: where the marks are; the candidate's sub-words lie between them.
        type: index of the type among the model's.
        right: in training, whether it is a mention of that type.
        others: in training, indices of types that it is known not to be of.
    """

    input_ids: tuple[int, ...]
    opening: int
    closing: int
    type: int
    right: bool | None = None
    others: tuple[int, ...] = ()

    def __len__(self) -> int:
        """Number of sub-words."""
        return len(self.input_ids)


def context(
    words: Sequence[Word], sentences: Sequence[tuple[int, int]], candidate: Candidate
) -> tuple[int, int]:
    """The sentence that a candidate is read in; all that it stands in, should it cross an end.

    Args:
        words: the words of the text.
        sentences: its sentences as ranges of words, which cover them all in order.
        candidate: the candidate.

    Returns:
        Half-open range of words.
    """
    first, last = _inside(words, candidate.start, candidate.end)
    ends = [end for _, end in sentences]
    begin, end = bisect_right(ends, first), bisect_right(ends, last - 1)
    return sentences[begin][0], sentences[end][1]


class MarkEncoder:
    """Candidates to rows of sub-words.

    Args:
        encoder: words to sub-words. What does not fit into its rows is left out, the words
            farthest from the candidate first; of a candidate that does not fit, the middle.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    @classmethod
    def from_folder(cls, folder: Path, max_subwords: int) -> MarkEncoder:
        """Read ``tokenizer.json``.

        Raises:
            ModelError: where it is missing or broken.
        """
        return cls(Encoder.from_folder(folder, max_subwords))

    @property
    def placeholders(self) -> tuple[int, int]:
        """The sub-words in the places of the marks; the marks learn from what these mean."""
        return self._encoder.subwords("[")[-1], self._encoder.subwords("]")[-1]

    def row(
        self,
        text: str,
        words: Sequence[Word],
        sentence: tuple[int, int],
        candidate: Candidate,
        *,
        instruction: str,
        type: int,
    ) -> MarkedRow:
        """The row of a candidate.

        Args:
            text: the text.
            words: its words.
            sentence: the range of them to read, which the candidate lies in: `context`.
            candidate: the candidate; it may begin or end inside a word, which is then cut there.
            instruction: rendered instruction, which names the type.
            type: the type's index among the model's.

        Raises:
            ModelError: where the instruction leaves no room for a sentence.
        """
        before, after = self._encoder.frame(instruction)
        room = self._encoder.room(instruction) - 2  # for the marks
        first, last = _inside(words, candidate.start, candidate.end)

        def part(places: Iterable[int], start: int, end: int) -> Iterator[Piece]:
            return self._pieces(text, words, places, start, end)

        middle = _shortened(
            lambda places: part(places, candidate.start, candidate.end), first, last, room
        )
        # Words that the candidate's ends cut stand on both sides of the mark.
        left, right = _balanced(
            lambda: part(range(first, sentence[0] - 1, -1), 0, candidate.start),
            lambda: part(range(last - 1, sentence[1]), candidate.end, len(text)),
            room - len(middle),
        )
        opening, closing = self.placeholders
        begin = (*before, *chain(*reversed(left)))
        ids = (*begin, opening, *middle, closing, *chain(*right), *after)
        return MarkedRow(ids, len(begin), len(begin) + 1 + len(middle), type)

    def _pieces(
        self, text: str, words: Sequence[Word], places: Iterable[int], start: int, end: int
    ) -> Iterator[Piece]:
        """The sub-words of words, as far as they lie within these offsets."""
        for i in places:
            if part := text[max(words[i].start, start) : min(words[i].end, end)]:
                yield self._encoder.subwords(part)


def _shortened(
    pieces: Callable[[Iterable[int]], Iterator[Piece]], first: int, last: int, room: int
) -> Piece:
    """The sub-words of a range of words, or as many from its two ends as there is room for."""
    ids = tuple(islice(chain.from_iterable(pieces(range(first, last))), room + 1))
    if len(ids) <= room:
        return ids
    backward = chain.from_iterable(map(reversed, pieces(range(last - 1, first - 1, -1))))
    return (*ids[: room // 2], *reversed(tuple(islice(backward, room - room // 2))))


def _balanced(
    left: Callable[[], Iterator[Piece]], right: Callable[[], Iterator[Piece]], room: int
) -> tuple[list[Piece], list[Piece]]:
    """The first pieces of two sides: each has half of the room, and what the other leaves."""
    most = _length(_taken(right(), room))
    nearest = _taken(left(), max(room // 2, room - most))
    return nearest, _taken(right(), room - _length(nearest))


def _inside(words: Sequence[Word], start: int, end: int) -> tuple[int, int]:
    """The half-open range of the words that an extent has a part of."""
    first = bisect_right(words, start, key=attrgetter("end"))
    return first, bisect_left(words, end, key=attrgetter("start"))


def _taken(pieces: Iterable[Piece], room: int) -> list[Piece]:
    """The first pieces, as many as there is room for."""
    found: list[Piece] = []
    for piece in pieces:
        room -= len(piece)
        if room < 0:
            break
        found.append(piece)
    return found


def _length(pieces: Iterable[Piece]) -> int:
    return sum(map(len, pieces))
