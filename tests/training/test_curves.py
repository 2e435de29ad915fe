"""The picture of a training run: its title and its axes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

from vaner.training.curves import HISTORY_FILE, draw_curves


def test_the_picture_names_the_run_and_shows_f1_from_zero(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures: list[Any] = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **__: figures.append(figure))
    folder = tmp_path / "letters" / "seed-1"
    folder.mkdir(parents=True)
    log = [{"step": 5, "loss": 2.0}, {"step": 5, "eval_f1": 0.91}, {"step": 9, "eval_f1": 0.93}]
    (folder / HISTORY_FILE).write_text(json.dumps(log), "utf-8")
    draw_curves(folder)
    loss_axis, f1_axis = figures[0].axes
    assert loss_axis.get_title() == "letters, seed 1: best dev F1 93.00 % at step 9"
    assert f1_axis.get_ylim() == (0, 100) and loss_axis.get_ylim()[0] == 0
