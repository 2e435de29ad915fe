"""Split a corpus into train, dev and test documents without leaks between them.

Texts of the same document (`Document.source_id`) always go into the same split. Documents that
share a long sentence are grouped and go into the same split too, so that no test sentence is seen
in training. A shared sentence that would make a group larger than the largest split, such as a
closing line that every letter has, does not group documents. Such sentences may end up in several
splits, and are counted.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from vaner.corpora.repeated_sentences import is_long, sentence_keys
from vaner.errors import CorpusError
from vaner.text.documents import Document

TRAIN = "train"


@dataclass(frozen=True, slots=True)
class CorpusSplits:
    """A corpus divided into splits.

    Args:
        documents: split -> its texts, in their original order.
        grouped_documents: number of documents that are in a group with another document, because
            they share a long sentence.
        repeated_sentences: number of long sentences that occur in more than one split.
    """

    documents: Mapping[str, tuple[Document, ...]]
    grouped_documents: int
    repeated_sentences: int


def split_corpus(
    documents: Iterable[Document], shares: Mapping[str, float], seed: int = 1
) -> CorpusSplits:
    """Divide a corpus into random splits; equal arguments give equal splits.

    Args:
        documents: the corpus.
        shares: split -> its share of the documents, in [0, 1). The rest is ``train``. A share of 0
            creates no split; any other share selects at least one document.
        seed: random seed.

    Raises:
        CorpusError: if the shares leave nothing for ``train``, or there are fewer documents than
            splits.

    >>> letters = [Document(str(i), f"Letter {i}.") for i in range(10)]
    >>> splits = split_corpus(letters, {"devel": 0.2, "test": 0.1})
    >>> {name: len(part) for name, part in splits.documents.items()}
    {'train': 7, 'devel': 2, 'test': 1}
    """
    corpus = tuple(documents)
    sentences = _collect_long_sentences(corpus)
    keys = list(sentences.values())
    sizes = _compute_sizes(len(keys), shares)
    groups = _group_documents(keys, max(sizes.values()))
    assignment = _assign_groups(groups, sizes, random.Random(seed))
    split_of_source = {source: assignment[i] for i, source in enumerate(sentences)}
    parts = {
        name: tuple(
            text for i, text in enumerate(corpus) if split_of_source[text.source_id or i] == name
        )
        for name in sizes
    }
    return CorpusSplits(
        parts,
        grouped_documents=sum(len(group) for group in groups if len(group) > 1),
        repeated_sentences=_count_repeated_sentences(keys, assignment),
    )


def _compute_sizes(number: int, shares: Mapping[str, float]) -> dict[str, int]:
    """Return the number of documents of each split, train first."""
    if any(not 0 <= share < 1 for share in shares.values()) or sum(shares.values()) >= 1:
        given = ", ".join(f"{name} {share:g}" for name, share in shares.items())
        raise CorpusError(
            f"{given}: each share must be at least 0 and below 1, and their sum must be below 1"
        )
    held_out = {name: max(1, round(number * share)) for name, share in shares.items() if share}
    if number <= sum(held_out.values()):
        raise CorpusError(
            f"too few documents for train, {', '.join(held_out)}: {number:,}; set a share to 0"
            if held_out
            else "there are no documents to split"
        )
    return {TRAIN: number - sum(held_out.values()), **held_out}


def _collect_long_sentences(corpus: Sequence[Document]) -> dict[str | int, frozenset[str]]:
    """Return source document -> keys of its long sentences.

    A text without a source document is identified by its index.
    """
    sentences: dict[str | int, frozenset[str]] = {}
    for i, text in enumerate(corpus):
        source = text.source_id or i
        long_keys = frozenset(key for key in sentence_keys(text) if is_long(key))
        sentences[source] = sentences.get(source, frozenset()) | long_keys
    return sentences


def _group_documents(keys: Sequence[frozenset[str]], max_size: int) -> list[tuple[int, ...]]:
    """Group the documents that share sentences.

    Rare sentences are used first: if only two texts share a sentence, they are probably the same
    text.

    Args:
        keys: keys of the long sentences of each document.
        max_size: maximum number of documents in a group.

    Returns:
        Groups of document indices. Each document is in exactly one group.
    """
    members: dict[int, tuple[int, ...]] = {i: (i,) for i in range(len(keys))}
    group = list(range(len(keys)))
    for documents in _shared_sentences(keys):
        joined = {group[i] for i in documents}
        if len(joined) > 1 and sum(len(members[g]) for g in joined) <= max_size:
            first = min(joined)
            members[first] = tuple(sorted(i for g in joined for i in members[g]))
            for other in joined - {first}:
                del members[other]
            for i in members[first]:
                group[i] = first
    return list(members.values())


def _shared_sentences(keys: Sequence[frozenset[str]]) -> Iterator[tuple[int, ...]]:
    """Yield the documents that share a sentence, for each such sentence, the rarest first."""
    documents: dict[str, list[int]] = {}
    for i, document_keys in enumerate(keys):
        for key in sorted(document_keys):  # the iteration order of a set is not reproducible
            documents.setdefault(key, []).append(i)
    shared = (tuple(indices) for indices in documents.values() if len(indices) > 1)
    yield from sorted(shared, key=lambda indices: (len(indices), indices))


def _assign_groups(
    groups: Sequence[tuple[int, ...]], sizes: Mapping[str, int], rng: random.Random
) -> dict[int, str]:
    """Assign every document to a split, so that each split has exactly its size.

    Large groups are assigned first, while a split has room for them. A group that fits into no
    split is divided.
    """
    shuffled = rng.sample(list(groups), len(groups))
    shuffled.sort(key=len, reverse=True)  # stable: groups of equal size stay in random order
    room, assignment = dict(sizes), dict[int, str]()
    for group in shuffled:
        fits = max(room.values()) >= len(group)
        for part in (group,) if fits else ((i,) for i in group):
            name = max(room, key=lambda split: room[split])
            room[name] -= len(part)
            assignment |= dict.fromkeys(part, name)
    return assignment


def _count_repeated_sentences(keys: Sequence[frozenset[str]], assignment: Mapping[int, str]) -> int:
    """Count the sentences that occur in more than one split."""
    occurrences = {
        (key, assignment[i]) for i, document_keys in enumerate(keys) for key in document_keys
    }
    splits = Counter(key for key, _ in occurrences)
    return sum(count > 1 for count in splits.values())
