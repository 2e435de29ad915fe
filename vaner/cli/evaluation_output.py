"""What ``vaner evaluate`` shows of its figures, and where it keeps them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import floor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from vaner.cli.messages import print_message
from vaner.display.text import counted, listed
from vaner.errors import VanerError
from vaner.utils.atomic_write import atomic_write

if TYPE_CHECKING:
    from vaner.evaluation.evaluate import Evaluation


def show(found: Evaluation, recognizer: str) -> None:
    """The figures of one corpus, on standard output."""
    if found.unsupported_types:
        print_message(
            f"not scored, the {recognizer} does not find them: {', '.join(found.unsupported_types)}"
        )
    typer.echo(f"{found.name}, strict unless said otherwise")
    typer.echo(found.report.table())
    if found.unreachable:
        typer.echo(f"out of reach: {listed(found.unreachable)}")
    if (told := found.reliability) is not None:
        error = f"{100 * told.error:.2f} % in {counted(len(told.bins), 'bin')}"
        before = found.uncalibrated
        as_computed = f"; {100 * before.error:.2f} % before calibration" if before else ""
        typer.echo(f"calibration error (ECE) of the scores: {error}{as_computed}")


def advise(found: Evaluation) -> None:
    """The threshold to take for the test split, told where one would help."""
    from vaner.evaluation.thresholds import find_best_threshold

    cut = find_best_threshold(found.gold, found.predicted, found.types)
    plain = found.report.micro.counts
    if plain is not None and cut.counts.f1 > plain.f1:
        threshold = floor(1e4 * cut.threshold) / 1e4  # rounded up it would lose the last mention
        p, r, f1 = (100 * x for x in (cut.counts.precision, cut.counts.recall, cut.counts.f1))
        typer.echo(f"best F1 here with --min-score {threshold}: P {p:.2f}, R {r:.2f}, F1 {f1:.2f}")


def keep(record: Mapping[str, Any], path: Path) -> None:
    """Write the figures, and how they were made, as JSON."""
    from vaner.utils.provenance import collect_provenance

    record = {**record, **collect_provenance()}
    try:
        with atomic_write(path) as new:
            new.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", "utf-8")
    except OSError as problem:
        raise VanerError(f"{path}: cannot be written: {problem.strerror}") from None
    print_message(f"kept in {path}")


def keep_report(scored: Sequence[Evaluation], named: Mapping[str, str | float], path: Path) -> None:
    """Write the page with the mistakes."""
    from vaner.display.html.evaluation_report import render
    from vaner.utils.provenance import collect_provenance

    made = collect_provenance()
    facts = {**named, "date": made["date"], "vaner": made["versions"].get("vaner"),
             "commit": made["commit"]}  # fmt: skip
    try:
        with atomic_write(path) as new, new.open("w", encoding="utf-8") as file:
            file.writelines(render(scored, facts))
    except OSError as problem:
        raise VanerError(f"{path}: cannot be written: {problem.strerror}") from None
    print_message(f"report in {path}")


def check_writable(*paths: Path | None) -> None:
    """Find out before the work, and not after it, that the figures have nowhere to go."""
    places = [path.absolute() for path in paths if path is not None]
    for path in places:
        if path.is_dir():
            raise VanerError(f"{path}: is a folder; give a file")
        if not path.parent.is_dir():
            raise VanerError(f"{path}: the folder {path.parent} does not exist")
    if len(set(places)) < len(places):
        raise VanerError(f"{places[0]}: the figures and the report need a file each")
