"""Encoding: words and an instruction become rows of subwords, the input of a model.

Training and inference both use `Encoder.rows`, so their input cannot differ.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from vaner.errors import ModelError, library_errors, summarize_error
from vaner.text.casing import Casing, get_casing
from vaner.text.normalize import normalize, replace_surrogates
from vaner.text.words import Window, Word, read_words, split_windows

# Only the first characters of a longer word (a nucleotide sequence, a line without spaces) are
# encoded. It is still one word with one tag. This bounds the number of subwords of a word, and so
# the size of a window.
LONGEST_WORD = 100
MOST_SUBWORDS = 48
CACHED_WORDS = 100_000

TOKENIZER_FILE = "tokenizer.json"
_RARE = "\u2603 \U0001f9ec \U00013000"  # characters that most vocabularies lack


class TagPosterior(NamedTuple):
    """A teacher's probabilities of the tags of a row.

    Attributes:
        tags: probability of each tag at each word. *Shape:* (W, C)
        transitions: expected number of each transition, from row to column. *Shape:* (C, C)
    """

    tags: npt.NDArray[np.floating[Any]]
    transitions: npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Row:
    """One window of a sentence under one instruction, ready to be batched.

    Attributes:
        input_ids: subwords: special tokens, instruction, words, special tokens. Length T.
        starts: index of the first subword of each word. Length W.
        ends: one past the last subword of each word. Length W.
        window: the words of the window, as indices into its sentence.
        prefix: number of subwords before the words: special tokens and the instruction.
        tags: tag index of each word in training, else empty. Length W or 0.
        unannotated_tags: tag indices of the types that the corpus does not annotate. Any of them
            may be the true tag of a word with the tag O.
        general: whether the row is of the general domain, and for the head of that domain.
        posterior: a teacher's probabilities, which training uses in place of `tags`.
        casing: casing of the word of each subword, 0 for special tokens and the instruction. Empty
            unless the model has the option `casing`. Length T or 0.
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
        """The number of subwords."""
        return len(self.input_ids)


class Encoder:
    """Encodes words into subwords, one word at a time, with a cache.

    Each word is tokenized as if a space were before it. The encoding then depends only on the
    words, not on the spacing of the source: a pretokenized corpus and raw text look the same.

    Args:
        tokenizer: a fast tokenizer, as in ``tokenizer.json``.
        max_subwords: maximum number of subwords in a row.
        casing: whether rows contain the casing of their words, see `vaner.text.casing`.
    """

    def __init__(self, tokenizer: Tokenizer, max_subwords: int, *, casing: bool = False) -> None:
        self._tokenizer = tokenizer
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.max_subwords = max_subwords
        self._casing = casing
        self._words: dict[str, tuple[int, ...]] = {}
        self._prefixes: dict[str, tuple[int, ...]] = {}
        _check_unknown_characters(tokenizer)
        # Sentencepiece tokenizers add a space before the text themselves.
        tokens = tokenizer.encode("a", add_special_tokens=False).tokens
        self._space = "" if tokens and tokens[0].startswith("▁") else " "
        self._before, self._after = self._find_special_ids()
        self._unknown, self._unknown_word = self._find_unknown_id()

    def __getstate__(self) -> dict[str, Any]:
        """Return the state without the caches, so that equal encoders have equal pickles."""
        return {**self.__dict__, "_words": {}, "_prefixes": {}}

    @classmethod
    def from_folder(cls, folder: Path, max_subwords: int, *, casing: bool = False) -> Encoder:
        """Return the encoder with the ``tokenizer.json`` of a folder.

        Raises:
            ModelError: if the file is missing or broken, or cannot encode every word.
        """
        tokenizer = read_tokenizer(folder)
        with _tokenizer_errors(folder / TOKENIZER_FILE):
            return cls(tokenizer, max_subwords, casing=casing)

    def subwords(self, word: str) -> tuple[int, ...]:
        """Return the subword ids of a word: at least one, at most `MOST_SUBWORDS`."""
        ids = self._words.get(word)
        if ids is None:
            if len(self._words) >= CACHED_WORDS:
                self._words.clear()
            text = self._space + replace_surrogates(normalize(word)[:LONGEST_WORD])
            encoded = self._tokenizer.encode(text, add_special_tokens=False).ids
            # A word that the tokenizer drops, such as a control character, still needs a tag.
            ids = tuple(encoded[:MOST_SUBWORDS]) or (self._unknown,)
            self._words[word] = ids
        return ids

    def is_unknown_word(self, word: str) -> bool:
        """Return whether the tokenizer has no subword for a word, and encodes it as unknown."""
        return word != self._unknown_word and self.subwords(word) == (self._unknown,)

    def instruction_length(self, instruction: str) -> int:
        """Return the number of subwords of an instruction and the special tokens before it."""
        return len(self._encode_prefix(instruction))

    def frame(self, instruction: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the subwords before the words of every row, with the instruction, and after."""
        return self._encode_prefix(instruction), self._after

    def room(self, instruction: str) -> int:
        """Return the number of subwords that a row has left for words.

        Raises:
            ModelError: if the longest word does not fit.
        """
        room = self.max_subwords - len(self._encode_prefix(instruction)) - len(self._after)
        if room < MOST_SUBWORDS:
            raise ModelError(
                f"max_subwords {self.max_subwords} leaves {room} subwords for the sentence after "
                f"the instruction {instruction!r}; it needs {MOST_SUBWORDS}"
            )
        return room

    def rows(
        self, text: str, words: Sequence[Word], instruction: str, tags: Sequence[int] = ()
    ) -> Iterator[Row]:
        """Yield the rows of a sentence: one, or overlapping windows if the sentence is long.

        Args:
            text: the text of the document, which the words' offsets refer to.
            words: the words of the sentence, at least one.
            instruction: the rendered instruction. It may be empty.
            tags: the tag index of each word, for training.

        Raises:
            ModelError: if `max_subwords` leaves too few subwords after the instruction.
        """
        prefix, room = self._encode_prefix(instruction), self.room(instruction)
        strings = read_words(text, words)
        subwords = [self.subwords(string) for string in strings]
        # Mentions near an end of a window are missed more often: a name at 116 places of a long
        # sentence was missed at 33 with an overlap of a quarter, and at 19 with a half.
        for window in split_windows([len(ids) for ids in subwords], room, overlap=room // 2):
            part = slice(window.start, window.end)
            row = self._build_row(prefix, subwords[part], window, tags)
            yield replace(row, casing=_find_casing(row, strings[part])) if self._casing else row

    def _build_row(
        self,
        prefix: tuple[int, ...],
        subwords: Sequence[tuple[int, ...]],
        window: Window,
        tags: Sequence[int],
    ) -> Row:
        ids, starts, ends = list(prefix), [], []
        for word_ids in subwords:
            starts.append(len(ids))
            ids.extend(word_ids)
            ends.append(len(ids))
        ids.extend(self._after)
        window_tags = tuple(tags[window.start : window.end])
        return Row(tuple(ids), tuple(starts), tuple(ends), window, len(prefix), window_tags)

    def _encode_prefix(self, instruction: str) -> tuple[int, ...]:
        if instruction not in self._prefixes:
            # Each word starts with a space; one at the end here would be an extra subword.
            ids = self._tokenizer.encode(instruction.rstrip(), add_special_tokens=False).ids
            self._prefixes[instruction] = (*self._before, *ids)
        return self._prefixes[instruction]

    def _find_special_ids(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the special ids that the tokenizer adds before and after a text."""
        bare = self._tokenizer.encode("a", add_special_tokens=False).ids
        full = self._tokenizer.encode("a", add_special_tokens=True).ids
        for i in range(len(full) - len(bare) + 1):
            if full[i : i + len(bare)] == bare:
                return tuple(full[:i]), tuple(full[i + len(bare) :])
        raise ModelError("the tokenizer changes a text when it adds special tokens")

    def _find_unknown_id(self) -> tuple[int, str | None]:
        """Return the id of unknown words, and the word that has this id anyway, if there is one.

        Raises:
            ModelError: if there is no such id.
        """
        name = getattr(self._tokenizer.model, "unk_token", None)
        unknown = self._tokenizer.token_to_id(name) if name else None
        if unknown is not None:
            return unknown, None
        for word in ("?", ".", "a"):
            if ids := self._tokenizer.encode(f" {word}", add_special_tokens=False).ids:
                return ids[0], word
        raise ModelError("the tokenizer has no subword for ?, . or a: use another tokenizer")


def _check_unknown_characters(tokenizer: Tokenizer) -> None:
    """Check that a tokenizer encodes characters that it does not know.

    Raises:
        ModelError: if it does not.
    """
    try:
        tokenizer.encode(_RARE, add_special_tokens=False)
    except Exception as error:  # the only class that tokenizers raises
        raise ModelError(
            f"the tokenizer cannot encode unknown characters ({summarize_error(error)}): use a "
            "tokenizer with an unknown subword"
        ) from error


def _find_casing(row: Row, words: Sequence[str]) -> tuple[int, ...]:
    """Return the casing of the word of each subword of a row."""
    casing = [int(Casing.NONE)] * len(row)
    for word, start, end in zip(words, row.starts, row.ends, strict=True):
        casing[start:end] = [int(get_casing(word[:LONGEST_WORD]))] * (end - start)
    return tuple(casing)


def read_tokenizer(folder: Path) -> Tokenizer:
    """Read the ``tokenizer.json`` of a folder.

    Raises:
        ModelError: if it is missing or broken.
    """
    text = _read_tokenizer_text(folder)
    with _tokenizer_errors(folder / TOKENIZER_FILE):
        return Tokenizer.from_str(text)


def _tokenizer_errors(path: Path) -> AbstractContextManager[None]:
    return library_errors(path, "not a tokenizer", "copy it again", error_class=ModelError)


def copy_tokenizer(folder: Path, target: Path) -> None:
    """Write the tokenizer of a folder to a file, as `read_tokenizer` reads it.

    Raises:
        ModelError: if it is missing.
    """
    target.write_text(_read_tokenizer_text(folder), "utf-8")


def _read_tokenizer_text(folder: Path) -> str:
    """Return the content of ``tokenizer.json``, with the casing that its config requires.

    transformers changes a BERT-like tokenizer to what ``do_lower_case`` in
    ``tokenizer_config.json`` says; some cased models have a ``tokenizer.json`` that lowercases.
    """
    path = folder / TOKENIZER_FILE
    if not path.is_file():
        raise ModelError(f"{folder}: {path.name} is missing; only fast tokenizers are read")
    with _tokenizer_errors(path):
        text = path.read_text("utf-8")
        config = folder / "tokenizer_config.json"
        lowercases = json.loads(config.read_text("utf-8")) if config.is_file() else {}
        lowercases = lowercases.get("do_lower_case")
        if isinstance(lowercases, bool):
            content = json.loads(text)
            normalizer = content["normalizer"] or {}
            if normalizer.get("type") == "BertNormalizer" and normalizer["lowercase"] != lowercases:
                normalizer["lowercase"] = lowercases
                return json.dumps(content, ensure_ascii=False)
    return text
