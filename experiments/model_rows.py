"""An experiment that measures shipped models: rows in results.json, and a table in README.md."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from experiments.results_table import fill_part
from experiments.study_report import write_record
from vaner.errors import VanerError

Row = dict[str, Any]


def update_rows(
    folder: Path,
    arguments: argparse.Namespace,
    measure: Callable[[str, Path | None, int | None], Iterable[Row]],
    *,
    scores: str,
    render_table: Callable[[Sequence[Row]], str],
    part: str,
) -> None:
    """Measure models, and replace their rows. The rows of other models remain.

    Args:
        folder: folder of the experiment.
        arguments: ``models``, ``corpora`` and ``limit``, see `make_parser`.
        measure: returns the rows of a model, given its name, the folder of the corpora and the
            limit. Each row has the name of the model as ``model``.
        scores: what the scores are, for results.json.
        render_table: returns the rows as a Markdown table.
        part: name of the part of README.md that has the table.
    """
    path, readme = folder / "results.json", folder / "README.md"
    rows: list[Row] = json.loads(path.read_text("utf-8"))["rows"] if path.exists() else []
    try:
        for model in arguments.models:
            measured = list(measure(model, arguments.corpora, arguments.limit))
            names = {row["model"] for row in measured}
            rows = [row for row in rows if row["model"] not in names] + measured
    except VanerError as error:
        sys.exit(f"error: {error}")
    write_record({"scores": scores, "rows": rows}, path)
    readme.write_text(fill_part(readme.read_text("utf-8"), render_table(rows), part), "utf-8")


def make_parser(name: str, models: Sequence[str], limit: int | None) -> argparse.ArgumentParser:
    """Return the parser of the arguments of such an experiment.

    Args:
        name: name of the experiment.
        models: the default models.
        limit: the default number of documents of each corpus; all if None.
    """
    parser = argparse.ArgumentParser(prog=f"python -m experiments.{name}.run")
    parser.add_argument("--corpora", type=Path, help="folder of the corpora (or VANER_CORPORA)")
    parser.add_argument("--models", nargs="+", default=list(models), help="names or folders")
    parser.add_argument("--limit", type=int, default=limit, help="documents of each corpus")
    return parser
