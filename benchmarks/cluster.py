"""Estimates the cost of annotating PubMed: python -m benchmarks.cluster --corpora FOLDER

Runs a job on Ray with one worker and with two, and extrapolates to PubMed. The abstracts consist
of sentences of NCBI-disease, have the average length of that corpus, and are written as PubMed
XML. The default model annotates them on the CPU, with one thread per worker. Times are processor
time, so that other processes have little influence. The comparison of two workers with one also
uses wall time, which other processes do influence.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from experiments.results_table import fill_part

OUTPUT = Path(__file__).with_suffix(".json")
README = Path(__file__).with_name("README.md")
WORKERS = (1, 2)

ABSTRACTS = 793
"""Number of abstracts of NCBI-disease (Doğan et al. 2014). Its files do not separate them."""

PUBMED = 38_000_000
"""Citations in PubMed; about a third have no abstract, so this is more than there is to read."""

FILE = 30_000
"""Citations in a file of PubMed's baseline."""

PART = 2_000
"""Documents of a part, as it is if nothing is said."""

CORES = (16, 128, 1024)
"""Machines to plan for, by their cores."""


def abstracts(corpora: Path, number: int) -> tuple[list[str], float]:
    """Return texts of average length, and that length in characters.

    The sentences are repeated if there are too few of them.
    """
    from vaner.corpora import load

    splits = [load("NCBI-disease", split, root=corpora) for split in ("train", "devel", "test")]
    sentences = [document.text for corpus in splits for document in corpus]
    length = sum(len(sentence) + 1 for sentence in sentences) / ABSTRACTS
    made, i = list[str](), 0
    for _ in range(number):
        parts = list[str]()
        while sum(len(part) + 1 for part in parts) < length:
            parts.append(sentences[i % len(sentences)])
            i += 1
        made.append(" ".join(parts)[: round(length)])
    return made, length


def write_pubmed(texts: list[str], path: Path) -> None:
    """Write texts as a PubMed file."""
    articles = (
        f"<PubmedArticle><MedlineCitation><PMID>{i}</PMID><Article><ArticleTitle/><Abstract>"
        f"<AbstractText>{escape(text)}</AbstractText></Abstract></Article></MedlineCitation>"
        "</PubmedArticle>\n"
        for i, text in enumerate(texts, 1)
    )
    path.write_text(f"<PubmedArticleSet>\n{''.join(articles)}</PubmedArticleSet>\n", "utf-8")


def reading(path: Path) -> float:
    """Return the processor seconds to read a document."""
    from vaner.formats import read

    began = time.process_time()
    number = sum(1 for _ in read(path, "pubmed"))
    return (time.process_time() - began) / number


def annotating(path: Path, folder: Path, workers: int, part_size: int) -> dict[str, float]:
    """Run a job on Ray; return its wall time, processor time and output size."""
    command = [
        sys.executable, "-m", "vaner", "annotate", str(path), "--engine", "ray",
        "--workers", str(workers), "--part-size", str(part_size), "--format", "parquet",
        "--device", "cpu", "-o", str(folder),
    ]  # fmt: skip
    began = time.monotonic()
    subprocess.run(command, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    total_seconds = time.monotonic() - began
    reports = [json.loads(r.read_text()) for r in (folder / "_vaner" / "reports").glob("*.json")]
    documents = sum(report["documents"] for report in reports)
    working = sum(report["seconds"] for report in reports) / workers
    return {
        "seconds": total_seconds,
        "seconds_working": working,
        "documents_per_second_working": documents / working,
        "processor_seconds_per_document": sum(r["processor"] for r in reports) / documents,
        "bytes_per_document": sum(p.stat().st_size for p in folder.glob("part-*")) / documents,
    }


def plan(record: Mapping[str, Any]) -> Iterator[str]:
    """Return the table for all of PubMed, with the formula of each row.

    Args:
        record: the measurements.
    """
    single = record["annotating"]["1"]
    seconds, size = single["processor_seconds_per_document"], single["bytes_per_document"]
    # Each file is read once to count. A part reads it up to its last document: half on average.
    times = 1 + (FILE / PART + 1) / 2
    annotating, reading = PUBMED * seconds / 3600, times * PUBMED * record["reading"] / 3600
    yield f"| for {PUBMED:,} abstracts | formula | |"
    yield "|---|---|--:|"
    rows = [
        ("core-hours of annotating", f"abstracts × {seconds:.3g} s", annotating),
        (
            "core-hours of reading",
            f"abstracts × {1000 * record['reading']:.3g} ms × {times:g}",
            reading,
        ),
        ("GB of Parquet", f"abstracts × {size:,.0f} bytes", PUBMED * size / 1e9),
        ("parts", f"abstracts / {PART:,}", PUBMED / PART),
        *(
            (f"hours on {cores:,} cores", f"core-hours / {cores:,}", hours)
            for cores in CORES
            for hours in [(annotating + reading) / cores]
        ),
    ]
    for name, formula, value in rows:
        yield f"| {name} | {formula} | {_round(value)} |"
    gain = _round(record["two_workers_as_multiple_of_one"])
    yield f"| times as fast with two workers, by the clock of a busy machine | measured | {gain} |"


def _round(value: float) -> str:
    """Round to two digits, because the estimate is not more precise."""
    return f"{float(f'{value:.2g}'):,.10g}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster")
    parser.add_argument("--corpora", type=Path, default=os.environ.get("VANER_CORPORA"))
    parser.add_argument("--abstracts", type=int, default=200)
    parser.add_argument("--part-size", type=int, default=20)
    parser.add_argument("--note", default="", help="what else the machine did")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    from vaner.utils.provenance import collect_provenance

    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "pubmed.xml"
        texts, length = abstracts(arguments.corpora, arguments.abstracts)
        write_pubmed(texts, path)
        measured = {
            str(workers): annotating(path, Path(name) / str(workers), workers, arguments.part_size)
            for workers in WORKERS
        }
        read_alone = reading(path)
    first, second = (measured[str(workers)]["documents_per_second_working"] for workers in WORKERS)
    record = {
        "note": arguments.note,
        "abstracts": arguments.abstracts,
        "characters": length,
        "part_size": arguments.part_size,
        "units": "wall time in seconds, of the complete job and of the work without the start; "
        "processor seconds per document for annotating and for reading; characters of an abstract",
        "reading": read_alone,
        "annotating": measured,
        "two_workers_as_multiple_of_one": second / first,
        **collect_provenance(),
    }
    text = json.dumps(record, indent=1)
    arguments.output.write_text(f"{text}\n", "utf-8")
    print(text)
    if arguments.output == OUTPUT:
        table = "\n".join(plan(record))
        README.write_text(fill_part(README.read_text("utf-8"), table, "pubmed"), "utf-8")


if __name__ == "__main__":
    main()
