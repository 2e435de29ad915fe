"""Does a model find names that no corpus annotates? python -m experiments.unseen_names.run MODEL…

Inserts names of knowledge bases into short sentences, and counts how many a model finds. The names
are annotated in no train split, and are those that distillation never inserts
(../distilled_biomedical). ``--sources`` is the folder that ../linking builds the bases from.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import yaml

from experiments.distilled_biomedical.other_names import is_held_out, list_names
from experiments.linking.bases import BASES, build_bases, read_chemicals
from experiments.results_table import fill_part
from experiments.study_report import write_record
from vaner.annotator import Annotator
from vaner.corpora import load
from vaner.errors import VanerError
from vaner.knowledge.base import open_base
from vaner.text.documents import Document, Span
from vaner.utils.provenance import collect_provenance

HERE = Path(__file__).resolve().parent
RECIPE = HERE.parent / "embedded_biomedical" / "recipe.yaml"
NUMBER = 400
"""Largest number of names of a type."""

CHEMICAL_BRANCHES = ("D02", "D03", "D04")
"""Organic compounds; other branches of MeSH have proteins, drug classes and materials."""

SENTENCES = {
    "Disease": (
        "Patients with {} were included in the study.",
        "{} is rarely seen in this region.",
        "We report a case of {} in a 43-year-old woman.",
        "The risk of {} was increased.",
    ),
    "Chemical": (
        "Treatment with {} reduced mortality.",
        "{} was given orally for six weeks.",
        "We studied the effect of {} on blood pressure.",
        "The animals received {} or saline.",
    ),
    "Gene": (
        "Expression of {} was increased.",
        "{} interacts with several other proteins.",
        "We sequenced all exons of {} in two families.",
        "Loss of {} was lethal.",
    ),
    "Species": (
        "The genome of {} was sequenced.",
        "{} was isolated from soil.",
        "We compared three strains of {} with each other.",
        "Infection with {} was excluded.",
    ),
}
"""Type -> sentences with a place for a name."""

FIGURES = {"found": "found", "overlap": "found with other boundaries", "other": "of another type"}
"""Outcome -> heading. The rest was not found at all."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m experiments.unseen_names.run")
    parser.add_argument("models", nargs="+", help="names or folders of models")
    parser.add_argument("--sources", type=Path, required=True, help="folder of the bases' sources")
    arguments = parser.parse_args()
    try:
        build_bases(arguments.sources)
        documents = make_documents(list_unseen_names(arguments.sources))
        for model in arguments.models:
            annotator = Annotator.from_pretrained(model, form="pytorch")
            write_row({"model": Path(model).name, **measure(annotator, documents)})
    except VanerError as error:
        sys.exit(f"error: {error}")


def list_unseen_names(sources: Path) -> dict[str, list[str]]:
    """Return a sample of names for each type that no train split annotates."""
    stages = yaml.safe_load(RECIPE.read_text("utf-8"))["stages"]
    corpora = {source["corpus"] for stage in stages for source in stage["sources"]}
    annotated = {
        document.mention(span).casefold()
        for name in corpora
        for document in load(name, "train")
        for span in document.spans
    }
    compounds = {concept.name for concept in read_chemicals(sources, CHEMICAL_BRANCHES)}
    sample = {}
    for type, base in BASES.items():
        names = [name for name in list_names(open_base(base), type) if is_held_out(name)]
        unseen = [name for name in names if name.casefold() not in annotated and len(name) > 2]
        if type == "Chemical":
            unseen = [name for name in unseen if name in compounds]
        sample[type] = Random(1).sample(unseen, min(NUMBER, len(unseen)))
    return sample


def make_documents(names: Mapping[str, Sequence[str]]) -> dict[str, list[Document]]:
    """Return a sentence for each name, with the name as the only mention.

    >>> make_documents({"Gene": ["ABC1"]})["Gene"][0].text
    'Expression of ABC1 was increased.'
    """
    documents: dict[str, list[Document]] = {}
    for type, of_type in names.items():
        documents[type] = []
        for number, name in enumerate(of_type):
            sentence = SENTENCES[type][number % len(SENTENCES[type])]
            start = sentence.index("{}")
            spans = (Span(start, start + len(name), type),)
            documents[type].append(Document(str(number), sentence.format(name), spans))
    return documents


def measure(annotator: Annotator, documents: Mapping[str, Sequence[Document]]) -> dict[str, Any]:
    """Return the shares of each outcome for each type, in [0, 1]."""
    shares: dict[str, dict[str, float]] = {}
    for type, gold in documents.items():
        predicted = annotator.annotate([document.text for document in gold])
        outcomes = Counter(map(compare, gold, predicted))
        shares[type] = {outcome: round(outcomes[outcome] / len(gold), 4) for outcome in FIGURES}
    return {"types": shares, **collect_provenance()}


def compare(gold: Document, predicted: Document) -> str:
    """Return whether the mention of a document was found, and how."""
    [mention] = gold.spans
    overlapping = [span for span in predicted.spans if span.overlaps(mention)]
    of_type = [span for span in overlapping if span.type == mention.type]
    if any((span.start, span.end) == (mention.start, mention.end) for span in of_type):
        return "found"
    if of_type:
        return "overlap"
    return "other" if overlapping else "none"


def write_row(row: dict[str, Any]) -> None:
    """Write the figures of a model to results.json and README.md; those of other models stay."""
    path, readme = HERE / "results.json", HERE / "README.md"
    rows = json.loads(path.read_text("utf-8"))["rows"] if path.exists() else []
    rows = sorted([row, *(r for r in rows if r["model"] != row["model"])], key=lambda r: r["model"])
    write_record({"rows": rows}, path)
    page = fill_part(readme.read_text("utf-8"), "\n".join(write_table(rows)))
    readme.write_text(page, "utf-8")


def write_table(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the lines of a table with a row for each model and type, in percent."""
    yield f"| model | type | {' | '.join(f'{heading} %' for heading in FIGURES.values())} |"
    yield "|---|---|" + "--:|" * len(FIGURES)
    for row in rows:
        for type, shares in row["types"].items():
            cells = " | ".join(f"{100 * shares[outcome]:.1f}" for outcome in FIGURES)
            yield f"| {row['model']} | {type} | {cells} |"


if __name__ == "__main__":
    main()
