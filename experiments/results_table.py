"""Writes the table of all experiments: python -m experiments.results_table

Reads the results.json of every experiment. Rewrites the table in experiments/README.md and, with
the totals of the embedded models only, in README.md. ``--check`` writes nothing and fails if a
table is out of date.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
METRICS = ("precision", "recall", "f1")

EXPERIMENTS = {
    "biomedical": "extended_biomedical",
    "disease-chemical": "embedded_disease_chemical",
}
"""The experiment that made each embedded model."""

HEAD = """\
| experiment | scored on | type | P % | R % | F1 % | 95% interval | seeds |
|---|---|---|--:|--:|--:|--:|--:|"""


def build_table(experiments: Sequence[str] = ("*",), *, totals: bool = False) -> str:
    """Return a table with a row for each experiment, test split and entity type.

    Below the table is the machine and the commit of each experiment. Of a corpus without a test
    split, devel is in the table, and says so.

    Args:
        experiments: glob patterns for the names of the experiments.
        totals: only one row for each split: all types together.
    """
    lines, origins = [HEAD], []
    folder = ROOT / "experiments"
    patterns = [f"{experiment}/**/results.json" for experiment in experiments]
    for path in (path for pattern in patterns for path in sorted(folder.glob(pattern))):
        record = json.loads(path.read_text("utf-8"))
        if "seeds" not in record:  # a comparison of many runs, which writes its tables itself
            continue
        experiment = path.parent.relative_to(folder).as_posix()
        splits = [s for s in record["seeds"][0]["scores"] if s.endswith((" test", " devel"))]
        rows = [row for split in splits for row in _split_rows(record, split, totals)]
        name = f"[{experiment}](experiments/{experiment})"
        lines += [f"| {'' if i else name} | {row} |" for i, row in enumerate(rows)]
        machine, commit = describe_machine(record["machine"]), (record["commit"] or "")[:7]
        origins += [f"{experiment} on {machine} at {commit}"] if rows else []
    return "\n".join([*lines, "", f"Machine and commit: {'; '.join(origins)}."])


def _split_rows(record: dict[str, Any], split: str, totals: bool) -> Iterator[str]:
    """Yield the rows of a split, without their first column."""
    runs = [seed["scores"][split] for seed in record["seeds"]]
    types = list(runs[0]["types"])
    if runs[0].get("out_of"):
        split += f", the first {runs[0]['documents']} sentences"
    rows = [*types, *(["all"] if len(types) > 1 else [])]
    for type in rows[-1:] if totals else rows:
        scores = [run["micro"] if type == "all" else run["types"][type] for run in runs]
        yield f"{split} | {type} | {format_scores(scores)}"


def format_scores(scores: Sequence[dict[str, Any]]) -> str:
    """Return the cells from P to seeds for the scores of one or several seeds.

    The bootstrap interval shows the variation between test sets. The lowest and highest F1 of the
    seeds show the variation between trainings.
    """
    means = [f"{100 * statistics.mean(s[metric] for s in scores):.2f}" for metric in METRICS]
    low, high = mean_interval(scores)
    seeds = str(len(scores))
    if len(scores) > 1:
        f1 = [100 * score["f1"] for score in scores]
        seeds += f": {min(f1):.2f} to {max(f1):.2f}"
    return " | ".join([*means, f"{low:.2f} to {high:.2f}", seeds])


def mean_interval(scores: Sequence[dict[str, Any]]) -> tuple[float, float]:
    """Return the 95% bootstrap interval of F1 in percent, averaged over the seeds."""
    low, high = zip(*(score["intervals"]["f1"] for score in scores), strict=True)
    return 100 * statistics.mean(low), 100 * statistics.mean(high)


def describe_machine(machine: dict[str, Any]) -> str:
    """Return the GPU of a machine, or its number of CPU cores."""
    return machine.get("gpu") or f"{machine['cpus']} CPU cores"


def fill_part(text: str, content: str, part: str = "results") -> str:
    """Return a text with new content between the markers of a part.

    Exits with an error message if the text has no such markers.

    >>> fill_part("<!-- results:begin -->old<!-- results:end -->", "new").splitlines()
    ['<!-- results:begin -->', 'new', '<!-- results:end -->']
    """
    begin, end = f"<!-- {part}:begin -->", f"<!-- {part}:end -->"
    before, _, rest = text.partition(begin)
    _, marker, after = rest.partition(end)
    if not marker:
        sys.exit(f"the markers {begin} and {end} are missing: add them to the file")
    return f"{before}{begin}\n{content}\n{end}{after}"


def main() -> None:
    everything = build_table()
    embedded = build_table(tuple(EXPERIMENTS.values()), totals=True)
    tables = {
        "README.md": embedded,
        "experiments/README.md": everything.replace("](experiments/", "]("),
    }
    outdated = []
    for name, table in tables.items():
        path = ROOT / name
        old = path.read_text("utf-8")
        new = fill_part(old, table)
        if new != old:
            outdated.append(name)
            if "--check" not in sys.argv:
                path.write_text(new, "utf-8")
    if "--check" in sys.argv and outdated:
        sys.exit(f"{', '.join(outdated)}: out of date; run python -m experiments.results_table")


if __name__ == "__main__":
    main()
