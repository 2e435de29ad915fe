"""How often the linker finds the right concept.

    python -m experiments.linking.run --sources FOLDER --train
    python -m experiments.linking.run --sources FOLDER --test
    python -m experiments.linking.run --sources FOLDER --test --embed

Builds the bases from a folder with their sources. With ``--train``, fits the weights of the linker
on BioRED train. Then scores gold mentions of devel splits: accuracy@1, recall@k, and the accuracy
of exact names; the names that the train split of the corpus has are scored separately from others;
and from text to concept, with the default model. ``--test`` adds the test splits, which are scored
once, and writes each result to results.json and the tables in README.md. ``--embed`` scores the
diseases with the embedded names of their base.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.linking import training
from experiments.linking.bases import (
    BASES,
    Gold,
    build_bases,
    get_gold,
    get_local,
    keep_type,
    list_gold,
    list_training_documents,
    without_identifiers,
)
from experiments.results_table import fill_part
from experiments.study_report import write_record
from vaner.annotator import Annotator
from vaner.calibration.reliability import bin_probabilities
from vaner.corpora.loader import corpora_root
from vaner.errors import VanerError
from vaner.knowledge.base import open_base
from vaner.knowledge.matcher import Matcher
from vaner.knowledge.name_forms import canonicalize
from vaner.linking.linker import Linker
from vaner.linking.name_embeddings import open_embeddings, write_embeddings
from vaner.linking.name_index import open_index
from vaner.text.documents import Document
from vaner.utils.provenance import collect_provenance

HERE = Path(__file__).resolve().parent
RESAMPLES = 1000
Outcome = dict[str, bool]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m experiments.linking.run")
    parser.add_argument("--corpora", type=Path, help="folder of the corpora (or VANER_CORPORA)")
    parser.add_argument("--sources", type=Path, required=True, help="folder of the bases' sources")
    parser.add_argument("--train", action="store_true", help="fit the weights first")
    parser.add_argument("--test", action="store_true", help="score the test splits, write results")
    parser.add_argument("--embed", action="store_true", help="link diseases with embedded names")
    parser.add_argument("--gold-only", action="store_true", help="score gold mentions only")
    parser.add_argument("--only", action="append", help="score only this split; may be repeated")
    arguments = parser.parse_args()
    try:
        root = corpora_root(arguments.corpora)
        build_bases(arguments.sources)
        if arguments.train:
            training.train(list_training_documents(root))
        for gold in list_gold(root, with_test=arguments.test):
            is_scored = arguments.only is None or gold.name in arguments.only
            if is_scored and (gold.type == "Disease" or not arguments.embed):
                row = measure(gold, from_text=not arguments.gold_only, embed=arguments.embed)
                if arguments.test:
                    write_row(row)
    except VanerError as error:
        sys.exit(f"error: {error}")


def measure(gold: Gold, *, from_text: bool, embed: bool) -> dict[str, Any]:
    """Return the figures of one set of gold mentions, linked with embedded names or without."""
    base = open_base(BASES[gold.type])
    index, matcher = open_index(base), Matcher.open(base)
    if embed and open_embeddings(base) is None:
        write_embeddings(base, index)
    linker = Linker(index, embeddings=open_embeddings(base) if embed else None)
    documents = keep_type(gold.documents, gold.type)
    bare = without_identifiers(documents)
    started = time.process_time()
    ranked = [linker.rank(document, limit=20) for document in bare]
    seconds = time.process_time() - started
    exact = list(matcher.identify(bare))
    known = {get_local(c.identifier) for c in base}
    seen = {canonicalize(d.mention(s)) for d in keep_type(gold.train, gold.type) for s in d.spans}
    outcomes: list[list[Outcome]] = []
    scores: list[tuple[float, bool]] = []
    for document, candidates, matched in zip(documents, ranked, exact, strict=True):
        outcomes.append([])
        for span, linked, match in zip(document.spans, candidates, matched.spans, strict=True):
            if not (right := get_gold(span.identifiers)):
                continue
            is_right = [get_local(c.identifier) in right for c in linked]
            is_linked = bool(linked) and linked[0].score >= linker.min_score
            is_seen = canonicalize(document.mention(span)) in seen
            scores += [(c.score, is_right[0]) for c in linked[:1]]
            outcomes[-1].append({
                "in base": bool(right & known),
                "accuracy@1": is_right[:1] == [True], "recall@5": any(is_right[:5]),
                "recall@20": any(is_right), "seen": is_seen, "unseen": not is_seen,
                "exact name": any(get_local(i) in right for i in match.identifiers[:1]),
                "linked": is_linked, "right": is_right[:1] == [True] and is_linked,
            })  # fmt: skip
    mentions = sum(map(len, outcomes))
    row: dict[str, Any] = {
        "gold": gold.name, "type": gold.type, "base": base.name, "embedded": embed,
        "documents": len(documents), "mentions": mentions,
        "mentions_per_second": round(mentions / seconds),
    }  # fmt: skip
    for figure in ("in base", "exact name", "accuracy@1", "recall@5", "recall@20"):
        row[figure] = share(outcomes, figure)
    row["accuracy@1 in base"] = share(outcomes, "accuracy@1", "in base")
    row["unseen share"] = share(outcomes, "unseen")
    for kind in ("seen", "unseen"):
        row[f"accuracy@1 {kind}"] = share(outcomes, "accuracy@1", kind)
    row["precision linked"] = share(outcomes, "right", "linked")
    row["recall linked"] = share(outcomes, "right")
    probabilities, are_right = zip(*scores, strict=True)
    reliability = bin_probabilities(np.array(probabilities), np.array(are_right))
    row["calibration error"] = round(reliability.error, 4)
    if from_text and gold.type != "Species":
        row |= measure_from_text(documents, gold.type, linker)
    print(json.dumps(row), flush=True)
    return row | collect_provenance()


def share(outcomes: Sequence[Sequence[Outcome]], figure: str, of: str | None = None) -> Any:
    """Return the share of mentions with a figure, with its 95% interval; None without mentions.

    Args:
        outcomes: of each document, of each mention, by the name of a figure.
        figure: the figure that is counted.
        of: the figure of the mentions that are included; all if None.
    """
    included = [[o for o in mentions if of is None or o[of]] for mentions in outcomes]
    counted = np.array([[sum(o[figure] for o in mentions), len(mentions)] for mentions in included])
    if not counted[:, 1].sum():
        return None
    return with_interval(counted, lambda sums: sums[0] / max(sums[1], 1))


def with_interval(counts: Any, figure: Any) -> dict[str, Any]:
    """Return a figure of summed counts, with a 95% interval from resamples of documents.

    Args:
        counts: counts of each document. *Shape:* (documents, number of counts)
        figure: a function of their sums.
    """
    generator = random.Random(0)
    values = []
    for _ in range(RESAMPLES):
        values.append(figure(counts[generator.choices(range(len(counts)), k=len(counts))].sum(0)))
    low, high = np.percentile(values, [2.5, 97.5])
    return {
        "value": round(float(figure(counts.sum(0))), 4),
        "interval": [round(float(low), 4), round(float(high), 4)],
    }


def measure_from_text(documents: Sequence[Document], type: str, linker: Linker) -> dict[str, Any]:
    """Return precision, recall and F1 of mentions with concepts, and of concepts of documents.

    A mention is right if its offsets and its concept are. The model has read texts of some corpora.
    """
    texts = (document.with_spans(()) for document in documents)
    annotated = Annotator.from_pretrained(linker=linker).annotate(texts, [type])
    counts: dict[str, list[tuple[int, int, int]]] = {"mention": [], "document": []}
    for document, predicted in zip(documents, annotated, strict=True):
        gold = {(s.start, s.end): get_gold(s.identifiers) for s in document.spans}
        gold = {extent: concepts for extent, concepts in gold.items() if concepts}
        linked = [s for s in predicted.spans if s.identifiers]
        right = sum(
            get_local(s.identifiers[0]) in gold.get((s.start, s.end), set()) for s in linked
        )
        counts["mention"].append((right, len(linked), len(gold)))
        concepts = set().union(*gold.values()) if gold else set()
        predicted_concepts = {get_local(s.identifiers[0]) for s in linked}
        sizes = (len(concepts & predicted_concepts), len(predicted_concepts), len(concepts))
        counts["document"].append(sizes)
    figures = {
        "P": lambda sums: sums[0] / max(sums[1], 1),
        "R": lambda sums: sums[0] / max(sums[2], 1),
        "F1": lambda sums: 2 * sums[0] / max(sums[1] + sums[2], 1),
    }
    return {
        f"{level} {name}": with_interval(np.array(of_level), figure)
        for level, of_level in counts.items()
        for name, figure in figures.items()
    }


TABLES = {
    "linking-embedded": {
        "accuracy@1": "accuracy@1", "accuracy@1, seen": "accuracy@1 seen",
        "accuracy@1, unseen": "accuracy@1 unseen", "precision of linked": "precision linked",
        "recall of linked": "recall linked", "calibration error": "calibration error",
        "from text: mentions, F1": "mention F1",
    },
    "linking": {
        "in the base": "in base", "exact names": "exact name", "accuracy@1": "accuracy@1",
        "of those in the base": "accuracy@1 in base", "recall@5": "recall@5",
        "recall@20": "recall@20",
    },
    "linking-seen": {
        "share of unseen names": "unseen share", "accuracy@1, seen": "accuracy@1 seen",
        "accuracy@1, unseen": "accuracy@1 unseen", "precision of linked": "precision linked",
        "recall of linked": "recall linked", "calibration error": "calibration error",
    },
    "linking-text": {
        "mentions, P": "mention P", "R": "mention R", "F1": "mention F1",
        "concepts of documents, P": "document P", "R ": "document R", "F1 ": "document F1",
    },
}  # fmt: skip
"""Name of a table -> heading -> figure."""


def write_row(row: dict[str, Any]) -> None:
    """Write the figures to results.json and README.md; those of other gold mentions stay."""
    path, readme = HERE / "results.json", HERE / "README.md"
    stored = json.loads(path.read_text("utf-8"))["rows"]
    keys = {(r["gold"], r["type"], r.get("embedded", False)): i for i, r in enumerate(stored)}
    position = keys.get((row["gold"], row["type"], row["embedded"]), len(stored))
    rows = [*stored[:position], row, *stored[position + 1 :]]
    write_record({"rows": rows}, path)
    page = readme.read_text("utf-8")
    for name, columns in TABLES.items():
        lines = [
            f"| gold mentions | type | number | {' | '.join(columns)} |",
            "|---|---|--:|" + "--:|" * len(columns),
        ]
        for row in rows:
            if row.get("embedded", False) == (name == "linking-embedded") and any(
                figure in row for figure in columns.values()
            ):
                cells = " | ".join(write_cell(row.get(figure)) for figure in columns.values())
                lines.append(f"| {row['gold']} | {row['type']} | {row['mentions']} | {cells} |")
        page = fill_part(page, "\n".join(lines), name)
    readme.write_text(page, "utf-8")


def write_cell(figure: Any) -> str:
    if figure is None:
        return ""
    if isinstance(figure, float):
        return f"{100 * figure:.1f}"
    low, high = figure["interval"]
    return f"{100 * figure['value']:.1f} ({100 * low:.1f}–{100 * high:.1f})"


if __name__ == "__main__":
    main()
