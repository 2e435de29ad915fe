"""``vaner distill``: a smaller model that learns from a larger one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vaner.cli.messages import output_folder_errors, print_message
from vaner.cli.options import CorporaOption, ResumeOption
from vaner.errors import VanerError


def distill(
    teacher: Annotated[
        str, typer.Argument(metavar="TEACHER", help="Embedded model, folder or Hub id of a tagger.")
    ],
    text: Annotated[
        list[Path] | None,
        typer.Option("--text", help="File of text to learn from, in any format; repeat for more."),
    ] = None,
    corpus: Annotated[
        list[str] | None,
        typer.Option(
            "--corpus",
            help="Corpus to learn from and to choose by, name or folder; repeat for more.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for the model: -o runs/student")
    ] = None,
    layers: Annotated[
        int | None,
        typer.Option(min=1, help="Layers of the new model; half the teacher's if not given."),
    ] = None,
    backbone: Annotated[
        str | None, typer.Option(help="Backbone of the new model; the teacher's if not given.")
    ] = None,
    epochs: Annotated[float, typer.Option(min=0.01, help="Passes over text and corpora.")] = 5.0,
    corpora: CorporaOption = None,
    resume: ResumeOption = False,
    show: Annotated[
        bool, typer.Option("--show", help="Print the recipe, for vaner train, and stop.")
    ] = False,
) -> None:
    """Train a smaller model on what a larger one thinks.

    It learns the teacher's probabilities of text that nobody has annotated and of the corpora, and
    what the corpora annotate. The teacher may be exported, and reads faster then.

    Examples:

    `vaner distill biomedical --text abstracts.txt --corpus NCBI-disease --layers 3 -o runs/student`

    `vaner distill biomedical --text abstracts.txt --corpus NCBI-disease --show > recipe.yaml`
    """
    import yaml

    from vaner.training.recipe.distillation import distillation

    for path in text or ():
        if not path.exists():
            raise VanerError(f"{path}: no such file or folder")
    recipe = distillation(
        teacher, [str(path) for path in text or ()], corpus or [],
        layers=layers, backbone=backbone, epochs=epochs,
    )  # fmt: skip
    if show:
        plain = recipe.model_dump(mode="json", exclude_unset=True)
        typer.echo(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True), nl=False)
        return
    if output is None:
        raise VanerError("a model needs a folder: vaner distill TEACHER … -o DIR")

    with output_folder_errors(output):
        from vaner.training.train import train

        trained = train(recipe, output, corpora_root=corpora, resume=resume, report=print_message)
    for one in trained:
        typer.echo(f"{one.folder}\tdev F1 {100 * one.dev_f1:.2f}")
        print_message(f"make it fast with: vaner export {one.folder}")
