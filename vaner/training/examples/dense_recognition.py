"""Dense-recognition examples: names of a knowledge base, chosen for the sentences of a corpus."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from vaner.backbones.encoding import Encoder, Row
from vaner.knowledge.dense_recognition import NameCounts, make_name_list, replace_mentions
from vaner.knowledge.related_names import NamePool, RelatedNames
from vaner.tagger.instructions import ANY_TYPE, Instruction
from vaner.text.documents import Corpus, Document, Span
from vaner.text.tags import TagSet, encode_tags
from vaner.text.words import split_words
from vaner.training.examples.sentences import opened, training_sentences, unannotated_tags

# So many times the names of one draw are kept for a sentence: epochs differ, all are related.
_VARIETY = 4


@dataclass(frozen=True, slots=True)
class ListExample:
    """Names joined by spaces, under the instruction that names no corpus.

    Args:
        pool: names related to one training sentence.
        type: entity type asked for.
        counts: most names of a draw.
        tag_set: the model's tags.
        length: sub-words of its row, estimated.
    """

    pool: NamePool
    type: str
    counts: NameCounts
    tag_set: TagSet
    length: int

    @property
    def blank(self) -> bool:
        """Never: there are names to find."""
        return False

    def row(self, encoder: Encoder, instruction: Instruction, draw: Random) -> Row:
        """Names drawn anew; where they are too many for a row, fewer."""
        counts = self.counts
        while True:
            document = make_name_list(self.pool, self.type, counts, draw)
            rows = _rows(document, self.type, self.tag_set, encoder, instruction)
            first, second = next(rows), next(rows, None)
            if second is None or counts.positives + counts.negatives < 2:
                return first
            counts = NameCounts(max(1, counts.positives - 2), max(0, counts.negatives - 1))


@dataclass(frozen=True, slots=True)
class ContextExample:
    """A training sentence in which names stand in place of mentions.

    Args:
        sentence: the sentence with its mentions of `type`.
        pool: names related to it.
        type: entity type asked for.
        tag_set: the model's tags.
        length: sub-words of its row, estimated.
    """

    sentence: Document
    pool: NamePool
    type: str
    tag_set: TagSet
    length: int

    @property
    def blank(self) -> bool:
        """Never: there are names to find."""
        return False

    def row(self, encoder: Encoder, instruction: Instruction, draw: Random) -> Row:
        """Names drawn anew; of a sentence that grows too long, its first window."""
        document = replace_mentions(self.sentence, self.pool, self.type, draw)
        return next(_rows(document, self.type, self.tag_set, encoder, instruction))


def dense_examples(
    corpus: Corpus,
    type: str,
    related: RelatedNames,
    encoder: Encoder,
    tag_set: TagSet,
    *,
    named: str | None = None,
    context: bool = False,
    counts: NameCounts | None = None,
    share: float = 1.0,
) -> list[ListExample | ContextExample]:
    """One example for each sentence of a corpus that names are related to.

    Args:
        corpus: a training split; its mentions are used in context mode only.
        type: entity type asked for, as the corpus has it.
        related: where the names come from.
        encoder: to estimate lengths.
        tag_set: the model's tags.
        named: the type as the knowledge base has it; `type` if None. Matched exactly.
        context: names in place of mentions (sentences without any give no example), or lists.
        counts: most names of a list; VANER's if None.
        share: part of the sentences, evenly spread, that get an example.
    """
    counts = counts or NameCounts()
    sentences = list(_sentences(corpus, type))
    if context:
        sentences = [sentence for sentence in sentences if sentence.spans]
    kept = round(share * len(sentences))
    sentences = [sentences[i * len(sentences) // kept] for i in range(kept)]
    pools = related.find_pools(
        [sentence.text for sentence in sentences],
        named or type,
        _VARIETY * counts.positives,
        0 if context else _VARIETY * counts.negatives,
    )
    found: list[ListExample | ContextExample] = []
    for sentence, pool in zip(sentences, pools, strict=True):
        if not pool.positives:
            continue
        if context:
            length = _length([sentence.text], 1, encoder)
            found.append(ContextExample(sentence, pool, type, tag_set, length))
        else:
            length = _length(pool.positives, counts.positives, encoder)
            length += _length(pool.negatives, counts.negatives, encoder)
            found.append(ListExample(pool, type, counts, tag_set, length))
    return found


def _sentences(corpus: Corpus, type: str) -> Iterator[Document]:
    """The sentences of a corpus as documents, with their mentions of one type."""
    for document in corpus:
        words = split_words(document.text)
        spans = [span for span in document.spans if span.type == type]
        for first, last in training_sentences(document, words, spans):
            start, end = words[first].start, words[last - 1].end
            own = tuple(_within(spans, start, end))
            yield Document(document.id, document.text[start:end], own)


def _within(spans: Sequence[Span], start: int, end: int) -> Iterator[Span]:
    for span in spans:
        if start <= span.start and span.end <= end:
            yield span.shift(-start)


def _rows(
    document: Document, type: str, tag_set: TagSet, encoder: Encoder, instruction: Instruction
) -> Iterator[Row]:
    words = split_words(document.text)
    joint = bool(tag_set.types)
    tags = encode_tags(words, document.spans, tag_set.scheme, with_types=joint).tags
    prompt = instruction.render(ANY_TYPE if joint else type)
    hidden = unannotated_tags(tag_set, [type])
    for row in encoder.rows(document.text, words, prompt, tag_set.indices(tags)):
        yield replace(row, tags=opened(row.tags, tag_set), unannotated_tags=hidden)


def _length(texts: Sequence[str], count: int, encoder: Encoder) -> int:
    """Sub-words that `count` of the texts take, on average."""
    if not texts:
        return 0
    total = sum(
        len(encoder.subwords(text[word.start : word.end]))
        for text in texts
        for word in split_words(text)
    )
    return round(total * min(count, len(texts)) / len(texts))
