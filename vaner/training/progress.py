"""What a user sees of a training run while it lasts: one bar at a time."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm
from transformers import TrainerCallback


def main_process() -> bool:
    """Whether this is the one process, or the first of those that torchrun started."""
    return os.environ.get("RANK", "0") == "0"


def processes() -> int:
    """How many processes learn together, each from batches of its own: as many as torchrun says."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def bar(
    label: str, unit: str, total: int, items: Iterable[Any] | None = None, *, done: int = 0
) -> tqdm[Any]:
    """A bar on standard error, or a line every 30 s where there is no terminal.

    Args:
        label: what is being done.
        unit: what is counted.
        total: how many there will be.
        items: what is iterated over and counted; None where the caller counts by ``update``.
        done: how many there were before.
    """
    plain = not sys.stderr.isatty()
    return tqdm(
        items, total=total, initial=done, unit=unit, desc=label, dynamic_ncols=not plain,
        ncols=100 if plain else None, mininterval=30 if plain else 0.5,
        disable=not main_process(),
    )  # fmt: skip


class Progress(TrainerCallback):
    """A bar with loss, dev F1 and the time left; plain lines where there is no terminal."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None
        self._figures: dict[str, str] = {}

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.is_world_process_zero:
            self._bar = bar("training", "step", state.max_steps, done=state.global_step)

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
