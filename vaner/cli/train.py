"""``vaner train``: a recipe in, models out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vaner.cli.messages import output_folder_errors, print_message
from vaner.cli.options import CorporaOption, ResumeOption
from vaner.errors import VanerError

if TYPE_CHECKING:
    from vaner.training.recipe.schema import Recipe


def train(
    recipe: Annotated[
        Path | None,
        typer.Argument(
            metavar="RECIPE.yaml", help="The recipe; --schema tells what can stand in it."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for models and logs: -o runs/ncbi"),
    ] = None,
    corpora: CorporaOption = None,
    resume: ResumeOption = False,
    draw: Annotated[
        bool,
        typer.Option(
            "--draw",
            help="Draw the curves of the runs in --output anew, of running ones too, and stop.",
        ),
    ] = False,
    schema: Annotated[
        bool,
        typer.Option("--schema", help="Print the JSON schema of recipes, for editors, and stop."),
    ] = False,
) -> None:
    """Train a model from a recipe.

    The model is chosen on the dev split; no test split is read. Loss and dev F1 over the steps are
    kept in history.json of each seed's folder as they come, and drawn in training.png in the end,
    also where the training is stopped.

    Examples:

    `vaner train recipe.yaml --output runs/ncbi --corpora ~/corpora`

    `vaner train recipe.yaml --output runs/ncbi --resume`

    `vaner train --output runs/ncbi --draw`

    `vaner train --schema > recipe.schema.json`
    """
    from vaner.training.recipe.file import read_recipe
    from vaner.training.recipe.schema import Recipe

    if schema:
        typer.echo(json.dumps(Recipe.model_json_schema(), indent=2))
        return
    if draw and output is not None:
        _draw(output)
        return
    if recipe is None or output is None:
        raise VanerError("training needs a recipe and a folder: vaner train RECIPE.yaml -o DIR")
    checked = read_recipe(recipe)
    with output_folder_errors(output):
        from vaner.training.train import train as run

        trained = run(checked, output, corpora_root=corpora, resume=resume, report=print_message)
    for one in trained:
        typer.echo(f"{one.folder}\tdev F1 {100 * one.dev_f1:.2f}")
    _tell_how_to_score(max(trained, key=lambda one: one.dev_f1).folder, checked)


def _tell_how_to_score(model: Path, recipe: Recipe) -> None:
    """The commands for the test splits of the corpora that a recipe learns from."""
    from vaner.corpora import evaluation_split, is_one_split

    print_message("score it once on the test split with:")
    selects = recipe.model.family == "selector"
    tested = f"--model RECOGNIZER --selector {model}" if selects else f"--model {model}"
    sources = (source for stage in recipe.stages for source in stage.sources)
    gold = (source for source in sources if not getattr(source, "teacher", None))
    for corpus in dict.fromkeys(source.corpus for source in gold):
        if (split := evaluation_split(corpus)) and not is_one_split(corpus):
            print_message(f"  vaner evaluate {tested} --corpus {corpus} --split {split}")


def _draw(output: Path) -> None:
    from vaner.training.curves import HISTORY_FILE
    from vaner.training.curves import draw as run

    logs = sorted([*output.glob(HISTORY_FILE), *output.glob(f"*/{HISTORY_FILE}")])
    if not logs:
        raise VanerError(f"{output}: no run has logged anything there yet ({HISTORY_FILE})")
    for log in logs:
        typer.echo(run(log.parent))
