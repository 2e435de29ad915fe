"""The knowledge bases and the gold mentions of the experiment.

Diseases are CTD's (MEDIC 2012), genes those of NCBI Gene for humans: `vaner kb build` builds both.
Chemicals are the descriptors of MeSH in branch D, with their preferred names only; species the taxa
with a genome in GenBank, with their scientific names. Both are written here.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from vaner.corpora import load
from vaner.formats import read
from vaner.knowledge.base import default_path, write
from vaner.knowledge.build import build
from vaner.knowledge.concepts import Concept, Source
from vaner.text.documents import Document

BASES = {
    "Disease": "ctd", "Gene": "entrez-gene", "Chemical": "mesh-chemicals", "Species": "genomes"
}  # fmt: skip
"""Entity type -> base."""

_TYPES = {
    "DiseaseClass": "Disease", "SpecificDisease": "Disease", "Modifier": "Disease",
    "CompositeMention": "Disease",
}  # fmt: skip


class Gold(NamedTuple):
    """Documents with gold mentions of a type.

    Args:
        name: name of the corpus and the split.
        type: the type of the mentions.
        documents: the documents.
        train: the documents of the train split, whose names count as seen.
        is_test: whether it is a test split, which is scored once.
    """

    name: str
    type: str
    documents: tuple[Document, ...]
    train: tuple[Document, ...]
    is_test: bool = False


def build_bases(folder: Path) -> None:
    """Build the bases that are missing, from a folder with their sources."""
    for name in ("ctd", "entrez-gene"):
        if not default_path(name).exists():
            build(name, None, folder)
    made = {"mesh-chemicals": read_chemicals, "genomes": _read_genomes}
    for name, reader in made.items():
        if not default_path(name).exists():
            path = default_path(name)
            write(reader(folder), path, name=name, sources=[Source(name, "see the source")])


def read_chemicals(folder: Path, branches: tuple[str, ...] = ("D",)) -> Iterator[Concept]:
    """Yield the descriptors of MeSH in some branches; D has proteins too, D02 to D04 have not."""
    with gzip.open(folder / "mesh_tree_numbers.tsv.gz", "rt", encoding="utf-8") as file:
        rows = csv.DictReader(file, delimiter="\t")
        chemicals = {
            row["mesh_id"]: row["mesh_name"]
            for row in rows
            if row["mesh_tree_number"].startswith(branches)
        }
    for identifier, name in sorted(chemicals.items()):
        names = dict.fromkeys((name, _invert(name)))
        yield Concept(f"MESH:{identifier}", name, "Chemical", tuple(names), "mesh-chemicals")


def _invert(name: str) -> str:
    """Return the natural order of a heading.

    >>> _invert("Receptors, Dopamine D2")
    'Dopamine D2 Receptors'
    """
    return " ".join(reversed(name.split(", ")))


def _read_genomes(folder: Path) -> Iterator[Concept]:
    names: dict[str, str] = {}
    with gzip.open(folder / "genbank_genomes_lineage.csv.gz", "rt", encoding="utf-8") as file:
        for row in csv.reader(file):
            if len(row) > 2 and row[1].isdecimal():
                names.setdefault(row[1], row[2].rpartition(";")[2])
    for taxon, name in names.items():
        if name.strip():
            yield Concept(f"NCBITaxon:{taxon}", name, "Species", (), "genomes")


def list_gold(root: Path, *, with_test: bool) -> Iterator[Gold]:
    """Yield the gold mentions of all corpora with identifiers.

    Args:
        root: folder of the corpora.
        with_test: whether to include test splits.
    """
    native = root / "native"
    ncbi_test = _read(native / "pubtator" / "NCBIdisease_Test.PubTator")
    ncbi_devel = _read(native / "ncbi_original" / "NCBIdevelopset_corpus.txt")
    excluded = {d.id for d in (*ncbi_test, *ncbi_devel)}
    ncbi_train = tuple(
        d for d in _read(native / "pubtator" / "NCBIdisease_TrainDev.PubTator")
        if d.id not in excluded
    )  # fmt: skip
    for type in ("Disease", "Chemical", "Gene", "Species"):
        yield _load("BioRED", type, root)
    yield Gold("NCBI-disease devel", "Disease", ncbi_devel, ncbi_train)
    for name in ("NLM-Gene", "GNormPlus"):
        yield _load(name, "Gene", root)
    if not with_test:
        return
    yield Gold("NCBI-disease test", "Disease", ncbi_test, ncbi_train, is_test=True)
    for name, type, file, train in (
        ("BC5CDR", "Disease", "BC5CDR", "TrainDev"), ("BC5CDR", "Chemical", "BC5CDR", "TrainDev"),
        ("Linnaeus", "Species", "Linnaeus", "Train"), ("S800", "Species", "SPECIES", "Train"),
    ):  # fmt: skip
        test, seen = (
            _read(native / "pubtator" / f"{file}_{part}.PubTator") for part in ("Test", train)
        )
        yield Gold(f"{name} test", type, test, seen, is_test=True)


def read_bc5cdr_devel(root: Path) -> tuple[Document, ...]:
    """Return the devel split of BC5CDR, which is the second half of its file."""
    documents = _read(root / "native" / "pubtator" / "BC5CDR_TrainDev.PubTator")
    return documents[len(documents) // 2 :]


def _load(name: str, type: str, root: Path) -> Gold:
    devel, train = (load(name, split, root=root).documents for split in ("devel", "train"))
    return Gold(f"{name} devel", type, devel, train)


def _read(path: Path) -> tuple[Document, ...]:
    return tuple(document.rename_types(_TYPES) for document in read(path, "pubtator"))


def list_training_documents(root: Path) -> tuple[Document, ...]:
    """Return BioRED train without the documents of the test splits of other corpora."""
    files = ("NCBIdisease_Test", "BC5CDR_Test")
    held_out = {d.id for f in files for d in _read(root / "native" / "pubtator" / f"{f}.PubTator")}
    documents = load("BioRED", "train", root=root).documents
    return tuple(document for document in documents if document.id not in held_out)


def keep_type(documents: Iterable[Document], type: str) -> list[Document]:
    """Return the documents with the mentions of a type only."""
    return [d.with_spans(s for s in d.spans if s.type == type) for d in documents]


def without_identifiers(documents: Iterable[Document]) -> list[Document]:
    """Return the documents with bare mentions."""
    return [d.with_spans(replace(s, identifiers=()) for s in d.spans) for d in documents]


def get_gold(identifiers: Sequence[str]) -> set[str]:
    """Return the local parts of identifiers, such as D003924; composites are separated."""
    return {
        part.rpartition(":")[2].strip()
        for identifier in identifiers
        for part in re.split(r"[|+,;]", identifier)
    } - {"-", ""}


def get_local(identifier: str) -> str:
    return identifier.rpartition(":")[2]
