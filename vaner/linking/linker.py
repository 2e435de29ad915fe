"""Linking: which concept of a knowledge base a mention refers to.

The candidates are the names of the base with the most similar trigrams (`NameIndex`). A conditional
logit model (McFadden, 1974) on a few features gives each concept its probability, and the rest to
"none of them". `experiments/linking` trains it. Embedded names add a feature (`NameEmbeddings`).
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaner.errors import VanerError
from vaner.knowledge.base import KnowledgeBase, open_base
from vaner.linking.name_embeddings import NameEmbeddings, open_embeddings
from vaner.linking.name_index import Hits, NameIndex, open_index
from vaner.linking.name_words import is_contradiction, stem_words
from vaner.linking.options import MIN_SCORE
from vaner.linking.queries import Query, make_queries
from vaner.text.documents import Document, Span
from vaner.text.mention_details import Candidate

DEFAULT_TYPE = "Disease"
"""The entity type whose weights are used for types that have none."""

INTERCEPT = "intercept"
"""Name of the weight that every candidate has."""

_NAMES_PER_MENTION = 50
_SHORT = 4  # characters


class Features(NamedTuple):
    """What is known about a mention and a name; the mention is the long form of an abbreviation.

    Args:
        similarity: cosine of the trigrams, in [0, 1].
        gap: difference from the highest similarity of the mention's candidates.
        exact: 1 if the canonical forms are equal.
        inflected: 1 if they are equal but for plurals and British spelling.
        missing_words: share of the words of the mention that the name lacks.
        extra_words: share of the words of the name that the mention lacks.
        no_words: 1 if they have no word in common.
        contradiction: 1 if they differ like "type 1" and "type 2"; see `is_contradiction`.
        preferred: 1 for the preferred name of the concept.
        names: logarithm of the number of names of the concept.
        expanded: 1 if the document defines the mention as an abbreviation.
        short: 1 for a mention of at most four characters that is no such abbreviation.
        supported: 1 if another name in the document is exactly a name of the concept.
        shared: logarithm of the number of concepts of which it is exactly a name.
        foreign: share of the words for species in the document that name another species than
            that of the base; 0 for a base of several species.
        cosine: cosine of the embeddings of the names; 0 if the names are not embedded.
    """

    similarity: float
    gap: float
    exact: float
    inflected: float
    missing_words: float
    extra_words: float
    no_words: float
    contradiction: float
    preferred: float
    names: float
    expanded: float
    short: float
    supported: float
    shared: float
    foreign: float
    cosine: float


class CandidateFeatures(NamedTuple):
    """The candidate names of a mention, with their features.

    Args:
        names: their indices, the most similar first. *Shape:* (N,)
        features: a row of `Features` for each. *Shape:* (N, F)
    """

    names: NDArray[np.int64]
    features: NDArray[np.float64]


_COLUMNS = {name: column for column, name in enumerate(Features._fields)}
_COMPARED = slice(_COLUMNS["exact"], _COLUMNS["contradiction"] + 1)  # of the words of two names


class Linker:
    """Finds the concepts that mentions refer to.

    Args:
        index: the names of the base.
        weights: weight of each feature, and ``intercept``, for all types. Default: the trained
            ones of each type.
        min_score: minimum score of the concept that `identify` assigns, in [0, 1].
        max_candidates: maximum number of concepts that `identify` lists for each mention.
        embeddings: those of the names, if they are embedded.

    Raises:
        VanerError: if `min_score` or `max_candidates` is outside its limits.

    >>> linker = Linker.from_name("open")  # doctest: +SKIP
    >>> linker.rank(Document("1", "asthma", (Span(0, 6, "Disease"),)))  # doctest: +SKIP
    [[Candidate(identifier='DOID:2841', name='asthma', score=0.98), ...]]
    """

    def __init__(
        self,
        index: NameIndex,
        weights: Mapping[str, float] | None = None,
        min_score: float = MIN_SCORE,
        max_candidates: int = 0,
        embeddings: NameEmbeddings | None = None,
    ) -> None:
        if not 0 <= min_score <= 1:
            raise VanerError(f"min_score is {min_score}; it must be from 0 to 1")
        if max_candidates < 0:
            raise VanerError(f"max_candidates is {max_candidates}; it must be at least 0")
        by_type = read_weights(embeddings is not None) if weights is None else {}
        self.index, self._embeddings = index, embeddings
        self._weights = {type: _to_array(of_type) for type, of_type in by_type.items()}
        limits = read_record()["limits"] if weights is None else {}
        self._limits = {type: _to_limits(of_type) for type, of_type in limits.items()}
        self._other_limits = _to_limits(limits.get(DEFAULT_TYPE, {}))
        self._other_weights = _to_array(by_type[DEFAULT_TYPE] if weights is None else weights)
        self.min_score, self.max_candidates = min_score, max_candidates

    @classmethod
    def open(cls, base: KnowledgeBase, **options: Any) -> Linker:
        """Return the linker of a base; its index is loaded from the cache or built."""
        return cls(open_index(base), embeddings=open_embeddings(base), **options)

    @classmethod
    def from_name(cls, name: str, **options: Any) -> Linker:
        """Return the linker of a base that has been built.

        Args:
            name: name or path of the base.
            options: ``min_score`` and ``max_candidates``, see `Linker`.

        Raises:
            VanerError: for a base that has not been built, and for an option outside its limits.
        """
        return cls.open(open_base(name), **options)

    @property
    def types(self) -> tuple[str, ...]:
        """The entity types of the base. A mention of another type has no candidates."""
        return self.index.types

    def identify(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Add the best concept to each mention, if its score is high enough.

        A mention that has identifiers already is not changed, but gets candidates.
        """
        for document in documents:
            ranked = self.rank(document, max(1, self.max_candidates))
            pairs = zip(document.spans, ranked, strict=True)
            yield document.with_spans(self._identify(span, ranking) for span, ranking in pairs)

    def _identify(self, span: Span, candidates: Sequence[Candidate]) -> Span:
        is_known = bool(candidates) and candidates[0].score >= self.min_score
        if is_known and not span.identifiers:
            span = replace(span, identifiers=(candidates[0].identifier,))
        listed = tuple(candidates[: self.max_candidates])
        return replace(span, candidates=listed) if listed else span

    def rank(self, document: Document, limit: int = 5) -> list[list[Candidate]]:
        """Return the most probable concepts for each mention of a document.

        Args:
            document: with mentions of any origin.
            limit: maximum number of concepts for each mention.
        """
        queries = make_queries(document, self.index.species)
        ranked = {
            query: self._rank_names(query.type, described, limit)
            for query, described in self.describe(list(dict.fromkeys(queries))).items()
        }
        return [ranked[query] for query in queries]

    def describe(self, queries: Sequence[Query]) -> dict[Query, CandidateFeatures]:
        """Return the candidate names of each query, with their features.

        Args:
            queries: the different queries of one document.
        """
        index = self.index
        hits = index.search(
            [query.name for query in queries], [query.type for query in queries], _NAMES_PER_MENTION
        )
        names = [index.get_names(hit.names) for hit in hits]
        concepts = [index.get_concepts(hit.names) for hit in hits]
        exact = [
            {concept for concept, name in zip(c.tolist(), n, strict=True) if name == query.name}
            for query, c, n in zip(queries, concepts, names, strict=True)
        ]
        support = Counter(concept for of_query in exact for concept in of_query)
        described = {}
        for query, hit, similar, of_names, equal in zip(
            queries, hits, names, concepts, exact, strict=True
        ):
            supported = [support[c] > (c in equal) for c in of_names.tolist()]
            features = self._describe_names(query, hit, similar, len(equal))
            features[:, _COLUMNS["names"]] = np.log(index.count_names(of_names))
            features[:, _COLUMNS["supported"]] = supported
            described[query] = CandidateFeatures(hit.names, features)
        if self._embeddings is not None:
            mentions, candidates = [q.name for q in queries], [hit.names for hit in hits]
            cosines = self._embeddings.compare(mentions, candidates)
            for query, of_query in zip(queries, cosines, strict=True):
                described[query].features[:, _COLUMNS["cosine"]] = of_query
        return described

    def _describe_names(
        self, query: Query, hits: Hits, names: Sequence[str], shared: int
    ) -> NDArray[np.float64]:
        """Return the features of the candidate names of a query that compare the names.

        Args:
            query: the query.
            hits: its candidate names.
            names: their canonical forms.
            shared: number of concepts of which the query is exactly a name.
        """
        features = np.zeros((len(names), len(_COLUMNS)))
        if not names:
            return features
        columns = {
            "similarity": hits.similarities,
            "gap": hits.similarities[0] - hits.similarities,
            "preferred": self.index.are_preferred(hits.names),
            "expanded": query.expanded,
            "foreign": query.foreign,
            "short": len(query.name) <= _SHORT and not query.expanded,
        }
        for column, values in columns.items():
            features[:, _COLUMNS[column]] = values
        words, spaces = stem_words(query.name), query.name.count(" ")
        for row, name in enumerate(names):
            name_words = stem_words(name)
            common = len(words & name_words)
            is_exact = name == query.name
            features[row, _COMPARED] = (
                is_exact,
                not is_exact and words == name_words and name.count(" ") == spaces,
                1 - common / max(len(words), 1),
                1 - common / max(len(name_words), 1),
                not common,
                is_contradiction(words, name_words),
            )
            if is_exact:
                features[row, _COLUMNS["shared"]] = math.log(shared)
        return features

    def _rank_names(self, type: str, described: CandidateFeatures, limit: int) -> list[Candidate]:
        """Return the best concepts, each with its best name and its probability."""
        index, (names, features) = self.index, described
        if not len(names):
            return []
        weights = self._weights.get(type, self._other_weights)
        limits = self._limits.get(type, self._other_limits)
        scores = np.minimum(features, limits) @ weights[:-1] + weights[-1]
        order = np.lexsort((names, -scores))
        _, firsts = np.unique(index.get_concepts(names[order]), return_index=True)
        best = order[np.sort(firsts)]
        odds = np.exp(scores[best])
        shares = odds / (1 + odds.sum())  # 1: none of them
        columns = zip(
            (-shares).tolist(),
            index.get_identifiers(index.get_concepts(names[best])),
            index.get_names(names[best]),
            strict=True,
        )
        return [
            Candidate(identifier, name, -share)
            for share, identifier, name in sorted(columns)[:limit]
        ]


def read_weights(are_embedded: bool = False) -> Mapping[str, Mapping[str, float]]:
    """Return the trained weights of the features, for each entity type that has some.

    Args:
        are_embedded: whether the names are embedded. Some types have other weights then.

    Raises:
        VanerError: if the file lacks a feature.
    """
    record = read_record()
    by_type = record["weights"] | (record["embedded_weights"] if are_embedded else {})
    for weights in by_type.values():
        _to_array(weights)
    return dict(by_type)


@cache
def read_record() -> dict[str, Any]:
    """Return what training recorded: weights, limits and where they are from.

    The limits are the greatest values that features had in training, for each entity type. A weight
    says nothing about values beyond them: in the base of chemicals that it was trained with, a
    concept has at most two names, in other bases dozens.
    """
    text = files("vaner.linking").joinpath("weights.json").read_text("utf-8")
    return dict(json.loads(text))


def _to_limits(limits: Mapping[str, float]) -> NDArray[np.float64]:
    """Return limits in the order of `Features`; infinite where there is none. *Shape:* (F,)"""
    return np.array([limits.get(name, math.inf) for name in Features._fields])


def _to_array(weights: Mapping[str, float]) -> NDArray[np.float64]:
    """Return weights in the order of `Features`, the intercept last. *Shape:* (F + 1,)

    Raises:
        VanerError: if a feature has no weight.
    """
    names = (*Features._fields, INTERCEPT)
    if missing := [name for name in names if name not in weights]:
        raise VanerError(f"the weights of the linker lack {', '.join(missing)}")
    return np.array([float(weights[name]) for name in names])
