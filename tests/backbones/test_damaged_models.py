"""Folders of models that are damaged or would run code: one line, before the first text."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from vaner.annotator import Annotator
from vaner.backbones.backbone import load_backbone
from vaner.errors import ModelError


@pytest.fixture
def model(tiny_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


@pytest.fixture
def backbone(tiny_backbone: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_backbone, tmp_path / "backbone"))


def change(path: Path, **fields: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def error_of(model: Path) -> str:
    with pytest.raises(ModelError) as raised:
        list(Annotator.from_pretrained(model, device="cpu").annotate(["Gout."]))
    message = str(raised.value)
    assert "\n" not in message and str(model) in message
    return message


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("types", "Disease", "types must be a list of names"),
        ("types", ["A", "A"], "a type is listed twice"),
        ("corpora", {"a": [1]}, "corpora must be a list of types for each corpus"),
        ("max_subwords", "256", "max_subwords must be an integer"),
        ("max_subwords", 10**30, "max_subwords must be an integer from 0 to 1,000,000"),
        ("head", "x", "head is 'x'; choose one of crf, softmax"),
        ("joint", "no", "joint is 'no'; it must be true or false"),
        ("dropout", 1, "dropout is 1; it must be at least 0 and below 1"),
        ("backbone_config", [], "the model cannot be loaded"),
        ("instruction", {"named": "{x}", "nameless": ""}, "must have exactly the fields"),
    ],
)
def test_a_wrong_field_of_a_config_is_named(
    model: Path, field: str, value: Any, expected: str
) -> None:
    change(model / "config.json", **{field: value})
    assert expected in error_of(model)


def test_weights_of_another_shape_are_one_line(model: Path) -> None:
    path = model / "head.safetensors"
    weights = {name: torch.zeros(3, 3, 3) for name in load_file(path)}
    save_file(weights, path)
    assert "weights of another shape (Error(s) in loading state_dict" in error_of(model)


def test_a_tokenizer_of_another_backbone_is_refused(model: Path) -> None:
    path = model / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    added = [{"id": 5000, "content": "Gout", "single_word": False, "lstrip": True, "rstrip": False,
              "normalized": False, "special": True}]  # fmt: skip
    tokenizer["model"]["vocab"]["ĠGout"] = 5000
    path.write_text(json.dumps({**tokenizer, "added_tokens": added}))
    assert "has the subword" in error_of(model)


def load(folder: Path) -> str:
    with pytest.raises(ModelError) as raised:
        load_backbone(folder, attention="bidirectional")
    assert "\n" not in str(raised.value) and str(folder) in str(raised.value)
    return str(raised.value)


def test_a_pickle_is_not_read(backbone: Path) -> None:
    torch.save(load_file(backbone / "model.safetensors"), backbone / "pytorch_model.bin")
    (backbone / "model.safetensors").unlink()
    assert "pickled (pytorch_model.bin)" in load(backbone)


def test_code_in_a_folder_is_not_run(backbone: Path, tmp_path: Path) -> None:
    auto_map = {"AutoConfig": "code.Config", "AutoModel": "code.Model"}
    change(backbone / "config.json", model_type="unknown", auto_map=auto_map)
    (backbone / "code.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    assert "the config cannot be read" in load(backbone)
    assert not (tmp_path / "ran").exists()
