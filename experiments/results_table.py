"""One table of every experiment's figures: python -m experiments.results_table

Reads every experiment's results.json and rewrites the part between the markers in
experiments/README.md and, of the embedded models alone, in README.md; ``--check`` only says whether
they are up to date.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SHOWN = ("precision", "recall", "f1")

HEAD = """\
| experiment | scored on | type | P % | R % | F1 % | 95% interval | seeds | machine | commit |
|---|---|---|--:|--:|--:|---|--:|---|---|"""


def rows(experiments: str = "*") -> Iterator[str]:
    """A row for every experiment of such a name, corpus and type, test splits only."""
    for path in sorted((ROOT / "experiments").glob(f"{experiments}/**/results.json")):
        record = json.loads(path.read_text("utf-8"))
        if "seeds" not in record:  # a study of many runs, which has tables of its own
            continue
        places = [p for p in record["seeds"][0]["scores"] if p.endswith(" test")]
        for place in places:
            folder = path.parent.relative_to(ROOT / "experiments").as_posix()
            yield from _place_rows(folder, record, place)


def _place_rows(folder: str, record: dict[str, Any], place: str) -> Iterator[str]:
    runs = [seed["scores"][place] for seed in record["seeds"]]
    kinds = list(runs[0]["types"])
    if runs[0].get("out_of"):
        place += f", the first {runs[0]['documents']} sentences"
    for kind in [*kinds, *(["all"] if len(kinds) > 1 else [])]:
        scores = [run["micro"] if kind == "all" else run["types"][kind] for run in runs]
        yield (
            f"| [{folder}](experiments/{folder}) | {place} | {kind} | {figures(scores)} "
            f"| {machine(record['machine'])} | {(record['commit'] or '')[:7]} |"
        )


def figures(scores: Sequence[dict[str, Any]]) -> str:
    """The cells of one thing scored once or, by several seeds, several times: P to seeds.

    The bootstrap's interval says what chance has to do with test, the seeds' lowest and highest F1
    what it has to do with training.
    """
    cells = [f"{100 * statistics.mean(s[k] for s in scores):.2f}" for k in SHOWN]
    low, high = interval(scores)
    seeds = str(len(scores))
    if len(scores) > 1:
        f1 = [100 * score["f1"] for score in scores]
        seeds += f": {min(f1):.2f} to {max(f1):.2f}"
    return " | ".join([*cells, f"{low:.2f} to {high:.2f}", seeds])


def interval(scores: Sequence[dict[str, Any]]) -> tuple[float, float]:
    """Ends of F1's 95% bootstrap interval in percent, of several seeds the means of theirs."""
    low, high = zip(*(score["intervals"]["f1"] for score in scores), strict=True)
    return 100 * statistics.mean(low), 100 * statistics.mean(high)


def machine(machine: dict[str, Any]) -> str:
    """The machine in two words."""
    return machine.get("gpu") or f"{machine['cpus']} CPU cores"


def filled(text: str, table: str, part: str = "results") -> str:
    """The text with the table between the markers of a part."""
    begin, end = f"<!-- {part}:begin -->", f"<!-- {part}:end -->"
    before, _, rest = text.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        sys.exit(f"the markers {begin} and {end} are missing")
    return f"{before}{begin}\n{table}\n{end}{after}"


def main() -> None:
    every, embedded = ("\n".join([HEAD, *rows(name)]) for name in ("*", "embedded_*"))
    tables = {"README.md": embedded, "experiments/README.md": every.replace("](experiments/", "](")}
    stale = []
    for name, table in tables.items():
        path = ROOT / name
        old = path.read_text("utf-8")
        new = filled(old, table)
        if new != old:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(new, "utf-8")
    if "--check" in sys.argv and stale:
        sys.exit(
            f"{', '.join(stale)}: not what results.json says; "
            "run python -m experiments.results_table"
        )


if __name__ == "__main__":
    main()
