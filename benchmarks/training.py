"""Compares a training step with the padded one of transformers: python -m benchmarks.training

Backbone, sentences and tags are the same. ``plain`` is a standard token-classification script:
sentences in random order, the same number per batch, padded to the longest, no instruction.
``vaner`` reads each sentence after its instruction, in packed batches of similar length.
``shared`` has the instruction once per batch. Each runs in a separate process, on one thread of a
CPU (processor time, so that other processes have little influence) or on a GPU. Only real words
are counted, neither padding nor instructions.

The sentences are generated, with the lengths of those of NCBI-disease (25 words on average, up to
100).
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks.memory import most_held
from benchmarks.texts import generate_sentences
from experiments.study_report import write_record
from vaner.backbones import backbone as backbones
from vaner.backbones.encoding import Encoder, Row
from vaner.backbones.locate import locate_backbone
from vaner.tagger.batch_tensors import collate
from vaner.tagger.model import VanerForTokenClassification
from vaner.text.words import split_words
from vaner.utils.provenance import collect_provenance

OUTPUT = Path(__file__).with_suffix(".json")
WAYS = ("plain", "vaner", "shared")
INSTRUCTION = "NCBI-disease Disease:"
Loss = Callable[[], Tensor]


def main() -> None:
    arguments = _arguments()
    if arguments.way:
        print(json.dumps(measure(arguments)))
        return
    results = {}
    for precision in arguments.precision:
        for way in WAYS:
            figures = _in_a_process(way, precision, arguments)
            results[f"{way} {precision}"] = figures
            print(f"{way:7} {precision}: {_describe(figures)}", flush=True)
    ratios = {
        f"{way} {precision}": results[f"{way} {precision}"]["words_a_second"]
        / results[f"plain {precision}"]["words_a_second"]
        for precision in arguments.precision
        for way in WAYS
    }
    print("words a second, over those of plain:", {k: round(v, 2) for k, v in ratios.items()})
    settings = {name: getattr(arguments, name) for name in ("backbone", "batch", "steps")}
    write_record(
        {**settings, "ways": results, "ratios": ratios, **collect_provenance()}, arguments.output
    )


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure some training steps, after one that is not counted."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    sentences = list(generate_sentences(random.Random(0), arguments.batch * (arguments.steps + 1)))
    make = plain if arguments.way == "plain" else ours
    model, losses, subwords = make(arguments, sentences, device)
    dtype = torch.bfloat16 if arguments.precision == ["bf16"] else torch.float32
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, fused=True)
    start, clock = 0.0, time.perf_counter if device == "cuda" else time.process_time
    for i, loss in enumerate(losses):
        if i == 1:
            start = _now(clock)
        with torch.autocast(device, dtype, enabled=dtype != torch.float32):
            value = loss()
        value.backward()
        optimizer.step()
        optimizer.zero_grad()
    seconds = _now(clock) - start
    words = sum(len(words) for words in sentences) * arguments.steps / (arguments.steps + 1)
    real = subwords * arguments.steps / (arguments.steps + 1)
    inner = sum(p.numel() for name, p in model.named_parameters() if "embed" not in name.lower())
    peak = _peak(device, dtype)
    return {
        "words_a_second": words / seconds,
        "subwords_a_second": real / seconds,
        # Forward once and backward twice: 6 operations per weight and real subword.
        "share_of_matrix_peak": 6 * inner * real / seconds / peak,
        "matrix_peak_gflops": peak / 1e9,
        "memory_mb": _memory(device),
    }


def plain(
    arguments: argparse.Namespace, sentences: list[list[str]], device: str
) -> tuple[torch.nn.Module, list[Loss], int]:
    """Build transformers' token classification with its padding collator and three tags."""
    from transformers import (
        AutoModelForTokenClassification,
        AutoTokenizer,
        DataCollatorForTokenClassification,
    )

    folder = locate_backbone(arguments.backbone, prefer="package").folder
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    with backbones.silence_transformers():
        model = AutoModelForTokenClassification.from_pretrained(folder, num_labels=3)
    model.config.pad_token_id = tokenizer.pad_token_id
    model.to(device).train()
    read = tokenizer(sentences, is_split_into_words=True, truncation=True, max_length=512)
    rows = [{"input_ids": ids, "labels": [0] * len(ids)} for ids in read["input_ids"]]
    pad = DataCollatorForTokenClassification(tokenizer)

    def loss(batch: list[dict[str, Any]]) -> Loss:
        return lambda: model(**pad(batch).to(device)).loss

    batches = [rows[i : i + arguments.batch] for i in range(0, len(rows), arguments.batch)]
    return model, [loss(batch) for batch in batches], sum(len(row["input_ids"]) for row in rows)


def ours(
    arguments: argparse.Namespace, sentences: list[list[str]], device: str
) -> tuple[torch.nn.Module, list[Loss], int]:
    """Build vaner's tagger with its CRF, and the rows of its training loop."""
    model = VanerForTokenClassification.from_backbone(
        arguments.backbone, types=["Disease"], kernel=None if device == "cuda" else "eager",
        shared_instruction=arguments.way == "shared",
    )  # fmt: skip
    model.to(torch.device(device)).train()  # type: ignore[arg-type]
    encoder = Encoder.from_folder(locate_backbone(arguments.backbone, prefer="package").folder, 512)
    rows: list[Row] = []
    for sentence in sentences:
        text = " ".join(sentence)
        words = split_words(text)
        rows += encoder.rows(text, words, INSTRUCTION, [0] * len(words))
    rows.sort(key=len)
    batches = [rows[i : i + arguments.batch] for i in range(0, len(rows), arguments.batch)]
    random.Random(0).shuffle(batches)

    def loss(batch: list[Any]) -> Loss:
        return lambda: model(**collate(batch, model.layout, torch.device(device))).loss

    return model, [loss(batch) for batch in batches], sum(len(row) for row in rows)


def _in_a_process(way: str, precision: str, arguments: argparse.Namespace) -> dict[str, Any]:
    options = ["--backbone", arguments.backbone, "--batch", str(arguments.batch),
               "--steps", str(arguments.steps)]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.training", "--way", way, "--precision", precision,
         *options], stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    figures: dict[str, Any] = json.loads(done.stdout.strip().split("\n")[-1])
    return figures


def _now(clock: Callable[[], float]) -> float:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return clock()


def _peak(device: str, dtype: torch.dtype) -> float:
    """Return the operations per second of a large product of matrices."""
    clock = time.perf_counter if device == "cuda" else time.process_time
    size = 8192 if device == "cuda" else 1024
    matrix = torch.randn(size, size, device=device, dtype=dtype)
    best = float("inf")
    for _ in range(6):
        start = _now(clock)
        torch.mm(matrix, matrix)
        best = min(best, _now(clock) - start)
    return 2 * size**3 / best


def _memory(device: str) -> float:
    if device == "cuda":
        return torch.cuda.max_memory_allocated() / 1e6
    return most_held()


def _describe(figures: dict[str, Any]) -> str:
    return (
        f"{figures['words_a_second']:.0f} words a second, "
        f"{100 * figures['share_of_matrix_peak']:.0f}% of the matrix peak, "
        f"{figures['memory_mb']:.0f} MB"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.training", description="Training steps, packed and padded."
    )
    parser.add_argument("--backbone", default="minilm-l6")
    parser.add_argument("--batch", type=int, default=16, help="sentences in a batch")
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument(
        "--precision", nargs="+", choices=("fp32", "bf16"), default=["fp32", "bf16"]
    )
    parser.add_argument("--way", choices=WAYS, help="only this one, in this process")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    return parser.parse_args()


if __name__ == "__main__":
    main()
