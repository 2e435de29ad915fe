"""Damaged JSON files of a model are reported in one line, before their content is used."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from vaner.annotator import Annotator
from vaner.errors import ModelError
from vaner.hub.model_description import describe
from vaner.utils.validated_json import validation_error

TRAINING: dict[str, Any] = {
    "name": "tiny", "seed": 7, "dev_f1": 0.5, "seconds": 60, "trained_on": ["tiny train"],
    "chosen_on": ["tiny devel"],
}  # fmt: skip
SCORE: dict[str, Any] = {"precision": 1, "recall": 0.5, "f1": 0.66, "intervals": {"f1": [0.5, 1]}}


@pytest.fixture
def model(tiny_model: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    return folder


def _json(value: Any) -> str:
    return json.dumps(value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("training.json", "{", "cannot be read"),
        ("training.json", "[" * 100_000, "cannot be read"),
        ("training.json", "[]", "valid dictionary"),
        ("training.json", "{}", "name: Field required"),
        ("training.json", _json(TRAINING | {"trained_on": "all"}), "trained_on: "),
        ("training.json", _json(TRAINING | {"seconds": "60"}), "seconds: "),
        ("training.json", _json(TRAINING | {"licences": {"a": None}}), "licences.a: "),
        ("training.json", b"\xff", "cannot be read"),
        ("results.json", "nothing", "cannot be read"),
        ("results.json", _json({"a test": {"all": {"f1": 1}}}), "a test.all.precision: "),
        ("results.json", _json({"a test": {"all": SCORE | {"f1": "1"}}}), "a test.all.f1: "),
    ],
)
def test_damaged_files_are_reported_in_one_line(
    model: Path, name: str, content: str | bytes, message: str
) -> None:
    raw = content if isinstance(content, bytes) else content.encode()
    (model / name).write_bytes(raw)
    with pytest.raises(ModelError) as caught:
        describe(model)
    [line] = str(caught.value).splitlines()
    assert message in line and str(model / name) in line


def test_valid_files_are_read(model: Path) -> None:
    (model / "training.json").write_text(_json(TRAINING | {"commit": None, "mine": 1}))
    (model / "results.json").write_text(_json({"a test": {"all": SCORE}}))
    described = describe(model)
    assert described.training["mine"] == 1 and described.results == {"a test": {"all": SCORE}}


def test_damaged_training_record_does_not_prevent_annotation(model: Path) -> None:
    (model / "training.json").write_text("{")
    annotator = Annotator.from_pretrained(model)
    annotator("Metformin treats diabetes.")
    with pytest.raises(ModelError, match="cannot be read"):
        _ = annotator.training_corpora


def test_values_are_not_converted() -> None:
    assert validation_error([1, 2], list[int]) is None
    assert validation_error(["1"], list[int]) == "0: Input should be a valid integer"
    assert validation_error("x", int) == "Input should be a valid integer"
