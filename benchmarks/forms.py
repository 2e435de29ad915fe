"""Measures the effect of 8 bits and the reliability of scores: python -m benchmarks.forms

Scores the embedded models on the complete test splits that their cards name, exported in full
precision (which gives PyTorch's answers) and in 8 bits: strict F1, the calibration error before and
after calibration, and precision and recall for a requested precision. Nothing is selected by these
figures. A model with one pass per type is scored in 8 bits only.

``VANER_CORPORA`` is the folder of the corpora. Install the requirements with
`pip install -e '.[onnx]'`. The benchmark takes almost an hour on one core and resumes if it is
interrupted. It repeats figures of models whose weights have changed, and writes the tables in
README.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from experiments.results_table import fill_part
from experiments.study_report import write_record
from vaner.annotator import Annotator
from vaner.corpora import load
from vaner.evaluation import score
from vaner.evaluation.evaluate import Evaluation, evaluate
from vaner.models.locate import locate_model
from vaner.text.documents import filter_by_score
from vaner.utils.provenance import collect_provenance

OUTPUT = Path(__file__).with_suffix(".json")
README = Path(__file__).parent / "README.md"
PRECISIONS = (0.9, 0.95)
FORMS = {"biomedical": ("fp32", "int8"), "disease-chemical": ("int8",)}

Run = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--limit", type=int, help="documents of each, to try it out with --output")
    parser.add_argument("--only", nargs="+", choices=list(FORMS), default=list(FORMS))
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    if arguments.limit is not None and arguments.output == OUTPUT:
        parser.error("--limit is to try it out: name another file with --output")
    runs = read_stored_runs(arguments.output)
    done = {(run["model"], run["form"]) for run in runs}
    for model, form in ((name, form) for name in arguments.only for form in FORMS[name]):
        if (model, form) not in done:
            runs += score_form(model, form, arguments.limit)
            runs.sort(key=lambda run: list(FORMS).index(run["model"]))
            write_record({"runs": runs}, arguments.output)
    if arguments.output == OUTPUT:
        text = README.read_text("utf-8")
        for part, table in TABLES.items():
            text = fill_part(text, "\n".join(table(runs)), part)
        README.write_text(text, "utf-8")


def read_stored_runs(output: Path) -> list[Run]:
    """Return the stored figures of models whose weights have not changed."""
    if not output.is_file():
        return []
    runs: list[Run] = json.loads(output.read_text("utf-8"))["runs"]
    now = {model: weights(model) for model in FORMS}
    return [run for run in runs if run["weights"] == now[run["model"]]]


def weights(model: str) -> str:
    """Return a fingerprint of a model's trained weights and calibration."""
    files = sorted((*locate_model(model).glob("*.safetensors"), *locate_model(model).glob("cal*")))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def score_form(model: str, form: str, limit: int | None) -> Iterator[Run]:
    """Yield the figures of one form of a model on every test split that its card names."""
    made = {name: value for name, value in collect_provenance().items() if name != "command"}
    made["weights"] = weights(model)
    splits = json.loads((locate_model(model) / "results.json").read_text("utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / form
        subprocess.run(
            [sys.executable, "-m", "vaner", "export", model, "-o", str(path),
             "--precision", form], check=True, capture_output=True,
        )  # fmt: skip
        annotator = Annotator.from_pretrained(path)
        for name in splits:
            corpus, split = name.rsplit(" ", 1)
            gold = load(corpus, split)
            evaluation = evaluate(annotator, gold, limit=limit)
            figures = evaluation.to_dict()
            print(f"{model} {form} {name}: F1 {100 * figures['micro']['f1']:.2f}", flush=True)
            if annotator.min_scores and form == "int8":  # the tables about scores are of this form
                evaluation = evaluate(annotator, gold, min_score=0, limit=limit, bootstrap=0)
            for kind in ("reliability", "uncalibrated"):
                if measured := getattr(evaluation, kind):  # None if the model finds nothing
                    figures[kind] = measured.to_dict()
                    del figures[kind]["bins"]
            cuts = [apply_precision(annotator, evaluation, precision) for precision in PRECISIONS]
            yield {"model": model, "form": form, "test": corpus, **figures, "asked": cuts, **made}


def apply_precision(
    annotator: Annotator, evaluation: Evaluation, precision: float
) -> dict[str, Any]:
    """Return precision and recall on test with the thresholds for a precision on devel."""
    thresholds = annotator.thresholds(None, precision)
    types = [type for type in evaluation.types if type in thresholds]
    figures: dict[str, Any] = {"precision_on_devel": precision, "types": types}
    if types:
        left = [filter_by_score(document, thresholds) for document in evaluation.predicted]
        counts = score(evaluation.gold, left, types=types, bootstrap=0).micro.counts
        assert counts is not None
        figures |= {"precision": counts.precision, "recall": counts.recall}
    return figures


def eight_bits(runs: Sequence[Run]) -> Iterator[str]:
    """Yield a row for each test split: strict F1 in both forms, and the difference."""
    yield "| model | test split | F1 % fp32 | int8 | difference |"
    yield "|---|---|--:|--:|--:|"
    full = {(run["model"], run["test"]): run for run in runs if run["form"] == "fp32"}
    for run in runs:
        if run["form"] == "int8" and (run["model"], run["test"]) in full:
            before, after = (_f1(run_) for run_ in (full[run["model"], run["test"]], run))
            yield (f"| {run['model']} | {run['test']} | {before:.2f} | {after:.2f} "
                   f"| {after - before:+.2f} |")  # fmt: skip


def calibration(runs: Sequence[Run]) -> Iterator[str]:
    """Yield a row for each test split: the calibration error before and after, in 8 bits."""
    yield "| model | test split | ECE % before | after |"
    yield "|---|---|--:|--:|"
    for run in runs:
        if run["form"] == "int8":
            before, after = (100 * run[key]["error"] for key in ("uncalibrated", "reliability"))
            yield f"| {run['model']} | {run['test']} | {before:.2f} | {after:.2f} |"


def thresholds(runs: Sequence[Run]) -> Iterator[str]:
    """Yield a row for each test split and requested precision, with its precision and recall."""
    yield "| model | test split | types | requested % | precision % | recall % |"
    yield "|---|---|---|--:|--:|--:|"
    for run in runs:
        for cut_ in run["asked"] if run["form"] == "int8" else ():
            if cut_["types"]:
                yield (f"| {run['model']} | {run['test']} | {', '.join(cut_['types'])} "
                       f"| {100 * cut_['precision_on_devel']:.0f} | {100 * cut_['precision']:.2f} "
                       f"| {100 * cut_['recall']:.2f} |")  # fmt: skip


def _f1(run: Run) -> float:
    return 100 * float(run["micro"]["f1"])


TABLES = {"eight-bits": eight_bits, "calibration": calibration, "thresholds": thresholds}


if __name__ == "__main__":
    main()
