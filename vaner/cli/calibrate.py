"""``vaner calibrate``: a model's scores as probabilities that can be trusted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from vaner.cli.messages import print_message
from vaner.cli.options import (
    BatchOption,
    CorporaOption,
    CorpusFormatOption,
    DeviceOption,
    QuietOption,
    SelectorOption,
    TypesOption,
    split_types,
)
from vaner.cli.rename_types import RenameOption
from vaner.display.text import aligned, counted
from vaner.errors import VanerError

if TYPE_CHECKING:
    from vaner.calibration.calibration import Calibration

_FEW = 200  # mentions, under which chance has much to say


def calibrate(
    model: Annotated[
        str | None,
        typer.Argument(
            help="Model: embedded name, folder, or Hub id. With --selector it may be left out, and "
            "the embedded model proposes.",
            show_default=False,
        ),
    ] = None,
    corpus: Annotated[
        list[str] | None,
        typer.Option(
            help="Registered corpus, folder of splits, or file; may be repeated: --corpus BC5CDR",
            show_default=False,
        ),
    ] = None,
    split: Annotated[
        str, typer.Option(help="Split to calibrate on, never a test split.")
    ] = "devel",
    selector: SelectorOption = None,
    types: TypesOption = None,
    rename: RenameOption = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Draw so many documents of each corpus; 500 are mostly enough: --limit 500. "
            "Default: all.",
            show_default=False,
        ),
    ] = None,
    corpora: CorporaOption = None,
    input_format: CorpusFormatOption = None,
    batch_size: BatchOption = 32,
    device: DeviceOption = "auto",
    quiet: QuietOption = False,
) -> None:
    """Make a model's scores probabilities that can be trusted.

    A temperature is fitted for each type that there are enough mentions of, and for each type it is
    found which threshold has which precision: see --min-precision of annotate. Both are kept in
    calibration.json beside the weights, of the model or, if one is given, of the selector, and are
    used from then on. Scores change, but not which mentions are found.

    Examples:

    `vaner calibrate runs/ncbi/seed-1/model --corpus NCBI-disease`

    `vaner calibrate runs/ncbi/seed-1/model --corpus NCBI-disease --corpus BC5CDR --limit 500`

    `vaner calibrate --selector runs/selector/seed-1/model --corpus BC5CDR`
    """
    from vaner.annotator import Annotator
    from vaner.backbones.storage import resolve_model_folder
    from vaner.calibration.calibration import write_calibration
    from vaner.cli.rename_types import new_names, renamed
    from vaner.corpora import corpus_name, is_one_split, load
    from vaner.display.progress import watched
    from vaner.evaluation.calibrate import calibrate as run
    from vaner.evaluation.calibrate import check_not_test_split
    from vaner.formats.names import resolve_format_name
    from vaner.models.locate import locate_model

    if not corpus:
        raise VanerError("give a corpus whose devel split is to be calibrated on: --corpus NAME")
    if model is None and selector is None:
        raise VanerError(
            "name the model to calibrate: its calibration is written anew, also that of an "
            "embedded one, such as biomedical"
        )
    for name in corpus:
        check_not_test_split(name, split)
    wanted, reading, names = (
        split_types(types),
        resolve_format_name(input_format),
        new_names(rename),
    )
    golds = renamed([load(name, split, root=corpora, format=reading) for name in corpus], names)
    folder = locate_model(model) if selector is None else resolve_model_folder(selector)
    annotator = Annotator.from_pretrained(
        model, selector=selector, device=device, batch_size=batch_size, calibrated=False
    )
    for name in corpus:
        if is_one_split(name) and corpus_name(name) in annotator.training_corpora:
            print_message(
                f"warning: {name}: the model was trained on a corpus of this name. If the texts "
                "are the same, its scores are too high here: calibrate on another corpus."
            )
    found = run(
        annotator,
        golds,
        types=wanted,
        limit=limit,
        progress=lambda gold: partial(watched, label=gold.name, total=len(gold), quiet=quiet),
    )
    typer.echo(_table(found))
    _warn(found)
    print_message(f"kept in {write_calibration(found, folder)}")


def _warn(found: Calibration) -> None:
    """Say so where it rests on little, or makes the scores worse."""
    if found.every.mentions < _FEW:
        told = f"{counted(found.every.mentions, 'mention')} to calibrate by"
        print_message(
            f"warning: only {told}: temperatures and thresholds are rough; {_FEW} do better"
        )
    if found.every.calibrated_error > found.every.error:
        print_message(
            "warning: on documents that were not used for fitting, the calibrated scores are less "
            "accurate than the original ones; delete the file to undo the calibration"
        )


def _table(found: Calibration) -> str:
    """What was found out, a line for each type; errors on documents that were not fitted on."""
    head = ("type", "mentions", "right %", "temperature", "ECE % before", "after", "bins")
    rows: list[tuple[str, ...]] = [head]
    for type, fit in (*found.types.items(), ("all", found.every)):
        shared = "" if fit.own else " (of all)"
        errors = (f"{100 * error:.2f}" for error in (fit.error, fit.calibrated_error))
        rows.append(
            (type, f"{fit.mentions:,}", f"{100 * fit.precision:.2f}",
             f"{fit.temperature:.3f}{shared}", *errors, str(fit.bins))
        )  # fmt: skip
    return aligned(rows, right=(1, 2, 4, 5, 6))
