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

from collections.abc import Callable, Mapping, Sequence
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
from vaner.training.curves import HistoryWriter
from vaner.training.data.mixture import LengthGroupedSampler, Mixture
from vaner.training.data.sources import DevSet
from vaner.training.learners.learner import Learner
from vaner.training.progress import ProgressBar, count_processes
from vaner.training.recipe.schema import Recipe, StageRecipe

Scorer = Callable[[], Mapping[str, float]]
"""Score the model on the dev sets: ``eval_f1`` and further scores, in [0, 1]."""

_STATE = "trainer_state.json"

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
        metrics = dict(self._scorer())
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        assert isinstance(self.model, BackboneModel)
        self.model.load_trained_weights(Path(resume_from_checkpoint))


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
        callbacks.append(EarlyStoppingCallback(stage.patience))
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
    stored = TrainerState.load_from_json(str(checkpoint / _STATE)) if checkpoint else None
    if stored is not None:
        log.clock.resume_from(stored.log_history)
    state: TrainerState
    if stored is not None and _has_stopped(stored):
        state = stored
    else:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        # The main process writes the best checkpoint; all processes read it below.
        trainer.accelerator.wait_for_everyone()
        state = trainer.state
    if state.best_model_checkpoint is not None:
        learner.model.load_trained_weights(folder / Path(state.best_model_checkpoint).name)
    return state


def _last_checkpoint(folder: Path) -> Path | None:
    """Return the newest complete checkpoint: the Trainer writes the state last."""
    complete = [path for path in folder.glob("checkpoint-*") if (path / _STATE).is_file()]
    return max(complete, key=lambda path: int(path.name.split("-")[1]), default=None)


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


def uses_bf16(precision: str) -> bool:
    """Return whether to compute in bf16: ``bf16``, or ``auto`` on hardware that is fast at it."""
    if precision != "auto":
        return precision == "bf16"
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.backends.cpu.get_cpu_capability()
    return "AVX512" in capabilities and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
