"""Run a recipe: every method's training goes through this one path, on the HF Trainer."""

from __future__ import annotations

import json
import logging
import math
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from transformers import (
    EarlyStoppingCallback,
    PrinterCallback,
    ProgressCallback,
    TrainerCallback,
    TrainerState,
    set_seed,
)

from vaner.errors import RecipeError
from vaner.hub.training_record import write_training_record
from vaner.training import resume as resume_check
from vaner.training.clock import Clock
from vaner.training.curves import History, drawn
from vaner.training.data.held_out import test_sentences
from vaner.training.data.mixture import Mixture, shares
from vaner.training.data.sources import DevSet, dev_sets, taught
from vaner.training.examples.sentences import Coverage
from vaner.training.learners.choice import new_learner
from vaner.training.learners.learner import Learner, tokenizer_file
from vaner.training.progress import Progress, main_process
from vaner.training.recipe.leakage import clash
from vaner.training.recipe.schema import Recipe, StageRecipe
from vaner.training.run_record import learnt_before, told
from vaner.training.stages import stage_examples
from vaner.training.trainer import Moved, Scorer, VanerTrainer, arguments, bf16, optimizer
from vaner.training.weight_averages import average, copied

logger = logging.getLogger(__name__)

Tell = Callable[[str], None]

_STATE = "trainer_state.json"


@dataclass(frozen=True, slots=True)
class Trained:
    """The outcome of one seed.

    Args:
        folder: the model chosen, ready for `Annotator.from_pretrained`.
        dev_f1: its strict micro F1 over the dev sets, in [0, 1].
        history: the Trainer's log: step, epoch, loss, eval_f1 …
        coverage: gold of the training sources that tags cannot reach.
        left_out: sentences of each training split that stand in a test split, not trained on.
        seconds: wall-clock time of the training, also of what a resumed one went on from.
    """

    folder: Path
    dev_f1: float
    history: list[dict[str, float]]
    coverage: Coverage
    left_out: Mapping[str, int]
    seconds: float


def train(
    recipe: Recipe,
    output: str | Path,
    *,
    corpora_root: str | Path | None = None,
    resume: bool = False,
    report: Tell = print,
) -> list[Trained]:
    """Train a recipe, once for every seed.

    Args:
        recipe: a checked recipe.
        output: folder for ``seed-N/model``, checkpoints, ``training.json``, the log and its plot.
        corpora_root: where the corpora lie; ``VANER_CORPORA`` if None.
        resume: go on from the last checkpoint; the result is that of an unbroken run.
        report: called with lines for the user.

    Raises:
        RecipeError: where `output` holds a run and `resume` is False, or one of another recipe,
            and where the recipe, a model that it begins with or a teacher learns from what
            chooses the model or it is scored on.
    """
    output = Path(output)
    if problem := clash(recipe, learnt_before(recipe), corpora_root):
        raise RecipeError(f"recipe {recipe.name}: {problem}")
    if not main_process():
        report = _silent
    elif output.exists() and any(output.iterdir()) and not resume:
        raise RecipeError(f"{output} is not empty: go on with --resume, or give another --output")
    with _made(output):
        return [
            _train_seed(recipe, seed, output / f"seed-{seed}", corpora_root, resume, report)
            for seed in recipe.seeds
        ]


@contextmanager
def _made(folder: Path) -> Iterator[None]:
    """A folder to train into; where nothing came of it, it is gone again, and the next try free."""
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:  # Ctrl-C too: it goes on from here
        inner = sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True)
        for path in (*inner, *new):
            with suppress(OSError):  # only what is empty can be removed so
                path.rmdir()
        raise


def _train_seed(
    recipe: Recipe,
    seed: int,
    folder: Path,
    root: str | Path | None,
    resume: bool,
    report: Tell,
) -> Trained:
    clock = Clock()
    resume_check.check(recipe, folder)
    set_seed(seed)
    aim = taught(recipe, root)
    dev = dev_sets(recipe, set(aim.types), root)
    held_out = test_sentences(recipe, root)
    learner = new_learner(recipe, aim)
    scorer = partial(_score, learner, dev, torch.bfloat16 if bf16(recipe.precision) else None)
    coverage = Coverage(0, {}, 0)
    left_out: dict[str, int] = {}
    history: list[dict[str, float]] = []
    with drawn(folder) if main_process() else nullcontext():
        for number, stage in enumerate(recipe.stages, 1):
            found = stage_examples(stage, learner, seed, held_out, root)
            coverage = coverage + found.coverage
            left_out.update(found.left_out)
            mixture = Mixture(
                list(chain.from_iterable(found.groups)), learner.row, seed,
                shares([len(group) for group in found.groups], _temperature(stage)),
            )  # fmt: skip
            report(f"seed {seed}, stage {stage.name}: {len(mixture)} examples; {found}")
            if main_process():
                resume_check.keep(recipe, folder)
            place = folder / f"stage-{number}-{stage.name}"
            log = History(history, number, folder, clock)
            before = copied(learner.model) if stage.weight_interpolation else {}
            trainer = _run_stage(recipe, stage, learner, mixture, scorer, place, seed, resume, log)
            history += [{**entry, "stage": number} for entry in trainer.state.log_history]
            best = trainer.state.best_model_checkpoint
            if best is not None:
                learner.model.load_trained_weights(place / Path(best).name)
            average(learner.model, before, stage.weight_interpolation)
    dev_f1 = scorer()["eval_f1"]
    trained = Trained(folder / "model", dev_f1, history, coverage, left_out, clock.seconds)
    if main_process():
        learner.model.save_pretrained(trained.folder)
        shutil.copyfile(tokenizer_file(learner.model), trained.folder / "tokenizer.json")
        _write_record(recipe, seed, trained, folder)
        write_training_record(trained.folder, told(recipe, seed, trained.dev_f1, trained.seconds))
    report(f"seed {seed}: dev strict F1 {100 * dev_f1:.2f}; model in {trained.folder}")
    return trained


def _score(
    learner: Learner, dev: Sequence[DevSet], autocast: torch.dtype | None
) -> Mapping[str, float]:
    was_training = learner.model.training
    learner.model.train(False)
    figures = learner.score(dev, autocast)
    learner.model.train(was_training)
    return figures


def _temperature(stage: StageRecipe) -> float:
    return {"proportional": 1.0, "balanced": math.inf}.get(stage.sampling, stage.temperature)


def _run_stage(
    recipe: Recipe,
    stage: StageRecipe,
    learner: Learner,
    mixture: Mixture,
    scorer: Scorer,
    folder: Path,
    seed: int,
    resume: bool,
    log: History,
) -> VanerTrainer:
    callbacks: list[TrainerCallback] = [Progress(), Moved(), log]
    if stage.patience is not None:
        callbacks.append(EarlyStoppingCallback(stage.patience))
    trainer = VanerTrainer(
        model=learner.model,
        args=arguments(recipe, stage, mixture.epoch_size, folder, seed),
        train_dataset=mixture,
        eval_dataset=mixture,  # never read: `evaluate` is ours; the Trainer wants one to be there
        data_collator=learner.collate,
        callbacks=callbacks,
        optimizers=(optimizer(learner.model, stage), None),
        scorer=scorer,
    )
    for built_in in (ProgressCallback, PrinterCallback):
        trainer.remove_callback(built_in)
    checkpoint = _last_checkpoint(folder) if resume else None
    state = TrainerState.load_from_json(str(checkpoint / _STATE)) if checkpoint else None
    if state is not None:
        log.clock.go_on(state.log_history)
        if _stopped(state):
            trainer.state = state
            return trainer
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    trainer.accelerator.wait_for_everyone()  # the best checkpoint is written by one, read by all
    return trainer


def _silent(_: str) -> None:
    """Report of the processes that are not the first."""


def _last_checkpoint(folder: Path) -> Path | None:
    """The newest complete checkpoint: the Trainer's state is written last."""
    found = [p for p in folder.glob("checkpoint-*") if (p / _STATE).is_file()]
    return max(found, key=lambda p: int(p.name.split("-")[1]), default=None)


def _stopped(state: TrainerState) -> bool:
    """Whether a stage had ended when it was saved: the Trainer would go on from there."""
    callbacks: Any = state.stateful_callbacks  # by name, once read from a file
    control = callbacks.get("TrainerControl", {})
    return bool(control.get("args", {}).get("should_training_stop", False))


def _write_record(recipe: Recipe, seed: int, trained: Trained, folder: Path) -> None:
    record = {
        "recipe": recipe.model_dump(mode="json"),
        "seed": seed,
        "dev_f1": trained.dev_f1,
        "seconds": round(trained.seconds),
        "mentions": trained.coverage.mentions,
        "unreachable": {str(k): v for k, v in trained.coverage.unreachable.items()},
        "dropped_words": trained.coverage.dropped_words,
        "left_out": dict(trained.left_out),
        "history": trained.history,
    }
    text = json.dumps(record, indent=1, ensure_ascii=False)
    (folder / "training.json").write_text(text + "\n", "utf-8")
