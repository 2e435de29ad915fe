"""Sentences a second, all types at once, beside two peers: python -m benchmarks.annotating

The same made-up sentences for all: the default model by PyTorch and exported, full and 8-bit;
spaCy's convolutional recogniser, and CRFsuite with the features that `experiments.peers` uses,
taught random tags of other sentences of the same words: how long they take does not depend on what
they find. Each runs in a process of its own with one thread, and time is processor time, so that
neighbours on the machine count little; ratios come from this one run. What it needs comes with
`pip install -e '.[peers,onnx]'`.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.training import made
from experiments.report import keep
from vaner.provenance import provenance

OUTPUT = Path(__file__).with_suffix(".json")
WAYS = ("vaner fp32", "vaner onnx fp32", "vaner onnx int8", "spacy", "crfsuite")
TYPES = ("Disease", "Chemical", "Gene", "Species", "cell_line", "cell_type")
Sentences = list[list[str]]


def main() -> None:
    arguments = _arguments()
    if arguments.way:
        print(json.dumps(measured(arguments.way, arguments.model, arguments.sentences)))
        return
    found: dict[str, Any] = {}
    for way in WAYS:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.annotating", "--way", way, "--model",
             arguments.model, "--sentences", str(arguments.sentences)],
            stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        found[way] = json.loads(done.stdout.strip().split("\n")[-1])
        print(f"{way:16} {found[way]['sentences_a_second']:6.0f} sentences a second of one core, "
              f"{found[way]['memory_mb']:5.0f} MB", flush=True)  # fmt: skip
    settings = {"model": arguments.model, "sentences": arguments.sentences}
    keep({**settings, "ways": found, **provenance()}, arguments.output)


def measured(way: str, model: str, number: int) -> dict[str, float]:
    """What reading the sentences takes, after a few that are not counted."""
    sentences = list(made(random.Random(0), number))
    with tempfile.TemporaryDirectory() as folder:
        read = PREPARED[way](model, Path(folder), sentences)
        read(sentences[:20])
        start = time.process_time()
        read(sentences)
        seconds = time.process_time() - start
    return {
        "sentences_a_second": number / seconds,
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
    }


def _by_pytorch(model: str, _: Path, __: Sentences) -> Callable[[Sentences], None]:
    import torch

    from vaner.annotator import Annotator, model_folder
    from vaner.proposers.loading import load_proposer

    torch.set_num_threads(1)
    return _reading(Annotator(load_proposer(model_folder(model), "cpu", 32)))


def _exported(precision: str) -> Callable[[str, Path, Sentences], Callable[[Sentences], None]]:
    def prepare(model: str, folder: Path, _: Sentences) -> Callable[[Sentences], None]:
        from vaner.annotator import Annotator

        place = folder / "exported"
        subprocess.run(
            [sys.executable, "-m", "vaner.interfaces.cli", "export", model, "-o", str(place),
             "--precision", precision], check=True, capture_output=True,
        )  # fmt: skip
        return _reading(Annotator.from_pretrained(place))

    return prepare


def _reading(annotator: Any) -> Callable[[Sentences], None]:
    def read(sentences: Sentences) -> None:
        for _ in annotator.annotate(" ".join(words) for words in sentences):
            pass

    return read


def _by_spacy(_: str, __: Path, ___: Sentences) -> Callable[[Sentences], None]:
    import spacy
    from spacy.training import Example

    nlp = spacy.blank("en")
    recogniser = nlp.add_pipe("ner")
    for type in TYPES:
        recogniser.add_label(type)  # type: ignore[attr-defined]
    some = nlp.make_doc("Metformin treats diabetes.")
    nlp.initialize(lambda: [Example.from_dict(some, {"entities": [(0, 9, "Chemical")]})])

    def read(sentences: Sentences) -> None:
        for _ in nlp.pipe(" ".join(words) for words in sentences):
            pass

    return read


def _by_crfsuite(_: str, folder: Path, __: Sentences) -> Callable[[Sentences], None]:
    import pycrfsuite

    from experiments.peers.features import features

    rng, trainer = random.Random(0), pycrfsuite.Trainer("lbfgs", verbose=False)
    tags = ["O", *(f"{prefix}-{type}" for type in TYPES for prefix in "BI")]
    for words in made(random.Random(1), 1000):
        trainer.append(features(words), rng.choices(tags, k=len(words)))
    trainer.set_params({"max_iterations": 5, "feature.possible_transitions": True})
    trainer.train(str(folder / "model"))
    tagger = pycrfsuite.Tagger()
    tagger.open(str(folder / "model"))

    def read(sentences: Sequence[Sequence[str]]) -> None:
        for words in sentences:
            tagger.tag(features(words))

    return read


PREPARED: dict[str, Callable[[str, Path, Sentences], Callable[[Sentences], None]]] = {
    "vaner fp32": _by_pytorch,
    "vaner onnx fp32": _exported("fp32"),
    "vaner onnx int8": _exported("int8"),
    "spacy": _by_spacy,
    "crfsuite": _by_crfsuite,
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.annotating", description="Sentences a second, and the peers'."
    )
    parser.add_argument("--model", default="biomedical")
    parser.add_argument("--sentences", type=int, default=400)
    parser.add_argument("--way", choices=WAYS, help="only this one, in this process")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    return parser.parse_args()


if __name__ == "__main__":
    main()
