"""``vaner export``: convert a tagger to the form that is fastest on a CPU."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Literal

import typer

from vaner.cli.messages import print_message
from vaner.cli.options import ModelArgument
from vaner.errors import VanerError


def export(
    model: ModelArgument = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder to write. Default: a folder in the cache, which annotate and evaluate use "
            "from then on. Example: -o exported",
            show_default=False,
        ),
    ] = None,
    precision: Annotated[
        Literal["int8", "fp32"],
        typer.Option(help="int8 is faster and smaller, but changes 2 or 3 mentions of 100."),
    ] = "int8",
    in_model: Annotated[
        bool,
        typer.Option(
            "--in-model",
            help="Write a folder in the folder of the model, so that it is copied, packaged and "
            "used with it. An earlier one is replaced.",
        ),
    ] = False,
) -> None:
    """Export a tagger for CPUs: it starts in a second and runs without PyTorch.

    Without --output, the commands use the exported model on a CPU from then on. To undo this,
    delete the folder that the command prints, or choose another form with --form. Needs the extra
    `onnx`.

    Examples:

    `vaner export`

    `vaner export runs/ncbi/seed-1/model -o exported --precision fp32`

    `vaner export runs/ncbi/seed-1/model --in-model`

    `vaner annotate --model exported --text "She had cystic fibrosis."`
    """
    from vaner.backbones.file_names import TRAINING_FILE
    from vaner.backbones.saved_model import locate_tokenizer
    from vaner.calibration.calibration import CALIBRATION_FILE
    from vaner.models.locate import locate_model
    from vaner.models.torch_models import load_torch_recognizer
    from vaner.tagger.exported_forms import MODEL_FILE, cached_form_folder, compute_checksums
    from vaner.tagger.onnx_export import export as export_tagger
    from vaner.tagger.recognizer import Tagger

    folder = locate_model(model)
    if (folder / MODEL_FILE).is_file():
        raise VanerError(f"{folder}: is an exported model already")
    if in_model and output is not None:
        raise VanerError("give either --output or --in-model, not both")
    target = output or cached_form_folder(folder, precision)
    target = folder / precision if in_model else target
    if target.exists() and not in_model:
        raise VanerError(f"{target}: exists already; delete it to export again")
    tagger = load_torch_recognizer(folder, "cpu", 1)
    if not isinstance(tagger, Tagger):
        raise VanerError(f"{folder}: contains a generator; only taggers can be exported")
    print_message(f"exporting {folder.name} ({precision}) …")
    try:
        shutil.rmtree(target, ignore_errors=True)  # that of earlier weights
        export_tagger(
            tagger.model, locate_tokenizer(tagger.model, folder) / "tokenizer.json", target,
            precision=precision, source=compute_checksums(folder),
        )  # fmt: skip
    except OSError as error:
        raise VanerError(f"{target}: cannot be written: {error.strerror}") from error
    for name in (CALIBRATION_FILE, TRAINING_FILE):
        if output is not None and (folder / name).is_file():
            shutil.copyfile(folder / name, target / name)
    size = sum(path.stat().st_size for path in target.iterdir()) / 1e6
    print_message(f"{target}: {size:.0f} MB")
