"""Compares ways to quantize the embedded model: python -m benchmarks.quantization

Annotates devel texts in full precision and in several 8-bit forms, and counts the documents and
mentions that stay the same, next to strict F1 and speed. Writes the table in README.md. Nothing is
selected on test texts.

- ``int8``: dynamic scales for the activations of each row, a scale for each column of weights;
- ``int8, one scale``: the same with one scale for each matrix of weights;
- ``int8, calibrated``: fixed scales for the activations, from training texts;
- ``int8, feed-forward``: as ``int8``, but attention is computed in full precision.

``VANER_CORPORA`` is the folder of the corpora. Install the requirements with
`pip install -e '.[onnx]'`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.memory import most_held
from experiments.results_table import fill_part
from vaner.annotator import Annotator
from vaner.corpora import load
from vaner.evaluation import score
from vaner.models.locate import locate_model
from vaner.tagger.exported_forms import MODEL_FILE
from vaner.tagger.onnx_export import export, quantize
from vaner.text.documents import Corpus, Document
from vaner.utils.provenance import collect_provenance

OUTPUT = Path(__file__).with_suffix(".json")
README = Path(__file__).with_name("README.md")
CORPORA = ("NCBI-disease", "BC5CDR", "BC2GM")
CALIBRATION_ROWS = 200


class Rows:
    """The rows of training texts, as the calibration of onnxruntime reads them."""

    def __init__(self, annotator: Annotator, documents: Sequence[Document]) -> None:
        model: Any = annotator.recognizer
        feeds: list[dict[str, Any]] = []
        run = model.emission_model._session.run

        class Recorder:
            def run(self, names: Any, feed: dict[str, Any]) -> Any:
                feeds.append(feed)
                return run(names, feed)

        session, model.emission_model._session = model.emission_model._session, Recorder()
        for _ in annotator.annotate(documents):
            if len(feeds) >= CALIBRATION_ROWS:
                break
        model.emission_model._session = session
        self._feeds: Iterator[dict[str, Any]] = iter(feeds[:CALIBRATION_ROWS])

    def get_next(self) -> dict[str, Any] | None:
        """Return the inputs of the next row."""
        return next(self._feeds, None)


def calibrate(full: Path, small: Path, rows: Rows) -> None:
    """Quantize a graph with fixed scales for its activations."""
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

    quantize_static(
        full, small, rows, quant_format=QuantFormat.QDQ, per_channel=True,
        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul", "Gemm"], calibrate_method=CalibrationMethod.MinMax,
        extra_options={"CalibMovingAverage": True},
    )  # fmt: skip


def one_scale(full: Path, small: Path) -> None:
    """Quantize a graph with one scale for each matrix of weights."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(full, small, weight_type=QuantType.QInt8, per_channel=False)


def compare(full: Sequence[Document], other: Sequence[Document]) -> dict[str, float]:
    """Return the share of documents and mentions that two forms agree on, and how scores differ."""
    same = shared = total = 0
    differences = []
    for first, second in zip(full, other, strict=True):
        a = {(s.start, s.end, s.type): s.score for s in first.spans}
        b = {(s.start, s.end, s.type): s.score for s in second.spans}
        same += a.keys() == b.keys()
        shared += len(a.keys() & b.keys())
        total += len(a.keys() | b.keys())
        differences += [abs((a[key] or 0) - (b[key] or 0)) for key in a.keys() & b.keys()]
    return {
        "equal_documents": same / len(full),
        "equal_mentions": shared / total,
        "score_difference_mean": float(np.mean(differences)),
        "score_difference_max": max(differences),
    }


def measure(folder: Path, corpora: Sequence[Corpus]) -> tuple[list[Document], dict[str, Any]]:
    """Annotate devel texts with a form, and return them with F1 by corpus, speed and size."""
    annotator = Annotator.from_pretrained(folder)
    list(annotator.annotate(corpora[0].documents[:5]))
    predicted: list[Document] = []
    f1, seconds, characters = {}, 0.0, 0
    for corpus in corpora:
        start = time.process_time()
        predictions = list(annotator.annotate(corpus.documents, corpus.types or None))
        seconds += time.process_time() - start
        characters += sum(len(document.text) for document in corpus.documents)
        report = score(list(corpus.documents), predictions, types=corpus.types, bootstrap=0)
        f1[corpus.name] = report.micro.f1
        predicted += predictions
    size = (folder / MODEL_FILE).stat().st_size
    return predicted, {"f1": f1, "characters_per_second": characters / seconds, "bytes": size}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", default="biomedical")
    parser.add_argument("--limit", type=int, default=200, help="devel documents of each corpus")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    corpora = [shorten(load(name, "devel"), arguments.limit) for name in CORPORA]
    training = [d for name in CORPORA for d in load(name, "train").documents[:60]]
    folder = locate_model(arguments.model)
    with tempfile.TemporaryDirectory() as temporary:
        full = Path(temporary) / "fp32"
        write_full(folder, full)
        rows = Rows(Annotator.from_pretrained(full), training)
        ways: dict[str, Callable[[Path, Path], None]] = {
            "int8": quantize,
            "int8, one scale": one_scale,
            "int8, calibrated": lambda source, target: calibrate(source, target, rows),
            "int8, feed-forward": lambda source, target: quantize(source, target, attention=False),
        }
        expected, figures = measure(full, corpora)
        forms = {"fp32": figures}
        print("fp32", json.dumps(figures), flush=True)
        for name, way in ways.items():
            other = Path(temporary) / name.replace(", ", "-").replace(" ", "-")
            shutil.copytree(full, other)
            (other / MODEL_FILE).unlink()
            way(full / MODEL_FILE, other / MODEL_FILE)
            predictions, figures = measure(other, corpora)
            forms[name] = {**compare(expected, predictions), **figures}
            print(name, json.dumps(forms[name]), flush=True)
    record = {
        "model": arguments.model, "corpora": CORPORA, "split": "devel", "limit": arguments.limit,
        "forms": forms, "memory": most_held(), **collect_provenance(),
    }  # fmt: skip
    arguments.output.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    if arguments.output == OUTPUT:
        README.write_text(
            fill_part(README.read_text("utf-8"), table(record), "quantization"), "utf-8"
        )


def table(record: dict[str, Any]) -> str:
    """Return a Markdown table with a row for each form."""
    forms = record["forms"]
    lines = [
        "| form | equal texts % | equal mentions % | score difference, mean (largest) "
        f"| F1 % on {', '.join(record['corpora'])} | speed | MB |",
        "|---|---:|---:|---|---|---:|---:|",
    ]
    for name, form in forms.items():
        f1 = ", ".join(f"{100 * form['f1'][corpus]:.1f}" for corpus in record["corpora"])
        speed = form["characters_per_second"] / forms["fp32"]["characters_per_second"]
        same = "100.0 | 100.0 | 0"
        if name != "fp32":
            mean, largest = form["score_difference_mean"], form["score_difference_max"]
            same = (
                f"{100 * form['equal_documents']:.1f} | {100 * form['equal_mentions']:.1f} "
                f"| {mean:.3f} ({largest:.2f})"
            )
        lines.append(f"| {name} | {same} | {f1} | {speed:.2f} | {form['bytes'] / 1e6:.0f} |")
    return "\n".join(lines)


def shorten(corpus: Corpus, limit: int) -> Corpus:
    """Return a corpus with its first documents only."""
    return Corpus(corpus.name, corpus.split, corpus.documents[:limit], corpus.types)


def write_full(model: Path, folder: Path) -> None:
    """Export a model in full precision."""
    from vaner.backbones.saved_model import locate_tokenizer
    from vaner.models.torch_models import load_torch_recognizer

    tagger: Any = load_torch_recognizer(model, "cpu", 1)
    tokenizer = locate_tokenizer(tagger.model, model) / "tokenizer.json"
    export(tagger.model, tokenizer, folder, precision="fp32")


if __name__ == "__main__":
    main()
