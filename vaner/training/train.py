"""Run a recipe: the training of every kind of model goes through `train`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from transformers import set_seed

from vaner.backbones.encoding import TOKENIZER_FILE, copy_tokenizer
from vaner.errors import RecipeError
from vaner.hub.training_record import write_training_record
from vaner.training.clock import Clock
from vaner.training.curves import HistoryWriter, draw_curves_on_exit
from vaner.training.examples.sentences import Coverage
from vaner.training.learners.choice import build_learner
from vaner.training.learners.learner import check_tokenizer, tokenizer_file
from vaner.training.plan import TrainingPlan, resolve_recipe
from vaner.training.precision import prepare_for_bf16, uses_bf16
from vaner.training.progress import describe_early_stop, is_main_process
from vaner.training.recipe.schema import Recipe
from vaner.training.result import (
    MODEL_FOLDER,
    TrainingResult,
    read_result,
    remove_checkpoints,
    write_result,
)
from vaner.training.resume import check_same_recipe, save_recipe
from vaner.training.run_record import build_record
from vaner.training.stages import collect_examples
from vaner.training.trainer import make_scorer, train_stage
from vaner.training.trainer_checks import check_trackers
from vaner.training.weight_averages import copy_trained_weights, interpolate_weights

Report = Callable[[str], None]
"""Show a line to the user."""


def train(
    recipe: Recipe,
    output: str | Path,
    *,
    corpora_root: str | Path | None = None,
    resume: bool = False,
    keep_checkpoints: bool = False,
    report: Report = print,
) -> list[TrainingResult]:
    """Train a recipe, once for every seed.

    Args:
        recipe: a checked recipe.
        output: folder for ``seed-N/model``, checkpoints, ``training.json``, the log and its plot.
        corpora_root: folder of the corpora; ``VANER_CORPORA`` if None.
        resume: continue from the last checkpoint; the result is that of an uninterrupted run.
        keep_checkpoints: keep the checkpoints of a seed when its training is finished.
        report: called with lines for the user.

    Raises:
        CorpusError: if a corpus does not exist, is empty or does not annotate a type.
        RecipeError: if `output` contains a run and `resume` is False, or the run of another recipe;
            or if the recipe, its initial model or a teacher learns from texts that the model is
            selected or scored on.
    """
    output = Path(output)
    if not is_main_process():
        report = _ignore
    elif output.exists() and any(output.iterdir()) and not resume:
        raise RecipeError(f"{output} is not empty: add --resume to continue, or change --output")
    folders = {seed: output / f"seed-{seed}" for seed in recipe.seeds}
    for folder in folders.values():
        check_same_recipe(recipe, folder)
    check_trackers(recipe.report_to)
    plan = resolve_recipe(recipe, corpora_root)
    with _output_folder(output):
        results = []
        for seed, folder in folders.items():
            result = read_result(folder) if resume else None
            if result is None:
                result = _train_seed(plan, seed, folder, resume, report)
            results.append(result)
            if not keep_checkpoints and is_main_process():
                remove_checkpoints(folder)
        return results


def _train_seed(
    plan: TrainingPlan, seed: int, folder: Path, resume: bool, report: Report
) -> TrainingResult:
    clock, recipe = Clock(), plan.recipe
    set_seed(seed)  # of the new weights
    learner = build_learner(plan)
    learner.model.check_backbone()
    check_tokenizer(learner.model)
    if uses_bf16(recipe.precision):
        prepare_for_bf16(learner.model)
    scorer = make_scorer(learner, plan.dev, recipe.precision)
    coverage = Coverage(0, {}, 0)
    held_out: dict[str, int] = {}
    history: list[dict[str, float]] = []
    with draw_curves_on_exit(folder) if is_main_process() else nullcontext():
        for number, stage in enumerate(plan.stages, 1):
            examples = collect_examples(stage, learner, seed, plan.held_out)
            coverage += examples.coverage
            held_out.update(examples.held_out)
            report(f"seed {seed}, stage {stage.recipe.name}: {examples}")
            if is_main_process():
                save_recipe(recipe, folder)
            share = stage.recipe.weight_interpolation
            before = copy_trained_weights(learner.model) if share else {}
            stage_folder = folder / f"stage-{number}-{stage.recipe.name}"
            log = HistoryWriter(history, number, folder, clock)
            state = train_stage(
                recipe, stage.recipe, learner, examples.mixture, scorer, stage_folder,
                seed=seed, resume=resume, log=log,
            )  # fmt: skip
            if stop := describe_early_stop(state, stage.recipe.patience):
                report(f"seed {seed}, stage {stage.recipe.name}: {stop}")
            history += [{**entry, "stage": number} for entry in state.log_history]
            interpolate_weights(learner.model, before, share)
    dev_f1 = scorer()["eval_f1"]
    model = folder / MODEL_FOLDER
    result = TrainingResult(model, dev_f1, history, coverage, held_out, clock.seconds)
    if is_main_process():
        learner.model.save_pretrained(result.folder)
        copy_tokenizer(tokenizer_file(learner.model).parent, result.folder / TOKENIZER_FILE)
        write_training_record(result.folder, build_record(plan, seed, dev_f1, result.seconds))
        write_result(recipe, seed, result, folder)
    report(f"seed {seed}: dev strict F1 {100 * dev_f1:.2f}; model in {result.folder}")
    if not dev_f1:
        report(
            f"warning: seed {seed}: the model found no mention of the dev sets; train for more "
            "epochs (patience: null), or with a higher learning rate"
        )
    return result


@contextmanager
def _output_folder(folder: Path) -> Iterator[None]:
    """Create the output folder; if training fails before it writes anything, remove it again."""
    created = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:  # Ctrl-C too
        inner = sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True)
        for path in (*inner, *created):
            with suppress(OSError):  # rmdir removes empty folders only
                path.rmdir()
        raise


def _ignore(_: str) -> None:
    """Report nothing: for all processes but the main process."""
