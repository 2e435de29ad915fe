"""Names related to a sentence: those that share rare words, or rare runs of letters, with it.

BM25 (Robertson & Zaragoza, 2009, doi:10.1561/1500000019) over words and the four-letter pieces of
words, in the implementation of bm25s. A rare word counts much, a common ending next to nothing,
so "chromogranin A" is found for a sentence about a "granin".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from vaner.errors import KnowledgeError
from vaner.knowledge.base import KnowledgeBase
from vaner.knowledge.name_forms import canonical

# Kinds of thing that corpora of one type annotate as mentions of the other: what is a phenotype
# to the HPO (seizures, cleft palate) is a disease to NCBI-disease and BC5CDR. Neither may be
# taught as a counter-example of the other.
OVERLAPPING = frozenset({frozenset({"Disease", "Phenotype"})})

# Names that teach nothing about a mention in a sentence: single letters, formulas, definitions.
_FEWEST_LETTERS, _MOST_WORDS, _MOST_CHARACTERS = 3, 8, 80
_PIECE = 4
_RAREST = 40
_AT_ONCE = 500
_WORD = re.compile(r"\w+")
_LETTER = re.compile(r"[^\W\d_]")


class NamePool(NamedTuple):
    """Names that a sentence could be given, the most closely related first.

    Args:
        positives: of the type asked for.
        negatives: of other types, and of no name that the type has too.
    """

    positives: tuple[str, ...]
    negatives: tuple[str, ...]


class RelatedNames:
    """Finds names of a knowledge base that are related to a sentence.

    Args:
        base: where the names come from.
        exclude: types never to be used, neither as the type asked for nor as another one.

    >>> related = RelatedNames(base)                                    # doctest: +SKIP
    >>> related.pools(["A secreted granin"], "Gene", 2, 1)              # doctest: +SKIP
    [NamePool(positives=('granin family', 'chromogranin A'), negatives=('granisetron',))]
    """

    def __init__(self, base: KnowledgeBase, exclude: Sequence[str] = ()) -> None:
        base.check_types(exclude)
        self.base = base
        self.types = tuple(type for type in base.types if type not in exclude)
        self._indexes: dict[tuple[str, ...], _Index] = {}

    def others(self, type: str) -> tuple[str, ...]:
        """The types whose names are counter-examples of `type`."""
        return tuple(
            other
            for other in self.types
            if other != type and frozenset({type, other}) not in OVERLAPPING
        )

    def pools(
        self, sentences: Sequence[str], type: str, positives: int, negatives: int
    ) -> list[NamePool]:
        """Names related to each sentence.

        Args:
            sentences: running text.
            type: an entity type of the base; matched exactly.
            positives: most names of `type` for a sentence.
            negatives: most names of other types for a sentence.

        Raises:
            KnowledgeError: for a type that the base does not have.
        """
        if type not in self.types:
            raise KnowledgeError(
                f"knowledge base {self.base.name} gives no names of type {type}; "
                f"it has {', '.join(self.types)}"
            )
        own = self._index((type,)).find(sentences, positives)
        others = self.others(type)
        if not others or not negatives:
            return [NamePool(names, ()) for names in own]
        taken = self._canonical_names[type]
        # Some of the names found are of both kinds: ask for more, and keep those that are not.
        far = self._index(others).find(sentences, 2 * negatives)
        return [
            NamePool(near, tuple(_distinct(away, taken)[:negatives]))
            for near, away in zip(own, far, strict=True)
        ]

    @cached_property
    def _names(self) -> dict[str, list[str]]:
        """Names worth learning from; of those that hold the same words, the plainest."""
        names: dict[str, dict[str, str]] = {type: {} for type in self.types}
        for name, type, _ in self.base.names(self.types):
            if teachable(name):
                same = " ".join(sorted(_WORD.findall(canonical(name))))
                known = names[type].get(same)
                # "Neoplasms, Breast" is how an index sorts "Breast Neoplasms".
                if known is None or ("," in known and "," not in name):
                    names[type][same] = name
        return {type: list(found.values()) for type, found in names.items()}

    @cached_property
    def _canonical_names(self) -> dict[str, set[str]]:
        names: dict[str, set[str]] = {type: set() for type in self.types}
        for name, type, _ in self.base.names(self.types):
            names[type].add(canonical(name))
        return names

    def _index(self, types: tuple[str, ...]) -> _Index:
        if types not in self._indexes:
            self._indexes[types] = _Index([n for type in types for n in self._names[type]])
        return self._indexes[types]


def _distinct(names: Iterable[str], taken: Collection[str]) -> list[str]:
    """The names, each once, without those that are taken: two types may share one."""
    found: dict[str, str] = {}
    for name in names:
        if (form := canonical(name)) not in taken:
            found.setdefault(form, name)
    return list(found.values())


class _Index:
    """A BM25 index of names, which remembers what it was asked."""

    def __init__(self, names: Sequence[str]) -> None:
        import bm25s

        self.names = names
        self._bm25 = bm25s.BM25(k1=1.2, b=0.75)
        self._bm25.index([features(name) for name in names] or [[""]], show_progress=False)
        frequencies = np.diff(self._bm25.scores["indptr"])
        # The last entry of the vocabulary is an empty word for queries that match nothing.
        self._frequency = {
            word: int(frequencies[i])
            for word, i in self._bm25.vocab_dict.items()
            if i < len(frequencies)
        }
        self._asked: dict[tuple[str, int], tuple[str, ...]] = {}

    def find(self, sentences: Sequence[str], count: int) -> list[tuple[str, ...]]:
        """The best names of each sentence; only names that share something with it."""
        new = [s for s in dict.fromkeys(sentences) if (s, count) not in self._asked]
        for start in range(0, len(new), _AT_ONCE):
            part = new[start : start + _AT_ONCE]
            self._asked.update(zip(((s, count) for s in part), self._ask(part, count), strict=True))
        return [self._asked[sentence, count] for sentence in sentences]

    def _ask(self, sentences: Sequence[str], count: int) -> list[tuple[str, ...]]:
        count = min(count, len(self.names))
        queries = [self._query(sentence) for sentence in sentences]
        asked = [i for i, query in enumerate(queries) if query and count]
        answers: list[tuple[str, ...]] = [() for _ in sentences]
        if asked:
            found, scores = self._bm25.retrieve(
                [queries[i] for i in asked], k=count, show_progress=False
            )
            for i, row, values in zip(asked, found.tolist(), scores.tolist(), strict=True):
                some = zip(row, values, strict=True)
                answers[i] = tuple(self.names[name] for name, score in some if score > 0)
        return answers

    def _query(self, sentence: str) -> list[str]:
        """The rarest features of a sentence: they decide, and the frequent ones cost the time."""
        known = [f for f in dict.fromkeys(features(sentence)) if f in self._frequency]
        return sorted(known, key=self._frequency.__getitem__)[:_RAREST]


def features(text: str) -> list[str]:
    """What two texts are compared by: their words, and the four-letter pieces of longer ones.

    >>> features("Granin-like")
    ['granin', '#gran', '#rani', '#anin', 'like']
    """
    words = _WORD.findall(canonical(text))
    return [feature for word in words for feature in _of_word(word)]


def _of_word(word: str) -> Iterable[str]:
    yield word
    if len(word) > _PIECE:
        for i in range(len(word) - _PIECE + 1):
            yield "#" + word[i : i + _PIECE]


def teachable(name: str) -> bool:
    """Whether a name can stand for a mention: has letters, and is not a whole definition."""
    return (
        len(_LETTER.findall(name)) >= _FEWEST_LETTERS
        and len(name) <= _MOST_CHARACTERS
        and len(name.split()) <= _MOST_WORDS
    )
