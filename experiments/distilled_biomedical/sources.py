"""The sources of a distillation: unannotated text, and sentences with other names and variants.

The texts are all ``*.txt`` files in the folder VANER_TEXTS; the names are those of the knowledge
bases in `NAMES`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from experiments.distilled_biomedical.other_names import insert_names, is_held_out, list_names
from experiments.distilled_biomedical.other_variants import vary_variants
from vaner.corpora import REGISTRY, load
from vaner.errors import VanerError
from vaner.formats import write
from vaner.knowledge.base import open_base
from vaner.text.documents import Document
from vaner.training.data.held_out import read_held_out_sentences, remove_sentences
from vaner.training.data.loading import make_corpus_loader
from vaner.training.recipe.schema import Recipe

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


def check_trained(model: Path, experiment: str) -> None:
    """Check that the model of another experiment is in its folder.

    Raises:
        VanerError: if it is not, with the command that trains it.
    """
    if not model.is_dir():
        raise VanerError(f"{model}: no model; first run python -m experiments.{experiment}.run")


def make_sources(recipe: Recipe, teacher: str, text_share: float) -> list[dict[str, Any]]:
    """Write the files of the sources, and return the sources.

    Args:
        recipe: the recipe with the held-out sentences, which are not copied.
        teacher: name or folder of the model whose probabilities are learned.
        text_share: share of the lines of each text to use.

    Raises:
        VanerError: if VANER_TEXTS is not set, or a knowledge base is missing.
    """
    held_out = read_held_out_sentences(recipe, make_corpus_loader(None))
    unannotated = [
        *(source | {"share": text_share} for source in _text_sources()), *_name_sources(held_out)
    ]  # fmt: skip
    return [
        *(source | {"teacher": teacher} for source in unannotated),
        *_variant_sources(held_out),
    ]


def _text_sources() -> Iterator[dict[str, Any]]:
    """Write each text file as a file of documents of one line, and yield the sources."""
    folder = os.environ.get("VANER_TEXTS")
    if folder is None:
        raise VanerError("set VANER_TEXTS to a folder with files of plain text")
    for path in sorted(Path(folder).glob("*.txt")):
        lines = path.read_text("utf-8").splitlines()
        documents = (Document(str(n), line) for n, line in enumerate(lines) if line.strip())
        license = LICENSES.get(path.stem, "see its source")
        yield {"corpus": _write(documents, f"texts/{path.stem}"), "license": license}


def _name_sources(held_out: frozenset[str]) -> Iterator[dict[str, Any]]:
    """Write the copies of sentences with other names, and yield their sources."""
    names = {
        type: [name for name in list_names(open_base(base), type) if not is_held_out(name)]
        for type, base in NAMES.items()
    }
    for name in RENAMED:
        corpus, _ = remove_sentences(load(name, "train"), held_out)
        copies = insert_names(corpus, names, Random(1))
        yield {
            "corpus": _write(copies, f"names/{name}-names"), "license": REGISTRY[name].license
        }  # fmt: skip


def _variant_sources(held_out: frozenset[str]) -> Iterator[dict[str, Any]]:
    """Write the copies of sentences, and yield their sources, with the types of their corpora."""
    for name, copies in COPIES.items():
        corpus, _ = remove_sentences(load(name, "train"), held_out)
        copied = vary_variants(corpus, "Variant", copies, Random(1))
        yield {
            "corpus": _write(copied, f"variants/{name}-variants"),
            "license": REGISTRY[name].license,
            "types": list(corpus.types),
            "nameless_fraction": 1.0,
        }


def _write(documents: Iterable[Document], name: str) -> str:
    """Write documents, and return the path of the file."""
    path = SOURCES / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    write(documents, path, "jsonl")
    return str(path)
