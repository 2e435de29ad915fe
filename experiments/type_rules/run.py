"""How to train one model on corpora that annotate a type by different rules.

    python -m experiments.type_rules.run

Trains the small encoder on three mixtures, without BioRED and NLM-Gene, and scores it on devel:
on the two corpora that it has not seen, and on the corpora that it was trained on, with and without
the corpus's name in the instruction. Writes results.json and the table in README.md. No test split
is scored.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from experiments.results_table import fill_part
from experiments.study_report import write_record
from vaner.annotator import Annotator
from vaner.corpora import load
from vaner.errors import VanerError
from vaner.evaluation.evaluate import evaluate
from vaner.training.recipe.schema import Recipe
from vaner.training.train import train
from vaner.utils.provenance import collect_provenance

HERE = Path(__file__).resolve().parent
UNSEEN = ("BioRED", "NLM-Gene")
CELLS = {"cell_type": "CellType", "cell_line": "CellLine", "protein": "Gene"}
CONDITIONS = ("consistent", "all", "named")

# Corpora that annotate their types by the same rules.
CONSISTENT: tuple[dict[str, Any], ...] = (
    {"corpus": "NCBI-disease"},
    {"corpus": "BC5CDR"},
    {"corpus": "tmVar3"},
    {"corpus": "GNormPlus", "types": ["Gene"]},
    {"corpus": "BioID", "negative_fraction": 0.3},
    {"corpus": "Linnaeus"},
    {"corpus": "JNLPBA", "rename": CELLS, "types": ["CellType"]},
    {"corpus": "BioNLP13CG", "types": ["Species", "CellularComponent", "Anatomy"]},
    {"corpus": "BioNLP13PC", "types": ["CellularComponent"]},
)
# Corpora that draw a type by other rules: see the comments in ../embedded_biomedical/recipe.yaml.
OTHER: tuple[dict[str, Any], ...] = (
    {"corpus": "BC2GM"},
    {"corpus": "S800"},
    {"corpus": "JNLPBA", "rename": CELLS, "types": ["CellType", "CellLine", "Gene"]},
    {
        "corpus": "BioNLP13CG",
        "types": ["Gene", "Chemical", "Species", "CellularComponent", "Anatomy"],
    },
    {"corpus": "BioNLP13PC", "types": ["Gene", "Chemical", "CellularComponent"]},
    {"corpus": "CRAFT", "types": ["Gene", "Species", "Chemical", "CellType", "CellularComponent"]},
    {"corpus": "AnatEM"},
    {"corpus": "BioNLP11EPI"},
    {"corpus": "BioNLP11ID", "types": ["Gene", "Species", "Chemical"]},
    {"corpus": "BioNLP13GE"},
    {"corpus": "Ex-PTM"},
)
SCORED = (
    *UNSEEN, "NCBI-disease", "BC5CDR", "GNormPlus", "BC2GM", "Linnaeus", "S800", "JNLPBA",
    "BioNLP13CG", "CRAFT",
)  # fmt: skip
LIMIT = 400  # documents or sentences of each devel split


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m experiments.type_rules.run")
    parser.add_argument("--corpora", type=Path, help="folder of the corpora (or VANER_CORPORA)")
    parser.add_argument("--output", type=Path, default=Path("runs") / HERE.name)
    arguments = parser.parse_args()
    try:
        rows = [
            row
            for condition in CONDITIONS
            for row in score_condition(condition, arguments.output, arguments.corpora)
        ]
    except VanerError as error:
        sys.exit(f"error: {error}")
    record = {"scores": "strict micro F1 on devel, percent", "rows": rows, **collect_provenance()}
    write_record(record, HERE / "results.json")
    readme = HERE / "README.md"
    readme.write_text(fill_part(readme.read_text("utf-8"), table(rows), "type_rules"), "utf-8")


def make_recipe(condition: str) -> Recipe:
    """Return the recipe of a condition: which corpora, and whether they are named."""
    is_named = condition == "named"
    fraction = 0.5 if is_named else 1.0
    sources = [source | {"nameless_fraction": fraction} for source in CONSISTENT]
    if condition != "consistent":
        fraction = 0.0 if is_named else 1.0
        sources += [source | {"nameless_fraction": fraction} for source in OTHER]
    stage = {
        "name": "mix", "sampling": "temperature", "temperature": 2, "sources": sources,
        "steps": 800, "evaluate_every": 800, "batch_size": 16, "learning_rate": 2e-4,
        "head_learning_rate": 1e-2, "warmup": 0.05,
    }  # fmt: skip
    model = {
        "backbone": "minilm-l6", "origin": "package", "joint": True, "casing": True,
        "instruction": "corpus" if is_named else "none", "max_subwords": 256, "dropout": 0.1,
        "backbone_dropout": 0.0, "lora": None, "frozen_layers": 1,
    }  # fmt: skip
    held_out = [{"corpus": name} for name in UNSEEN] + [{"corpus": "BioRED", "split": "train"}]
    return Recipe.model_validate({
        "name": condition, "model": model, "stages": [stage], "held_out": held_out,
        "dev": [{"corpus": "NCBI-disease", "limit": 400}], "seeds": [1], "precision": "bf16",
    })  # fmt: skip


def score_condition(condition: str, output: Path, root: Path | None) -> Iterator[dict[str, Any]]:
    """Train a condition unless its model is there, and yield a row for each scored corpus."""
    folder = output / condition
    if not (folder / "seed-1" / "training.json").is_file():
        train(make_recipe(condition), folder, corpora_root=root, resume=folder.exists())
    annotator = Annotator.from_pretrained(folder / "seed-1" / "model")
    for name in SCORED:
        gold = load(name, "devel", root=root)
        gold = gold.rename_types(CELLS) if name == "JNLPBA" else gold
        for is_named in (False, True) if name in annotator.corpora else (False,):
            evaluation = evaluate(annotator, gold, limit=LIMIT, name_corpus=is_named, bootstrap=0)
            scores = evaluation.report.to_dict()
            types = {type: round(100 * s["f1"], 1) for type, s in scores["types"].items()}
            row = {"condition": condition, "corpus": name, "named": is_named,
                   "f1": round(100 * scores["micro"]["f1"], 1), "types": types}  # fmt: skip
            print(row, flush=True)
            yield row


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return F1 as a Markdown table: a corpus a row, a condition a column."""
    columns = [(condition, False) for condition in CONDITIONS] + [("named", True)]
    names = [*CONDITIONS, "named, with the corpus's name"]
    lines = [f"| devel of | {' | '.join(names)} |", "|---|" + "--:|" * len(names)]
    for corpus in SCORED:
        scores = {(r["condition"], r["named"]): r["f1"] for r in rows if r["corpus"] == corpus}
        cells = (f"{scores[column]:.1f}" if column in scores else "" for column in columns)
        unseen = " (unseen)" if corpus in UNSEEN else ""
        lines.append(f"| {corpus}{unseen} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
