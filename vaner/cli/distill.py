"""``vaner distill``: train a smaller model to imitate a larger one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vaner.cli.messages import output_folder_errors, print_message, print_result, resume_hint
from vaner.cli.options import CorporaOption, ResumeOption
from vaner.errors import VanerError


def distill(
    teacher: Annotated[
        str,
        typer.Argument(
            metavar="TEACHER", help="Tagger to imitate: embedded name, folder or Hub id."
        ),
    ],
    text: Annotated[
        list[Path] | None,
        typer.Option("--text", help="File with unannotated text, in any format; may be repeated."),
    ] = None,
    corpus: Annotated[
        list[str] | None,
        typer.Option(
            "--corpus",
            help="Registered corpus or folder, for training and for selecting the checkpoint; may "
            "be repeated.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for the model. Example: -o runs/student"),
    ] = None,
    layers: Annotated[
        int | None,
        typer.Option(min=1, help="Layers of the new model. Default: half as many as TEACHER has."),
    ] = None,
    backbone: Annotated[
        str | None, typer.Option(help="Backbone of the new model. Default: that of TEACHER.")
    ] = None,
    epochs: Annotated[
        float, typer.Option(min=0.01, help="Number of passes over the text and the corpora.")
    ] = 5.0,
    corpora: CorporaOption = None,
    resume: ResumeOption = False,
    show: Annotated[
        bool, typer.Option("--show", help="Only print the recipe, which vaner train can use.")
    ] = False,
) -> None:
    """Train a smaller model to imitate a larger one (knowledge distillation).

    The larger model is called the teacher. The new model is trained on the probabilities that the
    teacher predicts for unannotated text and for the corpora, and on the annotations of the
    corpora. Training is faster if the teacher is exported (see vaner export).

    Examples:

    `vaner distill biomedical --text abstracts.txt --corpus NCBI-disease --layers 3 -o runs/student`

    `vaner distill biomedical --text abstracts.txt --corpus NCBI-disease --show > recipe.yaml`
    """
    import yaml

    from vaner.training.recipe.distillation import make_distillation_recipe

    for path in text or ():
        if not path.exists():
            raise VanerError(f"{path}: no such file or folder")
    recipe = make_distillation_recipe(
        teacher, [str(path) for path in text or ()], corpus or [],
        layers=layers, backbone=backbone, epochs=epochs,
    )  # fmt: skip
    if show:
        plain = recipe.model_dump(mode="json", exclude_unset=True)
        print_result(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True).rstrip())
        return
    if output is None:
        raise VanerError("distillation needs an output folder: vaner distill TEACHER … -o FOLDER")

    with output_folder_errors(output), resume_hint(output):
        from vaner.training.train import train

        trained = train(recipe, output, corpora_root=corpora, resume=resume, report=print_message)
    for run in trained:
        print_result(f"{run.folder}\tdev F1 {100 * run.dev_f1:.2f}")
        print_message(f"to make it faster, run: vaner export {run.folder}")
