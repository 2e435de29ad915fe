"""Compares the abbreviations of a text with those of scispaCy's detector.

    pip install scispacy --no-deps
    python -m experiments.linking.abbreviations FILE … [--lines 500] [--sample 50]

Both read the same paragraphs. A definition is a pair of a short and a long form. Prints how many
both find, and a sample of those that only one of them finds, to read. scispaCy's detector needs
only spaCy's tokenizer; its other requirements need not be installed.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import spacy
from scispacy.abbreviation import AbbreviationDetector

from vaner.linking.abbreviations import find_abbreviations

MIN_LENGTH = 200  # characters of a paragraph


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m experiments.linking.abbreviations")
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--lines", type=int, default=500, help="paragraphs of each file")
    parser.add_argument("--sample", type=int, default=50, help="differences to print")
    arguments = parser.parse_args()
    nlp: Any = spacy.blank("en")
    detector = AbbreviationDetector(nlp)
    both, ours, theirs = 0, list[tuple[str, str, str]](), list[tuple[str, str, str]]()
    counts = {}
    for path in arguments.files:
        lines = [line for line in path.read_text("utf-8").splitlines() if len(line) >= MIN_LENGTH]
        lines = random.Random(0).sample(lines, min(arguments.lines, len(lines)))
        counts[path.stem] = len(lines)
        for text in lines:
            found_here, found_there = set(list_ours(text)), set(list_theirs(nlp, detector, text))
            both += len(found_here & found_there)
            ours += [(*pair, text) for pair in sorted(found_here - found_there)]
            theirs += [(*pair, text) for pair in sorted(found_there - found_here)]
    print(
        json.dumps({"paragraphs": counts, "both": both, "ours": len(ours), "theirs": len(theirs)})
    )
    differences = [("vaner", *d) for d in ours] + [("scispaCy", *d) for d in theirs]
    chosen = random.Random(1).sample(differences, min(arguments.sample, len(differences)))
    for finder, short, long_form, text in sorted(chosen):
        position = text.find(short)
        print(f"{finder}\t{short}\t{long_form}\t{text[max(0, position - 120) : position + 60]}")


def list_ours(text: str) -> Iterator[tuple[str, str]]:
    """Yield the short and long forms that vaner finds."""
    for pair in find_abbreviations(text):
        yield text[pair.short_start : pair.short_end], text[pair.long_start : pair.long_end]


def list_theirs(nlp: Any, detector: Any, text: str) -> Iterator[tuple[str, str]]:
    """Yield the short and long forms that scispaCy finds, each once."""
    for short in detector(nlp(text))._.abbreviations:
        yield short.text, short._.long_form.text


if __name__ == "__main__":
    main()
