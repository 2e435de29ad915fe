"""Scores a dictionary without a model: python -m experiments.dictionary_baseline.run

Matches the names of a knowledge base on each corpus that has one of its types. Nothing is trained
or selected. Types are compared by name; ``not_scored`` lists the types of a corpus that the
knowledge base does not have.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from experiments.study_report import write_record
from vaner.corpora import available_corpora, load
from vaner.errors import CorpusError, VanerError
from vaner.evaluation.evaluate import evaluate
from vaner.knowledge.base import open_base
from vaner.knowledge.matcher import Matcher
from vaner.text.documents import Corpus
from vaner.utils.provenance import collect_provenance


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m experiments.dictionary_baseline.run")
    parser.add_argument("--corpora", type=Path, help="folder of the corpora (or VANER_CORPORA)")
    parser.add_argument("--kb", default="open", help="name or path of a knowledge base")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("results.json"))
    arguments = parser.parse_args()
    try:
        base = open_base(arguments.kb)
        matcher = Matcher.open(base)
        scores, not_scored = _score_corpora(matcher, arguments.corpora)
    except VanerError as error:
        sys.exit(f"error: {error}")
    record = {
        "name": "dictionary_baseline",
        "knowledge_base": {
            "name": base.name,
            "fingerprint": base.fingerprint,
            "names": dict(base.name_counts),
            "sources": {name: source.version for name, source in base.sources.items()},
        },
        "chosen_on": [],
        "trained_on": [],
        "not_scored": not_scored,
        # The results table requires runs by seed. A dictionary has one run without a seed.
        "seeds": [{"seed": None, "scores": scores}],
        **collect_provenance(),
    }
    write_record(record, arguments.output)


def _score_corpora(
    matcher: Matcher, root: Path | None
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Return the figures by test split, and the types of each corpus that are not scored."""
    scores: dict[str, Any] = {}
    not_scored: dict[str, list[str]] = {}
    for info in available_corpora("test", root):
        name = info.name
        missing = [type for type in info.entity_types if type not in matcher.types]
        if missing:
            not_scored[name] = missing
        if len(missing) == len(info.entity_types):
            continue
        train_split = _load_train_split(name, root)
        result = evaluate(matcher, load(name, "test", root=root), train=train_split)
        print(f"{name} test\n{result.report.table()}", flush=True)
        scores[f"{name} test"] = result.to_dict()
    return scores, not_scored


def _load_train_split(name: str, root: Path | None) -> Corpus | None:
    """Return the train split, which decides whether a mention counts as seen."""
    try:
        return load(name, "train", root=root)
    except CorpusError:
        return None


if __name__ == "__main__":
    main()
