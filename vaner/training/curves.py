"""Log loss and dev F1 over the steps of a training run, and draw them as curves.

The log is rewritten with every entry. So the log of a run that was killed is complete, and a run
that resumes from a checkpoint has no entry twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from transformers import TrainerCallback

from vaner.errors import library_errors
from vaner.training.clock import SECONDS, Clock
from vaner.utils.atomic_write import atomic_write

HISTORY_FILE = "history.json"
PICTURE_FILE = "training.png"

Entry = Mapping[str, float]
"""``step``, ``stage``, ``loss`` or ``eval_f1``, and what else the Trainer logs."""


class HistoryWriter(TrainerCallback):
    """Writes the log of a stage after the log of the stages before it.

    Args:
        before: the entries of the stages before.
        stage: number of the stage, counted from 1.
        folder: folder of the log.
        clock: measures the time of the training.
    """

    def __init__(self, before: Sequence[Entry], stage: int, folder: Path, clock: Clock) -> None:
        self._before, self._stage, self._folder = list(before), stage, folder
        self.clock = clock

    def on_log(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        state.log_history[-1][SECONDS] = round(self.clock.seconds, 1)
        if state.is_world_process_zero:
            entries = [{**entry, "stage": self._stage} for entry in state.log_history]
            _write([*self._before, *entries], self._folder / HISTORY_FILE)


def _write(history: Sequence[Entry], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as new:
        new.write_text("\n".join(["[", ",\n".join(map(json.dumps, history)), "]"]) + "\n", "utf-8")


@contextmanager
def draw_curves_on_exit(folder: Path) -> Iterator[None]:
    """Draw the curves at the end of a training run, even if it is interrupted or fails."""
    try:
        yield
    finally:
        if (folder / HISTORY_FILE).is_file():
            draw_curves(folder)


def draw_curves(folder: Path) -> Path:
    """Draw the curves of a training run from its log, and return the path of the picture.

    Args:
        folder: folder of a seed.

    Raises:
        VanerError: if there is no log, or it cannot be read.
    """
    path = folder / HISTORY_FILE
    with library_errors(path, "not the log of a training run"):
        history = json.loads(path.read_text("utf-8"))
        curves = _collect_curves(history)
    run = folder.resolve()
    title = f"{run.parent.name}, {run.name.replace('-', ' ')}"
    plot_curves(curves, folder / PICTURE_FILE, title)
    return folder / PICTURE_FILE


class Curves(NamedTuple):
    """The points of the curves: a step, counted through all stages, and a value.

    Args:
        loss: training loss.
        f1: F1 on the dev sets, in percent.
        stages: the last step before each stage but the first.
    """

    loss: list[tuple[float, float]]
    f1: list[tuple[float, float]]
    stages: list[float]


def _collect_curves(history: Sequence[Entry]) -> Curves:
    curves = Curves([], [], [])
    stage, offset, last = 1.0, 0.0, 0.0
    for entry in history:
        if entry.get("stage", 1) != stage:
            stage, offset = entry["stage"], last
            curves.stages.append(offset)
        last = offset + entry.get("step", 0)
        if "loss" in entry:
            curves.loss.append((last, entry["loss"]))
        if "eval_f1" in entry:
            curves.f1.append((last, 100 * entry["eval_f1"]))
    return curves


def plot_curves(curves: Curves, path: Path, title: str) -> None:
    """Draw loss and dev F1 over the steps of all stages.

    Args:
        curves: the points.
        path: the PNG file to write.
        title: name of the run.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    loss_axis = figure.subplots()
    loss_axis.set_xlabel("optimizer step")
    loss_axis.set_ylabel("training loss", color="#0072B2")
    if curves.loss:
        loss_axis.plot(*zip(*curves.loss, strict=True), color="#0072B2", linewidth=1)
        loss_axis.set_ylim(bottom=0)
    for number, boundary in enumerate(curves.stages, 2):
        loss_axis.axvline(boundary, color="#888888", linewidth=0.8, linestyle="--")
        loss_axis.text(
            boundary, 0.02, f" stage {number}", transform=loss_axis.get_xaxis_transform(), size=8
        )
    f1_axis = loss_axis.twinx()
    f1_axis.set_ylabel("dev strict F1 (%)", color="#D55E00")
    if curves.f1:
        f1_axis.plot(*zip(*curves.f1, strict=True), color="#D55E00", marker="o", markersize=4)
        step, best = max(curves.f1, key=lambda point: point[1])
        f1_axis.plot([step], [best], marker="o", markersize=10, fillstyle="none", color="#D55E00")
        f1_axis.set_ylim(0, 100)
        title += f": best dev F1 {best:.2f} % at step {step:,.0f}"
    loss_axis.set_title(title, size=10)
    figure.savefig(path, dpi=120)
