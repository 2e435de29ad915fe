"""Writes the comparison of vaner's results with published ones.

    python -m experiments.published_comparison

Reads all experiments/*/results*.json and published.toml, and rewrites the table in
experiments/README.md: a row for each system and a column for each test set.
"""

from __future__ import annotations

import json
import statistics
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from experiments.results_table import fill_part

FOLDER = Path(__file__).resolve().parent
README = FOLDER / "README.md"
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
"""Column -> corpora with this test set, and the entity type that is scored (or all types)."""

JNLPBA_TYPES = 5

Figures = Mapping[str, Any]
Rows = dict[str, dict[str, list[float]]]
"""System -> column -> F1 in percent for each seed."""


def main() -> None:
    published = tomllib.loads((FOLDER / "published.toml").read_text("utf-8"))
    text = f"{render_table(read_results(FOLDER), published)}\n\n{render_notes(published)}"
    README.write_text(fill_part(README.read_text("utf-8"), text, "published"), "utf-8")


def read_results(folder: Path) -> Rows:
    """Return the F1 of every system of the experiments that was trained on complete corpora."""
    rows: Rows = {}
    for system, corpus, figures in _iterate_results(folder):
        for column, (corpora, type) in COLUMNS.items():
            if corpus in corpora and (f1 := _get_f1(figures, type)) is not None:
                rows.setdefault(system, {}).setdefault(column, []).append(100 * f1)
    return rows


def _iterate_results(folder: Path) -> Iterator[tuple[str, str, Figures]]:
    """Yield system, corpus and test figures of every run."""
    for path in sorted(folder.glob("*/results*.json")):
        name = f"[{path.parent.name}]({path.parent.name})"
        record = json.loads(path.read_text("utf-8"))
        if path.stem == "results-small":  # trained on a part of each corpus
            continue
        for seed in record.get("seeds", ()):
            for scored_split, figures in seed["scores"].items():
                corpus, _, split = scored_split.rpartition(" ")
                if split == "test" and corpus not in seed.get("unseen_corpora", ()):
                    yield name, corpus, figures
        for run in record.get("runs", ()):
            if "peer" in run:
                yield f"{name}: {run['peer']}", run["corpus"], run["test"]
            elif run.get("share", 1.0) == 1.0 and "trained on" not in run:
                condition = run.get("condition")
                for corpus, figures in run["tests"].items():
                    yield f"{name}: {condition}" if condition else name, corpus, figures


def _get_f1(figures: Figures, type: str) -> float | None:
    if type == "all":
        has_all_types = len(figures["types"]) == JNLPBA_TYPES
        return float(figures["micro"]["f1"]) if has_all_types else None
    score = figures["types"].get(type)
    return float(score["f1"]) if score else None


def render_table(rows: Rows, published: Mapping[str, Any]) -> str:
    """Return a Markdown table of our systems, then the published ones; means over the seeds."""
    lines = ["| | " + " | ".join(COLUMNS) + " |", "|---|" + "--:|" * len(COLUMNS)]
    for system, figures in rows.items():
        cells = [f"{statistics.mean(figures[c]):.2f}" if c in figures else "" for c in COLUMNS]
        lines.append(f"| {system} | " + " | ".join(cells) + " |")
    for system in published["system"]:
        cells = [_render_published(system, column) for column in COLUMNS]
        lines.append(f"| *{system['name']}* | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _render_published(system: Mapping[str, Any], column: str) -> str:
    if column not in system["f1"]:
        return ""
    return f"*{system['f1'][column]:.2f}*" + "?" * (column in system.get("unconfirmed", ()))


def render_notes(published: Mapping[str, Any]) -> str:
    """Return the differences between the published evaluations and ours, as a Markdown list."""
    lines = [
        "Published figures are in italics; ? marks a figure taken from another paper. Differences:",
        "",
    ]
    lines += [f"- {system['name']}: {system['differs']}." for system in published["system"]]
    lines += [
        f"- Not in the table: {system['name']}: {system['differs']}."
        for system in published["elsewhere"]
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
