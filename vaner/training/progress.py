"""What a user sees of a training run: one bar while it lasts, one picture at the end."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm
from transformers import TrainerCallback


class Progress(TrainerCallback):
    """A bar with loss, dev F1 and the time left; plain lines where there is no terminal."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None
        self._figures: dict[str, str] = {}

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.is_world_process_zero:
            plain = not sys.stderr.isatty()
            self._bar = tqdm(
                total=state.max_steps, initial=state.global_step, unit="step", desc="training",
                dynamic_ncols=not plain, ncols=100 if plain else None,
                mininterval=30 if plain else 0.5,
            )  # fmt: skip

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self._bar is not None:
            self._bar.update(state.global_step - self._bar.n)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        if self._bar is None or not logs:
            return
        if "loss" in logs:
            self._figures["loss"] = f"{float(logs['loss']):.3f}"
        if "eval_f1" in logs:
            f1 = float(logs["eval_f1"])
            self._figures["dev F1"] = f"{100 * f1:.2f}"
            self._bar.write(f"step {state.global_step}: dev F1 {100 * f1:.2f}", file=sys.stderr)
        self._bar.set_postfix(self._figures, refresh=False)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def plot_history(history: Sequence[dict[str, float]], path: Path) -> None:
    """Draw loss and dev F1 over the steps, stages one after another.

    Args:
        history: log entries with ``step``, ``stage`` and ``loss`` or ``eval_f1``.
        path: the PNG to write.
    """
    from matplotlib.figure import Figure

    loss, f1, offset, previous = [], [], 0.0, 1.0
    last = 0.0
    for entry in history:
        if entry.get("stage", 1) != previous:
            previous, offset = entry["stage"], last
        last = offset + entry.get("step", 0)
        if "loss" in entry:
            loss.append((last, entry["loss"]))
        if "eval_f1" in entry:
            f1.append((last, 100 * entry["eval_f1"]))
    figure = Figure(figsize=(7, 4), layout="constrained")
    left = figure.subplots()
    left.set_xlabel("optimizer step")
    if loss:
        left.plot(*zip(*loss, strict=True), color="#0072B2", linewidth=1)
    left.set_ylabel("training loss", color="#0072B2")
    right = left.twinx()
    if f1:
        right.plot(*zip(*f1, strict=True), color="#D55E00", marker="o")
    right.set_ylabel("dev strict F1 (%)", color="#D55E00")
    figure.savefig(path, dpi=120)
