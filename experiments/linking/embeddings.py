"""Measures whether embedded names raise the recall of candidates and the accuracy of the linker.

    python -m experiments.linking.embeddings --sources FOLDER

Embeds the names of CTD's diseases, as `vaner kb index ctd --embed` does. Recall@k is that of the
concepts whose names have the most similar trigrams, of those with the nearest embeddings, and of
both in turn, for distinct mentions. Then the candidates are ranked: with the weights of the linker,
and with weights fitted on BioRED train, also with the cosine of the embeddings as a feature. Devel
splits only; documents that are in two of the sets count once. Writes embeddings.json and the tables
in README.md.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, product, zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.linking.bases import (
    BASES,
    build_bases,
    get_gold,
    get_local,
    keep_type,
    list_gold,
    list_training_documents,
    read_bc5cdr_devel,
)
from experiments.linking.run import with_interval
from experiments.linking.training import collect_mentions, fit_in_rounds
from experiments.results_table import fill_part
from experiments.study_report import write_record
from vaner.corpora.loader import corpora_root
from vaner.knowledge.base import open_base
from vaner.linking import name_index
from vaner.linking.linker import Linker, read_weights
from vaner.linking.name_embeddings import NameEmbeddings, open_embeddings, write_embeddings
from vaner.linking.name_index import Hits, NameIndex, open_index
from vaner.linking.queries import make_queries
from vaner.text.documents import Document
from vaner.utils.provenance import collect_provenance

HERE = Path(__file__).resolve().parent
TYPE = "Disease"
LIMITS = (1, 5, 20)
NEAREST = 100
ADDED = 20  # names with the nearest embeddings; the others have the most similar trigrams
BATCH = 64

Nearest = Mapping[str, NDArray[np.intp]]
"""Mention -> the names with the nearest embeddings."""


class EmbeddingIndex(NameIndex):
    """An index that also finds the names with the nearest embeddings."""

    def __init__(self, index: NameIndex, nearest: Nearest) -> None:
        super().__init__(index.types, index.tables, index.species)
        self._nearest = nearest
        self._weights = np.zeros_like(self.tables["idf"])

    def search(self, names: Sequence[str], types: Sequence[str], limit: int) -> list[Hits]:
        hits = super().search(names, types, limit)
        pairs = zip(names, hits, strict=True)
        return [self._add_nearest(name, of_name) if name else of_name for name, of_name in pairs]

    def _add_nearest(self, name: str, hits: Hits) -> Hits:
        added = np.setdiff1d(self._nearest[name][:ADDED], hits.names)
        grams = name_index._vectorize([name]).indices
        names = np.concatenate([hits.names, added])
        similarities = self._compare(added, grams, self._weights)
        similarities = np.concatenate([hits.similarities, similarities])
        order = np.lexsort((names, -similarities))
        return Hits(names[order], similarities[order])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m experiments.linking.embeddings")
    parser.add_argument("--sources", type=Path, required=True, help="folder of the bases' sources")
    arguments = parser.parse_args()
    build_bases(arguments.sources)
    root, base = corpora_root(), open_base(BASES[TYPE])
    index = open_index(base)
    started = time.process_time()
    write_embeddings(base, index)
    seconds = time.process_time() - started
    embeddings = open_embeddings(base)
    assert embeddings is not None
    train = keep_type(list_training_documents(root), TYPE)
    devel = list_devel_splits(root, seen={document.id for document in train})
    concepts = find_concepts(chain(*devel.values()))
    nearest = find_nearest(embeddings, sorted({*concepts, *find_concepts(train)}))
    record = {
        "names": len(index),
        "seconds to embed": round(seconds),
        "recall": measure_recall(index, nearest, concepts),
        "accuracy": list(measure_accuracy(index, embeddings, nearest, train, devel)),
        **collect_provenance(),
    }
    write_record(record, HERE / "embeddings.json")
    page = (HERE / "README.md").read_text("utf-8")
    page = fill_part(page, render_recall(record["recall"]), "embeddings-recall")
    page = fill_part(page, render_accuracy(record["accuracy"]), "embeddings-accuracy")
    (HERE / "README.md").write_text(page, "utf-8")


def list_devel_splits(root: Path, seen: set[str]) -> dict[str, list[Document]]:
    """Return the devel splits, without documents that are in an earlier one or have a seen id."""
    splits: dict[str, Sequence[Document]] = {
        gold.name: gold.documents for gold in list_gold(root, with_test=False) if gold.type == TYPE
    }
    splits["BC5CDR devel"] = read_bc5cdr_devel(root)
    devel: dict[str, list[Document]] = {}
    for name, documents in splits.items():
        devel[name] = keep_type((d for d in documents if d.id not in seen), TYPE)
        seen = seen | {document.id for document in documents}
    return devel


def render_recall(recall: Mapping[str, Any]) -> str:
    """Return the recalls as a Markdown table."""
    lines = ["| candidates by | recall@1 | recall@5 | recall@20 |", "|---|--:|--:|--:|"]
    for kind, name in (("trigrams",) * 2, ("embeddings",) * 2, ("both", "both in turn")):
        cells = (f"{100 * recall[f'{kind}, recall@{limit}']:.1f}" for limit in LIMITS)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def render_accuracy(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the accuracies with fitted weights, and their differences, as a Markdown table."""
    golds = list(dict.fromkeys(row["gold"] for row in rows))
    lines = [
        f"| candidates | cosine of the embeddings as a feature | {' | '.join(golds)} |",
        "|---|---|" + "--:|" * len(golds),
    ]
    for has_cosine, kind in product((False, True), ("trigrams", "both")):
        cells = [
            _write_cell(row)
            for row in rows
            if (row["fitted"], row["cosine"], row["candidates"]) == (True, has_cosine, kind)
        ]
        lines.append(f"| {kind} | {'yes' if has_cosine else 'no'} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _write_cell(row: Mapping[str, Any]) -> str:
    accuracy = f"{100 * row['accuracy@1']['value']:.1f}"
    if row["candidates"] == "trigrams" and not row["cosine"]:  # the baseline
        return accuracy
    difference = row["difference"]
    low, high = (100 * value for value in difference["interval"])
    return f"{accuracy} ({100 * difference['value']:+.1f}: {low:.1f} to {high:.1f})"


def find_concepts(documents: Iterable[Document]) -> dict[str, set[str]]:
    """Return the concepts of each distinct gold mention, in canonical form."""
    concepts: dict[str, set[str]] = {}
    for document in documents:
        for span, query in zip(document.spans, make_queries(document, ""), strict=True):
            if query.name:
                concepts.setdefault(query.name, set()).update(get_gold(span.identifiers))
    return concepts


def find_nearest(embeddings: NameEmbeddings, mentions: Sequence[str]) -> Nearest:
    """Return the names with the nearest embeddings for each mention, the nearest first."""
    names, vectors = embeddings.vectors.astype(np.float32), embeddings.encoder.embed(mentions)
    nearest: dict[str, NDArray[np.intp]] = {}
    for start in range(0, len(mentions), BATCH):
        cosines = vectors[start : start + BATCH] @ names.T
        unordered = np.argpartition(-cosines, NEAREST, axis=1)[:, :NEAREST]
        order = np.argsort(-np.take_along_axis(cosines, unordered, 1), axis=1)
        ranked = np.take_along_axis(unordered, order, 1)
        nearest |= zip(mentions[start : start + BATCH], ranked, strict=True)
    return nearest


def measure_recall(
    index: NameIndex, nearest: Nearest, concepts: Mapping[str, set[str]]
) -> dict[str, Any]:
    """Return the recall of concepts among the first ones, for distinct mentions."""
    queries = [query for query, right in concepts.items() if right]
    of_names = np.array(index.get_identifiers(index.get_concepts(np.arange(len(index)))))
    by_trigrams = [hits.names for hits in index.search(queries, [TYPE] * len(queries), NEAREST)]
    orders = [[order, nearest[query]] for query, order in zip(queries, by_trigrams, strict=True)]
    result: dict[str, Any] = {"distinct mentions": len(queries)}
    for kind, chosen in (("trigrams", slice(1)), ("embeddings", slice(1, 2)), ("both", slice(2))):
        for limit in LIMITS:
            recalled = [
                not concepts[query].isdisjoint(take_concepts(order[chosen], of_names, limit))
                for query, order in zip(queries, orders, strict=True)
            ]
            result[f"{kind}, recall@{limit}"] = round(float(np.mean(recalled)), 4)
    return result


def take_concepts(orders: Iterable[Any], of_names: Any, limit: int) -> set[str]:
    """Return the first concepts of ranked names, taken from the rankings in turn."""
    ranked = (of_names[np.asarray(order)].tolist() for order in orders)
    turns = filter(None, chain.from_iterable(zip_longest(*ranked)))
    return set(map(get_local, list(dict.fromkeys(turns))[:limit]))


def measure_accuracy(
    index: NameIndex,
    embeddings: NameEmbeddings,
    nearest: Nearest,
    train: Sequence[Document],
    devel: Mapping[str, Sequence[Document]],
) -> Iterator[dict[str, Any]]:
    """Yield accuracy@1 of each ranking, and its difference from the first: trigrams, fitted."""
    indices = {"trigrams": index, "both": EmbeddingIndex(index, nearest)}
    baselines: dict[str, NDArray[Any]] = {}
    for is_fitted, has_cosine in ((True, False), (True, True), (False, False)):
        for kind, names in indices.items():
            linker = Linker(names, embeddings=embeddings if has_cosine else None)
            by_feature = read_weights()[TYPE]
            if is_fitted:
                by_feature = fit_in_rounds(list(collect_mentions(linker, train)))
            weights = np.array(list(by_feature.values()))
            for name, documents in devel.items():
                counts = np.array([count_right(linker, d, weights) for d in documents])
                baseline = baselines.setdefault(name, counts)
                counts = np.column_stack([counts, baseline[:, 0]])
                yield {
                    "gold": name, "candidates": kind, "fitted": is_fitted, "cosine": has_cosine,
                    "accuracy@1": with_interval(counts, lambda s: s[0] / s[1]),
                    "difference": with_interval(counts, lambda s: (s[0] - s[2]) / s[1]),
                }  # fmt: skip


def count_right(linker: Linker, document: Document, weights: NDArray[Any]) -> tuple[int, int]:
    """Return how many mentions have the right first concept, and how many have gold concepts."""
    mentions = collect_mentions(linker, [document])
    right = sum(int(m.concepts[np.argmax(m.features @ weights)]) in m.gold for m in mentions)
    return right, sum(bool(get_gold(span.identifiers)) for span in document.spans)


if __name__ == "__main__":
    main()
