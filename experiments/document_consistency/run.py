"""What consistency within a document is worth: F1 before and after, on dev sets of documents.

    python -m experiments.document_consistency.run

Annotates the dev sets of the corpora that have complete abstracts, and applies the steps of
`vaner.linking.consistency` one by one: results.json and the table in README.md. The corpus is not
named in the instruction, as for text from an unknown source.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from experiments.model_rows import make_parser, update_rows
from vaner.annotator import Annotator
from vaner.corpora import load
from vaner.evaluation import score
from vaner.evaluation.evaluate import select_types
from vaner.linking.consistency import (
    drop_improbable_names,
    make_consistent,
    tag_abbreviations,
    tag_repeated_names,
)
from vaner.text.documents import Document
from vaner.utils.provenance import collect_provenance

HERE = Path(__file__).resolve().parent
CORPORA = ("BioRED", "NLM-Gene", "GNormPlus", "tmVar3")
MODELS = ("biomedical",)
STEPS: dict[str, Callable[[Document], Document]] = {
    "none": lambda document: document,
    "abbreviations": tag_abbreviations,
    "repeated names": tag_repeated_names,
    "both": make_consistent,
}


def main() -> None:
    arguments = make_parser("document_consistency", MODELS, None).parse_args()
    update_rows(
        HERE,
        arguments,
        measure,
        scores="strict, from 0 to 1, on dev sets",
        render_table=table,
        part="consistency",
    )


def measure(model: str, root: Path | None, limit: int | None) -> list[dict[str, Any]]:
    """Return a row for each corpus and step: precision, recall and F1."""
    annotator = Annotator.from_pretrained(model, form="pytorch")
    rows = []
    for name in CORPORA:
        corpus = load(name, "devel", root=root)
        types = select_types(annotator, corpus, None)
        gold = corpus.documents[:limit]
        texts = (document.with_spans(()) for document in gold)
        predicted = list(annotator.annotate(texts, consistency=False, min_score=0))
        minimum = annotator.min_scores
        for step, apply in STEPS.items():
            steps = (drop_improbable_names(apply(document), minimum) for document in predicted)
            changed = [_keep_types(document, types) for document in steps]
            scored = replace(corpus, documents=tuple(_keep_types(d, types) for d in gold))
            micro = score(scored, changed, types=types, bootstrap=0).to_dict()["micro"]
            scores = {key: round(micro[key], 4) for key in ("precision", "recall", "f1")}
            rows.append({
                "model": Path(model).name, "corpus": name, "documents": len(gold),
                "consistency": step, **scores, **collect_provenance(),
            })  # fmt: skip
            print(f"{model} on {name}, {step}: F1 {100 * scores['f1']:.2f}")
    return rows


def _keep_types(document: Document, types: Sequence[str]) -> Document:
    """Return the document with the mentions of the types that are scored."""
    return document.with_spans(span for span in document.spans if span.type in types)


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return the F1 scores as a Markdown table: a model and step a row, a corpus a column."""
    lines = [
        f"| model | consistency | {' | '.join(CORPORA)} |",
        "|---|---|" + "--:|" * len(CORPORA),
    ]
    for model, step in dict.fromkeys((row["model"], row["consistency"]) for row in rows):
        numbers = {
            row["corpus"]: f"{100 * row['f1']:.2f}"
            for row in rows
            if (row["model"], row["consistency"]) == (model, step)
        }
        cells = (numbers.get(name, "") for name in CORPORA)
        lines.append(f"| {model} | {step} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
