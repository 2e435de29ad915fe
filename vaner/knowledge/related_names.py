"""Names that are related to a sentence, because they share rare words or character n-grams with it.

The names are ranked by BM25 (Robertson & Zaragoza, 2009, doi:10.1561/1500000019) over words and
character 4-grams, with the library bm25s. Rare words have a high weight and common endings almost
none, so "chromogranin A" is found for a sentence about a "granin".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from vaner.errors import KnowledgeError
from vaner.knowledge.base import KnowledgeBase
from vaner.knowledge.name_forms import canonicalize

# Pairs of types that corpora do not distinguish: a phenotype of the HPO (seizures, cleft palate)
# is a disease in NCBI-disease and BC5CDR. So names of one are not negatives of the other.
OVERLAPPING_TYPES = frozenset({frozenset({"Disease", "Phenotype"})})

# Limits that exclude names unlike mentions: single letters, formulas, definitions.
_MIN_LETTERS, _MAX_WORDS, _MAX_CHARACTERS = 3, 8, 80
_NGRAM = 4
_MAX_QUERY_FEATURES = 40
_SENTENCES_PER_QUERY = 500
_WORD = re.compile(r"\w+")
_LETTER = re.compile(r"[^\W\d_]")


class NamePool(NamedTuple):
    """Names for a sentence, the most closely related first.

    Args:
        positives: names of the given type.
        negatives: names of other types that are not also names of the given type.
    """

    positives: tuple[str, ...]
    negatives: tuple[str, ...]


class RelatedNames:
    """Finds names of a knowledge base that are related to a sentence.

    Args:
        base: the knowledge base.
        exclude: types that are used neither as positives nor as negatives.

    >>> related = RelatedNames(base)                                    # doctest: +SKIP
    >>> related.find_pools(["A secreted granin"], "Gene", 2, 1)         # doctest: +SKIP
    [NamePool(positives=('granin family', 'chromogranin A'), negatives=('granisetron',))]
    """

    def __init__(self, base: KnowledgeBase, exclude: Sequence[str] = ()) -> None:
        exclude = base.resolve_types(exclude) or ()
        self.base = base
        self.types = tuple(type for type in base.types if type not in exclude)
        self._indexes: dict[tuple[str, ...], _Index] = {}

    def other_types(self, type: str) -> tuple[str, ...]:
        """Return the types whose names are negatives of a type."""
        return tuple(
            other
            for other in self.types
            if other != type and frozenset({type, other}) not in OVERLAPPING_TYPES
        )

    def find_pools(
        self, sentences: Sequence[str], type: str, positives: int, negatives: int
    ) -> list[NamePool]:
        """Find names that are related to each sentence.

        Args:
            sentences: running text.
            type: an entity type of the base.
            positives: maximum number of names of this type per sentence.
            negatives: maximum number of names of other types per sentence.

        Raises:
            KnowledgeError: for a type that the base does not have.
        """
        if type not in self.types:
            raise KnowledgeError(
                f"knowledge base {self.base.name} has no names of type {type}; "
                f"it has {', '.join(self.types)}"
            )
        positive_names = self._index((type,)).find(sentences, positives)
        other_types = self.other_types(type)
        if not other_types or not negatives:
            return [NamePool(names, ()) for names in positive_names]
        excluded = self._canonical_names[type]
        # Some candidates are also names of the type, so retrieve more than are needed.
        candidates = self._index(other_types).find(sentences, 2 * negatives)
        return [
            NamePool(names, tuple(_deduplicate(others, excluded)[:negatives]))
            for names, others in zip(positive_names, candidates, strict=True)
        ]

    @cached_property
    def _names(self) -> dict[str, list[str]]:
        """Usable names by type. Of names with the same words, one in natural order is preferred."""
        names: dict[str, dict[str, str]] = {type: {} for type in self.types}
        for name, type, _ in self.base.names(self.types):
            if is_usable_name(name):
                key = " ".join(sorted(_WORD.findall(canonicalize(name))))
                known = names[type].get(key)
                # Prefer "Breast Neoplasms" to its index order "Neoplasms, Breast".
                if known is None or ("," in known and "," not in name):
                    names[type][key] = name
        return {type: list(by_words.values()) for type, by_words in names.items()}

    @cached_property
    def _canonical_names(self) -> dict[str, set[str]]:
        names: dict[str, set[str]] = {type: set() for type in self.types}
        for name, type, _ in self.base.names(self.types):
            names[type].add(canonicalize(name))
        return names

    def _index(self, types: tuple[str, ...]) -> _Index:
        if types not in self._indexes:
            self._indexes[types] = _Index([n for type in types for n in self._names[type]])
        return self._indexes[types]


def _deduplicate(names: Iterable[str], excluded: Collection[str]) -> list[str]:
    """Remove names with equal canonical forms, and names whose canonical form is excluded."""
    distinct: dict[str, str] = {}
    for name in names:
        if (form := canonicalize(name)) not in excluded:
            distinct.setdefault(form, name)
    return list(distinct.values())


class _Index:
    """A BM25 index of names, which caches the results of queries."""

    def __init__(self, names: Sequence[str]) -> None:
        import bm25s

        self.names = names
        self._bm25 = bm25s.BM25(k1=1.2, b=0.75)
        self._bm25.index([extract_features(name) for name in names] or [[""]], show_progress=False)
        frequencies = np.diff(self._bm25.scores["indptr"])
        # The last entry of the vocabulary is an empty word for queries without matches.
        self._frequency = {
            feature: int(frequencies[i])
            for feature, i in self._bm25.vocab_dict.items()
            if i < len(frequencies)
        }
        self._results: dict[tuple[str, int], tuple[str, ...]] = {}

    def find(self, sentences: Sequence[str], count: int) -> list[tuple[str, ...]]:
        """Return the best names for each sentence, all of which share a feature with it."""
        new = [s for s in dict.fromkeys(sentences) if (s, count) not in self._results]
        for start in range(0, len(new), _SENTENCES_PER_QUERY):
            batch = new[start : start + _SENTENCES_PER_QUERY]
            results = self._retrieve(batch, count)
            self._results.update(zip(((s, count) for s in batch), results, strict=True))
        return [self._results[sentence, count] for sentence in sentences]

    def _retrieve(self, sentences: Sequence[str], count: int) -> list[tuple[str, ...]]:
        count = min(count, len(self.names))
        queries = [self._make_query(sentence) for sentence in sentences]
        nonempty = [i for i, query in enumerate(queries) if query and count]
        results: list[tuple[str, ...]] = [() for _ in sentences]
        if nonempty:
            ranked, scores = self._bm25.retrieve(
                [queries[i] for i in nonempty], k=count, show_progress=False
            )
            for i, indices, row_scores in zip(
                nonempty, ranked.tolist(), scores.tolist(), strict=True
            ):
                pairs = zip(indices, row_scores, strict=True)
                results[i] = tuple(self.names[index] for index, score in pairs if score > 0)
        return results

    def _make_query(self, sentence: str) -> list[str]:
        """Return the rarest features of a sentence. The others are slow and matter little."""
        known = [f for f in dict.fromkeys(extract_features(sentence)) if f in self._frequency]
        return sorted(known, key=self._frequency.__getitem__)[:_MAX_QUERY_FEATURES]


def extract_features(text: str) -> list[str]:
    """Return the words of a text, and the character 4-grams of longer words.

    >>> extract_features("Granin-like")
    ['granin', '#gran', '#rani', '#anin', 'like']
    """
    words = _WORD.findall(canonicalize(text))
    return [feature for word in words for feature in _word_features(word)]


def _word_features(word: str) -> Iterable[str]:
    yield word
    if len(word) > _NGRAM:
        for i in range(len(word) - _NGRAM + 1):
            yield "#" + word[i : i + _NGRAM]


def is_usable_name(name: str) -> bool:
    """Whether a name can be used as a mention: it has letters, and is not a definition."""
    return (
        len(_LETTER.findall(name)) >= _MIN_LETTERS
        and len(name) <= _MAX_CHARACTERS
        and len(name.split()) <= _MAX_WORDS
    )
