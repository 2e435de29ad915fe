"""The default model of the package: python -m experiments.distilled_biomedical.run

Continues the training of ../embedded_biomedical with its sources, the probabilities that the model
of ../embedded_biomedical_base predicts for unannotated text and for copies of sentences with other
names, and copies of sentences with other variants. VANER_TEXTS is the folder of the texts, files of
plain text; the names are those of the knowledge bases in `NAMES`. The default model is an average
of the trained model and the one that the training starts from. With ``--rescore``, trains nothing
and scores the model in the package.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from experiments.distilled_biomedical.other_names import insert_names, is_held_out, list_names
from experiments.distilled_biomedical.other_variants import vary_variants
from experiments.embedded_biomedical.run import CORPORA, average_with
from experiments.experiment import main, rescore
from experiments.studies import with_changes
from vaner.corpora import REGISTRY, load
from vaner.errors import VanerError
from vaner.formats import write
from vaner.knowledge.base import open_base
from vaner.text.documents import Document
from vaner.training.data.held_out import read_held_out_sentences, remove_sentences
from vaner.training.data.loading import make_corpus_loader
from vaner.training.recipe.file import read_recipe
from vaner.training.recipe.schema import Recipe

FIRST = Path(__file__).resolve().parent.parent / "embedded_biomedical" / "recipe.yaml"
START = Path("runs/embedded_biomedical/seed-1/average")
TEACHER = Path("runs/embedded_biomedical_base/seed-1/model")
SOURCES = Path("runs/distilled_biomedical_sources")
"""Folder of the files that are written; the folder of the run must be empty at first."""
COPIES = {"BioRED": 2, "tmVar3": 2}
"""Number of copies with other variants of each training sentence of a corpus that has variants."""

NAMES = {"Disease": "ctd", "Chemical": "open", "Gene": "open", "Species": "genomes"}
"""The knowledge base of the names of each type. ../linking makes the base "genomes"."""

RENAMED = ("NCBI-disease", "BC5CDR", "BioRED", "S800")
"""Corpora whose sentences get other names."""

LICENSES = {
    "bioid_figure_captions": "MIT (ncbi/AIONER)",
    "chemprot_sentences": "Apache-2.0 (allenai/scibert)",
    "craft_fulltext": "open access (articles of CRAFT)",
    "drugprot_test_abstracts": "MIT (ncbi/AIONER)",
    "ebmnlp_abstracts_tokenised": "Apache-2.0 (allenai/scibert)",
    "hoc_abstracts": "GPL-3.0 (sb895/Hallmarks-of-Cancer)",
    "pubmedqa_abstracts": "MIT (pubmedqa/pubmedqa)",
}
"""The repository of each text of our run, and its license."""

TEXT_SHARE = 0.6
"""Share of the lines of each text to use: a run of `STAGE` does not see more sentences."""

STAGE = {
    "steps": 10000, "evaluate_every": 1000, "learning_rate": 1e-4, "head_learning_rate": 2e-3,
}  # fmt: skip

SHARE = 0.3
"""Share of the weights that the training starts from in those of the default model."""


def make_recipe() -> Recipe:
    """Return the recipe of the default model with more sources, started from its weights."""
    first = read_recipe(FIRST)
    [stage] = first.model_dump()["stages"]
    held_out = read_held_out_sentences(first, make_corpus_loader(None))
    sources = [
        *stage["sources"], *_text_sources(), *_name_sources(held_out), *_variant_sources(held_out)
    ]  # fmt: skip
    stages = [stage | STAGE | {"name": "distillation", "sources": sources}]
    return with_changes(first, model={"init_from": str(START)}, stages=stages)


def _text_sources() -> Iterator[dict[str, Any]]:
    """Write each text file as a file of documents of one line, and yield the sources."""
    folder = os.environ.get("VANER_TEXTS")
    if folder is None:
        raise VanerError("set VANER_TEXTS to a folder with files of plain text")
    for path in sorted(Path(folder).glob("*.txt")):
        lines = path.read_text("utf-8").splitlines()
        documents = (Document(str(n), line) for n, line in enumerate(lines) if line.strip())
        license = LICENSES.get(path.stem, "see its source")
        source = _write_unannotated(documents, f"texts/{path.stem}", license)
        yield source | {"share": TEXT_SHARE}


def _name_sources(held_out: frozenset[str]) -> Iterator[dict[str, Any]]:
    """Write the copies of sentences with other names, and yield their sources."""
    names = {
        type: [name for name in list_names(open_base(base), type) if not is_held_out(name)]
        for type, base in NAMES.items()
    }
    for name in RENAMED:
        corpus, _ = remove_sentences(load(name, "train"), held_out)
        copies = insert_names(corpus, names, Random(1))
        yield _write_unannotated(copies, f"names/{name}-names", REGISTRY[name].license)


def _write_unannotated(documents: Iterable[Document], name: str, license: str) -> dict[str, Any]:
    """Write documents, and return their source, with the probabilities of the teacher."""
    path = SOURCES / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    write(documents, path, "jsonl")
    return {"corpus": str(path), "teacher": str(TEACHER), "license": license}


def _variant_sources(held_out: frozenset[str]) -> Iterator[dict[str, Any]]:
    """Write the copies of sentences, and yield their sources, with the types of their corpora."""
    for name, copies in COPIES.items():
        corpus, _ = remove_sentences(load(name, "train"), held_out)
        path = SOURCES / "variants" / f"{name}-variants.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        write(vary_variants(corpus, "Variant", copies, Random(1)), path, "jsonl")
        yield {
            "corpus": str(path), "license": REGISTRY[name].license,
            "types": list(corpus.types), "nameless_fraction": 1.0,
        }  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:] == ["--rescore"]:
        rescore(__file__, corpora=CORPORA, name="biomedical")
        sys.exit()
    try:
        recipe = make_recipe()
    except VanerError as error:
        sys.exit(f"error: {error}")
    finish = partial(average_with, START, SHARE)
    main(__file__, corpora=CORPORA, recipe=recipe, ship="biomedical", finish=finish)
