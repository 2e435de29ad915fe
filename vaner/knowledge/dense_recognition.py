"""Dense recognition: training texts made of names, after VANER (arXiv 2404.17835, DBR).

There are two kinds of examples. *List*: names of the given type and of other types, in random
order, joined by spaces. *Context*: a sentence of the training corpus in which names of the same
type replace its mentions, so that the model sees the names in a typical context.

The examples contain only names of the knowledge base and the given sentence, and nothing else of
any corpus.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from vaner.knowledge.related_names import NamePool
from vaner.text.documents import Document, Span
from vaner.text.words import split_words

# Longer names in capitals ("DIABETES MELLITUS, TYPE 2") are printed so only in catalogs.
_MIN_CAPITALIZED_NAME = 7


@dataclass(frozen=True, slots=True)
class NameCounts:
    """Maximum number of names in a list. VANER has 10 names of the type and 5 of others.

    Args:
        positives: maximum number of names of the given type.
        negatives: maximum number of names of other types.
    """

    positives: int = 10
    negatives: int = 5


def make_name_list(pool: NamePool, type: str, counts: NameCounts, rng: Random) -> Document:
    """Make a text of names. Names of the given type are mentions, the others are not.

    Args:
        pool: names to choose from.
        type: entity type of the pool's positives.
        counts: maximum number of names.
        rng: random number generator.

    >>> pool = NamePool(("asthma", "lupus"), ("BRCA1",))
    >>> document = make_name_list(pool, "Disease", NameCounts(), Random(1))
    >>> sorted(document.mention(span) for span in document.spans)
    ['asthma', 'lupus']
    """
    names = [(name, True) for name in _sample(pool.positives, counts.positives, rng)]
    names += [(name, False) for name in _sample(pool.negatives, counts.negatives, rng)]
    rng.shuffle(names)
    text, spans = "", []
    for name, is_positive in names:
        text += " " * bool(text)
        if is_positive:
            spans.append(Span(len(text), len(text) + len(name), type))
        text += name
    return Document("dense", text, tuple(spans))


def replace_mentions(sentence: Document, pool: NamePool, type: str, rng: Random) -> Document:
    """Replace some mentions of a sentence by names.

    One mention is always replaced, each of the others with probability 0.5. Overlapping and
    discontinuous mentions, and mentions that are parts of words, are not replaced. Mentions of
    other types are removed.

    Args:
        sentence: a text with at least one mention.
        pool: names to choose from.
        type: entity type of the mentions and of the pool's positives.
        rng: random number generator.
    """
    sentence = sentence.with_spans(span for span in sentence.spans if span.type == type)
    candidates = find_replaceable(sentence)
    if not candidates or not pool.positives:
        return sentence
    always = rng.choice(candidates)
    spans = [span for span in candidates if span is always or rng.random() < 0.5]
    names = [_to_running_text(rng.choice(pool.positives)) for _ in spans]
    return replace_names(sentence, dict(zip(spans, names, strict=True)))


def find_replaceable(sentence: Document) -> list[Span]:
    """Return the mentions that consist of complete words, without gaps, and overlap no others.

    A name in place of a part of a word ("antiCD3") would not be a word, and would be tagged O.
    """
    words = split_words(sentence.text)
    starts, ends = {word.start for word in words}, {word.end for word in words}
    return [
        span
        for span in sentence.spans
        if not span.is_discontinuous
        and span.start in starts
        and span.end in ends
        and sum(span.overlaps(other) for other in sentence.spans) == 1
    ]


def replace_names(sentence: Document, names: Mapping[Span, str]) -> Document:
    """Return a text with other names in place of some mentions, which overlap no other."""
    text, spans, position, shift = "", [], 0, 0
    for span in sorted(sentence.spans):
        name = names.get(span)
        if name is None:
            spans.append(span.shift(shift))
            continue
        text += sentence.text[position : span.start] + name
        spans.append(Span(len(text) - len(name), len(text), span.type))
        position = span.end
        shift = len(text) - position
    return Document(sentence.id, text + sentence.text[position:], tuple(spans))


def _sample(names: Sequence[str], count: int, rng: Random) -> list[str]:
    return [_to_running_text(name) for name in rng.sample(names, min(count, len(names)))]


def _to_running_text(name: str) -> str:
    """Return a name as it is written in running text."""
    name = " ".join(name.split())
    is_catalog_style = name.isupper() and len(name) >= _MIN_CAPITALIZED_NAME and " " in name
    return name.lower() if is_catalog_style else name
