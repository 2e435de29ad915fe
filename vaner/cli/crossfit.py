"""``vaner crossfit``: annotate text a recognizer was not trained on, to train a selector."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vaner.cli.messages import output_folder_errors, print_message, print_result, resume_hint
from vaner.cli.options import CorporaOption, ResumeOption


def crossfit(
    recipe: Annotated[
        Path, typer.Argument(metavar="RECIPE.yaml", help="Recipe of a tagger or a generator.")
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Folder for models and files. Example: -o runs/folds"),
    ],
    folds: Annotated[
        int,
        typer.Option(
            min=0,
            help="Folds of the training split; 0 to annotate only devel. Example: --folds 5",
        ),
    ] = 5,
    corpora: CorporaOption = None,
    resume: ResumeOption = False,
) -> None:
    """Annotate the train and devel splits with models that were not trained on them.

    The annotations are the candidates on which a selector is trained. Each fold of train is
    annotated by a model trained on the other folds, and devel by a model trained on all of train.
    The results are CORPUS.train.jsonl and CORPUS.devel.jsonl in the output folder, for the recipe
    of the selector. Test splits are not read.

    With --folds 0 only one model is trained and only devel is annotated. That is enough for a
    selector that is trained on the gold mentions of train.

    A dictionary is not trained and needs no folds: use `vaner kb match` on the files of the corpus.

    Examples:

    `vaner crossfit recipe.yaml --output runs/folds --corpora ~/corpora`

    `vaner crossfit recipe.yaml --output runs/folds --folds 3 --resume`
    """
    from vaner.training.recipe.file import read_recipe

    parsed = read_recipe(recipe)
    with output_folder_errors(output), resume_hint(output):
        from vaner.training.crossfit import crossfit as run_crossfit

        result = run_crossfit(
            parsed, output, folds=folds, corpora_root=corpora, resume=resume, report=print_message
        )
    for file in (*result.train, *result.devel):
        print_result(file)
    print_message(f"use these files to train a selector for --model {result.model}")
