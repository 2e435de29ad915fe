"""What came out of a study: the results file, the table in its README, and figures over seeds."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.results_table import filled
from vaner.utils.atomic_write import atomic_write

Record = Mapping[str, Any]

PARTS = {"all": "micro", "seen": "seen", "unseen": "unseen"}
# Student's t, two-sided 95 %, by degrees of freedom.
T95 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}


@dataclass(frozen=True, slots=True)
class Group:
    """Runs that differ by seed alone, scored on one corpus.

    Args:
        key: what tells them from the other groups, in the order of the study's keys.
        test: corpus scored.
        runs: seed -> figures on test.
    """

    key: tuple[Any, ...]
    test: str
    runs: Mapping[int, Mapping[str, Any]]

    def f1(self, part: str = "all") -> dict[int, float]:
        """Seed -> strict F1 in percent over all, seen or unseen mentions."""
        return self.of("f1", part)

    def of(self, figure: str, part: str) -> dict[int, float]:
        """Seed -> a strict figure in percent."""
        found = {seed: run.get(PARTS[part]) for seed, run in self.runs.items()}
        return {seed: 100 * float(score[figure]) for seed, score in found.items() if score}

    def bootstrap(self, part: str = "all") -> tuple[float, float] | None:
        """The 95 % bootstrap interval of F1 over sentences, in percent; None of several seeds."""
        if len(self.runs) != 1:
            return None
        [figures] = self.runs.values()
        found = (figures.get(PARTS[part]) or {}).get("intervals", {}).get("f1")
        return (100 * found[0], 100 * found[1]) if found else None


def groups(records: Iterable[Record], keys: Sequence[str]) -> list[Group]:
    """The records by what they have in common but the seed, in the order of the study."""
    found: dict[tuple[tuple[Any, ...], str], dict[int, Mapping[str, Any]]] = {}
    for record in records:
        key = tuple(record[name] for name in keys)
        for test, figures in record["tests"].items():
            found.setdefault((key, test), {})[record["seed"]] = figures
    return [Group(key, test, runs) for (key, test), runs in found.items()]


def mean_and_half(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean, and half of its 95 % interval (Student), None for one value.

    >>> mean_and_half([1.0, 2.0, 3.0])[0]
    2.0
    """
    mean = statistics.mean(values)
    if len(values) < 2:
        return mean, None
    degrees = min(len(values) - 1, max(T95))
    return mean, T95[degrees] * statistics.stdev(values) / len(values) ** 0.5


def difference(ours: Group, baseline: Group, part: str = "all") -> list[float]:
    """F1 minus the baseline's, for the seeds that both have."""
    own, theirs = ours.f1(part), baseline.f1(part)
    return [own[seed] - theirs[seed] for seed in own if seed in theirs]


def table(records: Sequence[Record], keys: Sequence[str], baseline: Mapping[str, Any]) -> str:
    """Mean F1 of every group with its interval, and its paired difference to a baseline.

    Args:
        records: the runs.
        keys: what the groups are told apart by: the columns.
        baseline: values of some keys; a group is compared with the one that has these, and its
            own values of the others.
    """
    found = groups(records, keys)
    by_place = {(group.key, group.test): group for group in found}
    lines = ["| " + " | ".join([*keys, "test", "seeds", "F1 %", "seen", "unseen"])
             + " | difference: all | unseen |"]  # fmt: skip
    lines.append("|---" * (len(keys) + 1) + "|--:" * 4 + "|---|---|")
    for group in found:
        key = tuple(baseline.get(k, v) for k, v in zip(keys, group.key, strict=True))
        other = by_place.get((key, group.test))
        cells = [*map(_plain, group.key), group.test, str(len(group.runs))]
        cells += [_scored(group, part) for part in PARTS]
        compared = other is not None and other is not group
        for part in ("all", "unseen"):
            cells.append(told(difference(group, other, part), "+") if compared and other else "")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def sides(records: Sequence[Record], keys: Sequence[str]) -> str:
    """Mean precision and recall of every group, and those over unseen mentions, as Markdown."""
    lines = ["| " + " | ".join([*keys, "test", "P %", "R %", "unseen: P %", "R %"]) + " |"]
    lines.append("|---" * (len(keys) + 1) + "|--:" * 4 + "|")
    for group in groups(records, keys):
        means = [
            statistics.mean(figures) if (figures := list(group.of(side, part).values())) else None
            for part in ("all", "unseen")
            for side in ("precision", "recall")
        ]
        cells = [*map(_plain, group.key), group.test]
        cells += ["" if mean is None else f"{mean:.2f}" for mean in means]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _scored(group: Group, part: str) -> str:
    """Mean F1 with its interval: over the seeds, and of one seed the bootstrap's over sentences."""
    values, interval = list(group.f1(part).values()), group.bootstrap(part)
    if not interval or not values:
        return told(values)
    low, high = interval
    return f"{told(values)} ({low:.2f} to {high:.2f})"


def told(values: Sequence[float], sign: str = "") -> str:
    """A mean with half its interval, in two decimals; nothing for no value."""
    if not values:
        return ""
    mean, half = mean_and_half(values)
    return f"{mean:{sign}.2f}" + (f" ± {half:.2f}" if half is not None else "")


def _plain(value: Any) -> str:
    return f"{100 * value:g} %" if isinstance(value, float) else str(value)


def write(folder: Path, size: str, records: Sequence[Record], text: str) -> None:
    """Keep the runs in results-SIZE.json, one a line, and put the text into the README.

    It stands between the README's markers of that size.
    """
    write_runs(records, folder / f"results-{size}.json")
    readme = folder / "README.md"
    readme.write_text(filled(readme.read_text("utf-8"), text, size), "utf-8")


def write_runs(records: Iterable[Record], results: Path) -> None:
    """Write the records of runs, one a line."""
    lines = ",\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    with atomic_write(results) as new:
        new.write_text(f'{{"runs": [\n{lines}\n]}}\n', "utf-8")


def read_runs(results: Path) -> list[Record]:
    """The records of runs; none where there is no file."""
    if not results.is_file():
        return []
    runs: list[Record] = json.loads(results.read_text("utf-8"))["runs"]
    return runs


def keep(content: Record, place: Path) -> None:
    """Write a file whole or not at all: one that is there counts as done."""
    with atomic_write(place) as new:
        new.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")


def dots(
    records: Sequence[Record], path: Path, *, keys: tuple[str, str], parts: Sequence[str] = ("all",)
) -> None:
    """A plot: every seed a dot and every mean a line; a panel for each value of the first key.

    A single seed has its bootstrap interval, so that chance is not taken for a difference.

    Args:
        records: the runs.
        path: where the picture goes.
        keys: what the panels and what the places within a panel stand for.
        parts: mentions to show apart: all, seen, unseen.
    """
    plt = _pyplot()

    found = groups(records, keys)
    panels = list(dict.fromkeys((group.key[0], group.test) for group in found))
    figure, grid = plt.subplots(
        1, len(panels), figsize=(5.2 * len(panels), 4.2), squeeze=False, layout="constrained"
    )
    for axes, (first, test) in zip(grid[0], panels, strict=True):
        here = [group for group in found if (group.key[0], group.test) == (first, test)]
        for part in parts:
            for x, group in enumerate(here):
                _column(axes, x, group, part)
        names = [_plain(group.key[1]).replace(" and ", "\nand ") for group in here]
        axes.set_xticks(range(len(here)), names, rotation=30 if len(here) > 4 else 0)
        axes.set_title(f"{test} test" if first == test else f"{first}: {test} test")
        axes.set_ylabel("strict F1, %")
        axes.grid(axis="y", alpha=0.3)
    if len(parts) > 1:
        lines = grid[0][-1].get_legend_handles_labels()
        figure.legend(*lines, title="mentions", loc="outside right upper", frameon=False)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _pyplot() -> Any:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot


# Wong's colours, which the colour-blind can tell apart.
COLOURS = {"all": "#222222", "seen": "#0072B2", "unseen": "#D55E00"}


def _column(axes: Any, x: int, group: Group, part: str) -> None:
    values = list(group.f1(part).values())
    if not values:
        return
    if interval := group.bootstrap(part):
        axes.vlines(x, *interval, color=COLOURS[part], alpha=0.45, linewidth=1)
    axes.plot([x] * len(values), values, "o", color=COLOURS[part], alpha=0.45, markersize=5)
    axes.hlines(
        statistics.mean(values), x - 0.22, x + 0.22, color=COLOURS[part],
        label=None if x else part,
    )  # fmt: skip


def curves(records: Sequence[Record], path: Path, *, keys: tuple[str, str, str], unit: str) -> None:
    """Learning curves: F1 over the second key, a line for each value of the third.

    Args:
        records: the runs.
        path: where the picture goes.
        keys: panel, horizontal axis, line.
        unit: what the horizontal axis says.
    """
    plt = _pyplot()

    found = groups(records, keys)
    panels = list(dict.fromkeys(group.key[0] for group in found))
    figure, grid = plt.subplots(
        1, len(panels), figsize=(4.6 * len(panels), 4), squeeze=False, layout="constrained"
    )
    for axes, panel in zip(grid[0], panels, strict=True):
        for colour, (line, points) in zip(
            COLOURS.values(), _lines(found, panel).items(), strict=False
        ):
            means = [mean_and_half(values) for _, values in points]
            axes.errorbar(
                [x for x, _ in points], [mean for mean, _ in means],
                yerr=[half or 0 for _, half in means], marker="o", color=colour, capsize=3,
                label=line,
            )  # fmt: skip
        axes.set_title(f"{panel} test")
        axes.set_xlabel(unit)
        axes.set_ylabel("strict F1, %")
        axes.grid(alpha=0.3)
    grid[0][0].legend(frameon=False)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _lines(found: Iterable[Group], panel: Any) -> dict[str, list[tuple[float, list[float]]]]:
    """Line -> its points in order."""
    lines: dict[str, list[tuple[float, list[float]]]] = {}
    for group in found:
        if group.key[0] == panel:
            point = 100 * group.key[1], list(group.f1().values())
            lines.setdefault(str(group.key[2]), []).append(point)
    return {line: sorted(points) for line, points in lines.items()}
