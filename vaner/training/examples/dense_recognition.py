"""Dense-recognition examples: names of a knowledge base for the sentences of a corpus."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from vaner.backbones.encoding import Encoder, Row
from vaner.knowledge.dense_recognition import NameCounts, make_name_list, replace_mentions
from vaner.knowledge.related_names import NamePool, RelatedNames
from vaner.tagger.instructions import ANY_TYPE, Instruction
from vaner.text.documents import Corpus, Document
from vaner.text.tags import TagSet, encode_tags
from vaner.text.words import split_words
from vaner.training.examples.sentences import make_legal, split_document, unannotated_tags

# The pool of a sentence has this many times the names of a draw, so that epochs differ.
_POOL_FACTOR = 4


@dataclass(frozen=True, slots=True)
class ListExample:
    """Names joined by spaces, under the instruction that names no corpus.

    Args:
        pool: names related to a training sentence.
        type: entity type of the instruction.
        counts: largest number of names in a draw.
        tag_set: the model's tags.
        length: estimated number of subwords of its row.
    """

    pool: NamePool
    type: str
    counts: NameCounts
    tag_set: TagSet
    length: int

    @property
    def is_negative(self) -> bool:
        """False: there are names to find."""
        return False

    def encode(self, encoder: Encoder, instruction: Instruction, rng: Random) -> Row:
        """Return the row of newly drawn names; fewer names if they do not fit in a row."""
        counts = self.counts
        while True:
            document = make_name_list(self.pool, self.type, counts, rng)
            rows = _rows(document, self.type, self.tag_set, encoder, instruction)
            first, second = next(rows), next(rows, None)
            if second is None or counts.positives + counts.negatives < 2:
                return first
            counts = NameCounts(max(1, counts.positives - 2), max(0, counts.negatives - 1))


@dataclass(frozen=True, slots=True)
class ContextExample:
    """A training sentence in which names replace the mentions.

    Args:
        sentence: the sentence with its mentions of `type`.
        pool: names related to it.
        type: entity type of the instruction.
        tag_set: the model's tags.
        length: estimated number of subwords of its row.
    """

    sentence: Document
    pool: NamePool
    type: str
    tag_set: TagSet
    length: int

    @property
    def is_negative(self) -> bool:
        """False: there are names to find."""
        return False

    def encode(self, encoder: Encoder, instruction: Instruction, rng: Random) -> Row:
        """Return the row with newly drawn names; the first window if it does not fit in a row."""
        document = replace_mentions(self.sentence, self.pool, self.type, rng)
        return next(_rows(document, self.type, self.tag_set, encoder, instruction))


def make_dense_examples(
    corpus: Corpus,
    type: str,
    related: RelatedNames,
    encoder: Encoder,
    tag_set: TagSet,
    *,
    base_type: str | None = None,
    context: bool = False,
    counts: NameCounts | None = None,
    share: float = 1.0,
) -> list[ListExample | ContextExample]:
    """Return an example for each sentence of a corpus that has related names.

    Args:
        corpus: a training split. Its mentions are used in context mode only.
        type: entity type, under its name in the corpus.
        related: finds the names.
        encoder: estimates lengths.
        tag_set: the model's tags.
        base_type: the type's name in the knowledge base, matched exactly; `type` if None.
        context: replace mentions by names (sentences without mentions have no example); otherwise
            make lists.
        counts: largest number of names in a list; VANER's if None.
        share: fraction of the sentences, evenly spread, that get an example.
    """
    counts = counts or NameCounts()
    sentences = [
        sentence
        for document in corpus
        for sentence in split_document(
            document.with_spans(s for s in document.spans if s.type == type)
        )
    ]
    if context:
        sentences = [sentence for sentence in sentences if sentence.spans]
    count = round(share * len(sentences))
    sentences = [sentences[i * len(sentences) // count] for i in range(count)]
    pools = related.find_pools(
        [sentence.text for sentence in sentences],
        base_type or type,
        _POOL_FACTOR * counts.positives,
        0 if context else _POOL_FACTOR * counts.negatives,
    )
    examples: list[ListExample | ContextExample] = []
    for sentence, pool in zip(sentences, pools, strict=True):
        if not pool.positives:
            continue
        if context:
            length = _length([sentence.text], 1, encoder)
            examples.append(ContextExample(sentence, pool, type, tag_set, length))
        else:
            length = _length(pool.positives, counts.positives, encoder)
            length += _length(pool.negatives, counts.negatives, encoder)
            examples.append(ListExample(pool, type, counts, tag_set, length))
    return examples


def _rows(
    document: Document, type: str, tag_set: TagSet, encoder: Encoder, instruction: Instruction
) -> Iterator[Row]:
    words = split_words(document.text)
    joint = bool(tag_set.types)
    tags = encode_tags(words, document.spans, tag_set.scheme, with_types=joint).tags
    prompt = instruction.render(ANY_TYPE if joint else type)
    unannotated = unannotated_tags(tag_set, [type])
    for row in encoder.rows(document.text, words, prompt, tag_set.indices(tags)):
        yield replace(row, tags=make_legal(row.tags, tag_set), unannotated_tags=unannotated)


def _length(texts: Sequence[str], count: int, encoder: Encoder) -> int:
    """Return the average number of subwords of `count` of the texts."""
    if not texts:
        return 0
    total = sum(
        len(encoder.subwords(text[word.start : word.end]))
        for text in texts
        for word in split_words(text)
    )
    return round(total * min(count, len(texts)) / len(texts))
