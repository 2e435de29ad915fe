"""Collects the runs of the study: results-SIZE.json, a plot, and the table in README.md.

python -m experiments.dense_recognition.report [--runs runs/dense_recognition]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any

from experiments.dense_recognition.run import CONDITIONS, CORPORA, HERE

PARTS = {"all": "micro", "seen": "seen", "unseen": "unseen"}
BEGIN, END = "<!-- results:begin -->", "<!-- results:end -->"
# Student's t, two-sided 95 %, by degrees of freedom.
T95 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}

Runs = dict[str, dict[str, dict[int, dict[str, Any]]]]  # corpus -> condition -> seed -> record


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m experiments.dense_recognition.report")
    parser.add_argument("--runs", type=Path, default=Path("runs/dense_recognition"))
    arguments = parser.parse_args()
    tables = []
    for size in ("small", "full"):
        place = HERE / f"results-{size}.json"
        runs = _found(arguments.runs / size) or _kept(place)
        if not runs:
            continue
        text = json.dumps(runs, indent=1, ensure_ascii=False)
        place.write_text(text + "\n", "utf-8")
        plot(runs, HERE / f"results-{size}.png")
        tables.append(f"### {size}.yaml\n\n{table(runs)}\n\n![](results-{size}.png)")
    if not tables:
        sys.exit(f"error: no runs in {arguments.runs}; make some with experiments….run")
    readme = HERE / "README.md"
    before, _, rest = readme.read_text("utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    readme.write_text(f"{before}{BEGIN}\n" + "\n\n".join(tables) + f"\n{END}{after}", "utf-8")


def _found(folder: Path) -> Runs:
    runs: Runs = {}
    for path in sorted(folder.glob("*.json")):
        record = json.loads(path.read_text("utf-8"))
        of_corpus = runs.setdefault(record["corpus"], {})
        of_corpus.setdefault(record["condition"], {})[record["seed"]] = record
    return runs


def _kept(place: Path) -> Runs:
    """Runs as a results file has them, where they were made elsewhere."""
    if not place.is_file():
        return {}
    content = json.loads(place.read_text("utf-8"))
    return {
        corpus: {c: {int(s): run for s, run in seeds.items()} for c, seeds in conditions.items()}
        for corpus, conditions in content.items()
    }


def figures(runs: dict[int, dict[str, Any]], part: str) -> dict[int, float]:
    """Strict test F1 in percent of each seed, over all, seen or unseen mentions."""
    return {seed: 100 * float(run["test"][PARTS[part]]["f1"]) for seed, run in runs.items()}


def difference(
    runs: dict[int, dict[str, Any]], baseline: dict[int, dict[str, Any]], part: str
) -> tuple[float, float] | None:
    """Mean difference to the baseline over the seeds both have, and half its 95 % interval."""
    ours, theirs = figures(runs, part), figures(baseline, part)
    pairs = [ours[seed] - theirs[seed] for seed in ours if seed in theirs]
    if len(pairs) < 2:
        return None
    half = T95[len(pairs) - 1] * statistics.stdev(pairs) / len(pairs) ** 0.5
    return statistics.mean(pairs), half


def table(runs: Runs) -> str:
    """Mean F1 of each condition and its paired difference to none, as Markdown."""
    head = "| corpus | dense examples | seeds | F1 % all | seen | unseen "
    head += "| difference to none: all | unseen |"
    lines = [head, "|---|---|--:|--:|--:|--:|---|---|"]
    for corpus in CORPORA:
        for condition in CONDITIONS:
            if not (of := runs.get(corpus, {}).get(condition)):
                continue
            means = [f"{statistics.mean(figures(of, part).values()):.2f}" for part in PARTS]
            apart = ["", ""]
            if condition != "none" and "none" in runs[corpus]:
                found = [difference(of, runs[corpus]["none"], part) for part in ("all", "unseen")]
                apart = [f"{d[0]:+.2f} ± {d[1]:.2f}" if d else "" for d in found]
            cells = [corpus, condition, str(len(of)), *means, *apart]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def plot(runs: Runs, path: Path) -> None:
    """Every seed a dot, every mean a line: all, seen and unseen mentions apart."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    there = [corpus for corpus in CORPORA if corpus in runs]
    figure, grid = plt.subplots(
        1, len(there), figsize=(5.2 * len(there), 4.2), squeeze=False, layout="constrained"
    )
    colours = {"all": "#222222", "seen": "#0072B2", "unseen": "#D55E00"}
    for axes, corpus in zip(grid[0], there, strict=True):
        conditions = [c for c in CONDITIONS if c in runs[corpus]]
        for part, colour in colours.items():
            for x, condition in enumerate(conditions):
                values = list(figures(runs[corpus][condition], part).values())
                axes.plot([x] * len(values), values, "o", color=colour, alpha=0.45, markersize=5)
                mean = statistics.mean(values)
                axes.hlines(mean, x - 0.22, x + 0.22, color=colour, label=part if not x else None)
        axes.set_xticks(range(len(conditions)), conditions)
        axes.set_title(f"{corpus} test")
        axes.set_ylabel("strict F1, %")
        axes.grid(axis="y", alpha=0.3)
    grid[0][-1].legend(title="mentions", loc="best", frameon=False)
    figure.savefig(path, dpi=130)
    plt.close(figure)


if __name__ == "__main__":
    main()
