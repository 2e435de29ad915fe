"""Progress bars, and the number and rank of the processes that train together."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm
from transformers import TrainerCallback


def is_main_process() -> bool:
    """Return whether this is the only process, or the first that torchrun started."""
    return os.environ.get("RANK", "0") == "0"


def count_processes() -> int:
    """Return the number of processes that train together, each on different batches (torchrun)."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def progress_bar(
    label: str, unit: str, total: int, items: Iterable[Any] | None = None, *, done: int = 0
) -> tqdm[Any]:
    """Return a progress bar on standard error; without a terminal, a line every 30 s.

    Args:
        label: what is done.
        unit: what is counted.
        total: number of units at the end.
        items: iterated over and counted; None if the caller calls ``update``.
        done: number of units that were done before an interruption.
    """
    is_plain = not sys.stderr.isatty()
    return tqdm(
        items, total=total, initial=done, unit=unit, desc=label, dynamic_ncols=not is_plain,
        ncols=100 if is_plain else None, mininterval=30 if is_plain else 0.5,
        disable=not is_main_process(),
    )  # fmt: skip


class ProgressBar(TrainerCallback):
    """A progress bar with loss, dev F1 and the remaining time; without a terminal, lines."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None
        self._metrics: dict[str, str] = {}

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.is_world_process_zero:
            self._bar = progress_bar("training", "step", state.max_steps, done=state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self._bar is not None:
            self._bar.update(state.global_step - self._bar.n)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        if self._bar is None or not logs:
            return
        if "loss" in logs:
            self._metrics["loss"] = f"{float(logs['loss']):.3f}"
        if "eval_f1" in logs:
            f1 = float(logs["eval_f1"])
            self._metrics["dev F1"] = f"{100 * f1:.2f}"
            self._bar.write(f"step {state.global_step}: dev F1 {100 * f1:.2f}", file=sys.stderr)
        self._bar.set_postfix(self._metrics, refresh=False)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
