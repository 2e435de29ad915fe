"""Fits the weights of the linker: a conditional logit model of the right concept, or of none."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from experiments.linking.bases import BASES, get_gold, get_local, keep_type
from experiments.study_report import write_record
from vaner.knowledge.base import open_base
from vaner.linking import linker as linking
from vaner.linking.linker import INTERCEPT, Features, Linker
from vaner.linking.name_embeddings import open_embeddings
from vaner.linking.name_index import open_index
from vaner.linking.queries import make_queries
from vaner.text.documents import Document
from vaner.utils.provenance import collect_provenance

WEIGHTS = Path(linking.__file__).with_name("weights.json")
PENALTY = 1.0
UNKNOWN_WEIGHT = 0.15
"""Weight of a mention whose concept is removed: a base may lack any concept."""
ROUNDS = 3
TRAINED_TYPES = ("Disease", "Gene", "Chemical")


class Mention(NamedTuple):
    """The candidates of a mention.

    Args:
        features: with a last column of ones. *Shape:* (names, number of features + 1)
        concepts: the concept of each name. *Shape:* (names,)
        gold: the right concepts; none if they are not among the candidates.
        weight: weight in the likelihood.
    """

    features: NDArray[Any]
    concepts: NDArray[Any]
    gold: set[int]
    weight: float = 1.0


def train(documents: Sequence[Document]) -> None:
    """Fit the weights of each type on the mentions of documents, and write them.

    The right answer for a mention whose concept is not among the candidates is "none of them".
    Each mention also counts, a little, as one whose concept the base lacks. If the names of a base
    are embedded (`vaner kb index --embed`), weights with embeddings are fitted, too.
    """
    weights, limits, counts = {}, {}, {}
    embedded = json.loads(WEIGHTS.read_text("utf-8"))["embedded_weights"]
    for type in TRAINED_TYPES:
        base, of_type = open_base(BASES[type]), keep_type(documents, type)
        index, embeddings = open_index(base), open_embeddings(base)
        mentions = list(collect_mentions(Linker(index), of_type))
        weights[type] = fit_in_rounds(mentions)
        most_names = math.log(index.tables["counts"].max())
        limits[type] = {"names": math.ceil(1e4 * most_names) / 1e4}  # rounded, but not down
        counts[type] = len(mentions)
        if embeddings is not None:
            linker = Linker(index, embeddings=embeddings)
            embedded[type] = fit_in_rounds(list(collect_mentions(linker, of_type)))
        print(type, weights[type], embedded.get(type))
    record = {
        "weights": weights,
        "limits": limits,
        "embedded_weights": embedded,
        "trained_on": "BioRED train; names of " + ", ".join(BASES[t] for t in TRAINED_TYPES),
        "mentions": counts,
        **collect_provenance(),
    }
    write_record(record, WEIGHTS)
    linking.read_record.cache_clear()


def collect_mentions(linker: Linker, documents: Sequence[Document]) -> Iterator[Mention]:
    """Yield the candidates of each mention that has identifiers."""
    index = linker.index
    for document in documents:
        queries = make_queries(document, index.species)
        described = linker.describe(list(dict.fromkeys(queries)))
        for span, query in zip(document.spans, queries, strict=True):
            gold, (names, features) = get_gold(span.identifiers), described[query]
            if gold and len(names):
                concepts = index.get_concepts(names)
                identifiers = zip(concepts.tolist(), index.get_identifiers(concepts), strict=True)
                right = {concept for concept, each in identifiers if get_local(each) in gold}
                yield Mention(np.column_stack([features, np.ones(len(names))]), concepts, right)


def fit_in_rounds(mentions: Sequence[Mention]) -> dict[str, float]:
    """Return the weights for mentions, and for the same as if the base lacked their concepts.

    A concept is represented by its best name, by the weights so far; hence the rounds.
    """
    names = (*Features._fields, INTERCEPT)
    fitted = np.zeros(len(names))
    for _ in range(ROUNDS):
        fitted = fit([*mentions, *map(remove_gold, mentions)], fitted)
    return dict(zip(names, (round(float(weight), 4) for weight in fitted), strict=True))


def remove_gold(mention: Mention) -> Mention:
    """Return a mention as if the base lacked its concept."""
    remains = ~np.isin(mention.concepts, list(mention.gold))
    features, concepts = mention.features[remains], mention.concepts[remains]
    if len(features):
        gaps = features[:, Features._fields.index("gap")]
        features[:, Features._fields.index("gap")] = gaps - gaps.min()
    return Mention(features, concepts, set(), UNKNOWN_WEIGHT)


def fit(mentions: Sequence[Mention], before: NDArray[Any]) -> NDArray[Any]:
    """Return the weights that maximize the likelihood of the gold concepts, with an L2 penalty."""
    rows, right, sizes, importance = [], [], [], []
    for mention in mentions:
        if not len(mention.concepts):
            continue
        order = np.lexsort((-(mention.features @ before), mention.concepts))
        _, firsts = np.unique(mention.concepts[order], return_index=True)
        best = order[firsts]
        rows.append(mention.features[best])
        right.append([concept in mention.gold for concept in mention.concepts[best].tolist()])
        sizes.append(len(best))
        importance.append(mention.weight)
    features, is_right = np.concatenate(rows), np.concatenate(right)
    starts, factors = np.cumsum([0, *sizes[:-1]]), np.array(importance)
    has_right = np.add.reduceat(is_right, starts) > 0

    def loss(weights: NDArray[Any]) -> tuple[float, NDArray[Any]]:
        odds = np.exp(features @ weights)
        total = 1 + np.add.reduceat(odds, starts)
        gold = np.where(has_right, np.add.reduceat(odds * is_right, starts), 1.0)
        among_all = odds * np.repeat(factors / total, sizes)
        among_gold = odds * is_right * np.repeat(factors / gold, sizes)
        gradient = features.T @ (among_all - among_gold) + weights * PENALTY
        penalty = PENALTY / 2 * float(weights @ weights)
        return float((factors * np.log(total / gold)).sum()) + penalty, gradient

    optimum: NDArray[Any] = minimize(loss, before, jac=True, method="L-BFGS-B").x
    return optimum
