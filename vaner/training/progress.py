"""What a user sees of a training run while it lasts: one bar."""

from __future__ import annotations

import sys
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
