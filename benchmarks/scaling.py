"""Measures the cost of words, types and documents: python -m benchmarks.scaling

Uses the default model in 8 bits with one thread, and measures processor time:

- Documents of 16 to 50,000 words, in sentences of about 25 words or without a full stop. The time
  per word should be constant.
- 1 to 16 types with PyTorch, in one pass (joint) or one pass per type, with the instruction read
  for every sentence or once for all of them, on the same encoder with a random head.
- 10 to 100,000 documents: the peak memory of the process. It must not grow, except for a cache of
  words with a maximum size.

The benchmark takes about ten minutes. Install the requirements with `pip install -e '.[onnx]'`.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

from benchmarks.annotators import BACKBONE, MODEL
from benchmarks.memory import most_held
from benchmarks.texts import generate_sentences
from experiments.study_report import write_record
from vaner.annotator import Annotator
from vaner.tagger.instructions import BY_NAME
from vaner.utils.provenance import collect_provenance

OUTPUT = Path(__file__).with_suffix(".json")
WORDS = (16, 64, 256, 1024, 4096, 16384, 50000)
TYPES = (1, 2, 4, 8, 16)
DOCUMENTS = (10, 100, 1000, 10_000, 100_000)
SENTENCES = 60  # for types
MODES: dict[str, dict[str, Any]] = {
    "joint": {"joint": True, "instruction": BY_NAME["none"].to_dict()},
    "a pass each": {},
    "a pass each, instruction once": {"shared_instruction": True},
}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scaling", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--documents", type=int, help="only so many, in this process")
    parser.add_argument("--model", type=Path, help="exported, for --documents")
    parser.add_argument(
        "--most", type=int, default=max(DOCUMENTS),
        help="largest number of words, sentences and documents; a small one for a trial",
    )  # fmt: skip
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    if arguments.documents:
        print(json.dumps(measure_documents(arguments.model, arguments.documents)))
        return
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "int8"
        subprocess.run(
            [sys.executable, "-m", "vaner", "export", MODEL, "-o", str(model)],
            check=True, capture_output=True,
        )  # fmt: skip
        record = {
            "words": measure_words(model, [n for n in WORDS if n <= arguments.most]),
            "types": measure_types(min(SENTENCES, arguments.most)),
            "documents": [_run_in_process(model, n) for n in DOCUMENTS if n <= arguments.most],
            **collect_provenance(),
        }
    write_record(record, arguments.output)
    draw(record, arguments.output.with_suffix(".png"))


def measure_words(model: Path, numbers: list[int]) -> list[dict[str, float]]:
    """Return microseconds per word for documents of several lengths."""
    annotator = Annotator.from_pretrained(model)
    rows = []
    for number in numbers:
        sentences = list(generate_sentences(random.Random(0), 10 + number // 10))
        ended = [[*words[:-1], f"{words[-1]}."] for words in sentences]
        row = {"words": float(number)}
        for name, given in (("sentences", ended), ("one sentence", sentences)):
            text = " ".join(list(chain.from_iterable(given))[:number])
            seconds = _seconds(lambda text=text: annotator(text))  # type: ignore[misc]
            row[name] = 1e6 * seconds / number
        print(row, flush=True)
        rows.append(row)
    return rows


def measure_types(sentences: int) -> list[dict[str, Any]]:
    """Return milliseconds per sentence for several numbers of types, in each mode.

    Args:
        sentences: number of sentences to annotate.
    """
    import torch

    from vaner.backbones.backbone import silence_transformers
    from vaner.tagger.model import VanerForTokenClassification

    torch.set_num_threads(1)
    texts = [" ".join(words) for words in generate_sentences(random.Random(0), sentences)]
    rows = []
    for mode, options in MODES.items():
        for number in TYPES:
            torch.manual_seed(0)
            types = [f"Type{i}" for i in range(number)]
            with silence_transformers():
                model = VanerForTokenClassification.from_backbone(
                    BACKBONE, origin="package", types=types, nameless=True, **options
                ).train(False)
            # A head that finds nothing, as one on text without mentions.
            torch.nn.init.zeros_(model.classifier.weight)
            model.classifier.bias.data[0] = 9.0
            annotator = Annotator.from_model(model, "cpu")
            seconds = _seconds(lambda: list(annotator.annotate(texts)))  # noqa: B023
            row = {"mode": mode, "types": number, "milliseconds": 1e3 * seconds / sentences}
            print(row, flush=True)
            rows.append(row)
    return rows


def measure_documents(model: Path, number: int) -> dict[str, float]:
    """Return the peak memory, and documents per second, for a stream of short documents."""
    annotator = Annotator.from_pretrained(model)
    annotator("Metformin treats diabetes.")
    start = time.process_time()
    for _ in annotator.annotate(f"Patient {i} had metformin." for i in range(number)):
        pass
    seconds = time.process_time() - start
    memory = most_held()
    return {"documents": number, "memory_mb": memory, "documents_a_second": number / seconds}


def _run_in_process(model: Path, number: int) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scaling", "--documents", str(number), "--model",
         str(model)], stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    figures: dict[str, float] = json.loads(done.stdout.strip().split("\n")[-1])
    print(figures, flush=True)
    return figures


def _seconds(run: Callable[[], object]) -> float:
    """Return the processor seconds of a second run."""
    run()
    start = time.process_time()
    run()
    return time.process_time() - start


def draw(record: dict[str, Any], output: Path) -> None:
    """Plot words, types and documents in a panel each."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (words, types, documents) = pyplot.subplots(
        1, 3, figsize=(13, 3.6), layout="constrained"
    )
    numbers = [row["words"] for row in record["words"]]
    for name in ("sentences", "one sentence"):
        words.plot(numbers, [row[name] for row in record["words"]], "o-", label=name)
    words.set(xscale="log", xlabel="words in a document", ylabel="microseconds a word")
    for mode in MODES:
        rows = [row for row in record["types"] if row["mode"] == mode]
        types.plot([row["types"] for row in rows], [row["milliseconds"] for row in rows], "o-",
                   label=mode)  # fmt: skip
    types.set(xlabel="types", ylabel="milliseconds a sentence (PyTorch)")
    documents.plot([row["documents"] for row in record["documents"]],
                   [row["memory_mb"] for row in record["documents"]], "o-")  # fmt: skip
    documents.set(xscale="log", xlabel="documents", ylabel="most memory, MB")
    types.set_xscale("log", base=2)
    for axes in (words, types, documents):
        axes.set_ylim(0, 1.15 * axes.get_ylim()[1])
        axes.grid(alpha=0.3)
    for axes in (words, types):
        axes.legend(frameon=False)
    figure.savefig(output, dpi=110)


if __name__ == "__main__":
    main()
