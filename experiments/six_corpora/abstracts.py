"""Draw sentences without annotations for the second stage of the recipe.

    python -m experiments.six_corpora.abstracts FOLDER

The folder contains the texts of four public collections, one sentence or paragraph per line. A
fixed number of lines of each is written to runs/abstracts.jsonl, which the recipe reads. Sentences
of test splits are left out in training.
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
    parser = argparse.ArgumentParser(prog="python -m experiments.six_corpora.abstracts")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    lines_drawn = list(draw_lines(arguments.folder))
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    with arguments.output.open("w", encoding="utf-8") as file:
        for name, line in lines_drawn:
            file.write(json.dumps({"id": name, "text": line}, ensure_ascii=False) + "\n")
    print(f"{len(lines_drawn)} lines in {arguments.output}")


def draw_lines(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield name and text of each drawn line; the draw is the same every time."""
    rng = random.Random(0)
    lines_drawn = []
    for name, number in LINES.items():
        lines = (folder / f"{name}.txt").read_text("utf-8").splitlines()
        fitting = [
            (f"{name}-{i}", line.strip())
            for i, line in enumerate(lines, 1)
            if len(line.strip()) in LENGTHS
        ]
        lines_drawn += rng.sample(fitting, min(number, len(fitting)))
    rng.shuffle(lines_drawn)
    yield from lines_drawn


if __name__ == "__main__":
    main()
