"""The plan for all of PubMed follows from its formulas, wherever it is shown."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.cluster import OUTPUT, README, plan


def test_the_table_is_computed_from_the_measurements() -> None:
    table = "\n".join(plan(json.loads(OUTPUT.read_text("utf-8"))))
    assert f"<!-- pubmed:begin -->\n{table}\n<!-- pubmed:end -->" in README.read_text("utf-8")


def test_formulas() -> None:
    measured = {"processor_seconds_per_document": 0.036, "bytes_per_document": 1000.0}
    record = {"annotating": {"1": measured}, "reading": 0.001, "two_workers_as_multiple_of_one": 2}
    rows = [row.split(" | ") for row in plan(record)]
    values = {row[0].strip("| "): row[-1].rstrip(" |") for row in rows[2:]}
    assert values["core-hours of annotating"] == "380"
    assert values["core-hours of reading"] == "95"  # 38 million × 1 ms × (1 + 8)
    assert (values["GB of Parquet"], values["parts"]) == ("38", "19,000")
    assert values["hours on 128 cores"] == "3.7"


def test_the_page_includes_the_table() -> None:
    page = Path(__file__).parents[2] / "docs" / "many-files.md"
    assert "<!-- include: benchmarks/README.md pubmed -->" in page.read_text("utf-8")
