"""Collects the runs of the peers: results.json, the tables in two READMEs.

python -m experiments.peers.report [--runs runs/peers]
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from experiments.results_table import figures, filled, interval, machine
from experiments.study_report import Record, read_runs, write_runs

HERE = Path(__file__).resolve().parent
READMES = {"results": HERE / "README.md", "peers": HERE.parent / "README.md"}

Runs = dict[str, dict[str, list[Record]]]  # peer -> corpus -> a record a seed


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m experiments.peers.report")
    parser.add_argument("--runs", type=Path, default=Path("runs/peers"))
    collect(parser.parse_args().runs)


def collect(folder: Path, results: Path = HERE / "results.json") -> None:
    """Write down the finished runs, beside those that are kept from elsewhere, and the tables."""
    found = kept(results) | {run_name(record): record for record in finished(folder)}
    records = [found[name] for name in sorted(found)]
    if records:
        write_runs(records, results)
    runs = grouped(records)
    tables = {"results": f"{summary(runs)}\n\n{details(runs)}", "peers": summary(runs)}
    for part, readme in READMES.items():
        readme.write_text(filled(readme.read_text("utf-8"), tables[part], part), "utf-8")


def finished(folder: Path) -> list[Record]:
    """The runs in a folder, in the order of their names."""
    records = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*-*.json"))]
    return [record for record in records if "test" in record]  # the others are settings


def kept(results: Path = HERE / "results.json") -> dict[str, Record]:
    """The runs in the results file by name."""
    return {run_name(record): record for record in read_runs(results)}


def run_name(record: Record) -> str:
    """Of the run's file, without the suffix."""
    parts = (record[key] for key in ("peer", "corpus", "seed"))
    return "-".join(str(part) for part in parts if part is not None)


def grouped(records: Iterable[Record]) -> Runs:
    """Runs that differ by seed alone together."""
    runs: Runs = {}
    for record in records:
        runs.setdefault(record["peer"], {}).setdefault(record["corpus"], []).append(record)
    return runs


def summary(runs: Runs) -> str:
    """F1 over all types, a corpus a row and a peer a column."""
    corpora = sorted({corpus for of_peer in runs.values() for corpus in of_peer})
    lines = [f"| test split | {' | '.join(runs)} |", "|---|" + "---|" * len(runs)]
    for corpus in corpora:
        cells = [_cell(of_peer.get(corpus, ())) for of_peer in runs.values()]
        lines.append(f"| {corpus} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(records: Sequence[Record]) -> str:
    if not records:
        return ""
    scores = [record["test"]["micro"] for record in records]
    low, high = interval(scores)
    mean = 100 * statistics.mean(score["f1"] for score in scores)
    return f"{mean:.2f} ({low:.2f} to {high:.2f}; {len(scores)})"


def details(runs: Runs) -> str:
    """Every peer, corpus and type, with what was seen in training or not, and the speed."""
    head = "| peer | test split | type | P % | R % | F1 % | 95% interval | seeds | machine |"
    lines = [head, "|---|---|---|--:|--:|--:|---|--:|---|"]
    speed = ["| peer | test split | sentences a CPU second | training, CPU minutes |",
             "|---|---|--:|--:|"]  # fmt: skip
    for peer, of_peer in runs.items():
        for corpus, records in of_peer.items():
            place, seen_on = f"{peer} | {corpus}", machine(records[0]["machine"])
            rows = _kinds([record["test"] for record in records])
            lines += [f"| {place} | {kind} | {figures(of)} | {seen_on} |" for kind, of in rows]
            rate = statistics.mean(r["tagging"]["sentences_a_cpu_second"] for r in records)
            minutes = statistics.mean(r["training"]["cpu_seconds"] for r in records) / 60
            speed.append(f"| {place} | {rate:.0f} | {minutes:.1f} |")
    return "\n".join([*lines, "", *speed])


def _kinds(tests: Sequence[Record]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    types = list(tests[0]["types"])
    for type in types:
        yield type, [test["types"][type] for test in tests]
    for name, key in (("all", "micro"), ("all seen", "seen"), ("all unseen", "unseen")):
        if name != "all" or len(types) > 1:
            yield name, [test[key] for test in tests]


if __name__ == "__main__":
    main()
