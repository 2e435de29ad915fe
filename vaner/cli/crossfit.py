"""``vaner crossfit``: annotate text a recognizer was not trained on, to train a selector."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vaner.cli.messages import output_folder_errors, print_message
from vaner.cli.options import CorporaOption, ResumeOption


def crossfit(
    recipe: Annotated[
        Path, typer.Argument(metavar="RECIPE.yaml", help="Recipe of a tagger or a generator.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for it all: -o runs/folds")
    ],
    folds: Annotated[
        int, typer.Option(min=0, help="Parts that train is cut in; 0: devel alone: --folds 5")
    ] = 5,
    corpora: CorporaOption = None,
    resume: ResumeOption = False,
) -> None:
    """Annotate train with models that have not learnt from it, fold by fold, and devel.

    Each fold of train is annotated by a model that learnt from the others, devel by one that
    learnt from all of train. The files CORPUS.train.jsonl and CORPUS.devel.jsonl in the output
    folder are the proposals that the recipe of a selector names. No test split is read.

    With --folds 0 only devel is annotated, with one training in place of many: enough to choose a
    selector that learns from train's own mentions, and its threshold.

    A recognizer that learns nothing, such as a dictionary, needs no folds: `vaner kb match` on the
    files of the corpus does it.

    Examples:

    `vaner crossfit recipe.yaml --output runs/folds --corpora ~/corpora`

    `vaner crossfit recipe.yaml --output runs/folds --folds 3 --resume`
    """
    from vaner.training.recipe.file import read_recipe

    checked = read_recipe(recipe)
    with output_folder_errors(output):
        from vaner.training.crossfit import crossfit as run

        done = run(
            checked, output, folds=folds, corpora_root=corpora, resume=resume, report=print_message
        )
    for file in (*done.train, *done.devel):
        typer.echo(file)
    print_message(f"they are the proposals of a selector, to be put behind --model {done.model}")
