"""Mentions that the shipped models find in text that is not biomedical.

    python -m experiments.general_text.run

Annotates the test splits of general-domain corpora and writes, for each model, the mentions found
per 1,000 words: results.json and the table in README.md. Few of them can be right (a news text may
name a disease), so a lower number is better.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.model_rows import make_parser, update_rows
from vaner.annotator import Annotator
from vaner.corpora import load
from vaner.text.words import split_words
from vaner.utils.provenance import collect_provenance

HERE = Path(__file__).resolve().parent
CORPORA = ("CoNLL-2003", "WNUT-17", "CrossNER-politics", "CrossNER-music")
MODELS = ("biomedical", "disease-chemical")


def main() -> None:
    arguments = make_parser("general_text", MODELS, 2000).parse_args()
    update_rows(
        HERE,
        arguments,
        measure,
        scores="mentions per 1,000 words",
        render_table=table,
        part="general",
    )


def measure(model: str, root: Path | None, limit: int | None) -> list[dict[str, Any]]:
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
