"""The sources of a distillation: unannotated text, and sentences with other names and variants.

The texts are all ``*.txt`` files in the folder VANER_TEXTS.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from experiments.clinical_notes.make_notes import TYPES as NOTE_TYPES
from experiments.clinical_notes.make_notes import make_notes
from experiments.distilled_biomedical.other_names import (
    add_recent_names,
    insert_names,
    is_held_out,
    list_names,
)
from experiments.distilled_biomedical.other_variants import vary_variants
from experiments.distilled_biomedical.short_texts import make_short_texts
from experiments.research_fields.make_sentences import TYPES as SENTENCE_TYPES
from experiments.research_fields.make_sentences import make_sentences
from vaner.corpora import REGISTRY, load
from vaner.errors import VanerError
from vaner.formats import write
from vaner.knowledge.base import open_base
from vaner.text.documents import Document
from vaner.training.data.held_out import read_held_out_sentences, remove_sentences
from vaner.training.data.loading import make_corpus_loader
from vaner.training.recipe.schema import Recipe

COPIES = {"BioRED": 2, "tmVar3": 2}
"""Number of copies with other variants of each training sentence of a corpus that has variants."""

RENAMED = ("NCBI-disease", "BC5CDR", "BioRED", "S800")
"""Corpora whose sentences get other names."""

SHORT_TEXT_ODDS = 300.0
"""How much names in short texts raise the teacher's odds: the pattern determines the type."""

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


@dataclass(frozen=True, slots=True)
class NameSources:
    """Which names of knowledge bases and which texts of templates a model learns, and how.

    Args:
        bases: type -> knowledge bases of its names. ../linking makes the base "genomes".
        annotation_odds: how much a name raises the teacher's odds of its tags.
        short_texts: number of short texts of each pattern (`short_texts.PATTERNS`).
        notes: number of clinical notes (../clinical_notes), which are not given to the teacher.
        sentences: number of sentences of other fields (../research_fields), which are not either.
        recent: whether to add `other_names.RECENT_NAMES`.
    """

    bases: Mapping[str, Sequence[str]]
    annotation_odds: float = 1.0
    short_texts: int = 0
    notes: int = 0
    sentences: int = 0
    recent: bool = False


def check_trained(model: Path, experiment: str) -> None:
    """Check that the model of another experiment is in its folder.

    Raises:
        VanerError: if it is not, with the command that trains it.
    """
    if not model.is_dir():
        raise VanerError(f"{model}: no model; first run python -m experiments.{experiment}.run")


def make_sources(
    recipe: Recipe, teacher: str, text_share: float, names: NameSources, folder: Path
) -> list[dict[str, Any]]:
    """Write the files of the sources, and return the sources.

    Args:
        recipe: the recipe with the held-out sentences, which are not copied.
        teacher: name or folder of the model whose probabilities are learned.
        text_share: share of the lines of each text to use.
        names: names of knowledge bases to learn.
        folder: folder of the files.

    Raises:
        VanerError: if VANER_TEXTS is not set, or a knowledge base is missing.
    """
    held_out = read_held_out_sentences(recipe, make_corpus_loader(None))
    with_teacher = [
        *(source | {"share": text_share} for source in _text_sources(folder / "texts")),
        *_name_sources(names, held_out, folder / "names"),
    ]
    return [
        *(source | {"teacher": teacher} for source in with_teacher),
        *_variant_sources(held_out, folder / "variants"),
        *_template_sources(names, folder),
    ]


def _text_sources(folder: Path) -> Iterator[dict[str, Any]]:
    """Write each text file as a file of documents of one line, and yield the sources."""
    texts = os.environ.get("VANER_TEXTS")
    if texts is None:
        raise VanerError("set VANER_TEXTS to a folder with files of plain text")
    for path in sorted(Path(texts).glob("*.txt")):
        lines = path.read_text("utf-8").splitlines()
        documents = (Document(str(n), line) for n, line in enumerate(lines) if line.strip())
        license = LICENSES.get(path.stem, "see its source")
        yield {"corpus": _write(documents, folder / path.stem), "license": license}


def _name_sources(
    sources: NameSources, held_out: frozenset[str], folder: Path
) -> Iterator[dict[str, Any]]:
    """Write the copies of sentences with other names and the short texts; yield their sources."""
    names = {
        type: [
            name for base in bases for name in list_names(open_base(base), type)
            if not is_held_out(name)
        ]
        for type, bases in sources.bases.items()
    }  # fmt: skip
    if sources.recent:
        names = add_recent_names(names)
    for name in RENAMED:
        corpus, _ = remove_sentences(load(name, "train"), held_out)
        copies = insert_names(corpus, names, Random(1))
        yield {
            "corpus": _write(copies, folder / f"{name}-names"),
            "license": REGISTRY[name].license,
            "annotation_odds": sources.annotation_odds,
        }
    if sources.short_texts:
        names["Variant"] = list(_list_variants(held_out))
        texts = make_short_texts(names, sources.short_texts, Random(1))
        yield {
            "corpus": _write(texts, folder / "short-texts"),
            "license": "by the authors of vaner",
            "annotation_odds": SHORT_TEXT_ODDS,
        }


def _list_variants(held_out: frozenset[str]) -> Iterator[str]:
    """Yield the variants in copies of training sentences with other variants."""
    for name, copies in COPIES.items():
        corpus, _ = remove_sentences(load(name, "train"), held_out)
        for copy in vary_variants(corpus, "Variant", copies, Random(2)):
            yield from (copy.mention(span) for span in copy.spans if span.type == "Variant")


def _variant_sources(held_out: frozenset[str], folder: Path) -> Iterator[dict[str, Any]]:
    """Write the copies of sentences, and yield their sources, with the types of their corpora."""
    for name, copies in COPIES.items():
        corpus, _ = remove_sentences(load(name, "train"), held_out)
        copied = vary_variants(corpus, "Variant", copies, Random(1))
        yield {
            "corpus": _write(copied, folder / f"{name}-variants"),
            "license": REGISTRY[name].license,
            "types": list(corpus.types),
            "nameless_fraction": 1.0,
        }


def _template_sources(names: NameSources, folder: Path) -> Iterator[dict[str, Any]]:
    """Write the texts that are made from templates, and yield their sources."""
    texts = (
        ("clinical-notes", make_notes, names.notes, NOTE_TYPES),
        ("research-fields", make_sentences, names.sentences, SENTENCE_TYPES),
    )
    for name, make_texts, number, types in texts:
        if number:
            yield {
                "corpus": _write(make_texts(number, Random(1)), folder / name),
                "license": "by the authors of vaner",
                "types": list(types),
                "nameless_fraction": 1.0,
            }


def _write(documents: Iterable[Document], file: Path) -> str:
    """Write documents as JSONL, and return the path of the file."""
    path = file.with_name(f"{file.name}.jsonl")
    path.parent.mkdir(parents=True, exist_ok=True)
    write(documents, path, "jsonl")
    return str(path)
