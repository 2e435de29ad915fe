"""Reports a study: the results file, the tables in its README, statistics over seeds, and plots."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.results_table import fill_part
from vaner.utils.atomic_write import atomic_write, write_json

Record = Mapping[str, Any]

PARTS = {"all": "micro", "seen": "seen", "unseen": "unseen"}
T95 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}
"""Degrees of freedom -> two-sided 95% quantile of Student's t."""


@dataclass(frozen=True, slots=True)
class Group:
    """Runs that differ only in the seed, scored on one corpus.

    Args:
        key: the values of the study's keys.
        test: the scored corpus.
        runs: seed -> figures on test.
    """

    key: tuple[Any, ...]
    test: str
    runs: Mapping[int, Mapping[str, Any]]

    def f1(self, part: str = "all") -> dict[int, float]:
        """Return the strict F1 in percent over all, seen or unseen mentions, by seed."""
        return self.get_figures("f1", part)

    def get_figures(self, metric: str, part: str) -> dict[int, float]:
        """Return a strict metric in percent, by seed."""
        scores = {seed: run.get(PARTS[part]) for seed, run in self.runs.items()}
        return {seed: 100 * float(score[metric]) for seed, score in scores.items() if score}

    def bootstrap_interval(self, part: str = "all") -> tuple[float, float] | None:
        """Return the 95% bootstrap interval of F1 in percent; None for several seeds."""
        if len(self.runs) != 1:
            return None
        [figures] = self.runs.values()
        interval = (figures.get(PARTS[part]) or {}).get("intervals", {}).get("f1")
        return (100 * interval[0], 100 * interval[1]) if interval else None


def group_by_seed(records: Iterable[Record], keys: Sequence[str]) -> list[Group]:
    """Return groups of records that differ only in the seed, in the order of the study."""
    runs_by_group: dict[tuple[tuple[Any, ...], str], dict[int, Mapping[str, Any]]] = {}
    for record in records:
        key = tuple(record[name] for name in keys)
        for test, figures in record["tests"].items():
            runs_by_group.setdefault((key, test), {})[record["seed"]] = figures
    return [Group(key, test, runs) for (key, test), runs in runs_by_group.items()]


def mean_and_half_interval(values: Sequence[float]) -> tuple[float, float | None]:
    """Return the mean of values and half of its 95% Student's t interval (None for one value).

    >>> mean_and_half_interval([1.0, 2.0, 3.0])[0]
    2.0
    """
    mean = statistics.mean(values)
    if len(values) < 2:
        return mean, None
    degrees = min(len(values) - 1, max(T95))
    return mean, T95[degrees] * statistics.stdev(values) / len(values) ** 0.5


def compute_differences(group: Group, baseline: Group, part: str = "all") -> list[float]:
    """Return the F1 of a group minus that of the baseline, for the seeds that both have."""
    scores, baseline_scores = group.f1(part), baseline.f1(part)
    return [scores[seed] - baseline_scores[seed] for seed in scores if seed in baseline_scores]


def render_scores(
    records: Sequence[Record], keys: Sequence[str], baseline: Mapping[str, Any]
) -> str:
    """Return a Markdown table of the mean F1 of each group and its difference to a baseline.

    Args:
        records: the runs.
        keys: the settings that distinguish the groups: the first columns.
        baseline: values of some keys. A group is compared with the group that has these values,
            and the same values of the other keys.
    """
    groups = group_by_seed(records, keys)
    by_key = {(group.key, group.test): group for group in groups}
    lines = ["| " + " | ".join([*keys, "test", "seeds", "F1 %", "seen", "unseen"])
             + " | difference: all | unseen |"]  # fmt: skip
    lines.append("|---" * (len(keys) + 1) + "|--:" * 4 + "|---|---|")
    for group in groups:
        key = tuple(baseline.get(k, v) for k, v in zip(keys, group.key, strict=True))
        other = by_key.get((key, group.test))
        cells = [*map(_format_value, group.key), group.test, str(len(group.runs))]
        cells += [_format_f1(group, part) for part in PARTS]
        for part in ("all", "unseen"):
            has_baseline = other is not None and other is not group
            differences = compute_differences(group, other, part) if has_baseline and other else ()
            cells.append(format_mean(differences, "+"))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def render_precision_and_recall(records: Sequence[Record], keys: Sequence[str]) -> str:
    """Return a Markdown table of the mean precision and recall of each group."""
    lines = ["| " + " | ".join([*keys, "test", "P %", "R %", "unseen: P %", "R %"]) + " |"]
    lines.append("|---" * (len(keys) + 1) + "|--:" * 4 + "|")
    for group in group_by_seed(records, keys):
        means = [
            statistics.mean(values)
            if (values := group.get_figures(metric, part).values())
            else None
            for part in ("all", "unseen")
            for metric in ("precision", "recall")
        ]
        cells = [*map(_format_value, group.key), group.test]
        cells += ["" if mean is None else f"{mean:.2f}" for mean in means]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _format_f1(group: Group, part: str) -> str:
    """Return the mean F1 with its interval: over seeds, or by bootstrap if there is one seed."""
    values, interval = list(group.f1(part).values()), group.bootstrap_interval(part)
    if not interval or not values:
        return format_mean(values)
    low, high = interval
    return f"{format_mean(values)} ({low:.2f} to {high:.2f})"


def format_mean(values: Sequence[float], sign: str = "") -> str:
    """Return a mean with half of its interval, in two decimals; an empty string for no values."""
    if not values:
        return ""
    mean, half = mean_and_half_interval(values)
    return f"{mean:{sign}.2f}" + (f" ± {half:.2f}" if half is not None else "")


def _format_value(value: Any) -> str:
    return f"{100 * value:g} %" if isinstance(value, float) else str(value)


def write_study(folder: Path, size: str, records: Sequence[Record], text: str) -> None:
    """Write the runs to results-SIZE.json, and a text between the README's markers of the size.

    Args:
        folder: folder of the study.
        size: ``small`` or ``full``.
        records: the runs.
        text: the tables and the plot, as Markdown.
    """
    write_runs(records, folder / f"results-{size}.json")
    readme = folder / "README.md"
    readme.write_text(fill_part(readme.read_text("utf-8"), text, size), "utf-8")


def write_runs(records: Iterable[Record], results: Path) -> None:
    """Write the records of runs as JSON, one per line."""
    lines = ",\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    with atomic_write(results) as new:
        new.write_text(f'{{"runs": [\n{lines}\n]}}\n', "utf-8")


def read_runs(results: Path) -> list[Record]:
    """Return the records in a results file; an empty list if the file does not exist."""
    if not results.is_file():
        return []
    runs: list[Record] = json.loads(results.read_text("utf-8"))["runs"]
    return runs


def write_record(content: Record, path: Path) -> None:
    """Write a record as JSON, atomically, because an existing file marks a run as done."""
    write_json(path, content)


def plot_seeds(
    records: Sequence[Record], path: Path, *, keys: tuple[str, str], parts: Sequence[str] = ("all",)
) -> None:
    """Plot the F1 of each seed as a dot and the mean as a line.

    A single seed gets its bootstrap interval, so that chance is not taken for a difference.

    Args:
        records: the runs.
        path: the image to write.
        keys: the key of the panels and the key of the horizontal axis.
        parts: the mentions to plot separately: all, seen, unseen.
    """
    plt = _import_pyplot()

    groups = group_by_seed(records, keys)
    panels = list(dict.fromkeys((group.key[0], group.test) for group in groups))
    figure, grid = plt.subplots(
        1, len(panels), figsize=(5.2 * len(panels), 4.2), squeeze=False, layout="constrained"
    )
    for axes, (first, test) in zip(grid[0], panels, strict=True):
        columns = [group for group in groups if (group.key[0], group.test) == (first, test)]
        for part in parts:
            for x, group in enumerate(columns):
                _plot_column(axes, x, group, part)
        names = [_format_value(group.key[1]).replace(" and ", "\nand ") for group in columns]
        axes.set_xticks(range(len(columns)), names, rotation=30 if len(columns) > 4 else 0)
        axes.set_title(f"{test} test" if first == test else f"{first}: {test} test")
        axes.set_ylabel("strict F1, %")
        axes.grid(axis="y", alpha=0.3)
    if len(parts) > 1:
        lines = grid[0][-1].get_legend_handles_labels()
        figure.legend(*lines, title="mentions", loc="outside right upper", frameon=False)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _import_pyplot() -> Any:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot


COLORS = {"all": "#222222", "seen": "#0072B2", "unseen": "#D55E00"}
"""Part -> a color of Wong's palette, which is safe for color-blind readers."""


def _plot_column(axes: Any, x: int, group: Group, part: str) -> None:
    values = list(group.f1(part).values())
    if not values:
        return
    if interval := group.bootstrap_interval(part):
        axes.vlines(x, *interval, color=COLORS[part], alpha=0.45, linewidth=1)
    axes.plot([x] * len(values), values, "o", color=COLORS[part], alpha=0.45, markersize=5)
    axes.hlines(
        statistics.mean(values), x - 0.22, x + 0.22, color=COLORS[part],
        label=None if x else part,
    )  # fmt: skip


def plot_learning_curves(
    records: Sequence[Record], path: Path, *, keys: tuple[str, str, str], unit: str
) -> None:
    """Plot learning curves: F1 over the second key, with a line for each value of the third.

    Args:
        records: the runs.
        path: the image to write.
        keys: the keys of the panels, the horizontal axis and the lines.
        unit: label of the horizontal axis.
    """
    plt = _import_pyplot()

    groups = group_by_seed(records, keys)
    panels = list(dict.fromkeys(group.key[0] for group in groups))
    figure, grid = plt.subplots(
        1, len(panels), figsize=(4.6 * len(panels), 4), squeeze=False, layout="constrained"
    )
    for axes, panel in zip(grid[0], panels, strict=True):
        lines = _collect_lines(groups, panel)
        for color, (line, points) in zip(COLORS.values(), lines.items(), strict=False):
            means = [mean_and_half_interval(values) for _, values in points]
            axes.errorbar(
                [x for x, _ in points], [mean for mean, _ in means],
                yerr=[half or 0 for _, half in means], marker="o", color=color, capsize=3,
                label=line,
            )  # fmt: skip
        axes.set_title(f"{panel} test")
        axes.set_xlabel(unit)
        axes.set_ylabel("strict F1, %")
        axes.grid(alpha=0.3)
    grid[0][0].legend(frameon=False)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _collect_lines(
    groups: Iterable[Group], panel: Any
) -> dict[str, list[tuple[float, list[float]]]]:
    """Return the points of each line of a panel, in order."""
    lines: dict[str, list[tuple[float, list[float]]]] = {}
    for group in groups:
        if group.key[0] == panel:
            point = 100 * group.key[1], list(group.f1().values())
            lines.setdefault(str(group.key[2]), []).append(point)
    return {line: sorted(points) for line, points in lines.items()}
