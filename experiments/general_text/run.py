"""Mentions that the shipped models find in text that is not biomedical.

    python -m experiments.general_text.run

Annotates the test splits of general-domain corpora and writes, for each model, the mentions found
per 1,000 words: results.json and the table in README.md. Few of them can be right (a news text may
name a disease), so a lower number is better.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.results_table import fill_part
from vaner.annotator import Annotator
from vaner.corpora import load
from vaner.errors import VanerError
from vaner.text.words import split_words
from vaner.utils.provenance import collect_provenance

HERE = Path(__file__).resolve().parent
CORPORA = ("CoNLL-2003", "WNUT-17", "CrossNER-politics", "CrossNER-music")
MODELS = ("biomedical", "biomedical-base", "disease-chemical")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m experiments.general_text.run")
    parser.add_argument("--corpora", type=Path, help="folder of the corpora (or VANER_CORPORA)")
    parser.add_argument("--models", nargs="+", default=list(MODELS), help="names or folders")
    parser.add_argument("--limit", type=int, default=2000, help="sentences of each corpus")
    arguments = parser.parse_args()
    path = HERE / "results.json"
    rows: list[dict[str, Any]] = []
    if path.exists():
        rows = json.loads(path.read_text("utf-8"))["rows"]
    try:
        for model in arguments.models:
            new = measure(model, arguments.corpora, arguments.limit)
            names = [row["model"] for row in new]
            rows = [row for row in rows if row["model"] not in names] + new
    except VanerError as error:
        sys.exit(f"error: {error}")
    record = {"scores": "mentions per 1,000 words", "rows": rows}
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", "utf-8")
    readme = HERE / "README.md"
    readme.write_text(fill_part(readme.read_text("utf-8"), table(rows), "general"), "utf-8")


def measure(model: str, root: Path | None, limit: int) -> list[dict[str, Any]]:
    """Return a row for each corpus: words, mentions by type, mentions per 1,000 words."""
    annotator = Annotator.from_pretrained(model, form="pytorch")
    rows = []
    for name in CORPORA:
        documents = load(name, "test", root=root).documents[:limit]
        words = sum(len(split_words(document.text)) for document in documents)
        texts = (document.with_spans(()) for document in documents)
        mentions = Counter(
            span.type for document in annotator.annotate(texts) for span in document.spans
        )
        rows.append({
            "model": Path(model).name, "corpus": name, "sentences": len(documents),
            "words": words, "mentions": dict(mentions),
            "per_1000_words": round(1000 * mentions.total() / words, 2), **collect_provenance(),
        })  # fmt: skip
        print(f"{model} on {name}: {rows[-1]['per_1000_words']} mentions per 1,000 words")
    return rows


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return the rows as a Markdown table, a model a row and a corpus a column."""
    lines = [f"| model | {' | '.join(CORPORA)} |", "|---|" + "--:|" * len(CORPORA)]
    for model in dict.fromkeys(row["model"] for row in rows):
        numbers = {row["corpus"]: row["per_1000_words"] for row in rows if row["model"] == model}
        cells = (f"{numbers[name]:.2f}" if name in numbers else "" for name in CORPORA)
        lines.append(f"| {model} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
