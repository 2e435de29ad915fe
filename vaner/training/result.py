"""The result of a seed: storing it, reading it when a run is resumed, and cleaning up after it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vaner.errors import RecipeError, library_errors
from vaner.training.examples.sentences import Coverage
from vaner.training.recipe.schema import Recipe
from vaner.utils.atomic_write import write_json

RESULT_FILE = "training.json"
MODEL_FOLDER = "model"
_STATE = "trainer_state.json"


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """The result of a seed.

    Args:
        folder: the saved model, ready for `Annotator.from_pretrained`.
        dev_f1: its strict micro F1 over the dev sets, in [0, 1].
        history: the Trainer's log: step, epoch, loss, eval_f1 …
        coverage: gold mentions of the training sources that the model cannot predict.
        held_out: number of sentences of each training split that are also in a test split; they
            were not trained on.
        seconds: duration of training, including the time before an interruption.
    """

    folder: Path
    dev_f1: float
    history: list[dict[str, float]]
    coverage: Coverage
    held_out: Mapping[str, int]
    seconds: float


def write_result(recipe: Recipe, seed: int, result: TrainingResult, folder: Path) -> None:
    """Store the result of a seed next to its model. It is the last file of a run.

    Args:
        recipe: the recipe.
        seed: the seed.
        result: its result.
        folder: folder of the seed.
    """
    record = {
        "recipe": recipe.model_dump(mode="json"),
        "seed": seed,
        "dev_f1": result.dev_f1,
        "seconds": round(result.seconds),
        "mentions": result.coverage.mentions,
        "unreachable": {str(k): v for k, v in result.coverage.unreachable.items()},
        "dropped_words": result.coverage.dropped_words,
        "left_out": dict(result.held_out),
        "history": result.history,
    }
    write_json(folder / RESULT_FILE, record)


def read_result(folder: Path) -> TrainingResult | None:
    """Return the stored result of a seed; None if its training is not finished.

    Args:
        folder: folder of the seed.

    Raises:
        RecipeError: if the stored result is damaged.
    """
    path, model = folder / RESULT_FILE, folder / MODEL_FOLDER
    if not path.is_file() or not (model / "config.json").is_file():
        return None
    advice = f"restore it, or delete {folder} to train again"
    with library_errors(path, "damaged", advice, error_class=RecipeError):
        record = json.loads(path.read_text("utf-8"))
        coverage = Coverage(record["mentions"], record["unreachable"], record["dropped_words"])
        return TrainingResult(
            model, float(record["dev_f1"]), list(record["history"]), coverage,
            dict(record["left_out"]), float(record["seconds"]),
        )  # fmt: skip


def remove_checkpoints(folder: Path) -> None:
    """Remove the checkpoints of a finished seed, which are several times larger than its model.

    Args:
        folder: folder of the seed.
    """
    for checkpoint in folder.glob("stage-*/checkpoint-*"):
        shutil.rmtree(checkpoint, ignore_errors=True)


def describe_progress(output: Path) -> str | None:
    """Return what an interrupted run has stored, in a few words; None without a checkpoint.

    Args:
        output: folder of the run, or of several runs.
    """
    states = sorted(output.glob(f"**/stage-*/checkpoint-*/{_STATE}"), key=_modification_time)
    for path in reversed(states):
        try:
            state: dict[str, Any] = json.loads(path.read_text("utf-8"))
            best = f"{100 * float(state['best_metric']):.2f}"
            return f"the best dev F1 so far is {best}; the last checkpoint is {path.parent}"
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None


def _modification_time(path: Path) -> int:
    return path.stat().st_mtime_ns
