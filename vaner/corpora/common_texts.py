"""Splits of different corpora that are made from the same texts, as the registry knows them."""

from __future__ import annotations

from collections.abc import Iterator

from vaner.corpora.registry import REGISTRY, CorpusInfo, lookup


def same_texts(corpus: str, split: str) -> frozenset[tuple[str, str]]:
    """The splits of other corpora that a split shares its texts with.

    A model that learnt from one of them has seen the other. Sentences that are the same are found
    by their words (`vaner.corpora.sentence_key`), but not those that one of the two corpora cut or
    spelled in another way, and the rest of an abstract gives much of a sentence away.

    Args:
        corpus: name of a corpus or a view; of one that is not registered nothing is known.
        split: one of its splits.

    Returns:
        Pairs of a corpus and one of its splits.

    >>> sorted(same_texts("JNLPBA-Gene", "train"))[0]
    ('GENIA-nested', 'devel')
    >>> same_texts("JNLPBA", "test")
    frozenset({('JNLPBA-original', 'test')})
    """
    own = (base_corpus(corpus), split)
    return frozenset(
        one if other == own else other for one, other in _pairs() if own in (one, other)
    )


def shared_texts(info: CorpusInfo) -> Iterator[str]:
    """What the splits of a corpus share texts with, a line for all that share them with the same.

    >>> list(shared_texts(REGISTRY["cEHRNER"]))
    ['train, devel, test: texts shared with CCKS2019 train']
    """
    alike: dict[str, list[str]] = {}
    for split in info.splits:
        others: dict[str, list[str]] = {}
        shared = same_texts(info.name, split)
        for name, other in REGISTRY.items():
            own = [one for one in other.splits if (name, one) in shared]
            others |= {name: own} if own else {}
        if others:
            told = "; ".join(f"{name} {', '.join(splits)}" for name, splits in others.items())
            alike.setdefault(told, []).append(split)
    for told, splits in alike.items():
        yield f"{', '.join(splits)}: texts shared with {told}"


def base_corpus(name: str) -> str:
    """Name of the corpus whose files a name stands for: of a view, that of its corpus."""
    info = lookup(name)
    return info.base_corpus if info else name


def _pairs() -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """All that the registry states, each pair once."""
    for name, info in REGISTRY.items():
        for split, known in info.splits.items():
            for other, splits in known.same_texts.items():
                yield from (((name, split), (other, one)) for one in splits)
