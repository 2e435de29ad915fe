"""A model that is loaded and saved again has the records of its weights."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from vaner.annotator import Annotator
from vaner.calibration.calibration import Calibration, Fit, write_calibration
from vaner.tagger.model import VanerForTokenClassification

TEXT = "Aspirin-induced asthma was seen."
RECORDS = ("README.md", "calibration.json", "results.json", "tokenizer.json", "training.json")


@pytest.fixture
def model(tiny_model: Path, tmp_path: Path) -> VanerForTokenClassification:
    """Return a model that was loaded from a folder with records."""
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    for name in ("README.md", "results.json", "training.json"):
        (folder / name).write_text("{}")
    fit = Fit(1.7, True, 100, 0.5, 0.1, 0.1, 10, (), 0.3)
    write_calibration(Calibration({"Disease": fit, "Chemical": fit}, fit), folder)
    return VanerForTokenClassification.from_pretrained(folder)


def list_records(folder: Path) -> list[str]:
    return [name for name in RECORDS if (folder / name).is_file()]


def test_a_model_with_the_same_weights_has_the_same_scores(
    model: VanerForTokenClassification, tmp_path: Path
) -> None:
    model.save_pretrained(tmp_path / "saved")
    assert list_records(tmp_path / "saved") == list(RECORDS)
    loaded, again = (
        Annotator.from_pretrained(tmp_path / name, device="cpu") for name in ("model", "saved")
    )
    assert again.min_scores == loaded.min_scores == {"Disease": 0.3, "Chemical": 0.3}
    assert again(TEXT) == loaded(TEXT)


def test_a_model_with_other_weights_has_no_calibration(
    model: VanerForTokenClassification, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with torch.no_grad():
        next(iter(model.head_parameters())).add_(1)
    model.save_pretrained(tmp_path / "saved")
    assert list_records(tmp_path / "saved") == ["tokenizer.json"]
    [message] = caplog.messages
    assert "saved without a calibration, because the weights differ" in message


def test_a_model_that_is_saved_where_it_was_loaded_has_its_records(
    model: VanerForTokenClassification, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model.save_pretrained(tmp_path / "model")
    assert list_records(tmp_path / "model") == list(RECORDS[1:])  # peft replaces the card
    assert "saved without a calibration" not in caplog.text


def test_weights_that_are_stored_in_another_dtype_are_the_same(
    model: VanerForTokenClassification, tmp_path: Path
) -> None:
    path = tmp_path / "model" / "adapter_model.safetensors"
    save_file({name: weight.bfloat16() for name, weight in load_file(path).items()}, path)
    rounded = VanerForTokenClassification.from_pretrained(tmp_path / "model")
    rounded.save_pretrained(tmp_path / "saved")
    assert list_records(tmp_path / "saved") == list(RECORDS)
    model.save_pretrained(tmp_path / "exact")  # not those of the folder any more
    assert list_records(tmp_path / "exact") == ["tokenizer.json"]
