from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from experiments.averages import average_models
from vaner.backbones.file_names import HEAD_FILE, LAYERS_FILE


def write_model(folder: Path, value: float) -> Path:
    folder.mkdir()
    for name in (LAYERS_FILE, HEAD_FILE):
        save_file({"weight": torch.full((2,), value)}, folder / name)
    (folder / "config.json").write_text(f"{value}", "utf-8")
    return folder


def test_the_other_models_have_equal_weights_in_an_average(tmp_path: Path) -> None:
    first, *others = (write_model(tmp_path / f"{value}", value) for value in (1.0, 2.0, 4.0))
    average_models(first, 0.25, others, tmp_path / "average")
    for name in (LAYERS_FILE, HEAD_FILE):
        average = load_file(tmp_path / "average" / name)["weight"]
        assert average.tolist() == [0.25 * 1 + 0.75 * 3] * 2
    assert (tmp_path / "average" / "config.json").read_text("utf-8") == "2.0"
