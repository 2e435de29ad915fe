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
        typer.Option(help="int8 is faster and smaller, but changes some results."),
    ] = "int8",
) -> None:
    """Export a tagger for CPUs: it starts in a second and runs without PyTorch.

    Without --output, annotate and evaluate use the exported model from then on. To undo this,
    delete the folder that the command prints. Needs the extra `onnx`.

    Examples:

    `vaner export`

    `vaner export runs/ncbi/seed-1/model -o exported --precision fp32`

    `vaner annotate --model exported --text "She had cystic fibrosis."`
    """
    from vaner.backbones.file_names import TRAINING_FILE
    from vaner.backbones.saved_model import locate_tokenizer
    from vaner.calibration.calibration import CALIBRATION_FILE
    from vaner.models.locate import locate_model
    from vaner.models.torch_models import load_torch_recognizer
    from vaner.tagger.onnx_export import export as export_tagger
    from vaner.tagger.onnx_runtime import MODEL_FILE, TRANSITIONS_FILE, cached_form_folder
    from vaner.tagger.recognizer import Tagger

    folder = locate_model(model)
    if (folder / MODEL_FILE).is_file():
        raise VanerError(f"{folder}: is an exported model already")
    target = output if output is not None else cached_form_folder(folder)
    if target.exists():
        raise VanerError(f"{target}: exists already; delete it to export again")
    tagger = load_torch_recognizer(folder, "cpu", 1)
    if not isinstance(tagger, Tagger):
        raise VanerError(f"{folder}: contains a generator; only taggers can be exported")
    print_message(f"exporting {folder.name} ({precision}) …")
    try:
        export_tagger(
            tagger.model, locate_tokenizer(tagger.model, folder) / "tokenizer.json", target,
            precision=precision, model_file=MODEL_FILE, transitions_file=TRANSITIONS_FILE,
        )  # fmt: skip
    except OSError as error:
        raise VanerError(f"{target}: cannot be written: {error.strerror}") from error
    for name in (CALIBRATION_FILE, TRAINING_FILE):
        if output is not None and (folder / name).is_file():
            shutil.copyfile(folder / name, target / name)
    size = sum(path.stat().st_size for path in target.iterdir()) / 1e6
    print_message(f"{target}: {size:.0f} MB")
