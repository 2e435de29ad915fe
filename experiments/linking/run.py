"""How often the linker finds the right concept.

    vaner kb build ctd --from FOLDER
    python -m experiments.linking.run --train
    python -m experiments.linking.run --gold NCBI-disease-test=FILE

With ``--train``, fits the weights of the linker on the train split of BioRED. Then scores gold
mentions, on BioRED devel and on the files given with ``--gold``: accuracy@1, recall@k, and the
accuracy of exact names; and the concepts of documents from text to concept, with the default model.
Writes results.json and the table in README.md.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from experiments.results_table import fill_part
from vaner.annotator import Annotator
from vaner.corpora import load
from vaner.errors import VanerError
from vaner.formats import read
from vaner.knowledge.base import open_base
from vaner.knowledge.matcher import Matcher
from vaner.linking import linker as linking
from vaner.linking.linker import Features, Linker
from vaner.linking.name_index import NameIndex, open_index
from vaner.text.documents import Document
from vaner.utils.provenance import collect_provenance

HERE = Path(__file__).resolve().parent
WEIGHTS = Path(linking.__file__).with_name("weights.json")
TYPE = "Disease"
PENALTY = 1.0
RESAMPLES = 1000


class Mention(NamedTuple):
    """The candidates of a mention.

    Args:
        features: with a last column of ones. *Shape:* (names, number of features + 1)
        concepts: the concept of each name. *Shape:* (names,)
        gold: the right concepts; none if they are not among the candidates.
    """

    features: NDArray[Any]
    concepts: NDArray[Any]
    gold: set[int]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m experiments.linking.run")
    parser.add_argument("--corpora", type=Path, help="folder of the corpora (or VANER_CORPORA)")
    parser.add_argument("--kb", default="ctd", help="knowledge base with the diseases of CTD")
    parser.add_argument("--train", action="store_true", help="fit the weights first")
    parser.add_argument("--gold", action="append", default=[], help="NAME=FILE with identifiers")
    arguments = parser.parse_args()
    try:
        if arguments.train:
            train(arguments.kb, load("BioRED", "train", root=arguments.corpora).documents)
        corpora = {"BioRED devel": load("BioRED", "devel", root=arguments.corpora).documents}
        for item in arguments.gold:
            name, _, path = item.partition("=")
            corpora[name] = tuple(rename(read(path)))
        rows = [measure(arguments.kb, name, keep_type(docs)) for name, docs in corpora.items()]
    except VanerError as error:
        sys.exit(f"error: {error}")
    write_rows(rows)


def rename(documents: Any) -> list[Document]:
    """Return the documents of NCBI-disease with the type of the base."""
    return [d.with_spans(replace(s, type=TYPE) for s in d.spans) for d in documents]


def keep_type(documents: Sequence[Document]) -> list[Document]:
    return [d.with_spans(s for s in d.spans if s.type == TYPE) for d in documents]


def get_gold(identifiers: Sequence[str]) -> set[str]:
    """Return the local parts of identifiers, such as D003924; composites are separated."""
    return {
        part.rpartition(":")[2].strip()
        for identifier in identifiers
        for part in re.split(r"[|+,;]", identifier)
    } - {"-", ""}


def get_local(identifier: str) -> str:
    return identifier.rpartition(":")[2]


def train(kb: str, documents: Sequence[Document]) -> None:
    """Fit the weights on the mentions of documents, and write them.

    The right answer for a mention whose concept is not among the candidates is "none of them".
    """
    index = open_index(open_base(kb))
    mentions = list(collect_mentions(index, keep_type(documents)))
    weights = np.zeros(len(Features._fields) + 1)
    for _ in range(3):  # a concept is represented by its best name, by the weights so far
        weights = fit(mentions, weights)
    names = (*Features._fields, "intercept")
    record = {
        "weights": dict(zip(names, (round(float(w), 4) for w in weights), strict=True)),
        "trained_on": f"BioRED train, {TYPE}; names of {kb}",
        "mentions": len(mentions),
        **collect_provenance(),
    }
    WEIGHTS.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    linking.read_weights.cache_clear()
    print(f"{WEIGHTS.name}: {record['weights']}")


def collect_mentions(index: NameIndex, documents: Sequence[Document]) -> Iterator[Mention]:
    """Yield the candidates of each mention that has identifiers."""
    linker = Linker(index, dict.fromkeys((*Features._fields, "intercept"), 0.0))
    for document in documents:
        queries = linking.make_queries(document)
        described = linker.describe(list(dict.fromkeys(queries)))
        for span, query in zip(document.spans, queries, strict=True):
            gold, names = get_gold(span.identifiers), described[query]
            if gold and names:
                concepts = [index.get_concept(number) for number, _ in names]
                yield Mention(
                    np.array([[*features, 1.0] for _, features in names]),
                    np.array(concepts),
                    {c for c in concepts if get_local(index.get_identifier(c)) in gold},
                )


def fit(mentions: Sequence[Mention], before: NDArray[Any]) -> NDArray[Any]:
    """Return the weights that maximize the likelihood of the gold concepts, with an L2 penalty."""
    rows, right, sizes = [], [], []
    for mention in mentions:
        order = np.lexsort((-(mention.features @ before), mention.concepts))
        _, firsts = np.unique(mention.concepts[order], return_index=True)
        best = order[firsts]
        rows.append(mention.features[best])
        right.append([concept in mention.gold for concept in mention.concepts[best]])
        sizes.append(len(best))
    features, is_right = np.concatenate(rows), np.concatenate(right)
    starts = np.cumsum([0, *sizes[:-1]])
    has_right = np.add.reduceat(is_right, starts) > 0

    def loss(weights: NDArray[Any]) -> tuple[float, NDArray[Any]]:
        odds = np.exp(features @ weights)
        total = 1 + np.add.reduceat(odds, starts)
        gold = np.where(has_right, np.add.reduceat(odds * is_right, starts), 1.0)
        among_all = odds / np.repeat(total, sizes)
        among_gold = odds * is_right / np.repeat(gold, sizes)
        gradient = features.T @ (among_all - among_gold) + weights * PENALTY
        penalty = PENALTY / 2 * float(weights @ weights)
        return float(np.log(total / gold).sum()) + penalty, gradient

    optimum: NDArray[Any] = minimize(loss, before, jac=True, method="L-BFGS-B").x
    return optimum


def measure(kb: str, name: str, documents: Sequence[Document]) -> dict[str, Any]:
    """Return the figures of one set of documents."""
    base = open_base(kb)
    index, matcher = open_index(base), Matcher.open(base)
    linker = Linker(index)
    known = {get_local(c.identifier) for c in base}
    bare = [d.with_spans(replace(s, identifiers=()) for s in d.spans) for d in documents]
    started = time.process_time()
    ranked = [linker.rank(document, limit=20) for document in bare]
    seconds = time.process_time() - started
    exact = list(matcher.identify(bare))
    outcomes: list[list[dict[str, bool]]] = []
    for document, candidates, matched in zip(documents, ranked, exact, strict=True):
        outcomes.append([])
        for span, linked, match in zip(document.spans, candidates, matched.spans, strict=True):
            if not (gold := get_gold(span.identifiers)):
                continue
            right = [get_local(c.identifier) in gold for c in linked]
            outcomes[-1].append({
                "in base": bool(gold & known),
                "accuracy@1": right[:1] == [True], "recall@5": any(right[:5]),
                "recall@20": any(right),
                "exact name": any(get_local(i) in gold for i in match.identifiers[:1]),
                "linked": bool(linked) and linked[0].score >= linker.min_score,
                "right": right[:1] == [True] and linked[0].score >= linker.min_score,
            })  # fmt: skip
    mentions = sum(map(len, outcomes))
    row: dict[str, Any] = {
        "gold": name, "documents": len(documents), "mentions": mentions,
        "mentions_per_second": round(mentions / seconds),
    }  # fmt: skip
    for figure in ("in base", "exact name", "accuracy@1", "recall@5", "recall@20"):
        row[figure] = share(outcomes, figure)
    row["accuracy@1 in base"] = share(outcomes, "accuracy@1", "in base")
    row["precision linked"] = share(outcomes, "right", "linked")
    row["recall linked"] = share(outcomes, "right")
    row.update(measure_end_to_end(documents, linker), **collect_provenance())
    print(json.dumps({k: v for k, v in row.items() if k not in collect_provenance()}))
    return row


def share(
    outcomes: Sequence[Sequence[dict[str, bool]]], figure: str, of: str | None = None
) -> dict[str, Any]:
    """Return the share of mentions with a figure, with its 95% interval.

    The interval is from resamples of documents.

    Args:
        outcomes: of each document, of each mention, by the name of a figure.
        figure: the figure that is counted.
        of: the figure of the mentions that are included; all if None.
    """
    included = [[o for o in mentions if of is None or o[of]] for mentions in outcomes]
    counted = np.array([[sum(o[figure] for o in mentions), len(mentions)] for mentions in included])
    right, total = counted.sum(0)
    generator = random.Random(0)
    shares = []
    for _ in range(RESAMPLES):
        sample = counted[generator.choices(range(len(counted)), k=len(counted))].sum(0)
        shares.append(sample[0] / max(sample[1], 1))
    low, high = np.percentile(shares, [2.5, 97.5])
    return {
        "value": round(float(right / max(total, 1)), 4),
        "interval": [round(float(low), 4), round(float(high), 4)],
    }


def measure_end_to_end(documents: Sequence[Document], linker: Linker) -> dict[str, Any]:
    """Return scores from text to concepts: mentions with concepts, and concepts of documents."""
    texts = (document.with_spans(()) for document in documents)
    annotated = Annotator.from_pretrained(form="pytorch").annotate(texts, [TYPE])
    counts = {"mention": [0, 0, 0], "document": [0, 0, 0]}  # right, predicted, gold
    for document, predicted in zip(documents, linker.identify(annotated), strict=True):
        gold = {(s.start, s.end): get_gold(s.identifiers) for s in document.spans}
        linked = [s for s in predicted.spans if s.identifiers]
        right = sum(
            get_local(s.identifiers[0]) in gold.get((s.start, s.end), set()) for s in linked
        )
        counts["mention"] = [
            a + b for a, b in zip(counts["mention"], (right, len(linked), len(gold)), strict=True)
        ]
        concepts = set().union(*gold.values()) if gold else set()
        predicted_concepts = {get_local(s.identifiers[0]) for s in linked}
        sizes = (len(concepts & predicted_concepts), len(predicted_concepts), len(concepts))
        counts["document"] = [a + b for a, b in zip(counts["document"], sizes, strict=True)]
    return {
        f"{level} F1": round(2 * right / max(predicted_count + gold_count, 1), 4)
        for level, (right, predicted_count, gold_count) in counts.items()
    }


def write_rows(rows: Sequence[dict[str, Any]]) -> None:
    """Write the figures to results.json and README.md."""
    path, readme = HERE / "results.json", HERE / "README.md"
    path.write_text(json.dumps({"rows": rows}, indent=1) + "\n", "utf-8")
    columns = {
        "in base": "in the base", "exact name": "exact names", "accuracy@1": "accuracy@1",
        "accuracy@1 in base": "of those in the base", "recall@5": "recall@5",
        "recall@20": "recall@20", "precision linked": "precision",
    }  # fmt: skip
    names = " | ".join(columns.values())
    lines = [
        f"| gold mentions | number | {names} | text to mentions, F1 | text to documents, F1 |",
        "|---|" + "--:|" * (len(columns) + 3),
    ]
    for row in rows:
        cells = (
            f"{100 * row[key]['value']:.1f} ({100 * row[key]['interval'][0]:.1f}–"
            f"{100 * row[key]['interval'][1]:.1f})"
            for key in columns
        )
        lines.append(
            f"| {row['gold']} | {row['mentions']} | {' | '.join(cells)} | "
            f"{100 * row['mention F1']:.1f} | {100 * row['document F1']:.1f} |"
        )
    readme.write_text(fill_part(readme.read_text("utf-8"), "\n".join(lines), "linking"), "utf-8")


if __name__ == "__main__":
    main()
