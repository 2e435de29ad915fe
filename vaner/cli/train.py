"""``vaner train``: train models from a recipe."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vaner.cli.messages import (
    output_folder_errors,
    print_message,
    print_result,
    repeat_corpora_option,
    resume_hint,
)
from vaner.cli.options import CorporaOption, KeepCheckpointsOption, ResumeOption
from vaner.errors import VanerError

if TYPE_CHECKING:
    from vaner.training.recipe.schema import Recipe


def train(
    recipe: Annotated[
        Path | None,
        typer.Argument(
            metavar="RECIPE.yaml", help="Recipe file; --schema prints its possible fields."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for models and logs. Example: -o runs/ncbi"),
    ] = None,
    corpora: CorporaOption = None,
    revision: Annotated[
        str | None,
        typer.Option(
            help="Branch, tag or commit on the Hub of the model that training starts from "
            "(init_from) or else of the backbone. It can also follow its id in the recipe: "
            "me/name@v1. Example: --revision v1",
            show_default=False,
        ),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Change a value of the recipe, given as YAML; may be repeated. Dots separate "
            "names of fields and numbers of list items, which count from 0. Example: "
            "--set stages.0.steps=6 --set model.lora=null",
            show_default=False,
        ),
    ] = None,
    resume: ResumeOption = False,
    keep_checkpoints: KeepCheckpointsOption = False,
    draw: Annotated[
        bool,
        typer.Option(
            "--draw",
            help="Only draw the training curves of the runs in --output, finished or not.",
        ),
    ] = False,
    schema: Annotated[
        bool,
        typer.Option(
            "--schema", help="Only print the JSON schema of recipes, which editors can use."
        ),
    ] = False,
) -> None:
    """Train a model from a recipe.

    The checkpoint with the best F1 on the dev set is saved, and training ends when that F1 has
    stopped rising (`patience` in the recipe). Paths in a recipe are relative to it. Test splits
    are not read. Stop training with Ctrl-C, and continue with --resume. Loss and dev F1 are logged
    to history.json in the folder of each seed, and drawn to training.png at the end.

    Examples:

    `vaner train recipe.yaml --output runs/ncbi --corpora ~/corpora`

    `vaner train recipe.yaml --output runs/ncbi --resume`

    `vaner train recipe.yaml --output runs/trial --set stages.0.steps=6`

    `vaner train --output runs/ncbi --draw`

    `vaner train --schema > recipe.schema.json`
    """
    from vaner.training.recipe.changes import parse_changes
    from vaner.training.recipe.file import read_recipe
    from vaner.training.recipe.schema import Recipe

    if changes and (schema or draw):
        raise VanerError("--set changes the recipe of a training, not --schema or --draw")
    if schema:
        print_result(json.dumps(Recipe.model_json_schema(), indent=2))
        return
    if draw and output is not None:
        _draw(output)
        return
    if recipe is None or output is None:
        raise VanerError(
            "training needs a recipe and an output folder: vaner train RECIPE.yaml -o FOLDER"
        )
    parsed = read_recipe(recipe, revision, parse_changes(changes or ()))
    with output_folder_errors(output), resume_hint(output):
        from vaner.training.train import train as train_models

        trained = train_models(
            parsed, output, corpora_root=corpora, resume=resume, report=print_message,
            keep_checkpoints=keep_checkpoints,
        )  # fmt: skip
    for run in trained:
        print_result(f"{run.folder}\tdev F1 {100 * run.dev_f1:.2f}")
    _print_evaluate_commands(max(trained, key=lambda run: run.dev_f1).folder, parsed, corpora)


def _print_evaluate_commands(model: Path, recipe: Recipe, corpora: Path | None) -> None:
    """Print the commands that score a model on the test splits of its training corpora.

    A corpus is left out if it has no such split, or if its annotations are not what the model has
    learned to find.
    """
    from vaner.corpora import find_evaluation_split
    from vaner.training.recipe.schema import CorpusSource

    tested = ["--model", str(model)]
    if recipe.model.family == "selector":
        tested = ["--model", "RECOGNIZER", "--selector", str(model)]
    gold: dict[str, CorpusSource] = {}
    for source in recipe.sources:
        if isinstance(source, CorpusSource) and source.is_gold:
            gold.setdefault(source.corpus, source)
    commands = []
    for corpus, source in gold.items():
        if split := find_evaluation_split(corpus):
            options = [*tested, "--corpus", corpus, "--split", split]
            for name, value in source.reading_options.items():
                options += [f"--{'input-format' if name == 'format' else name}", value]
            for old, new in source.rename.items():
                options += ["--rename", f"{old}={new}"]
            options += repeat_corpora_option(corpora)
            commands.append(shlex.join(["vaner", "evaluate", *options]))
    if commands:
        print_message("to score the model on the test split, run:")
    for command in commands:
        print_message(f"  {command}")


def _draw(output: Path) -> None:
    from vaner.training.curves import HISTORY_FILE, draw_curves

    logs = sorted([*output.glob(HISTORY_FILE), *output.glob(f"*/{HISTORY_FILE}")])
    if not logs:
        raise VanerError(f"{output}: contains no training log ({HISTORY_FILE})")
    for log in logs:
        print_result(draw_curves(log.parent))
