"""Collects the runs of the peers into results.json and the tables of two READMEs.

python -m experiments.peers.report [--runs runs/peers]
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from experiments.results_table import describe_machine, fill_part, format_scores, mean_interval
from experiments.study_report import Record, read_runs, write_runs

HERE = Path(__file__).resolve().parent
READMES = {"results": HERE / "README.md", "peers": HERE.parent / "README.md"}

Runs = dict[str, dict[str, list[Record]]]
"""Peer -> scored split -> a record for each seed. Only devel is named: "BioRED devel"."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m experiments.peers.report")
    parser.add_argument("--runs", type=Path, default=Path("runs/peers"))
    collect(parser.parse_args().runs)


def collect(folder: Path, results: Path = HERE / "results.json") -> None:
    """Write the finished runs and the tables. Runs of other machines in the results stay.

    Args:
        folder: folder of the finished runs.
        results: the results file.
    """
    records_by_name = read_stored_runs(results)
    records_by_name |= {run_name(record): record for record in read_finished_runs(folder)}
    records = [records_by_name[name] for name in sorted(records_by_name)]
    if records:
        write_runs(records, results)
    runs = group_runs(records)
    summary = render_summary(runs)
    tables = {"results": f"{summary}\n\n{render_details(runs)}", "peers": summary}
    for part, readme in READMES.items():
        readme.write_text(fill_part(readme.read_text("utf-8"), tables[part], part), "utf-8")


def read_finished_runs(folder: Path) -> list[Record]:
    """Return the runs in a folder, ordered by name."""
    records = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*-*.json"))]
    return [record for record in records if "test" in record]  # the other files are settings


def read_stored_runs(results: Path = HERE / "results.json") -> dict[str, Record]:
    """Return the runs in the results file, by name."""
    return {run_name(record): record for record in read_runs(results)}


def run_name(record: Record) -> str:
    """Return the name of a run's file, without the suffix."""
    parts = (record[key] for key in ("peer", "corpus", "seed"))
    return "-".join(str(part) for part in parts if part is not None)


def group_runs(records: Iterable[Record]) -> Runs:
    """Group runs that differ only in the seed."""
    runs: Runs = {}
    for record in records:
        scored = record["corpus"] + (
            " devel" if record.get("scored_on", "").endswith("devel") else ""
        )
        runs.setdefault(record["peer"], {}).setdefault(scored, []).append(record)
    return runs


def render_summary(runs: Runs) -> str:
    """Return a table of F1 over all types, with a row per corpus and a column per peer."""
    corpora = sorted({corpus for by_corpus in runs.values() for corpus in by_corpus})
    lines = [f"| scored on | {' | '.join(runs)} |", "|---|" + "---|" * len(runs)]
    for corpus in corpora:
        cells = [_render_cell(by_corpus.get(corpus, ())) for by_corpus in runs.values()]
        lines.append(f"| {corpus} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _render_cell(records: Sequence[Record]) -> str:
    if not records:
        return ""
    scores = [record["test"]["micro"] for record in records]
    low, high = mean_interval(scores)
    mean = 100 * statistics.mean(score["f1"] for score in scores)
    return f"{mean:.2f} ({low:.2f} to {high:.2f}; {len(scores)})"


def render_details(runs: Runs) -> str:
    """Return a table of all peers, corpora and types with seen and unseen mentions, and speeds."""
    head = "| peer | scored on | type | P % | R % | F1 % | 95% interval | seeds | machine |"
    lines = [head, "|---|---|---|--:|--:|--:|---|--:|---|"]
    speed = ["| peer | scored on | sentences a CPU second | training, CPU minutes |",
             "|---|---|--:|--:|"]  # fmt: skip
    for peer, by_corpus in runs.items():
        for corpus, records in by_corpus.items():
            name, machine = f"{peer} | {corpus}", describe_machine(records[0]["machine"])
            rows = _iterate_scores([record["test"] for record in records])
            lines += [
                f"| {name} | {row} | {format_scores(scores)} | {machine} |" for row, scores in rows
            ]
            rate = statistics.mean(r["tagging"]["sentences_a_cpu_second"] for r in records)
            minutes = statistics.mean(r["training"]["cpu_seconds"] for r in records) / 60
            speed.append(f"| {name} | {rate:.0f} | {minutes:.1f} |")
    return "\n".join([*lines, "", *speed])


def _iterate_scores(tests: Sequence[Record]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    types = list(tests[0]["types"])
    for type in types:
        yield type, [test["types"][type] for test in tests]
    for name, key in (("all", "micro"), ("all seen", "seen"), ("all unseen", "unseen")):
        if name != "all" or len(types) > 1:
            yield name, [test[key] for test in tests]


if __name__ == "__main__":
    main()
