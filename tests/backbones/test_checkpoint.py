"""The weights of a backbone are complete and those of its config, or it is not loaded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from experiments.backbones.architectures import build_model, save_model
from vaner.backbones.backbone import load_backbone
from vaner.errors import ModelError

Weights = dict[str, Tensor]


def load(folder: Path, **options: Any) -> Any:
    return load_backbone(folder, **{"attention": "bidirectional", **options})


def change(folder: Path, edit: Callable[[Weights], Weights]) -> Path:
    """Save a llama with other weights."""
    save_model("llama", folder)
    file = folder / "model.safetensors"
    save_file(edit(load_file(file)), file, metadata={"format": "pt"})
    return folder


def without(part: str) -> Callable[[Weights], Weights]:
    return lambda weights: {name: w for name, w in weights.items() if part not in name}


@pytest.mark.parametrize(
    "part", ["layers.2.", "layers.0.mlp.up_proj", "embed_tokens", "model.norm"]
)
def test_missing_weights_are_named(part: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=rf"weights of the backbone are missing \(.*{part[6:]}"):
        load(change(tmp_path, without(part)))


def test_other_prefix_is_named(tmp_path: Path) -> None:
    folder = change(tmp_path, lambda weights: {f"net.{n}": w for n, w in weights.items()})
    with pytest.raises(ModelError, match=r"missing .* others have unknown names \(net\."):
        load(folder)


def test_more_layers_than_in_the_config_are_an_error(tmp_path: Path) -> None:
    save_model("llama", tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 3}))
    with pytest.raises(ModelError, match=r"weights that config\.json does not mention"):
        load(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert load(tmp_path, layers=3).config.num_hidden_layers == 3


def test_other_shape_is_named(tmp_path: Path) -> None:
    save_model("llama", tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"intermediate_size": 96}))
    with pytest.raises(ModelError, match="llama backbone cannot be loaded: "):
        load(tmp_path)


def test_heads_and_poolers_are_not_needed(tmp_path: Path) -> None:
    load(save_model("bert", tmp_path / "bert"))  # of a masked language model: without a pooler
    load(save_model("llama", tmp_path / "llama"))  # with a head over the vocabulary


def test_generator_needs_the_head_over_the_vocabulary(tmp_path: Path) -> None:
    folder = change(tmp_path, without("lm_head"))
    load(folder)
    with pytest.raises(ModelError, match=r"missing \(lm_head.weight"):
        load(folder, attention="causal", is_generative=True)


def save_shards(folder: Path) -> Path:
    build_model("llama").save_pretrained(folder, max_shard_size="300KB")
    return folder


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: sorted(f.glob("*.safetensors"))[1].unlink(), "is missing; copy it again"),
        (lambda f: (f / "model.safetensors.index.json").unlink(), "index.json is missing, so"),
        (lambda f: (f / "model.safetensors.index.json").write_text("{"), "not a readable index"),
        (
            lambda f: sorted(f.glob("*.safetensors"))[0].write_bytes(
                sorted(f.glob("*.safetensors"))[0].read_bytes()[:-100]
            ),
            "not a readable weight file",
        ),
    ],
    ids=["shard", "index", "broken index", "truncated"],
)
def test_damaged_files_are_named(damage: Any, message: str, tmp_path: Path) -> None:
    load(save_shards(tmp_path))
    damage(tmp_path)
    with pytest.raises(ModelError, match=message):
        load(tmp_path)


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    save_model("llama", tmp_path)
    torch.save(load_file(tmp_path / "model.safetensors"), tmp_path / "pytorch_model.bin")
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(
        ModelError, match=r"pickled \(pytorch_model\.bin\), and nothing is unpickled"
    ):
        load(tmp_path)


@pytest.mark.parametrize(
    ("architecture", "is_generative"),
    [("gemma3", False), ("gemma3", True), ("mistral3", True), ("qwen3_vl", False)],
)
def test_text_part_of_a_model_for_images(
    architecture: str, is_generative: bool, tmp_path: Path
) -> None:
    folder = save_model(architecture, tmp_path)
    row = torch.tensor([[5, 9, 7, 30, 12]])
    full = build_model(architecture)
    text = load(folder, attention="causal", is_generative=is_generative).eval()
    with torch.no_grad():
        expected = full(input_ids=row).logits
        actual = text(input_ids=row)
        actual = actual.logits if is_generative else full.lm_head(actual.last_hidden_state)
    torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-4)
    assert not [name for name, _ in text.named_parameters() if "vis" in name]
    assert load(folder, layers=2).config.num_hidden_layers == 2


def test_generator_on_a_text_part_without_language_model_is_refused(tmp_path: Path) -> None:
    folder = save_model("qwen3_vl", tmp_path)
    with pytest.raises(ModelError, match="text part of a qwen3_vl backbone has no language model"):
        load(folder, attention="causal", is_generative=True)
    with pytest.raises(ModelError, match="deberta is not a language model"):
        load(save_model("deberta", tmp_path / "encoder"), is_generative=True)
