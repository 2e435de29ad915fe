"""The Hugging Face Trainer as vaner uses it.

What differs from the Trainer: the sampler, the dev score, the optimizer, and checkpoints that hold
trained weights only.

A stage that was interrupted resumes exactly: the result has the same weights, bit for bit, as that
of an uninterrupted run. Several places contribute to this:

1. Weights, optimizer, schedule, step, and the states of the random number generators (dropout) are
   in the Trainer's checkpoint.
2. The order of the examples and their random choices follow from seed and epoch alone
   (`data/mixture.py`). The Trainer skips the batches of the epoch that were seen.
3. The best score so far, its checkpoint and the patience used are in the Trainer's state. The path
   of that checkpoint is corrected if the folder was moved (`CheckpointPathUpdater`).
4. A stage that stopped early is recognized by its state and not trained again (`_has_stopped`).
5. Stages before the current one are loaded in the same way: each resumes from its last checkpoint,
   finds nothing to do, and its best checkpoint is loaded.
6. The recipe is the same (`resume.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch
from transformers import (
    EarlyStoppingCallback,
    PrinterCallback,
    ProgressCallback,
    Trainer,
    TrainerCallback,
    TrainerState,
    TrainingArguments,
)

from vaner.backbones.base_model import BackboneModel
from vaner.errors import ModelError, RecipeError, library_errors
from vaner.training.curves import HistoryWriter
from vaner.training.data.mixture import LengthGroupedSampler, Mixture
from vaner.training.data.sources import DevSet
from vaner.training.learners.learner import Learner
from vaner.training.precision import uses_bf16
from vaner.training.progress import ProgressBar, count_processes
from vaner.training.recipe.schema import Recipe, StageRecipe
from vaner.training.trainer_checks import check_optimizer_state, check_weights

Scorer = Callable[[], Mapping[str, float]]
"""Score the model on the dev sets: ``eval_f1`` and further scores, in [0, 1]."""

_STATE = "trainer_state.json"
_NUMBERS = (
    "global_step", "max_steps", "epoch", "best_metric", "best_global_step", "num_train_epochs",
    "train_batch_size", "num_input_tokens_seen", "total_flos",
)  # fmt: skip
"""Fields of a stored state that are numbers; those that are not set are null."""

# transformers 5.23 renames gradient checkpointing to activation checkpointing.
_HAS_NEW_NAME = "activation_checkpointing" in TrainingArguments.__dataclass_fields__
_CHECKPOINTING = "activation_checkpointing" if _HAS_NEW_NAME else "gradient_checkpointing"


class VanerTrainer(Trainer):
    """The Trainer with our sampler, our dev score, and checkpoints of trained weights only."""

    def __init__(self, *args: Any, scorer: Scorer, **options: Any) -> None:
        super().__init__(*args, **options)
        self._scorer = scorer

    def _get_train_sampler(self, train_dataset: Any = None) -> LengthGroupedSampler:
        assert isinstance(self.train_dataset, Mixture)
        return LengthGroupedSampler(self.train_dataset, self.args.train_batch_size)

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        assert isinstance(self.model, BackboneModel)
        check_weights(self.model, self.state.global_step)
        metrics = dict(self._scorer())
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        assert isinstance(self.model, BackboneModel)
        with _checkpoint_errors(resume_from_checkpoint):
            self.model.load_trained_weights(Path(resume_from_checkpoint))

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        with _checkpoint_errors(checkpoint):
            super()._load_optimizer_and_scheduler(checkpoint)
            if self.optimizer is not None:
                check_optimizer_state(self.optimizer)

    def _load_rng_state(self, checkpoint: str | None) -> None:
        with _checkpoint_errors(checkpoint):
            super()._load_rng_state(checkpoint)


@contextmanager
def _checkpoint_errors(checkpoint: str | Path | None) -> Iterator[None]:
    """Turn every error in what is read from a checkpoint into one line.

    Raises:
        RecipeError: with the advice to delete the checkpoint.
    """
    problem, advice = "damaged checkpoint", "delete it, and --resume continues from the one before"
    try:
        with library_errors(checkpoint, problem, advice, error_class=RecipeError):
            yield
    except ModelError as error:  # of its weights
        raise RecipeError(f"{checkpoint}: {problem} ({error}); {advice}") from error


class EarlyStopping(EarlyStoppingCallback):
    """Stops after a number of dev scores without improvement.

    `train_stage` loads the best checkpoint, so the warning of the base class does not apply.
    """

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Do nothing."""


class CheckpointPathUpdater(TrainerCallback):
    """Corrects the path of the best checkpoint if the folder was moved since the run stopped.

    The Trainer stores the path, and ignores checkpoints in other folders.
    """

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.best_model_checkpoint is not None:
            name = Path(state.best_model_checkpoint).name
            state.best_model_checkpoint = str(Path(args.output_dir) / name)


def make_scorer(learner: Learner, dev: Sequence[DevSet], precision: str) -> Scorer:
    """Return a function that scores the model of a learner, in evaluation mode, on dev sets.

    Args:
        learner: the model.
        dev: the dev sets.
        precision: ``precision`` of the recipe.
    """
    autocast = torch.bfloat16 if uses_bf16(precision) else None

    def score() -> Mapping[str, float]:
        was_training = learner.model.training
        learner.model.train(False)
        scores = learner.score(dev, autocast)
        learner.model.train(was_training)
        return scores

    return score


def train_stage(
    recipe: Recipe,
    stage: StageRecipe,
    learner: Learner,
    mixture: Mixture,
    scorer: Scorer,
    folder: Path,
    *,
    seed: int,
    resume: bool,
    log: HistoryWriter,
) -> TrainerState:
    """Train the model of a learner on a mixture, and load its best checkpoint.

    Args:
        recipe: the recipe.
        stage: one of its stages.
        learner: the model.
        mixture: the examples of the stage.
        scorer: scores the model on the dev sets.
        folder: folder of the checkpoints.
        seed: seed of dropout and order.
        resume: continue from the last checkpoint in `folder`, if there is one.
        log: writes the log.

    Returns:
        The Trainer's state at the end.
    """
    callbacks: list[TrainerCallback] = [ProgressBar(), CheckpointPathUpdater(), log]
    if stage.patience is not None:
        callbacks.append(EarlyStopping(stage.patience))
    trainer = VanerTrainer(
        model=learner.model,
        args=make_arguments(recipe, stage, mixture.epoch_size, folder, seed),
        train_dataset=mixture,
        eval_dataset=mixture,  # required by the Trainer, but not read: we override `evaluate`
        data_collator=learner.collate,
        callbacks=callbacks,
        optimizers=(make_optimizer(learner.model, stage), None),
        scorer=scorer,
    )
    for built_in in (ProgressCallback, PrinterCallback):
        trainer.remove_callback(built_in)
    checkpoint = _last_checkpoint(folder) if resume else None
    stored = _read_state(checkpoint, log) if checkpoint else None
    state: TrainerState
    if stored is not None and _has_stopped(stored):
        state = stored
    else:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        # The main process writes the best checkpoint; all processes read it below.
        trainer.accelerator.wait_for_everyone()
        state = trainer.state
    if state.best_model_checkpoint is not None:
        best = folder / Path(state.best_model_checkpoint).name
        with _checkpoint_errors(best):
            learner.model.load_trained_weights(best)
    return state


def _read_state(checkpoint: Path, log: HistoryWriter) -> TrainerState:
    """Return the stored state of a checkpoint, and continue the clock of the log from it.

    Raises:
        RecipeError: if the state is damaged.
    """
    with _checkpoint_errors(checkpoint):
        state: TrainerState = TrainerState.load_from_json(str(checkpoint / _STATE))
        _check_state(state)
        log.clock.resume_from(state.log_history)
        _has_stopped(state)
        return state


def _check_state(state: TrainerState) -> None:
    """Check the fields of a stored state that the Trainer computes with.

    Raises:
        ValueError: if a field has another type.
    """
    numbers = [getattr(state, name) or 0 for name in _NUMBERS]
    if not all(isinstance(n, (int, float)) and 0 <= n <= 1e30 for n in numbers):
        raise ValueError("a number of steps or a score is not a number")
    intervals = (state.logging_steps, state.eval_steps, state.save_steps)
    if not all(isinstance(n, (int, float)) and 0 < n <= 1e30 for n in intervals):
        raise ValueError("an interval of steps is not a positive number")
    if not isinstance(state.best_model_checkpoint, str | None):
        raise ValueError("best_model_checkpoint is not a path")
    if not all(isinstance(entry, dict) for entry in state.log_history):
        raise ValueError("log_history is not a list of entries")


def _last_checkpoint(folder: Path) -> Path | None:
    """Return the newest complete checkpoint; one that was being written is ignored."""
    paths = [path for path in folder.glob("checkpoint-*") if path.name[11:].isdecimal()]
    complete = filter(_is_complete, paths)
    return max(complete, key=lambda path: int(path.name[11:]), default=None)


def _is_complete(checkpoint: Path) -> bool:
    """Return whether all of the state, which the Trainer writes last, was written."""
    with suppress(OSError, ValueError):
        return isinstance(json.loads((checkpoint / _STATE).read_bytes()), dict)
    return False


def _has_stopped(state: TrainerState) -> bool:
    """Return whether training had stopped early when it was saved.

    The Trainer itself would continue, because the number of steps is not reached.
    """
    callbacks: Any = state.stateful_callbacks  # a dict by name after it is read from a file
    control = callbacks.get("TrainerControl", {})
    return bool(control.get("args", {}).get("should_training_stop", False))


def make_arguments(
    recipe: Recipe, stage: StageRecipe, examples: int, folder: Path, seed: int
) -> TrainingArguments:
    """Return the Trainer's arguments for a stage.

    Args:
        recipe: the recipe.
        stage: one of its stages.
        examples: number of examples in an epoch.
        folder: folder of the checkpoints.
        seed: seed of dropout and order.
    """
    per_update = stage.batch_size * stage.gradient_accumulation * count_processes()
    updates = max(1, examples // per_update)
    total = stage.steps or int(stage.epochs * updates)
    interval = stage.evaluate_every or updates // stage.evaluations_per_epoch
    interval = max(1, min(total, interval))
    checkpointing: dict[str, Any] = {_CHECKPOINTING: True} if stage.gradient_checkpointing else {}
    arguments = TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=stage.epochs,
        max_steps=stage.steps or -1,
        per_device_train_batch_size=stage.batch_size,
        gradient_accumulation_steps=stage.gradient_accumulation,
        **checkpointing,
        learning_rate=stage.learning_rate,
        lr_scheduler_type=stage.schedule,
        warmup_steps=int(stage.warmup * total),
        weight_decay=stage.weight_decay,
        bf16=uses_bf16(recipe.precision),
        use_cpu=not torch.cuda.is_available(),
        eval_strategy="steps",
        eval_steps=interval,
        save_strategy="steps",
        save_steps=interval,
        save_total_limit=2,
        load_best_model_at_end=False,  # `train_stage` loads it
        restore_callback_states_from_checkpoint=True,  # the patience used
        metric_for_best_model="eval_f1",
        greater_is_better=True,
        logging_steps=max(1, min(20, interval // 5)),
        report_to=recipe.report_to or "none",
        remove_unused_columns=False,
        label_names=["tags", "labels"],
        dataloader_pin_memory=torch.cuda.is_available(),
        seed=seed,
        data_seed=seed,
        disable_tqdm=True,
    )
    # A process uses one GPU; torchrun starts a process for each. With several GPUs in a process the
    # Trainer would use torch's DataParallel, which splits a batch by rows: a packed batch has one.
    arguments._n_gpu = min(1, arguments.n_gpu)
    return arguments


def make_optimizer(model: BackboneModel, stage: StageRecipe) -> torch.optim.Optimizer:
    """Return AdamW with a separate learning rate for the head, whose weights are new."""
    head = model.head_parameters()
    head_ids = {id(parameter) for parameter in head}
    body = [p for p in model.parameters() if p.requires_grad and id(p) not in head_ids]
    groups = [
        {"params": body, "lr": stage.learning_rate, "weight_decay": stage.weight_decay},
        {"params": head, "lr": stage.head_learning_rate, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([g for g in groups if g["params"]], betas=(0.9, 0.999), fused=True)
