"""Genes of one species in texts about others."""

from __future__ import annotations

from pathlib import Path

import pytest

from vaner.errors import KnowledgeError
from vaner.knowledge.base import write
from vaner.knowledge.build import build
from vaner.knowledge.concepts import Concept, Source
from vaner.linking.linker import Linker
from vaner.linking.name_index import open_index
from vaner.linking.species import measure_foreign_share
from vaner.text.documents import Document, Span

CONCEPTS = [Concept(f"G:{n}", f"GAP{n}", "Gene", (f"gap protein {n}",), "mine") for n in range(9)]


@pytest.mark.parametrize(
    ("text", "share"),
    [("BRCA1 in mice", 1.0), ("Patients and mice", 0.5), ("Two women", 0.0), ("No species", 0.0)],
)
def test_words_for_species(text: str, share: float) -> None:
    assert {measure_foreign_share(text, name) for name in ("human", "Human", "Humans")} == {share}
    assert measure_foreign_share(text, "") == 0 == measure_foreign_share(text, "unknown")


def test_the_species_of_a_base_has_any_of_its_names() -> None:
    text = "In zebrafish and two mice"
    assert measure_foreign_share(text, "Danio rerio") == measure_foreign_share(text, "fish") == 0.5


def test_a_gene_in_a_text_about_mice_is_less_probable_in_a_human_base(tmp_path: Path) -> None:
    sources = [Source("mine", "CC0")]
    base = write(CONCEPTS, tmp_path / "x.parquet", name="x", sources=sources, species="human")
    assert base.species == "human"
    linker = Linker(open_index(base, cache=False))

    def score(text: str) -> float:
        [[best, *_]] = linker.rank(Document("1", text, (Span(0, 4, "Gene"),)))
        return best.score

    assert score("GAP3 in mice") < score("GAP3 in patients")
    assert score("GAP3 in patients") == score("GAP3 is shown")


def test_a_manifest_names_the_species(tmp_path: Path) -> None:
    (tmp_path / "genes.tsv").write_text("identifier\tname\ttype\nG:1\tGAP1\tGene\n")
    manifest = tmp_path / "genes.toml"
    entry = """
species = "human"
[[sources]]
name = "mine"
reader = "tsv"
file = "genes.tsv"
license = "CC0"
homepage = ""
instructions = ""
options = { type_column = "type" }
"""
    manifest.write_text(entry)
    assert build(manifest, tmp_path / "genes.parquet", tmp_path).species == "human"
    manifest.write_text(entry.replace("species", "spezies"))
    with pytest.raises(KnowledgeError, match="unknown field spezies"):
        build(manifest, tmp_path / "genes.parquet", tmp_path)
