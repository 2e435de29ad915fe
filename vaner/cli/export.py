"""``vaner export``: convert a tagger to the form that is fastest on a CPU."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

from vaner.cli.messages import print_message
from vaner.cli.options import ModelArgument, OverwriteOption, RevisionOption
from vaner.errors import VanerError
from vaner.utils.atomic_write import check_creatable

Precision: TypeAlias = Literal["int8", "fp32"]


def export(
    model: ModelArgument = None,
    revision: RevisionOption = None,
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
        Precision,
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
    browser: Annotated[
        Path | None,
        typer.Option(
            help="Write a folder with a web page that runs the model in the browser. "
            "Example: --browser site",
            show_default=False,
        ),
    ] = None,
    runtime: Annotated[
        Path | None,
        typer.Option(
            help="onnxruntime-web for --browser: the package that npm downloads, or its folder. "
            "Default: npm downloads it once.",
            exists=True,
            show_default=False,
        ),
    ] = None,
    overwrite: OverwriteOption = False,
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

    `vaner export --browser site`
    """
    from vaner.models.locate import locate_model
    from vaner.tagger.exported_forms import MODEL_FILE, cached_form_folder

    folder = locate_model(model, revision=revision)
    given = {"--output": output, "--in-model": in_model, "--browser": browser}
    options = [name for name, value in given.items() if value]
    if len(options) > 1:
        raise VanerError(f"give either {' or '.join(options)}, not both")
    if runtime is not None and browser is None:
        raise VanerError("--runtime is for a page: give --browser FOLDER too")
    if browser is not None:
        from vaner.browser.build import MODEL_FOLDER

        _check_target(browser, f"{MODEL_FOLDER}/{MODEL_FILE}", overwrite)
        _export_page(folder, browser, precision, runtime)
        return
    if (folder / MODEL_FILE).is_file():
        raise VanerError(f"{folder}: is an exported model already")
    target = folder / precision if in_model else output or cached_form_folder(folder, precision)
    if not in_model:
        _check_target(target, MODEL_FILE, overwrite)
    _export_model(folder, target, precision, with_records=output is not None)
    _print_size(target)


def _check_target(target: Path, marker: str, overwrite: bool) -> None:
    """Refuse a folder that exists, unless it may be replaced and has the file `marker`."""
    if target.exists() and not overwrite:
        raise VanerError(f"{target}: exists already; replace it with --overwrite")
    if target.exists() and not (target / marker).is_file():
        raise VanerError(f"{target}: was not written by vaner export, and is not replaced")
    check_creatable(target)


def _export_model(folder: Path, target: Path, precision: Precision, *, with_records: bool) -> None:
    """Write the exported form of a model.

    Args:
        folder: folder of the model.
        target: the folder to write.
        precision: precision of the form.
        with_records: whether the calibration and the record of the training are copied too.
    """
    from vaner.backbones.file_names import TRAINING_FILE
    from vaner.backbones.saved_model import locate_tokenizer
    from vaner.calibration.calibration import CALIBRATION_FILE
    from vaner.models.torch_models import load_torch_recognizer
    from vaner.tagger.exported_forms import compute_checksums
    from vaner.tagger.onnx_export import export as export_tagger
    from vaner.tagger.recognizer import Tagger

    tagger = load_torch_recognizer(folder, "cpu", 1)
    if not isinstance(tagger, Tagger):
        raise VanerError(f"{folder}: contains a generator; only taggers can be exported")
    print_message(f"exporting {folder.name} ({precision}) …")
    try:
        export_tagger(
            tagger.model, locate_tokenizer(tagger.model, folder) / "tokenizer.json", target,
            precision=precision, source=compute_checksums(folder),
        )  # fmt: skip
    except OSError as error:
        raise VanerError(f"{target}: cannot be written: {error.strerror}") from error
    for name in (CALIBRATION_FILE, TRAINING_FILE) if with_records else ():
        if (folder / name).is_file():
            shutil.copyfile(folder / name, target / name)


def _export_page(folder: Path, target: Path, precision: Precision, runtime: Path | None) -> None:
    """Write a page that runs a model in the browser, from its exported form if it has one."""
    from vaner.backbones.locate import locate_tokenizer
    from vaner.backbones.stored_config import read_config
    from vaner.browser.build import check_tokenizer, write_page
    from vaner.tagger.exported_forms import (
        MODEL_FILE,
        cached_form_folder,
        list_forms,
        read_precision,
    )

    forms = (form for form in list_forms(folder) if read_precision(form) == precision)
    exported = folder if (folder / MODEL_FILE).is_file() else next(forms, None)
    if exported is None:
        exported, config = cached_form_folder(folder, precision), read_config(folder)
        check_tokenizer(
            locate_tokenizer(folder, str(config.get("backbone")), config.get("backbone_origin"))
        )
        _export_model(folder, exported, precision, with_records=False)
    print_message(f"writing a page with {folder.name} …")
    try:
        write_page(exported, target, source=folder, runtime=runtime)
    except OSError as error:
        raise VanerError(f"{target}: cannot be written: {error.strerror}") from error
    _print_size(target)
    print_message(f"try it: python -m http.server -d {target}, then open http://localhost:8000")


def _print_size(folder: Path) -> None:
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
    print_message(f"{folder}: {size:.0f} MB")
