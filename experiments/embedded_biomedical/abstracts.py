"""Sentences that nobody annotated, for the recipe's second stage.

    python -m experiments.embedded_biomedical.abstracts FOLDER

The folder holds the texts of four public collections, one sentence or paragraph a line; how many
lines are drawn of each stands below. They are written to runs/abstracts.jsonl, where the recipe
looks for them. What stands in a test split of a corpus of the recipe is left out in training.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from pathlib import Path

OUTPUT = Path("runs") / "abstracts.jsonl"
LINES = {
    "hoc_abstracts": 2600,  # Hallmarks of Cancer: abstracts on cancer
    "drugprot_test_abstracts": 2200,  # DrugProt: abstracts on drugs and proteins
    "pubmedqa_abstracts": 2400,  # PubMedQA: abstracts of any kind
    "bioid_figure_captions": 600,  # Bio-ID: captions of figures
}
LENGTHS = range(40, 351)  # characters: neither headings nor lists


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m experiments.embedded_biomedical.abstracts")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    found = list(drawn(arguments.folder))
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    with arguments.output.open("w", encoding="utf-8") as file:
        for name, line in found:
            file.write(json.dumps({"id": name, "text": line}, ensure_ascii=False) + "\n")
    print(f"{len(found)} lines in {arguments.output}")


def drawn(folder: Path) -> Iterator[tuple[str, str]]:
    """Name and text of each line drawn, always the same."""
    rng = random.Random(0)
    found = []
    for name, number in LINES.items():
        lines = (folder / f"{name}.txt").read_text("utf-8").splitlines()
        fitting = [
            (f"{name}-{i}", line.strip())
            for i, line in enumerate(lines, 1)
            if len(line.strip()) in LENGTHS
        ]
        found += rng.sample(fitting, min(number, len(fitting)))
    rng.shuffle(found)
    yield from found


if __name__ == "__main__":
    main()
