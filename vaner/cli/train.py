"""``vaner train``: train models from a recipe."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vaner.cli.messages import output_folder_errors, print_message, print_result, resume_hint
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
    _print_evaluate_commands(max(trained, key=lambda run: run.dev_f1).folder, parsed)


def _print_evaluate_commands(model: Path, recipe: Recipe) -> None:
    """Print the commands that score a model on the test splits of its training corpora."""
    from vaner.corpora import evaluation_split, is_one_split

    print_message("to score the model on the test split, run:")
    selects = recipe.model.family == "selector"
    tested = f"--model RECOGNIZER --selector {model}" if selects else f"--model {model}"
    sources = (source for stage in recipe.stages for source in stage.sources)
    gold = (source for source in sources if not getattr(source, "teacher", None))
    for corpus in dict.fromkeys(source.corpus for source in gold):
        if (split := evaluation_split(corpus)) and not is_one_split(corpus):
            print_message(f"  vaner evaluate {tested} --corpus {corpus} --split {split}")


def _draw(output: Path) -> None:
    from vaner.training.curves import HISTORY_FILE, draw_curves

    logs = sorted([*output.glob(HISTORY_FILE), *output.glob(f"*/{HISTORY_FILE}")])
    if not logs:
        raise VanerError(f"{output}: contains no training log ({HISTORY_FILE})")
    for log in logs:
        print_result(draw_curves(log.parent))
