"""One corpus into splits, document by document, with nothing on both sides where that can be.

Texts of one document (`Document.source_id`) are never parted. A long sentence that stands in two
documents ties them together: they go to the same split, so that nothing of a test text is learnt
from. Ties that would make a group larger than the largest split,
such as a sentence that every letter ends with, are given up, and what then stands on two sides is
counted.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from vaner.corpora.check import LONG
from vaner.corpora.repeated_sentences import key_length, sentence_keys
from vaner.errors import CorpusError
from vaner.text.documents import Document

TRAIN = "train"


@dataclass(frozen=True, slots=True)
class Splits:
    """A corpus in splits.

    Args:
        documents: split -> its texts, in the order they came in.
        together: documents that went where another one with a long sentence of theirs is.
        apart: long sentences that stand in more than one split all the same.
    """

    documents: Mapping[str, tuple[Document, ...]]
    together: int
    apart: int


def split(documents: Iterable[Document], shares: Mapping[str, float], seed: int = 1) -> Splits:
    """Draw splits; the same documents, shares and seed give the same ones.

    Args:
        documents: the corpus.
        shares: split -> share of the documents, whose sentences may stand by themselves; what is
            left over is ``train``. A share of 0 makes no split, any other at least one document.
        seed: of the drawing.

    Raises:
        CorpusError: for shares that leave nothing to train on, or fewer documents than splits.

    >>> letters = [Document(str(i), f"Letter {i}.") for i in range(10)]
    >>> drawn = split(letters, {"devel": 0.2, "test": 0.1})
    >>> {name: len(part) for name, part in drawn.documents.items()}
    {'train': 7, 'devel': 2, 'test': 1}
    """
    corpus = tuple(documents)
    keys = _keys(corpus)
    sizes = _sizes(len(keys), shares)
    groups = _groups(list(keys.values()), max(sizes.values()))
    sides = _placed(groups, sizes, random.Random(seed))
    side = {name: sides[i] for i, name in enumerate(keys)}
    parts = {
        name: tuple(text for i, text in enumerate(corpus) if side[text.source_id or i] == name)
        for name in sizes
    }
    return Splits(
        parts,
        together=sum(len(group) for group in groups if len(group) > 1),
        apart=_apart(list(keys.values()), sides),
    )


def _sizes(number: int, shares: Mapping[str, float]) -> dict[str, int]:
    """Documents of each split, train first."""
    if any(not 0 <= share < 1 for share in shares.values()) or sum(shares.values()) >= 1:
        told = ", ".join(f"{name} {share:g}" for name, share in shares.items())
        raise CorpusError(f"{told}: shares are from 0 up to 1, and leave something to train on")
    held_out = {name: max(1, round(number * share)) for name, share in shares.items() if share}
    if number <= sum(held_out.values()):
        raise CorpusError(
            f"{number} documents are too few for train, {', '.join(held_out)}"
            if held_out
            else "there is no document to split"
        )
    return {TRAIN: number - sum(held_out.values()), **held_out}


def _keys(corpus: Sequence[Document]) -> dict[str | int, frozenset[str]]:
    """The long sentences of each document; one that is not named goes by the place of its text."""
    found: dict[str | int, frozenset[str]] = {}
    for i, text in enumerate(corpus):
        name = text.source_id or i
        found[name] = found.get(name, frozenset()) | _long(text)
    return found


def _long(document: Document) -> frozenset[str]:
    """The keys of the long sentences of a document; short ones recur freely."""
    return frozenset(key for key in sentence_keys(document) if key_length(key) >= LONG)


def _groups(keys: Sequence[frozenset[str]], largest: int) -> list[tuple[int, ...]]:
    """Documents that belong together, none in two groups, no group larger than allowed.

    Rare sentences tie first: two texts that share one that nobody else has are the same text.
    """
    members: dict[int, tuple[int, ...]] = {i: (i,) for i in range(len(keys))}
    group = list(range(len(keys)))
    for owners in _ties(keys):
        joined = {group[i] for i in owners}
        if len(joined) > 1 and sum(len(members[g]) for g in joined) <= largest:
            first = min(joined)
            members[first] = tuple(sorted(i for g in joined for i in members[g]))
            for other in joined - {first}:
                del members[other]
            for i in members[first]:
                group[i] = first
    return list(members.values())


def _ties(keys: Sequence[frozenset[str]]) -> Iterator[tuple[int, ...]]:
    """The documents that share a sentence, for each such sentence, the rarest first."""
    owners: dict[str, list[int]] = {}
    for i, own in enumerate(keys):
        for key in sorted(own):  # a set's own order differs from run to run
            owners.setdefault(key, []).append(i)
    shared = (tuple(some) for some in owners.values() if len(some) > 1)
    yield from sorted(shared, key=lambda some: (len(some), some))


def _placed(
    groups: Sequence[tuple[int, ...]], sizes: Mapping[str, int], draw: random.Random
) -> dict[int, str]:
    """The split of every document: each gets exactly as many as it shall have.

    Large groups are placed first, while there is room for them; one that fits nowhere any more is
    taken apart.
    """
    drawn = draw.sample(list(groups), len(groups))
    drawn.sort(key=len, reverse=True)  # keeps the drawn order of groups of one size
    room, side = dict(sizes), dict[int, str]()
    for group in drawn:
        whole = max(room.values()) >= len(group)
        for part in (group,) if whole else ((i,) for i in group):
            name = max(room, key=lambda one: room[one])
            room[name] -= len(part)
            side |= dict.fromkeys(part, name)
    return side


def _apart(keys: Sequence[frozenset[str]], side: Mapping[int, str]) -> int:
    """How many sentences stand in more than one split."""
    sides = Counter(key for key, _ in {(key, side[i]) for i, own in enumerate(keys) for key in own})
    return sum(number > 1 for number in sides.values())
