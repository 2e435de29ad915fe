"""How vaner sets up the HF Trainer: its sampler, its dev score, its optimizer, its checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import Trainer, TrainerCallback, TrainingArguments

from vaner.backbones.base_model import BackboneModel
from vaner.training.data.mixture import LengthGroupedSampler, Mixture
from vaner.training.progress import processes
from vaner.training.recipe.schema import Recipe, StageRecipe

Scorer = Callable[[], Mapping[str, float]]

_ACTIVATION = "activation_checkpointing" in TrainingArguments.__dataclass_fields__


class VanerTrainer(Trainer):
    """The HF Trainer, with our sampler, our dev score, and checkpoints of trained weights only."""

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


class Moved(TrainerCallback):
    """Lets a stage go on whose folder was moved, or is named from another one, since it stopped.

    The Trainer keeps the path of its best checkpoint, and drops checkpoints at other paths.
    """

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.best_model_checkpoint is not None:
            name = Path(state.best_model_checkpoint).name
            state.best_model_checkpoint = str(Path(args.output_dir) / name)


def arguments(
    recipe: Recipe, stage: StageRecipe, examples: int, folder: Path, seed: int
) -> TrainingArguments:
    """A stage in the Trainer's words.

    Args:
        recipe: the recipe.
        stage: one of its stages.
        examples: number of training examples.
        folder: where checkpoints go.
        seed: seed of weights and order.
    """
    together = stage.batch_size * stage.gradient_accumulation * processes()
    updates = max(1, examples // together)
    total = stage.steps or int(stage.epochs * updates)
    every = stage.evaluate_every or updates // stage.evaluations_per_epoch
    every = max(1, min(total, every))
    # transformers 5.23 calls activation checkpointing by its name; before, it was gradient's.
    name = f"{'activation' if _ACTIVATION else 'gradient'}_checkpointing"
    checkpointing: dict[str, Any] = {name: True} if stage.gradient_checkpointing else {}
    made = TrainingArguments(
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
        bf16=bf16(recipe.precision),
        use_cpu=not torch.cuda.is_available(),
        eval_strategy="steps",
        eval_steps=every,
        save_strategy="steps",
        save_steps=every,
        save_total_limit=2,
        load_best_model_at_end=False,  # done by ours, which also reads adapters
        restore_callback_states_from_checkpoint=True,  # how much of its patience is used up
        metric_for_best_model="eval_f1",
        greater_is_better=True,
        logging_steps=max(1, min(20, every // 5)),
        report_to=recipe.report_to or "none",
        remove_unused_columns=False,
        label_names=["tags", "labels"],
        dataloader_pin_memory=torch.cuda.is_available(),
        seed=seed,
        data_seed=seed,
        disable_tqdm=True,
    )
    # Of several GPUs a process takes one, torchrun all: torch's DataParallel, which is what the
    # Trainer would take, cuts a batch into rows, and a packed one has but one.
    made._n_gpu = min(1, made.n_gpu)
    return made


def optimizer(model: BackboneModel, stage: StageRecipe) -> torch.optim.Optimizer:
    """AdamW with a rate of its own for the head, which starts from nothing."""
    head = model.head_parameters()
    own = {id(parameter) for parameter in head}
    body = [p for p in model.parameters() if p.requires_grad and id(p) not in own]
    groups = [
        {"params": body, "lr": stage.learning_rate, "weight_decay": stage.weight_decay},
        {"params": head, "lr": stage.head_learning_rate, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([g for g in groups if g["params"]], betas=(0.9, 0.999), fused=True)


def bf16(precision: str) -> bool:
    """bf16 where asked for, or by itself where the hardware multiplies it fast."""
    if precision != "auto":
        return precision == "bf16"
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.backends.cpu.get_cpu_capability()
    return "AVX512" in capabilities and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
