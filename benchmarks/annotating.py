"""Compares the speed of annotating with other programs: python -m benchmarks.annotating

All programs (see `benchmarks.annotators`) read the same generated sentences with four types, each
in a separate process with one thread. Time is processor time, so that other processes have little
influence. All programs run in every round. A ratio compares two programs of the same round; the
table has its median and range. ``floor`` is the speed of the default model's matrix products alone,
measured with a large product on this core, in fp32 and in 8 bits. No program that computes the same
products can be faster.

Install the requirements with `pip install -e '.[peers,onnx]'`. GLiNER requires an older version of
transformers for training, so install it with `pip install --no-deps gliner sentencepiece`. Without
it, GLiNER is left out.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.annotators import BACKBONE, PREPARE
from benchmarks.memory import most_held
from benchmarks.texts import generate_sentences
from experiments.results_table import fill_part
from experiments.study_report import write_record
from vaner.utils.provenance import collect_provenance

OUTPUT = Path(__file__).with_suffix(".json")
README = Path(__file__).with_name("README.md")
OURS = "vaner int8"
OPTIONAL = {"gliner": "gliner", "spacy": "spacy", "crfsuite": "pycrfsuite"}

Figures = dict[str, Any]


def main() -> None:
    arguments = _arguments()
    if arguments.way:
        print(json.dumps(measure(arguments.way, arguments.sentences)))
        return
    ways = [way for way in PREPARE if find_spec(OPTIONAL.get(way, "vaner"))]
    rounds: list[dict[str, Figures]] = []
    for number in range(arguments.rounds):
        rounds.append({way: _in_a_process(way, arguments.sentences) for way in ways})
        for way, figures in rounds[-1].items():
            print(f"round {number + 1}, {way:14} {figures['sentences_a_second']:7.1f} sentences a "
                  f"second of one core, {figures['memory_mb']:5.0f} MB", flush=True)  # fmt: skip
    record = {
        "sentences": arguments.sentences,
        "rounds": rounds,
        "floor": floor(arguments.sentences),
        **collect_provenance(),
    }
    write_record(record, arguments.output)
    draw(record, arguments.output.with_suffix(".png"))
    if arguments.output == OUTPUT:
        text = fill_part(README.read_text("utf-8"), "\n".join(table(record)), "annotating")
        README.write_text(text, "utf-8")


def measure(way: str, number: int) -> Figures:
    """Return the speed and memory of a program, after some sentences that are not counted."""
    sentences = list(generate_sentences(random.Random(0), number))
    with tempfile.TemporaryDirectory() as folder:
        read = PREPARE[way](Path(folder))
        read(sentences[:20])
        start = time.process_time()
        read(sentences)
        seconds = time.process_time() - start
    return {
        "sentences_a_second": number / seconds,
        "memory_mb": most_held(),
    }


def floor(number: int) -> Figures:
    """Return the operations of the encoder for the sentences, and the speed at peak performance.

    Returns:
        The mean number of multiplications and additions per sentence; for fp32 and 8 bits the peak
        in 1e9 operations per second on one thread, and the sentences per second at that peak.
    """
    from transformers import AutoConfig

    from vaner.backbones.encoding import Encoder
    from vaner.backbones.locate import locate_backbone

    folder = locate_backbone(BACKBONE, prefer="package").folder
    config, encoder = AutoConfig.from_pretrained(folder), Encoder.from_folder(folder, 512)
    width, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    each = []
    for words in generate_sentences(random.Random(0), number):
        length = 2 + sum(len(encoder.subwords(word)) for word in words)
        weights = 4 * width * width + 2 * width * inner
        each.append(2 * layers * length * (weights + 2 * length * width))
    operations = statistics.mean(each)
    peaks = {"fp32": peak(1024, quantized=False), "int8": peak(1024, quantized=True)}
    return {
        "operations_a_sentence": operations,
        "peak_gflops": {form: value / 1e9 for form, value in peaks.items()},
        "sentences_a_second": {form: value / operations for form, value in peaks.items()},
    }


def peak(size: int, *, quantized: bool) -> float:
    """Return the operations per second of a product of square matrices, on one thread."""
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        _product(size, quantized=quantized), options, providers=["CPUExecutionProvider"]
    )
    ones = {"a": np.ones((size, size), np.uint8 if quantized else np.float32)}
    best = float("inf")
    for _ in range(10):
        start = time.process_time()
        session.run(None, ones)
        best = min(best, time.process_time() - start)
    return 2 * size**3 / best


def _product(size: int, *, quantized: bool) -> bytes:
    """Build an ONNX model that multiplies its input by a matrix of ones."""
    import numpy as np
    from onnx import TensorProto, helper

    real = TensorProto.FLOAT
    a, b, c = (TensorProto.UINT8, TensorProto.INT8, TensorProto.INT32) if quantized else (real,) * 3
    shape = (size, size)
    ones = np.ones(shape, np.int8 if quantized else np.float32).tobytes()
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger" if quantized else "MatMul", ["a", "b"], ["c"])],
        "product",
        [helper.make_tensor_value_info("a", a, shape)],
        [helper.make_tensor_value_info("c", c, shape)],
        [helper.make_tensor("b", b, shape, ones, raw=True)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    written: bytes = model.SerializeToString()
    return written


def times(record: Figures, way: str) -> list[float]:
    """Return the time of a program relative to vaner, for each round."""
    of = "sentences_a_second"
    return [round_[OURS][of] / round_[way][of] for round_ in record["rounds"]]


def table(record: Figures) -> list[str]:
    """Return a table of speeds, relative times, memory, and shares of the floor."""
    lines = ["| | sentences a second of one core | times as long as ours | memory, MB "
             "| share of the floor |", "|---|--:|--:|--:|--:|"]  # fmt: skip
    floors = record["floor"]["sentences_a_second"]
    for way in record["rounds"][0]:
        speed, memory = (
            statistics.median(round_[way][name] for round_ in record["rounds"])
            for name in ("sentences_a_second", "memory_mb")
        )
        ratios = times(record, way)
        spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        form = "int8" if way == OURS else "fp32"
        share = f"{100 * speed / floors[form]:.0f} %" if way.startswith("vaner") else ""
        ratio_text = spread if way != OURS else "1"
        lines.append(f"| {way} | {speed:.0f} | {ratio_text} | {memory:.0f} | {share} |")
    return lines


def draw(record: Figures, output: Path) -> None:
    """Plot the relative times as bars, with their ranges."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    ways = [way for way in record["rounds"][0] if way != OURS]
    ratios = [times(record, way) for way in ways]
    middles = [statistics.median(values) for values in ratios]
    ends = [[m - min(r) for m, r in zip(middles, ratios, strict=True)],
            [max(r) - m for m, r in zip(middles, ratios, strict=True)]]  # fmt: skip
    figure, axes = pyplot.subplots(figsize=(7, 3), layout="constrained")
    axes.barh(ways, middles, xerr=ends, color="#4c78a8")
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xscale("log")
    axes.invert_yaxis()
    axes.set_xlabel(f"times as long as {OURS}, four types")
    figure.savefig(output, dpi=120)


def _in_a_process(way: str, sentences: int) -> Figures:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.annotating", "--way", way, "--sentences",
         str(sentences)], stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    record: Figures = json.loads(done.stdout.strip().split("\n")[-1])
    return record


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.annotating", description="Sentences a second, and the peers'."
    )
    parser.add_argument("--sentences", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--way", choices=list(PREPARE), help="only this one, in this process")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    return parser.parse_args()


if __name__ == "__main__":
    main()
