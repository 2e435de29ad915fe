"""Splits of different corpora that annotate the same texts, according to the registry."""

from __future__ import annotations

from collections.abc import Iterator

from vaner.corpora.registry import REGISTRY, CorpusInfo, lookup


def same_texts(corpus: str, split: str) -> frozenset[tuple[str, str]]:
    """Return the splits of other corpora that have the same texts as a split.

    A model trained on one of them has seen the texts of the other. `vaner.corpora.sentence_key`
    finds identical sentences, but misses those that one of the corpora tokenized or spelled
    differently, and other sentences of the same abstract also give information away.

    Args:
        corpus: name of a corpus or a view. An unregistered corpus has no known relations.
        split: one of its splits.

    Returns:
        Pairs of a corpus and one of its splits.

    >>> ("GENIA-nested", "devel") in same_texts("JNLPBA-Gene", "train")
    True
    >>> same_texts("JNLPBA", "test")
    frozenset({('JNLPBA-original', 'test')})
    """
    query = (base_corpus(corpus), split)
    return frozenset(
        first if second == query else second
        for first, second in _pairs()
        if query in (first, second)
    )


def shared_texts(info: CorpusInfo) -> Iterator[str]:
    """Yield one line for each group of splits that share their texts with the same other splits.

    >>> list(shared_texts(REGISTRY["cEHRNER"]))
    ['train, devel, test: texts shared with CCKS2019 train']
    """
    groups: dict[str, list[str]] = {}
    for split in info.splits:
        others: dict[str, list[str]] = {}
        shared = same_texts(info.name, split)
        for name, other in REGISTRY.items():
            splits = [split for split in other.splits if (name, split) in shared]
            others |= {name: splits} if splits else {}
        if others:
            description = "; ".join(f"{name} {', '.join(names)}" for name, names in others.items())
            groups.setdefault(description, []).append(split)
    for description, splits in groups.items():
        yield f"{', '.join(splits)}: texts shared with {description}"


def base_corpus(name: str) -> str:
    """Return the name of the corpus that a view reads; any other name is returned unchanged."""
    info = lookup(name)
    return info.base_corpus if info else name


def _pairs() -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """Yield all pairs in the registry, each once."""
    for name, info in REGISTRY.items():
        for split, split_info in info.splits.items():
            for other, other_splits in split_info.same_texts.items():
                yield from (((name, split), (other, o)) for o in other_splits)
