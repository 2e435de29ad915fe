"""Words under an instruction to sub-word rows: the one shape in which a model reads text.

Training and use both come through `Encoder.rows`, so neither can differ from the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import regex
from tokenizers import Tokenizer

from vaner.errors import ModelError
from vaner.text.casing import Casing, get_casing
from vaner.text.words import Window, Word, split_windows

# A longer word (a nucleotide sequence, a line without spaces) is read by its first characters;
# it stays one word with one tag. So are the sub-words of a word bounded, and with them a window.
LONGEST_WORD = 100
MOST_SUBWORDS = 48
CACHED_WORDS = 100_000
_SURROGATE = regex.compile(r"[\ud800-\udfff]")


class TagPosterior(NamedTuple):
    """What a tagger thinks of the tags of a row's words.

    Args:
        tags: probability of each tag at each word. *Shape:* (W, C).
        transitions: how often each tag is expected to follow each other one. *Shape:* (C, C).
    """

    tags: npt.NDArray[np.float32]
    transitions: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Row:
    """One window of a sentence under one instruction, ready to be batched.

    Args:
        input_ids: sub-words: specials, instruction, words, specials. Length T.
        starts: index of the first sub-word of each word. Length W.
        ends: one past the last sub-word of each word. Length W.
        window: the words it holds, as indices into its sentence.
        prefix: how many sub-words stand before the words: the instruction, specials before it.
        tags: tag index of each word in training, else empty. Length W or 0.
        unannotated_tags: indices of tags that may be the truth where `tags` says O, because its corpus does
            not annotate their types.
        general: whether it is of the general domain, and for that domain's head.
        posterior: what a teacher thinks of it, to be learnt in place of `tags`.
        casing: of the word of each sub-word, where the model is told; 0 where it is of none.
            Length T or 0.
    """

    input_ids: tuple[int, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    window: Window
    prefix: int = 0
    tags: tuple[int, ...] = ()
    unannotated_tags: tuple[int, ...] = ()
    general: bool = False
    posterior: TagPosterior | None = None
    casing: tuple[int, ...] = ()

    def __len__(self) -> int:
        """Number of sub-words."""
        return len(self.input_ids)


class Encoder:
    """Words to sub-words, one word at a time, remembered.

    Every word is cut as if a space stood before it. What a model reads then depends on the words
    alone, not on the spacing of the source: a pre-tokenised corpus and raw text look the same.

    Args:
        tokenizer: a `tokenizers.Tokenizer` (the fast kind; its tokenizer.json).
        max_subwords: most sub-words in a row.
        casing: whether rows tell how their words are cased (`vaner.text.casing`).
    """

    def __init__(self, tokenizer: Tokenizer, max_subwords: int, *, casing: bool = False) -> None:
        self._tokenizer = tokenizer
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.max_subwords = max_subwords
        self._casing = casing
        self._words: dict[str, tuple[int, ...]] = {}
        self._prefixes: dict[str, tuple[int, ...]] = {}
        # Sentencepiece tokenizers put a space before the text by themselves.
        lone = tokenizer.encode("a", add_special_tokens=False).tokens
        self._space = "" if lone and lone[0].startswith("▁") else " "
        self._before, self._after = self._specials()
        self._unknown, self._own_of_unknown = self._unknown_id()

    @classmethod
    def from_folder(cls, folder: Path, max_subwords: int, *, casing: bool = False) -> Encoder:
        """Read ``tokenizer.json``.

        Raises:
            ModelError: where it is missing or broken.
        """
        return cls(read_tokenizer(folder), max_subwords, casing=casing)

    def subwords(self, word: str) -> tuple[int, ...]:
        """Sub-word ids of one word: at least one, at most a fixed number."""
        found = self._words.get(word)
        if found is None:
            if len(self._words) >= CACHED_WORDS:
                self._words.clear()
            readable = _SURROGATE.sub("\ufffd", word[:LONGEST_WORD])
            ids = self._tokenizer.encode(self._space + readable, add_special_tokens=False).ids
            # A word the tokenizer drops (control characters, say) still needs a place to be tagged.
            found = tuple(ids[:MOST_SUBWORDS]) or (self._unknown,)
            self._words[word] = found
        return found

    def is_unknown_word(self, word: str) -> bool:
        """Whether the tokenizer has none for a word, so that it is read as unknown."""
        return word != self._own_of_unknown and self.subwords(word) == (self._unknown,)

    def instruction_length(self, instruction: str) -> int:
        """Sub-words that a rendered instruction takes, specials before it included."""
        return len(self._prefix(instruction))

    def frame(self, instruction: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """What stands before the words of every row, the instruction with it, and after them."""
        return self._prefix(instruction), self._after

    def room(self, instruction: str) -> int:
        """Sub-words that are left for words in a row.

        Raises:
            ModelError: where they are too few for the longest word.
        """
        room = self.max_subwords - len(self._prefix(instruction)) - len(self._after)
        if room < MOST_SUBWORDS:
            raise ModelError(
                f"max_subwords {self.max_subwords} leaves {room} sub-words for the sentence after "
                f"the instruction {instruction!r}; it needs {MOST_SUBWORDS}"
            )
        return room

    def rows(
        self, text: str, words: Sequence[Word], instruction: str, tags: Sequence[int] = ()
    ) -> Iterator[Row]:
        """Rows of one sentence under one instruction: one, or overlapping windows if it is long.

        Args:
            text: the document's text, which the words' offsets refer to.
            words: the words of the sentence, at least one.
            instruction: rendered instruction, may be empty.
            tags: tag index of each word, in training.

        Raises:
            ModelError: where `max_subwords` leaves no room for words after the instruction.
        """
        prefix, room = self._prefix(instruction), self.room(instruction)
        strings = [text[word.start : word.end] for word in words]
        pieces = [self.subwords(string) for string in strings]
        for window in split_windows([len(p) for p in pieces], room, overlap=room // 4):
            own = slice(window.start, window.end)
            row = self._row(prefix, pieces[own], window, tags)
            yield replace(row, casing=_casing(row, strings[own])) if self._casing else row

    def _row(
        self,
        prefix: tuple[int, ...],
        pieces: Sequence[tuple[int, ...]],
        window: Window,
        tags: Sequence[int],
    ) -> Row:
        ids, starts, ends = list(prefix), [], []
        for piece in pieces:
            starts.append(len(ids))
            ids.extend(piece)
            ends.append(len(ids))
        ids.extend(self._after)
        own = tuple(tags[window.start : window.end])
        return Row(tuple(ids), tuple(starts), tuple(ends), window, len(prefix), own)

    def _prefix(self, instruction: str) -> tuple[int, ...]:
        if instruction not in self._prefixes:
            # The words bring their own space; one at the end would be a sub-word of its own.
            ids = self._tokenizer.encode(instruction.rstrip(), add_special_tokens=False).ids
            self._prefixes[instruction] = (*self._before, *ids)
        return self._prefixes[instruction]

    def _specials(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Special ids the tokenizer puts before and after a text."""
        bare = self._tokenizer.encode("a", add_special_tokens=False).ids
        full = self._tokenizer.encode("a", add_special_tokens=True).ids
        for i in range(len(full) - len(bare) + 1):
            if full[i : i + len(bare)] == bare:
                return tuple(full[:i]), tuple(full[i + len(bare) :])
        raise ModelError("the tokenizer changes a text when it adds special tokens")

    def _unknown_id(self) -> tuple[int, str | None]:
        """What unknown words are read as, and the word whose own sub-word that is, if it is one."""
        name = getattr(self._tokenizer.model, "unk_token", None)
        found = self._tokenizer.token_to_id(name) if name else None
        if found is not None:
            return found, None
        return self._tokenizer.encode(" ?", add_special_tokens=False).ids[0], "?"


def _casing(row: Row, words: Sequence[str]) -> tuple[int, ...]:
    """Of the word of each of a row's sub-words."""
    found = [int(Casing.NONE)] * len(row)
    for word, start, end in zip(words, row.starts, row.ends, strict=True):
        found[start:end] = [int(get_casing(word[:LONGEST_WORD]))] * (end - start)
    return tuple(found)


def read_tokenizer(folder: Path) -> Tokenizer:
    """Read the ``tokenizer.json`` of a folder.

    Raises:
        ModelError: where it is missing or broken.
    """
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise ModelError(f"{folder}: tokenizer.json is missing; only fast tokenizers are read")
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the Rust side raises plain Exception
        raise ModelError(f"{path}: not a tokenizer: {error}") from error
