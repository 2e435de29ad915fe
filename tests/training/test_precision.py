"""The number format of training."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import torch

from vaner.generator.model import VanerForGeneration
from vaner.tagger.model import VanerForTokenClassification
from vaner.training.precision import prepare_for_bf16

LORA = {"r": 4, "target_modules": "all-linear"}


def test_prepared_model_computes_same_numbers(tiny_backbone: Path) -> None:
    torch.manual_seed(1)
    model = VanerForTokenClassification.from_backbone(
        str(tiny_backbone), types=["Disease"], lora=LORA
    ).eval()  # no dropout
    for name, weights in model.named_parameters():
        if "lora_B" in name:  # zero at first
            torch.nn.init.normal_(weights.data)
    prepared = deepcopy(model)
    prepare_for_bf16(prepared)
    inputs = {
        "input_ids": torch.arange(5, 13)[None],
        "attention_mask": torch.ones(1, 8, dtype=torch.long),
        "word_starts": torch.arange(8)[None],
        "word_ends": torch.arange(1, 9)[None],
        "word_mask": torch.ones(1, 8, dtype=torch.bool),
        "tags": torch.tensor([[0, 1, 2, 0, 0, 1, 2, 2]]),
    }
    losses, gradients = [], []
    for each in (model, prepared):
        with torch.autocast("cpu", torch.bfloat16):
            loss = each(**inputs).loss
        loss.backward()
        losses.append(loss.detach())
        gradients.append([p.grad for p in each.parameters() if p.requires_grad])
    assert torch.equal(*losses)
    assert all(map(torch.equal, *gradients)) and len(gradients[0]) > 4
    trained = {p.dtype for p in prepared.parameters() if p.requires_grad}
    frozen = {
        m.weight.dtype for m in prepared.backbone.modules()
        if type(m) is torch.nn.Linear and not m.weight.requires_grad
    }  # fmt: skip
    assert (trained, frozen) == ({torch.float32}, {torch.bfloat16})


def test_embeddings_of_prepared_model_remain(tiny_backbone: Path) -> None:
    model = VanerForGeneration.from_backbone(str(tiny_backbone), max_subwords=96, lora=LORA)
    before = {m.weight.dtype for m in model.modules() if isinstance(m, torch.nn.Embedding)}
    prepare_for_bf16(model)  # the output layer of a LLaMA may be its embeddings
    after = {m.weight.dtype for m in model.modules() if isinstance(m, torch.nn.Embedding)}
    assert before == after == {torch.float32}
