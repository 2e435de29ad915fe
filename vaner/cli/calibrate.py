"""``vaner calibrate``: make the scores of a model reliable probabilities."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from vaner.cli.evaluate_options import UnknownCorpusOption
from vaner.cli.messages import print_message, print_result
from vaner.cli.options import (
    DEFAULT_LOAD,
    BatchOption,
    ColumnsOption,
    CorporaOption,
    CorpusFormatOption,
    DeviceOption,
    EncodingOption,
    FormOption,
    QuietOption,
    SelectorOption,
    TypesOption,
    split_types,
)
from vaner.cli.rename_types import RenameOption
from vaner.display.text import align_columns, format_count
from vaner.errors import VanerError

if TYPE_CHECKING:
    from vaner.calibration.calibration import Calibration

_FEW = 200
"""Number of mentions below which the estimates are unreliable."""


def calibrate(
    model: Annotated[
        str | None,
        typer.Argument(
            help="Model: embedded name, folder or Hub id. Required unless --selector is given; the "
            "default is then the embedded model.",
            show_default=False,
        ),
    ] = None,
    corpus: Annotated[
        list[str] | None,
        typer.Option(
            help="Registered corpus, folder of splits, or file; may be repeated. Example: --corpus "
            "BC5CDR",
            show_default=False,
        ),
    ] = None,
    split: Annotated[
        str, typer.Option(help="Split to calibrate on. Test splits are rejected.")
    ] = "devel",
    selector: SelectorOption = None,
    types: TypesOption = None,
    rename: RenameOption = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Use a random sample of this many documents of each corpus; 500 are usually "
            "enough. Default: all. Example: --limit 500",
            show_default=False,
        ),
    ] = None,
    unknown_corpus: UnknownCorpusOption = False,
    corpora: CorporaOption = None,
    input_format: CorpusFormatOption = None,
    encoding: EncodingOption = "utf-8",
    columns: ColumnsOption = None,
    batch_size: BatchOption = DEFAULT_LOAD.batch_size,
    device: DeviceOption = DEFAULT_LOAD.device,
    form: FormOption = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Write the calibration even if it makes the scores less accurate."
        ),
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Calibrate the scores of a model, so that they are reliable probabilities.

    For each entity type with enough mentions, a temperature is fitted, the minimum score with the
    best F1 is chosen, at most 0.5, and the precision at each score threshold is measured (see
    annotate --min-precision). The calibration is written to calibration.json in the folder of the
    model, or of the selector if there is one, and is used from then on. Mentions below the minimum
    score are then dropped, unless annotate has --min-score or --min-precision. Nothing is written
    if the calibrated scores are less accurate on documents that were not used for fitting.

    Examples:

    `vaner calibrate runs/ncbi/seed-1/model --corpus NCBI-disease`

    `vaner calibrate runs/ncbi/seed-1/model --corpus NCBI-disease --corpus BC5CDR --limit 500`

    `vaner calibrate --selector runs/selector/seed-1/model --corpus BC5CDR`
    """
    from vaner.annotator import Annotator
    from vaner.backbones.storage import resolve_model_folder
    from vaner.calibration.calibration import write_calibration
    from vaner.cli.rename_types import parse_renames, rename_corpora
    from vaner.corpora import corpus_name, is_one_split, load
    from vaner.display.progress import show_progress
    from vaner.evaluation.calibrate import calibrate as calibrate_annotator
    from vaner.evaluation.calibrate import check_not_test_split
    from vaner.formats.names import resolve_format_name
    from vaner.models.locate import locate_model

    if not corpus:
        raise VanerError("no corpus to calibrate on; give one with --corpus NAME")
    if model is None and selector is None:
        raise VanerError(
            "give the model to calibrate, also if it is the embedded model biomedical: an existing "
            "calibration is replaced"
        )
    for name in corpus:
        check_not_test_split(name, split)
    type_names, format = split_types(types), resolve_format_name(input_format)
    loaded = [
        load(name, split, root=corpora, format=format, encoding=encoding, columns=columns)
        for name in corpus
    ]
    gold_corpora = rename_corpora(loaded, parse_renames(rename))
    folder = locate_model(model) if selector is None else resolve_model_folder(selector)
    annotator = Annotator.from_pretrained(
        model, selector=selector, device=device, batch_size=batch_size, calibrated=False,
        form=form,
    )  # fmt: skip
    for name in corpus:
        if is_one_split(name) and corpus_name(name) in annotator.training_corpora:
            print_message(
                f"warning: {name}: the model was trained on a corpus of this name. If the texts "
                "are the same, its scores are too high here: calibrate on another corpus."
            )
    calibration = calibrate_annotator(
        annotator,
        gold_corpora,
        types=type_names,
        limit=limit,
        name_corpus=not unknown_corpus,
        progress=lambda gold: partial(show_progress, label=gold.name, total=len(gold), quiet=quiet),
    )
    print_result(_table(calibration))
    _check_calibration(calibration, force)
    print_message(f"calibration written to {write_calibration(calibration, folder)}")


def _check_calibration(calibration: Calibration, force: bool) -> None:
    """Warn if there were few mentions, or if the calibration makes the scores less accurate.

    Raises:
        VanerError: if it makes them less accurate, unless `force` is set.
    """
    if calibration.all_types.mentions < _FEW:
        mentions = format_count(calibration.all_types.mentions, "mention")
        print_message(
            f"warning: only {mentions}: temperatures and thresholds are imprecise; use at least "
            f"{_FEW} mentions"
        )
    fit = calibration.all_types
    before, after = round(100 * fit.error, 2), round(100 * fit.calibrated_error, 2)
    if after > before:
        message = (
            "on documents that were not used for fitting, the calibrated scores are less accurate "
            f"than the original ones (ECE {after:.2f} % instead of {before:.2f} %)"
        )
        if not force:
            advice = "calibrate on more documents, or write it with --force"
            raise VanerError(f"calibration not written: {message}; {advice}")
        print_message(f"warning: {message}; delete the file to undo the calibration")


def _table(calibration: Calibration) -> str:
    """Return a table with a row for each type.

    The errors are measured on documents that were not used for fitting.
    """
    header = (
        "type", "mentions", "correct %", "temperature", "ECE % before", "after", "bins",
        "min score",
    )  # fmt: skip
    rows: list[tuple[str, ...]] = [header]
    for type, fit in (*calibration.types.items(), ("all", calibration.all_types)):
        shared = "" if fit.is_type_specific else " (all types)"
        errors = (f"{100 * error:.2f}" for error in (fit.error, fit.calibrated_error))
        rows.append(
            (type, f"{fit.mentions:,}", f"{100 * fit.precision:.2f}",
             f"{fit.temperature:.3f}{shared}", *errors, str(fit.bins),
             f"{fit.min_score:.2f}" if fit.min_score else "")
        )  # fmt: skip
    return align_columns(rows, right=(1, 2, 4, 5, 6, 7))
