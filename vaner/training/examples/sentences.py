"""Training examples of a tagger: a sentence and the tags of its words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Protocol

from vaner.backbones.encoding import Encoder, Row
from vaner.errors import CorpusError
from vaner.tagger.instructions import ANY_TYPE, Instruction
from vaner.text.documents import Corpus, Document, Span, format_types
from vaner.text.tags import OUTSIDE, TagSet, decode_tags, encode_tags, make_tags, split_tag
from vaner.text.words import Word, get_sentences, split_words


class Example(Protocol):
    """A training example. Its learner encodes it, perhaps differently in each epoch."""

    @property
    def length(self) -> int:
        """Number of subwords of its row, or an estimate: similar lengths are batched together."""

    @property
    def is_negative(self) -> bool:
        """Whether there is no mention in it."""


class TaggerExample(Example, Protocol):
    """A training example of a tagger."""

    def encode(self, encoder: Encoder, instruction: Instruction, rng: Random) -> Row:
        """Return the row to train on; the same row for the same state of `rng`."""


@dataclass(frozen=True, slots=True)
class SentenceExample:
    """A sentence, or a window of a long sentence, to be tagged for a type.

    Args:
        text: text of its document.
        words: the words of the sentence. Length W.
        tags: tag index of each word. Length W.
        type: entity type in the instruction; `ANY_TYPE` if all types are tagged together.
        corpus: corpus name in the instruction.
        nameless_fraction: probability of the instruction without that name.
        length: number of subwords of its row under the longer of the two instructions.
        unannotated_tags: tags of the types that the corpus does not annotate; a word tagged O may
            be of these types.
        general: whether it trains the head of the general domain.
    """

    text: str
    words: tuple[Word, ...]
    tags: tuple[int, ...]
    type: str
    corpus: str
    nameless_fraction: float
    length: int
    unannotated_tags: tuple[int, ...] = ()
    general: bool = False

    @property
    def is_negative(self) -> bool:
        """Whether every tag is O."""
        return not any(self.tags)

    def encode(self, encoder: Encoder, instruction: Instruction, rng: Random) -> Row:
        """Return the row under an instruction that names the corpus or not, at random."""
        corpus = None if rng.random() < self.nameless_fraction else self.corpus
        prompt = instruction.render(self.type, corpus)
        # There is only one row: `make_sentence_examples` has split long sentences.
        row = next(encoder.rows(self.text, self.words, prompt, self.tags))
        return replace(row, unannotated_tags=self.unannotated_tags, general=self.general)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the gold a model can predict at all.

    Args:
        mentions: number of gold mentions of the types trained.
        unreachable: number of mentions that the model cannot predict exactly, by reason.
        dropped_words: number of words without a subword; they are read as unknown words.
    """

    mentions: int
    unreachable: Mapping[str, int]
    dropped_words: int

    @property
    def share(self) -> float:
        """Fraction of the mentions that is unreachable, in [0, 1]."""
        return sum(self.unreachable.values()) / self.mentions if self.mentions else 0.0

    def __str__(self) -> str:
        reasons = ", ".join(f"{n} {reason}" for reason, n in sorted(self.unreachable.items()))
        learned = f"all {self.mentions} gold mentions can be learned"
        if reasons:
            learned = (
                f"{sum(self.unreachable.values())} of {self.mentions} gold mentions "
                f"({100 * self.share:.2f}%) cannot be learned: {reasons}"
            )
        elif self.mentions < 2:
            learned = "1 gold mention can be learned" if self.mentions else "no gold mentions"
        without = f"; {self.dropped_words} words have no subword" if self.dropped_words else ""
        return learned + without

    def __add__(self, other: Coverage) -> Coverage:
        reasons = Counter(self.unreachable) + Counter(other.unreachable)
        return Coverage(
            self.mentions + other.mentions, dict(reasons), self.dropped_words + other.dropped_words
        )


def make_sentence_examples(
    corpus: Corpus,
    types: Sequence[str],
    encoder: Encoder,
    tag_set: TagSet,
    instruction: Instruction,
    *,
    nameless_fraction: float = 0.0,
    general: bool = False,
) -> tuple[list[SentenceExample], Coverage]:
    """Return every sentence of a corpus once for every type, with or without mentions.

    If the tags contain the type (joint mode), each sentence is one example for all types.

    Args:
        corpus: the sentences.
        types: types to learn.
        encoder: encodes words as subwords.
        tag_set: tags of the head that is trained.
        instruction: the model's templates.
        nameless_fraction: probability of the instruction that names no corpus.
        general: whether the examples train the head of the general domain.

    Raises:
        CorpusError: if the corpus does not annotate a type; the model would learn its absence.
    """
    _check_annotated(corpus, types)
    examples: list[SentenceExample] = []
    reasons = Counter[str]()
    mentions = dropped_words = 0
    joint = bool(tag_set.types)
    passes = [(ANY_TYPE, tuple(types))] if joint else [(type, (type,)) for type in types]
    unannotated = unannotated_tags(tag_set, types)
    for document in corpus:
        words = split_words(document.text)
        dropped_words += sum(encoder.is_unknown_word(document.text[w.start : w.end]) for w in words)
        for type, types_of_pass in passes:
            spans = [span for span in document.spans if span.type in types_of_pass]
            mentions += len(spans)
            encoded = encode_tags(words, spans, tag_set.scheme, with_types=joint)
            reasons.update(str(reason) for _, reason in encoded.unreachable)
            tags = tag_set.indices(encoded.tags)
            # Windows fit under the longer of the two instructions, so the row fits under both.
            prompts = (instruction.render(type, corpus.name), instruction.render(type))
            prompt = max(prompts, key=encoder.instruction_length)
            for first, last in training_sentences(document, words, spans):
                sentence = words[first:last]
                for row in encoder.rows(document.text, sentence, prompt, tags[first:last]):
                    window = tuple(sentence[row.window.start : row.window.end])
                    row_tags = make_legal(row.tags, tag_set)
                    examples.append(
                        SentenceExample(document.text, window, row_tags, type, corpus.name,
                                nameless_fraction, len(row), unannotated, general)
                    )  # fmt: skip
    return examples, Coverage(mentions, dict(reasons), dropped_words)


def _check_annotated(corpus: Corpus, types: Sequence[str]) -> None:
    missing = [type for type in types if type not in corpus.types]
    if missing:
        raise CorpusError(
            f"corpus {corpus.name} does not annotate {', '.join(missing)}; "
            f"it has {format_types(corpus.types)}"
        )


def unannotated_tags(tag_set: TagSet, types: Sequence[str]) -> tuple[int, ...]:
    """Return the indices of the tags of all types that a corpus of `types` does not annotate.

    >>> unannotated_tags(TagSet(types=("Chemical", "Disease")), ["Disease"])
    (1, 2)
    """
    return tuple(
        index
        for index, tag in enumerate(tag_set.tags)
        if tag_set.types and tag != OUTSIDE and split_tag(tag)[1] not in types
    )


def training_sentences(
    document: Document, words: Sequence[Word], spans: Sequence[Span]
) -> list[tuple[int, int]]:
    """Return the sentences of a document as ranges of words, joined where a gold mention crosses.

    Args:
        document: the document.
        words: its words.
        spans: the gold mentions that must not be cut.
    """
    joined: list[tuple[int, int]] = []
    for first, last in get_sentences(document, words):
        edge = words[first].start
        if joined and any(span.start < edge < span.end for span in spans):
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined


def split_document(document: Document) -> Iterator[Document]:
    """Yield the sentences of a document as documents with their mentions.

    The id is that of the document with the index of the first word.
    """
    words = split_words(document.text)
    for first, last in training_sentences(document, words, document.spans):
        start, end = words[first].start, words[last - 1].end
        spans = [s.shift(-start) for s in document.spans if start <= s.start and s.end <= end]
        yield Document(f"{document.id}-{first}", document.text[start:end], tuple(spans))


def make_legal(tags: Sequence[int], tag_set: TagSet) -> tuple[int, ...]:
    """Return the tags of a window as a legal sequence, even if the window cuts a mention."""
    legal = [OUTSIDE] * len(tags)
    for chunk in decode_tags(tag_set.names(tags)):
        chunk_tags = make_tags(chunk.end - chunk.start, tag_set.scheme, chunk.type)
        legal[chunk.start : chunk.end] = chunk_tags
    return tuple(tag_set.indices(legal))
