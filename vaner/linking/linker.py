"""Linking: which concept of a knowledge base a mention refers to.

The candidates are the names of the base with the most similar trigrams (`NameIndex`). A conditional
logit model (McFadden, 1974) on a few features gives each concept its probability, and the rest to
"none of them". `experiments/linking` trains it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

import regex

from vaner.errors import VanerError
from vaner.knowledge.base import KnowledgeBase, open_base
from vaner.knowledge.name_forms import canonicalize
from vaner.linking.abbreviations import find_abbreviations
from vaner.linking.name_index import Hits, NameIndex, open_index
from vaner.linking.options import MIN_SCORE
from vaner.text.documents import Document, Span
from vaner.text.mention_details import Candidate

_NAMES_PER_MENTION = 50
_WORD = regex.compile(r"[\p{L}\p{N}]+")


class Features(NamedTuple):
    """What is known about a mention and a name; the mention is the long form of an abbreviation.

    Args:
        similarity: cosine of the trigrams, in [0, 1].
        gap: difference from the highest similarity of the mention's candidates.
        exact: 1 if the canonical forms are equal.
        inflected: 1 if they are equal but for plurals and British spelling.
        missing_words: share of the words of the mention that the name lacks.
        extra_words: share of the words of the name that the mention lacks.
        preferred: 1 for the preferred name of the concept.
        names: logarithm of the number of names of the concept.
        expanded: 1 if the document defines the mention as an abbreviation.
        short: 1 for a mention of at most four characters that is no such abbreviation.
        supported: 1 if another name in the document is exactly a name of the concept.
        shared: logarithm of the number of concepts of which it is exactly a name.
    """

    similarity: float
    gap: float
    exact: float
    inflected: float
    missing_words: float
    extra_words: float
    preferred: float
    names: float
    expanded: float
    short: float
    supported: float
    shared: float


class _Query(NamedTuple):
    """What is searched for a mention: its canonical name, its type, and if it was expanded."""

    name: str
    type: str
    expanded: bool


class Linker:
    """Finds the concepts that mentions refer to.

    Args:
        index: the names of the base.
        weights: weight of each feature, and ``intercept``. Default: the trained ones.
        min_score: minimum score of the concept that `identify` assigns, in [0, 1].
        max_candidates: maximum number of concepts that `identify` lists for each mention.

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
    ) -> None:
        weights = read_weights() if weights is None else weights
        self._index = index
        self._intercept = weights["intercept"]
        self._weights = [weights[name] for name in Features._fields]
        self.min_score, self.max_candidates = min_score, max_candidates

    @classmethod
    def open(cls, base: KnowledgeBase, **options: Any) -> Linker:
        """Return the linker of a base; its index is loaded from the cache or built."""
        return cls(open_index(base), **options)

    @classmethod
    def from_name(cls, name: str, **options: Any) -> Linker:
        """Return the linker of a base that has been built.

        Args:
            name: name or path of the base.
            options: ``min_score`` and ``max_candidates``, see `Linker`.

        Raises:
            KnowledgeError: for a base that has not been built.
        """
        return cls.open(open_base(name), **options)

    @property
    def types(self) -> tuple[str, ...]:
        """The entity types of the base. A mention of another type has no candidates."""
        return self._index.types

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
        queries = make_queries(document)
        ranked = {
            query: self._rank_names(names)[:limit]
            for query, names in self.describe(list(dict.fromkeys(queries))).items()
        }
        return [ranked[query] for query in queries]

    def describe(self, queries: Sequence[_Query]) -> dict[_Query, list[tuple[int, Features]]]:
        """Return the candidate names of each query, with their features.

        Args:
            queries: the different queries of one document.
        """
        index = self._index
        hits = index.search(
            [query.name for query in queries], [query.type for query in queries], _NAMES_PER_MENTION
        )
        names = [[index.get_name(name) for name in hit.names.tolist()] for hit in hits]
        concepts = [index.get_concepts(hit.names).tolist() for hit in hits]
        exact = [
            {concept for concept, name in zip(*columns, strict=True) if name == query.name}
            for query, *columns in zip(queries, concepts, names, strict=True)
        ]
        return {
            query: list(self._describe_names(query, hit, similar, exact, position))
            for position, (query, hit, similar) in enumerate(zip(queries, hits, names, strict=True))
        }

    def _describe_names(
        self,
        query: _Query,
        hits: Hits,
        names: Sequence[str],
        exact: Sequence[set[int]],
        position: int,
    ) -> Iterator[tuple[int, Features]]:
        """Yield the index and the features of each candidate name of a query."""
        index = self._index
        supported = set[int]().union(*exact[:position], *exact[position + 1 :])
        words = _stem(query.name)
        is_short = len(query.name) <= 4 and not query.expanded
        concepts = index.get_concepts(hits.names).tolist()
        columns = zip(hits.names.tolist(), hits.similarities.tolist(), names, concepts, strict=True)
        for number, similarity, name, concept in columns:
            name_words = _stem(name)
            shared = len(words & name_words)
            is_exact = name == query.name
            yield (
                number,
                Features(
                    similarity=similarity,
                    gap=float(hits.similarities[0]) - similarity,
                    exact=float(is_exact),
                    inflected=float(not is_exact and words == name_words),
                    missing_words=1 - shared / max(len(words), 1),
                    extra_words=1 - shared / max(len(name_words), 1),
                    preferred=float(index.is_preferred(number)),
                    names=math.log(index.count_names(concept)),
                    expanded=float(query.expanded),
                    short=float(is_short),
                    supported=float(concept in supported),
                    shared=math.log(len(exact[position])) if is_exact else 0.0,
                ),
            )

    def _rank_names(self, names: Iterable[tuple[int, Features]]) -> list[Candidate]:
        """Return the concepts of the names, each with its best name, the best concept first."""
        best: dict[str, tuple[float, int]] = {}
        for number, features in names:
            identifier = self._index.get_identifier(self._index.get_concept(number))
            weighed = (self.score(features), number)
            best[identifier] = max(weighed, best.get(identifier, weighed))
        total = 1 + sum(math.exp(score) for score, _ in best.values())  # 1: none of them
        candidates = [
            Candidate(identifier, self._index.get_name(number), math.exp(score) / total)
            for identifier, (score, number) in best.items()
        ]
        return sorted(candidates, key=lambda candidate: (-candidate.score, candidate.identifier))

    def score(self, features: Features) -> float:
        """Return the logarithm of the odds of a name against "none of them"."""
        weighed = zip(self._weights, features, strict=True)
        return self._intercept + sum(weight * value for weight, value in weighed)


def make_queries(document: Document) -> list[_Query]:
    """Return what to search for each mention: abbreviations are replaced by their long forms."""
    text = document.text
    long_forms = {
        text[pair.short_start : pair.short_end]: text[pair.long_start : pair.long_end]
        for pair in find_abbreviations(text)
    }
    return [_make_query(document.mention(span), span, long_forms) for span in document.spans]


def _make_query(mention: str, span: Span, long_forms: Mapping[str, str]) -> _Query:
    long_form = long_forms.get(mention)
    return _Query(canonicalize(long_form or mention), span.type, long_form is not None)


@cache
def read_weights() -> Mapping[str, float]:
    """Return the trained weights of the features.

    Raises:
        VanerError: if the file lacks a feature.
    """
    record: dict[str, Any] = json.loads(
        files("vaner.linking").joinpath("weights.json").read_text("utf-8")
    )
    weights = {name: float(weight) for name, weight in record["weights"].items()}
    if missing := {*Features._fields, "intercept"} - set(weights):
        raise VanerError(f"the weights of the linker lack {', '.join(sorted(missing))}")
    return weights


def _stem(name: str) -> frozenset[str]:
    """Return the words of a canonical name without plurals and British spelling.

    >>> sorted(_stem("tumours of the oesophagus"))
    ['esophagu', 'of', 'the', 'tumor']
    """
    return frozenset(_stem_word(word) for word in _WORD.findall(name))


@lru_cache(100_000)
def _stem_word(word: str) -> str:
    spelled = word.replace("aem", "em").replace("oe", "e").replace("our", "or").replace("ae", "e")
    return spelled[:-1] if len(spelled) > 3 and spelled.endswith("s") else spelled
