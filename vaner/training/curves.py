"""The curves of a training: loss and dev F1 over the steps, kept as they come, drawn in the end.

The log is written anew with every entry, so that of a run that was stopped, however hard, there is
what it had come to, and one that goes on from a checkpoint has no entry twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from transformers import TrainerCallback

from vaner.errors import VanerError
from vaner.training.clock import SECONDS, Clock
from vaner.utils.atomic_write import atomic_write

HISTORY_FILE = "history.json"
PICTURE_FILE = "training.png"

Entry = Mapping[str, float]
"""``step`` and ``stage``, and ``loss`` or ``eval_f1``; what else the Trainer logs."""


class History(TrainerCallback):
    """Keeps the log of a stage, behind that of the stages before it.

    Args:
        before: the entries of the stages before.
        stage: number of this one, from 1.
        folder: where the file goes.
        clock: of the training.
    """

    def __init__(self, before: Sequence[Entry], stage: int, folder: Path, clock: Clock) -> None:
        self._before, self._stage, self._folder = list(before), stage, folder
        self.clock = clock

    def on_log(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        state.log_history[-1][SECONDS] = round(self.clock.seconds, 1)
        if state.is_world_process_zero:
            own = [{**entry, "stage": self._stage} for entry in state.log_history]
            _write([*self._before, *own], self._folder / HISTORY_FILE)


def _write(history: Sequence[Entry], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as new:
        new.write_text("\n".join(["[", ",\n".join(map(json.dumps, history)), "]"]) + "\n", "utf-8")


@contextmanager
def drawn(folder: Path) -> Iterator[None]:
    """Draw the curves at the end of a training, also where it is stopped or fails."""
    try:
        yield
    finally:
        if (folder / HISTORY_FILE).is_file():
            draw(folder)


def draw(folder: Path) -> Path:
    """Draw the curves of a training from its log, and say where.

    Args:
        folder: of one seed.

    Raises:
        VanerError: where there is no log that can be read.
    """
    path = folder / HISTORY_FILE
    try:
        history = json.loads(path.read_text("utf-8"))
        curves = _curves(history)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise VanerError(f"{path}: no log of a training ({error})") from error
    plot_curves(curves, folder / PICTURE_FILE)
    return folder / PICTURE_FILE


class Curves(NamedTuple):
    """What is drawn: points of a step, counted through all stages, and a value.

    Args:
        loss: of training.
        f1: on dev, in percent.
        stages: the step that each stage but the first begins after.
    """

    loss: list[tuple[float, float]]
    f1: list[tuple[float, float]]
    stages: list[float]


def _curves(history: Sequence[Entry]) -> Curves:
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


def plot_curves(curves: Curves, path: Path) -> None:
    """Draw loss and dev F1 over the steps, stages one after another.

    Args:
        curves: the points.
        path: the PNG to write.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    left = figure.subplots()
    left.set_xlabel("optimizer step")
    left.set_ylabel("training loss", color="#0072B2")
    if curves.loss:
        left.plot(*zip(*curves.loss, strict=True), color="#0072B2", linewidth=1)
        left.set_ylim(bottom=0)
    for number, border in enumerate(curves.stages, 2):
        left.axvline(border, color="#888888", linewidth=0.8, linestyle="--")
        left.text(border, 0.02, f" stage {number}", transform=left.get_xaxis_transform(), size=8)
    right = left.twinx()
    right.set_ylabel("dev strict F1 (%)", color="#D55E00")
    if curves.f1:
        right.plot(*zip(*curves.f1, strict=True), color="#D55E00", marker="o", markersize=4)
        step, best = max(curves.f1, key=lambda point: point[1])
        right.plot([step], [best], marker="o", markersize=10, fillstyle="none", color="#D55E00")
        right.set_title(f"best dev F1 {best:.2f} % at step {step:,.0f}", size=10)
    figure.savefig(path, dpi=120)
