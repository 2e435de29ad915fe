"""A tiny random tagger on disk, for tests that need a model but no useful predictions.

Use it as a plugin: ``pytest_plugins = ["tests.tiny_model"]`` in the top conftest, or import the
fixture by name. Nothing is downloaded. Without the imports, it takes less than a second.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

SENTENCES = [
    "Metformin is given to patients with type 2 diabetes mellitus.",
    "A mutation of the BRCA1 gene raises the risk of breast cancer.",
    "If any Disease entity is mentioned in the tiny input, extract it. ##input: ",
    "Aspirin-induced asthma (AIA) was seen in 5 % of the patients.",
]
TYPES = ["Chemical", "Disease"]
RECIPE = """\
name: tiny
model: {{backbone: {backbone}, max_subwords: 128, lora: {{rank: 2}}}}
stages:
  - sources:
      - corpus: {corpus}
    epochs: 1
    batch_size: 2
dev:
  - corpus: {corpus}
precision: fp32
"""


def build_backbone(folder: Path) -> Path:
    """Save a random two-layer LLaMA with a byte-level tokenizer."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, LlamaModel

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(SENTENCES, trainer)
    torch.manual_seed(0)
    config = LlamaConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        vocab_size=tokenizer.get_vocab_size(),
        max_position_embeddings=512,
    )
    body = LlamaModel(config)
    model = LlamaForCausalLM(config)  # as on the Hub: with a head, which only generators load
    model.model = body
    model.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def build_model(folder: Path, backbone: Path, *, seed: int = 0) -> Path:
    """Save a tagger with an adapter on a backbone, as training leaves it."""
    import torch

    from vaner.tagger.model import VanerForTokenClassification

    torch.manual_seed(seed)
    model = VanerForTokenClassification.from_backbone(
        str(backbone),
        lora={"r": 4, "target_modules": "all-linear"},
        types=TYPES,
        corpora={"tiny": TYPES},
        max_subwords=128,
    )
    # A wide distribution gives many predictions, which differ from word to word.
    torch.nn.init.normal_(model.classifier.weight, std=1.0)
    model.save_pretrained(folder)
    shutil.copyfile(backbone / "tokenizer.json", folder / "tokenizer.json")
    return folder


def write_recipe(folder: Path, backbone: Path, conll: str) -> Path:
    """Write a corpus, the folder ``mine``, and a recipe that trains on it.

    Args:
        folder: folder of both.
        backbone: backbone of the recipe.
        conll: training and dev split, with diseases.
    """
    corpus, recipe = folder / "mine", folder / "recipe.yaml"
    corpus.mkdir()
    for name, content in (("train", conll), ("devel", conll), ("test", "Flu\tB-Disease\n\n")):
        (corpus / f"{name}.tsv").write_text(content)
    recipe.write_text(RECIPE.format(backbone=backbone, corpus=corpus))
    return recipe


@pytest.fixture(scope="session")
def tiny_backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a random backbone."""
    return build_backbone(tmp_path_factory.mktemp("tiny") / "backbone")


@pytest.fixture(scope="session")
def tiny_model(tiny_backbone: Path) -> Path:
    """Return the folder of a random tagger for Chemical and Disease. Copy it to change it."""
    return build_model(tiny_backbone.parent / "model", tiny_backbone)
