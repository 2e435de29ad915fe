"""Compares averages of trainings: python -m experiments.averages embedded_biomedical

`average_models` averages the weights of models. The command scores averages of the model in --first
and the models in --others: on the dev sets of the default model's recipe with and without the names
of the corpora, on plain sentences (embedded_biomedical/plain_sentences.toml), on text that is not
biomedical, on clinical notes and on passages of other fields. Writes averages.json and the table in
README.md in the folder of the experiment. No test split is scored.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from experiments.clinical_notes.run import read_notes
from experiments.research_fields.run import read_passages
from experiments.results_table import fill_part
from experiments.study_report import write_record
from vaner.annotator import Annotator
from vaner.backbones.file_names import HEAD_FILE, LAYERS_FILE
from vaner.corpora import load
from vaner.errors import VanerError
from vaner.evaluation.evaluate import evaluate
from vaner.text.documents import Corpus, Document
from vaner.training.recipe.file import read_recipe
from vaner.training.recipe.schema import Recipe
from vaner.utils.provenance import collect_provenance

HERE = Path(__file__).resolve().parent
DEFAULT = HERE / "embedded_biomedical"
SHARES = (0.0, 0.15, 0.3, 1.0)
GENERAL = "CoNLL-2003"
Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m experiments.averages")
    experiments = (
        "embedded_biomedical", "distilled_biomedical", "refined_biomedical", "extended_biomedical",
    )  # fmt: skip
    parser.add_argument("experiment", choices=experiments, help="folder for the table")
    parser.add_argument("--corpora", type=Path, help="folder of the corpora (or VANER_CORPORA)")
    parser.add_argument("--first", type=Path, required=True, help="folder of a model")
    parser.add_argument("--others", type=Path, required=True, nargs="+", help="folders of models")
    parser.add_argument("--output", type=Path, default=Path("runs/averages"))
    arguments = parser.parse_args()
    try:
        recipe, rows = read_recipe(DEFAULT / "recipe.yaml"), []
        for share in SHARES:
            folder = arguments.output / f"{share}"
            average_models(arguments.first, share, arguments.others, folder)
            rows.append({"share": share, **score(folder, recipe, arguments.corpora)})
            print(rows[-1], flush=True)
    except VanerError as error:
        sys.exit(f"error: {error}")
    record = {"scores": "from 0 to 1; strict F1 on dev sets", "rows": rows, **collect_provenance()}
    write_record(record, HERE / arguments.experiment / "averages.json")
    readme = HERE / arguments.experiment / "README.md"
    readme.write_text(fill_part(readme.read_text("utf-8"), table(rows), "averages"), "utf-8")


def average_models(first: Path, share: float, others: Sequence[Path], folder: Path) -> None:
    """Write a model whose weights are the mean of models' with the same architecture.

    Args:
        first: folder of a model.
        share: weight of the first model in the mean, in [0, 1].
        others: folders of models with equal weights. The files that are not weights are copied
            from the first of them.
        folder: the new model.
    """
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(others[0], folder)
    for name in (LAYERS_FILE, HEAD_FILE):
        old, *new = (load_file(model / name) for model in (first, *others))
        mean = {
            key: torch.lerp(
                torch.stack([weights[key].float() for weights in new]).mean(0),
                old[key].float(),
                share,
            )
            for key in old
        }
        save_file(mean, folder / name, metadata={"format": "pt"})


def score(model: Path, recipe: Recipe, root: Path | None) -> Row:
    """Return the scores of a model, see `table`."""
    annotator = Annotator.from_pretrained(model, form="pytorch")
    recognized, number = count_plain_mentions(annotator)
    return {
        "named": score_dev_sets(annotator, recipe, root, name_corpus=True),
        "nameless": score_dev_sets(annotator, recipe, root, name_corpus=False),
        "plain": round(recognized / number, 4),
        "general": count_general_mentions(annotator, root),
        "notes": score_texts(annotator, read_notes()["devel"]),
        "fields": score_texts(annotator, read_passages()["devel"]),
    }


def score_texts(annotator: Annotator, texts: Corpus) -> float:
    """Return micro F1 on texts of no known corpus."""
    report = evaluate(annotator, texts, name_corpus=False, bootstrap=0).report
    return round(report.micro.f1, 4)


def score_dev_sets(
    annotator: Annotator, recipe: Recipe, root: Path | None, *, name_corpus: bool
) -> float:
    """Return micro F1 over the dev sets of a recipe."""
    correct = total = 0
    for dev in recipe.dev:
        gold = load(dev.corpus, "devel", root=root).rename_types(dev.rename)
        report = evaluate(
            annotator, gold, types=dev.types, limit=dev.limit, name_corpus=name_corpus, bootstrap=0
        ).report
        counts = report.to_dict()["micro"]
        correct += 2 * counts["tp"]
        total += 2 * counts["tp"] + counts["fp"] + counts["fn"]
    return round(correct / total, 4)


def count_plain_mentions(annotator: Annotator) -> tuple[int, int]:
    """Return how many names in plain sentences are found with their type, and of how many."""
    content = tomllib.loads((DEFAULT / "plain_sentences.toml").read_text("utf-8"))
    recognized = number = 0
    for type, part in content.items():
        for sentence in part["sentences"]:
            start = sentence.index("{}")
            for name in part["names"]:
                written = name if start else name[0].upper() + name[1:]
                document = annotator(sentence.format(written))
                expected = (start, start + len(name), type)
                recognized += expected in {
                    (span.start, span.end, span.type) for span in document.spans
                }
                number += 1
    return recognized, number


def count_general_mentions(annotator: Annotator, root: Path | None, limit: int = 800) -> float:
    """Return the mentions found per 1,000 words of news."""
    documents: list[Document] = [
        document.with_spans(()) for document in load(GENERAL, "test", root=root).documents[:limit]
    ]
    mentions = sum(len(document.spans) for document in annotator.annotate(documents))
    words = sum(len(document.text.split()) for document in documents)
    return round(1000 * mentions / words, 2)


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    texts = [name for name in ("notes", "fields") if name in rows[0]]
    columns = ("dev F1 %", "without corpus names", "plain sentences %", "news")
    headings = ("share of the first model", *columns, *(f"{name} %" for name in texts))
    lines = [f"| {' | '.join(headings)} |", "|---|" + "--:|" * (len(headings) - 1)]
    for row in rows:
        named, nameless, plain, *scores = (
            f"{100 * row[key]:.2f}" for key in ("named", "nameless", "plain", *texts)
        )
        cells = (named, nameless, plain, f"{row['general']:.2f}", *scores)
        lines.append(f"| {row['share']} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
