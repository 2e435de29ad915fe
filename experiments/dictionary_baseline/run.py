"""A dictionary alone on every corpus: python -m experiments.dictionary_baseline.run

The names of a knowledge base, with no model, on each corpus that has one of its types.

Nothing is trained and nothing is chosen on any split. Types are compared by their names: a type
of a corpus that the base does not have is not scored, and stands under ``not_scored``.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from vaner.corpora import available_corpora, load
from vaner.errors import CorpusError, VanerError
from vaner.evaluation.evaluate import evaluate
from vaner.knowledge.base import open_base
from vaner.knowledge.matcher import Matcher
from vaner.text.documents import Corpus
from vaner.utils.provenance import collect_provenance


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m experiments.dictionary_baseline.run")
    parser.add_argument("--corpora", type=Path, help="where the corpora lie (or VANER_CORPORA)")
    parser.add_argument("--kb", default="open", help="name of a base that is built, or its path")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("results.json"))
    arguments = parser.parse_args()
    try:
        base = open_base(arguments.kb)
        matcher = Matcher.open(base)
        scores, not_scored = _scores(matcher, arguments.corpora)
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
        # The table wants runs by seed; a dictionary has none, and one run says all.
        "seeds": [{"seed": None, "scores": scores}],
        **collect_provenance(),
    }
    text = json.dumps(record, indent=1, ensure_ascii=False)
    arguments.output.write_text(text + "\n", "utf-8")


def _scores(matcher: Matcher, root: Path | None) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Figures on the test splits, and the types of each corpus that could not be scored."""
    scores: dict[str, Any] = {}
    not_scored: dict[str, list[str]] = {}
    for info in available_corpora("test", root):
        name = info.name
        missing = [type for type in info.entity_types if type not in matcher.types]
        if missing:
            not_scored[name] = missing
        if len(missing) == len(info.entity_types):
            continue
        found = evaluate(matcher, load(name, "test", root=root), train=_train(name, root))
        print(f"{name} test\n{found.report.table()}", flush=True)
        scores[f"{name} test"] = found.to_dict()
    return scores, not_scored


def _train(name: str, root: Path | None) -> Corpus | None:
    """Only to tell apart the mentions that a model would have seen."""
    try:
        return load(name, "train", root=root)
    except CorpusError:
        return None


if __name__ == "__main__":
    main()
