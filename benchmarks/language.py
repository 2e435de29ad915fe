"""Measures the warning about texts that are not English: python -m benchmarks.language

English are the documents of registered corpora (all splits), and their sentences one by one. The
texts in other languages are in ``other_languages.tsv``; they were written for this benchmark.
Nothing is fitted to either. ``VANER_CORPORA`` is the folder of the corpora. The benchmark takes
half a minute, and writes the table in README.md. ``--texts FILE …`` counts the texts of other
files, too.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from experiments.results_table import fill_part
from experiments.study_report import write_record
from vaner.corpora import load
from vaner.corpora.check import available_splits
from vaner.formats import read
from vaner.text.language import is_not_english
from vaner.text.words import split_sentences, split_words
from vaner.utils.provenance import collect_provenance

OUTPUT = Path(__file__).with_suffix(".json")
README = Path(__file__).parent / "README.md"
OTHERS = Path(__file__).parent / "other_languages.tsv"
CORPORA = ("NCBI-disease", "BC5CDR", "BioRED", "NLM-Gene", "BioNLP13CG", "BioID", "CRAFT")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--texts", nargs="+", type=Path, default=[], help="other English texts")
    arguments = parser.parse_args()
    for path in arguments.texts:
        print(path, count_warnings(document.text for document in read(path)))
    english = {name: measure_corpus(name) for name in CORPORA}
    others = measure_others()
    write_record({"english": english, "others": others, **collect_provenance()}, OUTPUT)
    text = README.read_text("utf-8")
    README.write_text(fill_part(text, render(english, others), "language"), "utf-8")


def measure_corpus(name: str) -> dict[str, Any]:
    """Return the numbers of documents and sentences of a corpus, and those with a warning."""
    texts = [
        document.text
        for split in available_splits(name, None)
        for document in load(name, split).documents
    ]
    sentences = (
        text[words[first].start : words[last - 1].end]
        for text in texts
        for words in [split_words(text)]
        for first, last in split_sentences(text, words)
    )
    return {"documents": count_warnings(texts), "sentences": count_warnings(sentences)}


def measure_others() -> dict[str, Any]:
    """Return for each other language the number of texts, and of those with a warning."""
    numbers, warned = Counter[str](), Counter[str]()
    with OTHERS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            numbers[row["language"]] += 1
            warned[row["language"]] += is_not_english(row["text"])
    return {name: {"texts": numbers[name], "warned": warned[name]} for name in numbers}


def count_warnings(texts: Iterable[str]) -> dict[str, int]:
    """Return the number of texts, and of those with a warning."""
    results = Counter(map(is_not_english, texts))
    return {"texts": results.total(), "warned": results[True]}


def render(english: dict[str, Any], others: dict[str, Any]) -> str:
    """Return the table of the results."""
    rows = ["| texts | number | with a warning |", "|---|--:|--:|"]
    for kind in ("documents", "sentences"):
        number = sum(counts[kind]["texts"] for counts in english.values())
        warned = sum(counts[kind]["warned"] for counts in english.values())
        rows.append(f"| English: {kind} of {len(english)} corpora | {number:,} | {warned:,} |")
    number = sum(counts["texts"] for counts in others.values())
    warned = sum(counts["warned"] for counts in others.values())
    rows.append(f"| {len(others)} other languages, one to three sentences | {number} | {warned} |")
    missed = [name for name, counts in others.items() if counts["warned"] < counts["texts"]]
    rows.append(f"\nTexts without a warning: {', '.join(missed) or 'none'}.")
    return "\n".join(rows)


if __name__ == "__main__":
    main()
