"""The programs of `benchmarks.annotating`, each ready to read sentences.

All use one thread. Programs that need training get random weights or random tags, because their
speed does not depend on what they find. vaner is represented by the default model; `published`,
`pipeline` and `gliner` use the same small encoder as backbone.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.texts import generate_sentences

Sentences = Sequence[Sequence[str]]
Read = Callable[[Sentences], None]

TYPES = ("Disease", "Chemical", "Gene", "Species")
MODEL, BACKBONE = "biomedical", "minilm-l6"
# VANER's, for text of no known dataset.
INSTRUCTION = "If any {type} entity is mentioned in the input, extract it. ##input:"


def vaner(form: str) -> Callable[[Path], Read]:
    """Prepare the default model: with PyTorch, or exported in full precision or in 8 bits."""

    def prepare(folder: Path) -> Read:
        from vaner.annotator import Annotator
        from vaner.models.locate import locate_model

        if form == "pytorch":
            import torch

            from vaner.models.torch_models import load_torch_recognizer

            torch.set_num_threads(1)
            annotator = Annotator(load_torch_recognizer(locate_model(MODEL), "cpu", 32))
        else:
            path = folder / form
            subprocess.run(
                [sys.executable, "-m", "vaner", "export", MODEL, "-o", str(path),
                 "--precision", form], check=True, capture_output=True,
            )  # fmt: skip
            annotator = Annotator.from_pretrained(path)

        def read(sentences: Sentences) -> None:
            for _ in annotator.annotate((" ".join(words) for words in sentences), TYPES):
                pass

        return read

    return prepare


def published(_: Path) -> Read:
    """Prepare VANER's procedure: a pass per type, padded batches of 4, a softmax head."""
    import torch

    tokenizer, model = _token_classification(3)
    instructions = [INSTRUCTION.format(type=type).split() for type in TYPES]

    @torch.inference_mode()
    def read(sentences: Sentences) -> None:
        for instruction in instructions:
            for i in range(0, len(sentences), 4):
                rows = [[*instruction, *words] for words in sentences[i : i + 4]]
                batch = tokenizer(
                    rows, is_split_into_words=True, truncation=True, max_length=128, padding=True,
                    return_tensors="pt",
                )  # fmt: skip
                model(**batch).logits.softmax(-1).argmax(-1).tolist()

    return read


def pipeline(_: Path) -> Read:
    """Prepare transformers' token-classification pipeline: one pass, batches of 32."""
    import torch
    from transformers import pipeline as of_transformers

    tokenizer, model = _token_classification(1 + 2 * len(TYPES))
    with torch.inference_mode():
        find = of_transformers(
            "token-classification", model=model, tokenizer=tokenizer, device="cpu",
            aggregation_strategy="simple", batch_size=32,
        )  # fmt: skip

    def read(sentences: Sentences) -> None:
        find([" ".join(words) for words in sentences])

    return read


def _token_classification(tags: int) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    from vaner.backbones.backbone import silence_transformers
    from vaner.backbones.locate import locate_backbone

    torch.set_num_threads(1)
    folder = locate_backbone(BACKBONE, prefer="package").folder
    with silence_transformers():
        model = AutoModelForTokenClassification.from_pretrained(folder, num_labels=tags)
    return AutoTokenizer.from_pretrained(folder), model.eval()


def gliner(_: Path) -> Read:
    """Prepare GLiNER, whose input contains all types as words: one pass, batches of 32."""
    import torch
    from gliner import GLiNER, GLiNERConfig

    from vaner.backbones.backbone import silence_transformers
    from vaner.backbones.locate import locate_backbone

    torch.set_num_threads(1)
    folder = locate_backbone(BACKBONE, prefer="package").folder
    with silence_transformers():
        model = GLiNER.from_config(
            GLiNERConfig(
                model_name=str(folder), hidden_size=384, max_len=384, max_width=12,
                subtoken_pooling="first", span_mode="markerV0",
            )
        ).eval()  # fmt: skip

    def read(sentences: Sentences) -> None:
        # Its weights are random: at this threshold it finds as little as a trained one.
        texts = [" ".join(words) for words in sentences]
        model.inference(texts, list(TYPES), threshold=0.9, batch_size=32)

    return read


def spacy(_: Path) -> Read:
    """Prepare spaCy's recognizer from scratch, with its default configuration."""
    from spacy import blank
    from spacy.training import Example

    nlp = blank("en")
    recognizer = nlp.add_pipe("ner")
    for type in TYPES:
        recognizer.add_label(type)  # type: ignore[attr-defined]
    some = nlp.make_doc("Metformin treats diabetes.")
    nlp.initialize(lambda: [Example.from_dict(some, {"entities": [(0, 9, "Chemical")]})])

    def read(sentences: Sentences) -> None:
        for _ in nlp.pipe(" ".join(words) for words in sentences):
            pass

    return read


def crfsuite(folder: Path) -> Read:
    """Prepare CRFsuite with the usual features, as trained by `experiments.peers`."""
    import pycrfsuite

    from experiments.peers.features import extract_features

    rng, trainer = random.Random(0), pycrfsuite.Trainer("lbfgs", verbose=False)
    tags = ["O", *(f"{prefix}-{type}" for type in TYPES for prefix in "BI")]
    for words in generate_sentences(random.Random(1), 1000):
        trainer.append(extract_features(words), rng.choices(tags, k=len(words)))
    trainer.set_params({"max_iterations": 5, "feature.possible_transitions": True})
    trainer.train(str(folder / "model"))
    tagger = pycrfsuite.Tagger()
    tagger.open(str(folder / "model"))

    def read(sentences: Sentences) -> None:
        for words in sentences:
            tagger.tag(extract_features(words))

    return read


PREPARE: dict[str, Callable[[Path], Read]] = {
    "vaner int8": vaner("int8"),
    "vaner fp32": vaner("fp32"),
    "vaner PyTorch": vaner("pytorch"),
    "published": published,
    "pipeline": pipeline,
    "gliner": gliner,
    "spacy": spacy,
    "crfsuite": crfsuite,
}
