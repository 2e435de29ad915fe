"""``vaner calibrate``: a model's scores as probabilities that can be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vaner.errors import VanerError
from vaner.interfaces.cli.common import (
    BatchOption,
    CorporaOption,
    CorpusFormatOption,
    DeviceOption,
    QuietOption,
    SelectorOption,
    TypesOption,
    split_types,
    tell,
)
from vaner.interfaces.text import aligned

if TYPE_CHECKING:
    from vaner.annotator import Annotator
    from vaner.documents import Corpus
    from vaner.scoring.calibration import Calibration
    from vaner.scoring.judging import Judged

_SEED = 0  # draws the documents, where not all are to be annotated


def calibrate(
    model: Annotated[
        str | None,
        typer.Argument(
            help="Model: embedded name, folder, or Hub id. Default: the embedded model.",
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
    from vaner.annotator import Annotator, model_folder
    from vaner.corpora import load
    from vaner.evaluation import scored_types
    from vaner.interfaces.cli.inputs import format_name
    from vaner.modeling.storage import resolve
    from vaner.scoring.calibration import calibrate as fit
    from vaner.scoring.calibration import write_calibration

    if not corpus:
        raise VanerError("give a corpus whose devel split is to be calibrated on: --corpus NAME")
    for name in corpus:
        _check_split(name, split)
    wanted, reading = split_types(types), format_name(input_format)
    golds = [load(name, split, root=corpora, format=reading) for name in corpus]
    folder = model_folder(model) if selector is None else resolve(selector)
    annotator = Annotator.from_pretrained(
        model, selector=selector, device=device, batch_size=batch_size, calibrated=False
    )
    judges = annotator.types if annotator.selector is None else annotator.selector.types
    asked = []
    for gold in golds:
        _check_new(annotator, gold)
        own = [type for type in scored_types(annotator, gold, wanted) if type in judges]
        if not own:
            raise VanerError(
                f"corpus {gold.name} has no type that the selector judges: {', '.join(judges)}"
            )
        asked.append((gold, own))
    documents: list[list[Judged]] = []
    record = []
    for gold, own in asked:
        drawn = _drawn(gold, limit)
        documents += _judged(annotator, drawn, own, quiet)
        known = {"corpus": gold.name, "split": gold.split, "documents": len(drawn)}
        record.append({**known, "drawn_from": len(gold)})
    found = fit(documents, {"fitted_on": record, **_made()})
    typer.echo(_table(found))
    tell(f"kept in {write_calibration(found, folder)}")


def _check_split(name: str, split: str) -> None:
    """Refuse what models are scored on: a figure on it would mean nothing afterwards.

    Raises:
        VanerError: where it is a test split, or stands for one.
    """
    from vaner.corpora import is_one_split, scored_split

    named = Path(name).stem.casefold() if is_one_split(name) else split.casefold()
    if split == scored_split(name) or named.startswith("test"):
        raise VanerError(
            f"{name} {split}: is what models are scored on; calibrate on another split, "
            "such as devel"
        )


def _check_new(annotator: Annotator, gold: Corpus) -> None:
    """Refuse what the model has learnt by heart: it is surer of that than of anything new.

    Raises:
        VanerError: where it was trained on the split.
    """
    from vaner.corpora import whole

    learnt = set(map(whole, annotator.learnt_from))
    if gold.split.startswith("train") and whole(gold.name) in learnt:
        raise VanerError(
            f"{gold.name} {gold.split}: the model learnt from it, and is too sure of what it "
            "learnt; calibrate on another split, such as devel"
        )


def _drawn(gold: Corpus, limit: int | None) -> Corpus:
    """So many documents of a corpus, in their order."""
    from dataclasses import replace

    if limit is None or limit >= len(gold):
        return gold
    chosen = sorted(Random(_SEED).sample(range(len(gold)), limit))
    return replace(gold, documents=tuple(gold.documents[i] for i in chosen))


def _judged(
    annotator: Annotator, gold: Corpus, types: list[str], quiet: bool
) -> Iterator[list[Judged]]:
    from vaner.evaluation import evaluate
    from vaner.interfaces.progress import watched
    from vaner.scoring.judging import judged

    found = evaluate(
        annotator,
        gold,
        types=types,
        bootstrap=0,
        watch=lambda stream: watched(stream, gold.name, total=len(gold), quiet=quiet),
    )
    return judged(found.gold, found.predicted, found.types)


def _made() -> dict[str, Any]:
    from vaner.provenance import provenance

    # Not the command: its paths are nobody else's business, once the model is published.
    return {name: value for name, value in provenance().items() if name != "command"}


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
