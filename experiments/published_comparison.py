"""Ours beside what was published: one table, a system a row and a corpus a column.

python -m experiments.published_comparison

Reads experiments/*/results*.json, in which every figure of ours is, and published.toml; rewrites
the part between the markers in experiments/README.md.
"""

from __future__ import annotations

import json
import statistics
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from experiments.results_table import filled

HERE = Path(__file__).resolve().parent
README = HERE / "README.md"
# Column -> corpora that are this test set, and the type scored, or all of the corpus's.
COLUMNS: dict[str, tuple[tuple[str, ...], str]] = {
    "NCBI-disease": (("NCBI-disease",), "Disease"),
    "BC5CDR-disease": (("BC5CDR", "BC5CDR-disease"), "Disease"),
    "BC5CDR-chem": (("BC5CDR", "BC5CDR-chem"), "Chemical"),
    "BC4CHEMD": (("BC4CHEMD",), "Chemical"),
    "BC2GM": (("BC2GM",), "Gene"),
    "JNLPBA": (("JNLPBA",), "all"),
    "Linnaeus": (("Linnaeus",), "Species"),
    "S800": (("S800",), "Species"),
}
JNLPBA_TYPES = 5

Figures = Mapping[str, Any]
Rows = dict[str, dict[str, list[float]]]  # system -> column -> F1 in percent of each seed


def main() -> None:
    published = tomllib.loads((HERE / "published.toml").read_text("utf-8"))
    text = f"{table(ours(HERE), published)}\n\n{notes(published)}"
    README.write_text(filled(README.read_text("utf-8"), text, "published"), "utf-8")


def ours(folder: Path) -> Rows:
    """Every system of ours, trained on whole corpora, with its figures."""
    rows: Rows = {}
    for system, corpus, figures in _all(folder):
        for column, (names, type) in COLUMNS.items():
            if corpus in names and (f1 := _f1(figures, type)) is not None:
                rows.setdefault(system, {}).setdefault(column, []).append(100 * f1)
    return rows


def _all(folder: Path) -> Iterator[tuple[str, str, Figures]]:
    for path in sorted(folder.glob("*/results*.json")):
        name = f"[{path.parent.name}]({path.parent.name})"
        record = json.loads(path.read_text("utf-8"))
        if path.stem == "results-small":  # a part of each corpus: nothing to stand beside
            continue
        for seed in record.get("seeds", ()):
            for place, figures in seed["scores"].items():
                corpus, _, split = place.rpartition(" ")
                if split == "test" and corpus not in seed.get("unseen_corpora", ()):
                    yield name, corpus, figures
        for run in record.get("runs", ()):
            if "peer" in run:
                yield f"{name}: {run['peer']}", run["corpus"], run["test"]
            elif run.get("share", 1.0) == 1.0 and "trained on" not in run:
                condition = run.get("condition")
                for corpus, figures in run["tests"].items():
                    yield f"{name}: {condition}" if condition else name, corpus, figures


def _f1(figures: Figures, type: str) -> float | None:
    if type == "all":
        whole = len(figures["types"]) == JNLPBA_TYPES
        return float(figures["micro"]["f1"]) if whole else None
    found = figures["types"].get(type)
    return float(found["f1"]) if found else None


def table(rows: Rows, published: Mapping[str, Any]) -> str:
    """Ours, then the published, as Markdown; means over the seeds."""
    lines = ["| | " + " | ".join(COLUMNS) + " |", "|---|" + "--:|" * len(COLUMNS)]
    for system, figures in rows.items():
        cells = [f"{statistics.mean(figures[c]):.2f}" if c in figures else "" for c in COLUMNS]
        lines.append(f"| {system} | " + " | ".join(cells) + " |")
    for system in published["system"]:
        cells = [_published(system, column) for column in COLUMNS]
        lines.append(f"| *{system['name']}* | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _published(system: Mapping[str, Any], column: str) -> str:
    if column not in system["f1"]:
        return ""
    return f"*{system['f1'][column]:.2f}*" + "?" * (column in system.get("unconfirmed", ()))


def notes(published: Mapping[str, Any]) -> str:
    """What differs, in plain words."""
    lines = ["In italics what was published; ? marks a figure read second-hand. What differs:", ""]
    lines += [f"- {system['name']}: {system['differs']}." for system in published["system"]]
    lines += [
        f"- Not in the table: {system['name']}: {system['differs']}."
        for system in published["elsewhere"]
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
