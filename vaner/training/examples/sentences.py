"""Training examples: what one sentence teaches about one type, drawn anew each epoch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
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
    """Something to learn from; its learner makes a row of it, perhaps another one each time."""

    @property
    def length(self) -> int:
        """Sub-words of its row, or about as many: rows of like length are batched together."""

    @property
    def blank(self) -> bool:
        """Whether there is nothing to be found in it."""


class TaggerExample(Example, Protocol):
    """What a tagger learns from."""

    def row(self, encoder: Encoder, instruction: Instruction, draw: Random) -> Row:
        """The row to train on; the same for the same state of `draw`."""


@dataclass(frozen=True, slots=True)
class SentenceExample:
    """A sentence, or a window of a long one, to be tagged for one type.

    Args:
        text: text of its document.
        words: its words.
        tags: tag index of each word.
        type: entity type asked for; `ANY_TYPE` where all are tagged at once.
        dataset: corpus name for the instruction.
        nameless: probability of the instruction without that name.
        length: sub-words of its row under the longer instruction.
        hidden: tags that its corpus does not annotate and that may stand behind an O.
        general: whether it is for the head of the general domain.
    """

    text: str
    words: tuple[Word, ...]
    tags: tuple[int, ...]
    type: str
    dataset: str
    nameless: float
    length: int
    hidden: tuple[int, ...] = ()
    general: bool = False

    @property
    def blank(self) -> bool:
        """Whether every tag is O."""
        return not any(self.tags)

    def row(self, encoder: Encoder, instruction: Instruction, draw: Random) -> Row:
        """Under the instruction with or without the corpus's name, as the draw has it."""
        dataset = None if draw.random() < self.nameless else self.dataset
        prompt = instruction.render(self.type, dataset)
        row = next(encoder.rows(self.text, self.words, prompt, self.tags))
        # The only one: examples were cut to fit.
        return replace(row, unannotated_tags=self.hidden, general=self.general)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the gold a model can reach at all.

    Args:
        mentions: gold mentions of the types trained.
        unreachable: number of them that it cannot give back exactly, for each reason.
        dropped_words: words that have no sub-word of their own and are read as unknown.
    """

    mentions: int
    unreachable: Mapping[str, int]
    dropped_words: int

    @property
    def share(self) -> float:
        """Share of mentions out of reach, in [0, 1]."""
        return sum(self.unreachable.values()) / self.mentions if self.mentions else 0.0

    def __str__(self) -> str:
        reasons = ", ".join(f"{n} {reason}" for reason, n in sorted(self.unreachable.items()))
        return (
            f"{sum(self.unreachable.values())} of {self.mentions} gold mentions "
            f"({100 * self.share:.2f}%) cannot be reached"
            + (f": {reasons}" if reasons else "")
            + (f"; {self.dropped_words} words have no sub-word" if self.dropped_words else "")
        )

    def __add__(self, other: Coverage) -> Coverage:
        both = Counter(self.unreachable) + Counter(other.unreachable)
        return Coverage(
            self.mentions + other.mentions, dict(both), self.dropped_words + other.dropped_words
        )


def corpus_examples(
    corpus: Corpus,
    types: Sequence[str],
    encoder: Encoder,
    tag_set: TagSet,
    instruction: Instruction,
    *,
    nameless: float = 0.0,
    general: bool = False,
) -> tuple[list[SentenceExample], Coverage]:
    """Every sentence of a corpus once for every type, sentences without mentions kept.

    Where the tags carry the type (joint mode), every sentence once for all types together.

    Args:
        corpus: the sentences.
        types: types to teach.
        encoder: words to sub-words.
        tag_set: tags of the head that learns from them.
        instruction: the model's template.
        nameless: probability of the instruction that names no corpus.
        general: whether they are for the head of the general domain.

    Raises:
        CorpusError: where a type is not annotated by the corpus: its absence would be taught.
    """
    missing = [type for type in types if type not in corpus.types]
    if missing:
        raise CorpusError(
            f"corpus {corpus.name} does not annotate {', '.join(missing)}; "
            f"it has {format_types(corpus.types)}"
        )
    examples: list[SentenceExample] = []
    reasons = Counter[str]()
    mentions = dropped = 0
    joint = bool(tag_set.types)
    passes = [(ANY_TYPE, tuple(types))] if joint else [(type, (type,)) for type in types]
    hidden = unannotated_tags(tag_set, types)
    for document in corpus:
        words = split_words(document.text)
        dropped += sum(encoder.is_unknown_word(document.text[w.start : w.end]) for w in words)
        for type, together in passes:
            spans = [span for span in document.spans if span.type in together]
            mentions += len(spans)
            encoded = encode_tags(words, spans, tag_set.scheme, with_types=joint)
            reasons.update(str(reason) for _, reason in encoded.unreachable)
            indices = tag_set.indices(encoded.tags)
            # Cut under the longer of the two instructions: the row fits under either.
            prompts = (instruction.render(type, corpus.name), instruction.render(type))
            prompt = max(prompts, key=encoder.instruction_length)
            for first, last in training_sentences(document, words, spans):
                own = words[first:last]
                for row in encoder.rows(document.text, own, prompt, indices[first:last]):
                    part = tuple(own[row.window.start : row.window.end])
                    examples.append(
                        SentenceExample(document.text, part, opened(row.tags, tag_set), type,
                                corpus.name, nameless, len(row), hidden, general)
                    )  # fmt: skip
    return examples, Coverage(mentions, dict(reasons), dropped)


def unannotated_tags(tag_set: TagSet, types: Sequence[str]) -> tuple[int, ...]:
    """Indices of the tags of all types but these: what a corpus of `types` says nothing of.

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
    """Sentences of a document, joined where a boundary of ours would cut a gold mention."""
    joined: list[tuple[int, int]] = []
    for first, last in get_sentences(document, words):
        edge = words[first].start
        if joined and any(span.start < edge < span.end for span in spans):
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined


def opened(tags: Sequence[int], tag_set: TagSet) -> tuple[int, ...]:
    """Tags of a window, legal at its edges even where it cuts a mention."""
    legal = [OUTSIDE] * len(tags)
    for chunk in decode_tags(tag_set.names(tags)):
        legal[chunk.start : chunk.end] = make_tags(
            chunk.end - chunk.start, tag_set.scheme, chunk.type
        )
    return tuple(tag_set.indices(legal))
