"""Dense recognition: training texts made of names, after VANER (arXiv 2404.17835, DBR).

Two ways to put names before a model. *List*: names of the type asked for and of other types, in
random order, joined by spaces. *Context*: a sentence of the training corpus in which names of the
same type take the place of its mentions, so that the model sees the names where names stand.

Nothing here touches a corpus other than the sentence that is handed in, so what is drawn comes
from the knowledge base and from that sentence alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from vaner.knowledge.related_names import NamePool
from vaner.text.documents import Document, Span
from vaner.text.words import split_words

# A shouted name ("DIABETES MELLITUS, TYPE 2") is how a catalogue prints it, not how it is written.
_SHORTEST_SHOUT = 7


@dataclass(frozen=True, slots=True)
class Counts:
    """How many names a list holds; VANER's are 10 of the type and 5 of others.

    Args:
        positives: most names of the type asked for.
        negatives: most names of other types.
    """

    positives: int = 10
    negatives: int = 5


def name_list(pool: NamePool, type: str, counts: Counts, draw: Random) -> Document:
    """Names of a pool as one text; those of `type` are its mentions, the others are not.

    >>> pool = NamePool(("asthma", "lupus"), ("BRCA1",))
    >>> document = name_list(pool, "Disease", Counts(), Random(1))
    >>> sorted(document.mention(span) for span in document.spans)
    ['asthma', 'lupus']
    """
    names = [(name, True) for name in _some(pool.positives, counts.positives, draw)]
    names += [(name, False) for name in _some(pool.negatives, counts.negatives, draw)]
    draw.shuffle(names)
    text, spans = "", []
    for name, positive in names:
        text += " " * bool(text)
        if positive:
            spans.append(Span(len(text), len(text) + len(name), type))
        text += name
    return Document("dense", text, tuple(spans))


def in_context(sentence: Document, pool: NamePool, type: str, draw: Random) -> Document:
    """A sentence with names of the pool in place of some of its mentions of `type`.

    At least one mention is replaced, each of the others by the toss of a coin. Overlapping and
    discontinuous mentions, and those that are parts of words, stay as they are; mentions of other
    types are left out.

    Args:
        sentence: a text with at least one mention.
        pool: names to put in.
        type: entity type of the mentions and of the pool's positives.
        draw: source of chance.
    """
    sentence = sentence.with_spans(span for span in sentence.spans if span.type == type)
    places = _replaceable(sentence)
    if not places or not pool.positives:
        return sentence
    sure = draw.choice(places)
    chosen = [place for place in places if place is sure or draw.random() < 0.5]
    names = [_written(draw.choice(pool.positives)) for _ in chosen]
    return _replaced(sentence, dict(zip(chosen, names, strict=True)))


def _replaceable(sentence: Document) -> list[Span]:
    """Mentions of whole words, in one piece, that touch no other.

    In place of a part of a word ("antiCD3") a name would be no word either, and be tagged O.
    """
    words = split_words(sentence.text)
    starts, ends = {word.start for word in words}, {word.end for word in words}
    return [
        span
        for span in sentence.spans
        if not span.is_discontinuous
        and span.start in starts
        and span.end in ends
        and sum(span.overlaps(o) for o in sentence.spans) == 1
    ]


def _replaced(sentence: Document, names: dict[Span, str]) -> Document:
    text, spans, at, shift = "", [], 0, 0
    for span in sorted(sentence.spans):
        name = names.get(span)
        if name is None:
            spans.append(span.shift(shift))
            continue
        text += sentence.text[at : span.start] + name
        spans.append(Span(len(text) - len(name), len(text), span.type))
        at = span.end
        shift = len(text) - at
    return Document(sentence.id, text + sentence.text[at:], tuple(spans))


def _some(names: Sequence[str], count: int, draw: Random) -> list[str]:
    return [_written(name) for name in draw.sample(names, min(count, len(names)))]


def _written(name: str) -> str:
    """A name as it would stand in running text."""
    name = " ".join(name.split())
    return name.lower() if name.isupper() and len(name) >= _SHORTEST_SHOUT and " " in name else name
