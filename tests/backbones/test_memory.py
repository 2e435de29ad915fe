"""The memory of QLoRA is computed from a config, and agrees with a measured step."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from experiments.backbones import memory
from experiments.backbones.architectures import build_config
from tests.command_line import Run
from vaner.backbones.memory import TrainingShape, estimate_memory
from vaner.errors import ModelError

# Weights of the published models, without a head over the vocabulary.
PUBLISHED = {
    "LLaMA 3.2 1B": 1_235_814_400, "LLaMA 3.2 3B": 3_212_749_824, "Qwen3 4B": 4_022_468_096,
    "LLaMA 2 7B": 6_738_415_616 - 32_000 * 4096, "Mistral 7B v0.3": 7_248_023_552 - 32_768 * 4096,
    "LLaMA 3.1 8B": 8_030_261_248 - 128_256 * 4096, "Qwen3 8B": 8_190_735_360 - 151_936 * 4096,
}  # fmt: skip


def test_page_and_shapes_are_those_of_published_models() -> None:
    results = json.loads(memory.RESULTS.read_text("utf-8"))
    counted = {row["model"]: row["parameters"] for row in results["rows"]}
    assert list(counted) == list(memory.read_shapes())
    assert PUBLISHED.items() <= counted.items()
    page = memory.PAGE.read_text("utf-8")
    assert memory.make_table(results["rows"]) in page
    assert memory.describe_error(results["measured"]) in page


def test_stored_rows_are_those_of_the_function() -> None:
    row = json.loads(memory.RESULTS.read_text("utf-8"))["rows"][0]
    config = memory.build_config(memory.read_shapes()[row["model"]])
    shape = TrainingShape(row["batch_size"], row["length"])
    assert estimate_memory(config, shape).total == row["total"]


@pytest.mark.skipif(torch.cuda.is_available(), reason="tests the CPU implementation")
def test_computed_memory_agrees_with_a_step() -> None:
    fields = {
        "model_type": "llama", "hidden_size": 256, "intermediate_size": 512, "vocab_size": 500,
        "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2,
    }  # fmt: skip
    measured = memory.measure_step(fields)
    assert measured["computed_fixed"] == pytest.approx(measured["measured_fixed"], rel=0.01)
    assert measured["computed_step"] == pytest.approx(measured["measured_step"], rel=0.1)


def test_parts_follow_the_batch_and_the_adapter() -> None:
    config = build_config("llama")
    small = estimate_memory(config, TrainingShape(2, 64))
    large = estimate_memory(config, TrainingShape(4, 64, rank=32))
    assert large.weights == small.weights and large.trained == 2 * small.trained
    assert large.activations > 1.9 * small.activations
    assert small.saved_activations < small.activations / 2
    assert not hasattr(config, "is_causal")  # it is not changed


@pytest.mark.parametrize("name", ["gemma3", "bloom", "bert"])
def test_other_architectures(name: str) -> None:
    estimate = estimate_memory(build_config(name), TrainingShape(2, 64))
    assert 0 < estimate.activations < 1e9 and estimate.parameters > 10_000


def test_command(tiny_backbone: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes((tiny_backbone / "config.json").read_bytes())
    result = run("doctor", "--backbone", tmp_path, "--memory", "--batch-size", "2")
    weights = load_file(tiny_backbone / "model.safetensors")
    count = sum(w.numel() for name, w in weights.items() if name != "lm_head.weight")
    assert result.code == 0 and f"llama, {count:,} parameters" in result.out
    assert "2 rows of 256 subwords; adapter of rank 16" in result.out
    assert "--memory needs --backbone" in run("doctor", "--memory").error
    missing = run("doctor", "--backbone", "me/none", "--memory").error
    assert "no model folder me/none here, nor on the Hub" in missing


@pytest.mark.parametrize("name", ["t5", "mixtral"])  # the choice of experts depends on numbers
def test_architecture_that_cannot_be_computed(name: str) -> None:
    with pytest.raises(ModelError, match=f"a {name} backbone: its memory cannot be computed"):
        estimate_memory(build_config(name), TrainingShape(2, 64))
