"""Progress bars, and the number and rank of the processes that train together."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from tqdm import tqdm
from transformers import TrainerCallback, TrainerState

MESSAGE_INTERVAL = 30.0
"""Seconds between two lines."""


def is_main_process() -> bool:
    """Return whether this is the only process, or the first that torchrun started."""
    return os.environ.get("RANK", "0") == "0"


def count_processes() -> int:
    """Return the number of processes that train together, each on different batches (torchrun)."""
    return int(os.environ.get("WORLD_SIZE", "1"))


class PlainProgress:
    """Progress as plain lines, for a log: one every 30 seconds, and one at the end.

    It has the methods of tqdm's bar that are used here. tqdm redraws its bar with carriage returns,
    which fill a log file with fragments.

    Args:
        label: what is done.
        unit: what is counted.
        total: number of units at the end.
        items: iterated over and counted.
        done: number of units that were done before an interruption.
    """

    def __init__(
        self, label: str, unit: str, total: int, items: Iterable[Any] | None, done: int
    ) -> None:
        self._label, self._unit, self._total, self._items = label, unit, total, items
        self.n = self._first = done
        self._start = self._last = time.monotonic()
        self._metrics: Mapping[str, str] = {}
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Any]:
        for item in self._items or ():
            yield item
            self.update(1)
        self.close()

    def update(self, number: int) -> None:
        """Count units, and print a line if the last is 30 seconds old."""
        self.n += number
        if time.monotonic() - self._last >= MESSAGE_INTERVAL:
            self._print()

    def set_postfix(self, metrics: Mapping[str, str], refresh: bool = True) -> None:
        """Set the figures that the lines end with."""
        self._metrics = dict(metrics)

    def write(self, line: str, file: Any = None) -> None:
        """Print a line between the others."""
        print(f"vaner: {line}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Print the last line, unless nothing was counted or it is printed already.

        It has no remaining time, because the work may have stopped early.
        """
        self._is_closed = True
        if self._items is not None or self.n > self._first:
            self._print()
        self._items, self._first = None, self.n

    def _print(self) -> None:
        self._last = time.monotonic()
        seconds = max(self._last - self._start, 1e-9)
        speed = (self.n - self._first) / seconds
        has_rest = speed and self.n < self._total and not self._is_closed
        left = f", {format_duration((self._total - self.n) / speed)} left" if has_rest else ""
        figures = "".join(f", {name} {value}" for name, value in self._metrics.items())
        unit = self._unit if self._total == 1 else f"{self._unit}s"
        done = f"{self.n:,} of {self._total:,} {unit}"
        self.write(f"{self._label}: {done}{figures}{left}")


def format_duration(seconds: float) -> str:
    """Return a duration in its largest unit.

    >>> format_duration(40), format_duration(300), format_duration(8000)
    ('40 s', '5 min', '2.2 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def describe_early_stop(state: TrainerState, patience: int | None) -> str:
    """Return why training stopped before its last step; empty if it did not.

    Args:
        state: the Trainer's state at the end.
        patience: the number of evaluations without improvement that stops training, or None.
    """
    if patience is None or state.global_step >= state.max_steps:
        return ""
    unit = "evaluation" if patience == 1 else "evaluations"
    return (
        f"stopped at step {state.global_step:,}: dev F1 has not risen for "
        f"{patience} {unit}; best at step {state.best_global_step:,}"
    )


def progress_bar(
    label: str, unit: str, total: int, items: Iterable[Any] | None = None, *, done: int = 0
) -> tqdm[Any] | PlainProgress:
    """Return a progress bar on standard error; without a terminal, a plain line every 30 s.

    Args:
        label: what is done.
        unit: what is counted.
        total: number of units at the end.
        items: iterated over and counted; None if the caller calls ``update``.
        done: number of units that were done before an interruption.
    """
    if is_main_process() and not sys.stderr.isatty():
        return PlainProgress(label, unit, total, items, done)
    return tqdm(
        items, total=total, initial=done, unit=unit, desc=label, dynamic_ncols=True,
        mininterval=0.5, disable=not is_main_process(),
    )  # fmt: skip


class ProgressBar(TrainerCallback):
    """A progress bar with loss, dev F1 and the remaining time; without a terminal, lines."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | PlainProgress | None = None
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
