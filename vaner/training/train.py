"""Run a recipe: every method's training goes through this one path, on the HF Trainer."""

from __future__ import annotations

import json
import logging
import math
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from transformers import (
    EarlyStoppingCallback,
    PrinterCallback,
    ProgressCallback,
    TrainerCallback,
    set_seed,
)

from vaner.corpora import load
from vaner.documents import Corpus
from vaner.encoding import Encoder
from vaner.errors import CorpusError, RecipeError
from vaner.knowledge.base import open_base
from vaner.knowledge.dense import Counts
from vaner.knowledge.related import RelatedNames
from vaner.modeling import backbone as backbones
from vaner.modeling.tagger import VanerForTokenClassification
from vaner.tagging import TagSet
from vaner.training.dense import dense_examples
from vaner.training.examples import (
    Coverage,
    Example,
    SentenceExample,
    collapsed,
    corpus_examples,
)
from vaner.training.mixture import Mixture, as_training_batch, shares
from vaner.training.progress import Progress, plot_history
from vaner.training.recipe import CorpusSource, DenseSource, DevSource, Recipe, StageRecipe
from vaner.training.trainer import DevScorer, DevSet, VanerTrainer, arguments, optimizer

logger = logging.getLogger(__name__)

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """The outcome of one seed.

    Args:
        folder: the model chosen, ready for `Annotator.from_pretrained`.
        dev_f1: its strict micro F1 over the dev sets, in [0, 1].
        history: the Trainer's log: step, epoch, loss, eval_f1 …
        coverage: gold of the training sources that tags cannot reach.
        seconds: wall-clock time of the training.
    """

    folder: Path
    dev_f1: float
    history: list[dict[str, float]]
    coverage: Coverage
    seconds: float


def train(
    recipe: Recipe,
    output: str | Path,
    *,
    corpora_root: str | Path | None = None,
    resume: bool = False,
    report: Report = print,
) -> list[Trained]:
    """Train a recipe, once for every seed.

    Args:
        recipe: a checked recipe.
        output: folder for ``seed-N/model``, checkpoints, ``training.json`` and the plot.
        corpora_root: where the corpora lie; ``VANER_CORPORA`` if None.
        resume: go on from the last checkpoint; the result is that of an unbroken run.
        report: called with lines for the user.

    Raises:
        RecipeError: where `output` holds another run and `resume` is False.
    """
    output = Path(output)
    if not _main_process():
        report = _silent
    elif output.exists() and any(output.iterdir()) and not resume:
        raise RecipeError(f"{output} is not empty: go on with --resume, or give another --output")
    output.mkdir(parents=True, exist_ok=True)
    return [
        _train_seed(recipe, seed, output / f"seed-{seed}", corpora_root, resume, report)
        for seed in recipe.seeds
    ]


def _train_seed(
    recipe: Recipe,
    seed: int,
    folder: Path,
    root: str | Path | None,
    resume: bool,
    report: Report,
) -> Trained:
    started = time.time()
    set_seed(seed)
    dev = [_dev_set(source, root) for source in recipe.dev]
    model, encoder = _new_model(recipe, root)
    coverage = Coverage(0, {}, 0)
    history: list[dict[str, float]] = []
    for number, stage in enumerate(recipe.stages, 1):
        groups, seen = _examples(stage, model, encoder, root)
        coverage = coverage + seen
        mixture = Mixture(
            list(chain.from_iterable(groups)), encoder, model.config.instruction_template, seed,
            shares([len(group) for group in groups], _temperature(stage)),
        )  # fmt: skip
        report(f"seed {seed}, stage {stage.name}: {len(mixture)} examples; {seen}")
        place = folder / f"stage-{number}-{stage.name}"
        trainer = _run_stage(recipe, stage, model, encoder, mixture, dev, place, seed, resume)
        history += [{**entry, "stage": number} for entry in trainer.state.log_history]
        best = trainer.state.best_model_checkpoint
        if best is not None:
            model.load_trained(Path(best))
    dev_f1 = DevScorer(dev, encoder, recipe.precision)(model)["eval_f1"]
    seconds = time.time() - started
    trained = Trained(folder / "model", dev_f1, history, coverage, seconds)
    if _main_process():
        model.save_pretrained(trained.folder)
        shutil.copyfile(_tokenizer_file(model), trained.folder / "tokenizer.json")
        _write_record(recipe, seed, trained, folder)
        plot_history(history, folder / "training.png")
    report(f"seed {seed}: dev strict F1 {100 * dev_f1:.2f}; model in {trained.folder}")
    return trained


def _new_model(
    recipe: Recipe, root: str | Path | None
) -> tuple[VanerForTokenClassification, Encoder]:
    datasets = _annotated(recipe, root)
    wanted, gpu = recipe.model, torch.cuda.is_available()
    model = VanerForTokenClassification.from_backbone(
        wanted.backbone,
        origin=wanted.origin,
        layers=wanted.layers,
        lora=wanted.lora.options() if wanted.lora else None,
        quantization=wanted.quantization,
        dtype=torch.bfloat16 if wanted.quantization and gpu else torch.float32,
        device="cuda" if gpu else "cpu",
        kernel=None if gpu else "eager",
        attention=wanted.attention,
        head=wanted.head,
        pooling=wanted.pooling,
        scheme=wanted.scheme,
        joint=wanted.joint,
        general_head=any(
            isinstance(source, CorpusSource) and source.domain == "general"
            for stage in recipe.stages
            for source in stage.sources
        ),
        instruction=wanted.template().to_dict(),
        max_subwords=wanted.max_subwords,
        dropout=wanted.dropout,
        types=sorted({type for types in datasets.values() for type in types}),
        datasets=datasets,
        nameless=any(
            isinstance(source, DenseSource) or source.nameless > 0
            for stage in recipe.stages
            for source in stage.sources
        ),
    )
    return model, Encoder.from_folder(_tokenizer_file(model).parent, wanted.max_subwords)


def _tokenizer_file(model: VanerForTokenClassification) -> Path:
    found = backbones.find(model.config.backbone, model.config.backbone_origin)
    return found.folder / "tokenizer.json"


def _annotated(recipe: Recipe, root: str | Path | None) -> dict[str, list[str]]:
    """Every corpus the recipe trains on, with the types that are asked of it."""
    found: dict[str, set[str]] = {}
    for stage in recipe.stages:
        for source in stage.sources:
            if isinstance(source, CorpusSource) and source.domain == "general":
                continue  # what its own head learns is never asked for
            corpus = _corpus(source, root)
            found.setdefault(corpus.name, set()).update(source.types or corpus.types)
    if not found:
        raise RecipeError(
            "every source is of the general domain: there is nothing to learn to find"
        )
    return {name: sorted(types) for name, types in found.items()}


def _examples(
    stage: StageRecipe, model: VanerForTokenClassification, encoder: Encoder, root: Any
) -> tuple[list[Sequence[Example]], Coverage]:
    """The examples of each source of a stage.

    Raises:
        CorpusError: where a source gives none: it would be missed without a word.
    """
    groups: list[Sequence[Example]] = []
    coverage = Coverage(0, {}, 0)
    for source in stage.sources:
        corpus = _limited(_corpus(source, root), source.limit)
        if isinstance(source, DenseSource):
            groups.append(_dense(source, corpus, model, encoder))
        else:
            found, seen = _sentences(source, corpus, model, encoder)
            groups.append(found)
            coverage = coverage + seen
        if not groups[-1]:
            kind = "has no related names" if isinstance(source, DenseSource) else "has no sentences"
            raise CorpusError(f"corpus {corpus.name} {corpus.split} {kind} to train on")
    return groups, coverage


def _temperature(stage: StageRecipe) -> float:
    return {"proportional": 1.0, "balanced": math.inf}.get(stage.sampling, stage.temperature)


def _sentences(
    source: CorpusSource, corpus: Corpus, model: VanerForTokenClassification, encoder: Encoder
) -> tuple[list[SentenceExample], Coverage]:
    config, general = model.config, source.domain == "general"
    return corpus_examples(
        corpus, source.types or corpus.types, encoder,
        TagSet(config.tag_set.scheme) if general else config.tag_set,
        config.instruction_template, nameless=source.nameless, general=general,
    )  # fmt: skip


def _corpus(source: CorpusSource | DenseSource, root: str | Path | None) -> Corpus:
    corpus = load(source.corpus, source.split, root=root)
    collapse = source.collapse if isinstance(source, CorpusSource) else None
    return collapsed(corpus, collapse) if collapse else corpus


def _dense(
    source: DenseSource, corpus: Corpus, model: VanerForTokenClassification, encoder: Encoder
) -> list[Example]:
    related = _related(source.dense, tuple(source.exclude))
    counts = Counts(source.positives, source.negatives)
    examples: list[Example] = []
    for type in source.types or corpus.types:
        for mode in ("list", "context") if source.mode == "both" else (source.mode,):
            examples += dense_examples(
                corpus, type, related, encoder, model.config.tag_set,
                named=source.named.get(type), context=mode == "context", counts=counts,
                share=source.share,
            )  # fmt: skip
    return examples


@lru_cache(maxsize=1)
def _related(base: str, exclude: tuple[str, ...]) -> RelatedNames:
    """Kept from seed to seed: the index takes seconds, and it remembers its answers."""
    return RelatedNames(open_base(base), exclude)


def _dev_set(source: DevSource, root: str | Path | None) -> DevSet:
    corpus = _limited(load(source.corpus, source.split, root=root), source.limit)
    return DevSet(corpus, tuple(source.types or corpus.types))


def _limited(corpus: Corpus, limit: int | None) -> Corpus:
    """The first `limit` documents."""
    return Corpus(corpus.name, corpus.split, corpus.documents[:limit], corpus.types)


def _run_stage(
    recipe: Recipe,
    stage: StageRecipe,
    model: VanerForTokenClassification,
    encoder: Encoder,
    mixture: Mixture,
    dev: Sequence[DevSet],
    folder: Path,
    seed: int,
    resume: bool,
) -> VanerTrainer:
    callbacks: list[TrainerCallback] = [Progress()]
    if stage.patience is not None:
        callbacks.append(EarlyStoppingCallback(stage.patience))
    trainer = VanerTrainer(
        model=model,
        args=arguments(recipe, stage, mixture.epoch_size, folder, seed),
        train_dataset=mixture,
        eval_dataset=mixture,  # never read: `evaluate` is ours; the Trainer wants one to be there
        data_collator=as_training_batch,
        callbacks=callbacks,
        optimizers=(optimizer(model, stage), None),
        scorer=DevScorer(dev, encoder, recipe.precision),
    )
    for built_in in (ProgressCallback, PrinterCallback):
        trainer.remove_callback(built_in)
    checkpoint = _last_checkpoint(folder) if resume else None
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    trainer.accelerator.wait_for_everyone()  # the best checkpoint is written by one, read by all
    return trainer


def _main_process() -> bool:
    """Whether this is the one process, or the first of those that `accelerate launch` started."""
    return os.environ.get("RANK", "0") == "0"


def _silent(_: str) -> None:
    """Report of the processes that are not the first."""


def _last_checkpoint(folder: Path) -> Path | None:
    """The newest complete checkpoint: the Trainer's state is written last."""
    found = [p for p in folder.glob("checkpoint-*") if (p / "trainer_state.json").is_file()]
    return max(found, key=lambda p: int(p.name.split("-")[1]), default=None)


def _write_record(recipe: Recipe, seed: int, trained: Trained, folder: Path) -> None:
    record = {
        "recipe": recipe.model_dump(mode="json"),
        "seed": seed,
        "dev_f1": trained.dev_f1,
        "seconds": round(trained.seconds),
        "mentions": trained.coverage.mentions,
        "unreachable": {str(k): v for k, v in trained.coverage.unreachable.items()},
        "dropped_words": trained.coverage.dropped_words,
        "history": trained.history,
    }
    text = json.dumps(record, indent=1, ensure_ascii=False)
    (folder / "training.json").write_text(text + "\n", "utf-8")
