"""A corpus that the model has not seen, scored with and without it in training.

    python -m experiments.left_out.run

Trains the small encoder on the sources of ../embedded_biomedical with fewer updates: once on all
of them, and once without each corpus of `LEFT_OUT`. Writes results.json and the table in README.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from experiments.model_rows import Row, make_parser, update_rows
from vaner.annotator import Annotator
from vaner.corpora import evaluation_split, load, lookup
from vaner.evaluation.evaluate import evaluate
from vaner.training.recipe.schema import Recipe
from vaner.training.train import train
from vaner.utils.provenance import collect_provenance

HERE = Path(__file__).resolve().parent
RUNS = Path("runs") / HERE.name
LEFT_OUT = ("BioRED", "NLM-Gene", "CRAFT", "AnatEM")
ALL = "all corpora"
UPDATES = 800


def main() -> None:
    arguments = make_parser("left_out", (ALL, *LEFT_OUT), 1500).parse_args()
    update_rows(
        HERE, arguments, measure, scores="strict, from 0 to 1", render_table=table, part="left_out"
    )  # fmt: skip


def make_recipe(left_out: str) -> Recipe:
    """Return the recipe of the default model, started from its backbone, without a corpus."""
    path = HERE.parent / "embedded_biomedical" / "recipe.yaml"
    content: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    [stage] = content["stages"]
    stage["sources"] = [source for source in stage["sources"] if source["corpus"] != left_out]
    stage |= {"steps": UPDATES, "evaluate_every": UPDATES, "head_learning_rate": 1e-2}
    model = {
        "backbone": "minilm-l6", "origin": "package", "joint": True, "casing": True,
        "lora": None, "frozen_layers": 1,
    }  # fmt: skip
    del content["model"]["init_from"]
    info = lookup(left_out)
    # Other corpora have some of its sentences: none of them is trained on.
    held_out = [{"corpus": left_out, "split": split} for split in info.splits] if info else []
    scored = [{"corpus": name, "split": get_scored_split(name)} for name in LEFT_OUT]
    return Recipe.model_validate(content | {
        "name": f"without {left_out}" if info else ALL,
        "model": content["model"] | model,
        "dev": [{"corpus": "NCBI-disease", "limit": 250}],
        "held_out": content["held_out"] + scored + held_out,
    })  # fmt: skip


def get_scored_split(name: str) -> str:
    """Return the split of a corpus to score: test, or devel if there is no test split."""
    return evaluation_split(name) or "devel"


def measure(left_out: str, root: Path | None, limit: int | None) -> list[Row]:
    """Train without a corpus, unless the model exists, and score the corpus.

    The model of all corpora is scored on each corpus of `LEFT_OUT`, with and without its name.
    """
    folder = RUNS / left_out.replace(" ", "-")
    if not (folder / "seed-1" / "training.json").is_file():
        train(make_recipe(left_out), folder, corpora_root=root, resume=folder.exists())
    annotator = Annotator.from_pretrained(folder / "seed-1" / "model", form="pytorch")
    rows = []
    for name in LEFT_OUT if left_out == ALL else (left_out,):
        split = get_scored_split(name)
        gold = load(name, split, root=root)
        for is_named in (False, True) if left_out == ALL else (False,):
            evaluation = evaluate(annotator, gold, limit=limit, name_corpus=is_named)
            scores = evaluation.report.to_dict()
            rows.append({
                "model": left_out, "corpus": name, "split": split, "named": is_named,
                "all": scores["micro"], "types": scores["types"], **collect_provenance(),
            })  # fmt: skip
            print(f"{left_out}: {name} {split}, F1 {100 * scores['micro']['f1']:.2f}", flush=True)
    return rows


def table(rows: Sequence[Row]) -> str:
    """Return F1 as a Markdown table: a corpus and type a row, a kind of training a column."""
    lines = [
        "| scored on | type | without the corpus | with it | with it, named |",
        "|---|---|--:|--:|--:|",
    ]
    for name in LEFT_OUT:
        by_column = {
            (row["model"] == ALL, row["named"]): row for row in rows if row["corpus"] == name
        }
        if not by_column:
            continue
        some = next(iter(by_column.values()))
        for type in (*some["types"], *(["all"] if len(some["types"]) > 1 else [])):
            cells = [
                _render_f1(by_column.get(column), type)
                for column in ((False, False), (True, False), (True, True))
            ]
            lines.append(f"| {name} {some['split']} | {type} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _render_f1(row: Row | None, type: str) -> str:
    if row is None:
        return ""
    scores = row["all"] if type == "all" else row["types"][type]
    return f"{100 * scores['f1']:.1f}"


if __name__ == "__main__":
    main()
