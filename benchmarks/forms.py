"""What 8 bits change, and how far scores can be trusted: python -m benchmarks.forms

The embedded models on the whole test splits that their cards name, exported in full precision
(which gives PyTorch's answers) and in 8 bits: strict F1, and the calibration error of their scores,
before calibration and after. Nothing is chosen by these figures. A model that reads a text once for
each type is scored in 8 bits alone. The corpora are looked for where ``VANER_CORPORA`` says, and
what is needed comes with `pip install -e '.[onnx]'`. It takes the best part of an hour of one core,
and stopped it goes on where it was. The tables in README.md are made anew.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from experiments.report import keep
from experiments.table import filled
from vaner.annotator import Annotator, model_folder
from vaner.corpora import load
from vaner.evaluation import evaluate
from vaner.provenance import provenance

OUTPUT = Path(__file__).with_suffix(".json")
README = Path(__file__).parent / "README.md"
FORMS = {"biomedical": ("fp32", "int8"), "disease-chemical": ("int8",)}

Run = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--limit", type=int, help="documents of each corpus, to try it out")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    runs: list[Run] = []
    if arguments.output.is_file():
        runs = json.loads(arguments.output.read_text("utf-8"))["runs"]
    done = {(run["model"], run["form"]) for run in runs}
    for model, form in ((model, form) for model, forms in FORMS.items() for form in forms):
        if (model, form) not in done:
            runs += scored(model, form, arguments.limit)
            keep({"runs": runs}, arguments.output)
    if arguments.output == OUTPUT:
        text = filled(README.read_text("utf-8"), "\n".join(eight_bits(runs)), "eight-bits")
        README.write_text(filled(text, "\n".join(calibration(runs)), "calibration"), "utf-8")


def scored(model: str, form: str, limit: int | None) -> Iterator[Run]:
    """Figures of one form of a model on every test split that its card names."""
    made = provenance()
    splits = json.loads((model_folder(model) / "results.json").read_text("utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / form
        subprocess.run(
            [sys.executable, "-m", "vaner.interfaces.cli", "export", model, "-o", str(place),
             "--precision", form], check=True, capture_output=True,
        )  # fmt: skip
        annotator = Annotator.from_pretrained(place)
        for name in splits:
            corpus, split = name.rsplit(" ", 1)
            gold = load(corpus, split)
            if limit is not None:
                gold = replace(gold, documents=gold.documents[:limit])
            figures = evaluate(annotator, gold).to_dict()
            print(f"{model} {form} {name}: F1 {100 * figures['micro']['f1']:.2f}", flush=True)
            yield {"model": model, "form": form, "test": corpus, **figures, **made}


def eight_bits(runs: Sequence[Run]) -> Iterator[str]:
    """A line a test split: strict F1 in full precision, in 8 bits, and the difference."""
    yield "| model | test split | F1 % fp32 | int8 | difference |"
    yield "|---|---|--:|--:|--:|"
    full = {(run["model"], run["test"]): run for run in runs if run["form"] == "fp32"}
    for run in runs:
        if run["form"] == "int8" and (run["model"], run["test"]) in full:
            before, after = (_f1(one) for one in (full[run["model"], run["test"]], run))
            yield (f"| {run['model']} | {run['test']} | {before:.2f} | {after:.2f} "
                   f"| {after - before:+.2f} |")  # fmt: skip


def calibration(runs: Sequence[Run]) -> Iterator[str]:
    """A line a test split: expected calibration error of the 8-bit form, before and after."""
    yield "| model | test split | ECE % before | after |"
    yield "|---|---|--:|--:|"
    for run in runs:
        if run["form"] == "int8":
            before, after = (100 * run[key]["error"] for key in ("uncalibrated", "reliability"))
            yield f"| {run['model']} | {run['test']} | {before:.2f} | {after:.2f} |"


def _f1(run: Run) -> float:
    return 100 * float(run["micro"]["f1"])


if __name__ == "__main__":
    main()
