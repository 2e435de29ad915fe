"""Reading OBO and OWL: which names of a term are read, and where errors are reported."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from vaner.errors import FormatError
from vaner.knowledge.sources import obo, owl

OBO = r"""format-version: 1.2
data-version: tests
synonymtypedef: layperson "layperson term"

[Term]
id: HP:0000001
name: All

[Term]
id: HP:0000118
name: Phenotypic abnormality
is_a: HP:0000001 ! All

[Term]
id: HP:0002027
name: Abdominal pain {xref="PMID:1"}
def: "An unpleasant sensation: [in] the \"abdomen\"." [HPO:probinson]
synonym: "Pain in \"stomach\"" EXACT layperson [ORCID:0000-0001-5208-3432]
synonym: "Abdominal colic " NARROW []
synonym: "Belly ache" []
synonym: "Stomach trouble" BROAD []
synonym: "Tummy\, sore" RELATED [] {source="x"}
synonym: "C15H14" RELATED FORMULA [ChEBI]
xref: UMLS:C0000737
is_a: HP:0000118 {source="x"} ! Phenotypic abnormality

[Term]
id: HP:0000057
name: obsolete Clitoromegaly
is_obsolete: true
replaced_by: HP:0008665

[Term]
id: CHEBI:36080
is_a: HP:0000118

[Term]
id: CL:0000000
name: cell
exact_synonym: "cellula" []

[Typedef]
id: part_of
name: part of
"""

OWL = """<?xml version="1.0"?>
<rdf:RDF xmlns="http://purl.obolibrary.org/obo/doid.owl#"
     xmlns:owl="http://www.w3.org/2002/07/owl#"
     xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
     xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#"
     xmlns:oboInOwl="http://www.geneontology.org/formats/oboInOwl#">
    <owl:Ontology rdf:about="http://purl.obolibrary.org/obo/doid.owl"/>
    <owl:Class rdf:about="http://purl.obolibrary.org/obo/DOID_4">
        <rdfs:label xml:lang="de">Krankheit</rdfs:label>
        <rdfs:label xml:lang="en">disease</rdfs:label>
    </owl:Class>
    <owl:Class rdf:about="http://purl.obolibrary.org/obo/DOID_1612">
        <rdfs:subClassOf rdf:resource="http://purl.obolibrary.org/obo/DOID_4"/>
        <rdfs:subClassOf><owl:Restriction/></rdfs:subClassOf>
        <oboInOwl:hasExactSynonym>malignant tumor of breast</oboInOwl:hasExactSynonym>
        <oboInOwl:hasNarrowSynonym>mammary carcinoma</oboInOwl:hasNarrowSynonym>
        <rdfs:label>breast cancer</rdfs:label>
    </owl:Class>
    <owl:Class rdf:about="http://purl.obolibrary.org/obo/DOID_9">
        <owl:deprecated rdf:datatype="http://www.w3.org/2001/XMLSchema#boolean">true</owl:deprecated>
        <rdfs:label>obsolete thing</rdfs:label>
    </owl:Class>
    <owl:Class rdf:about="http://purl.obolibrary.org/obo/DOID_10">
        <rdfs:subClassOf rdf:resource="http://purl.obolibrary.org/obo/DOID_4"/>
        <rdfs:label/>
    </owl:Class>
    <owl:Class><owl:unionOf/></owl:Class>
</rdf:RDF>
"""


@pytest.fixture
def obo_file(tmp_path: Path) -> Path:
    path = tmp_path / "hp.obo"
    path.write_text(OBO, "utf-8")
    return path


def test_names_of_the_default_scopes_are_read(obo_file: Path) -> None:
    concepts = {c.identifier: c for c in obo.read(obo_file, type="Phenotype", source="hpo")}
    assert list(concepts) == ["HP:0000001", "HP:0000118", "HP:0002027", "CL:0000000"]
    pain = concepts["HP:0002027"]
    assert pain.names == ("Abdominal pain", 'Pain in "stomach"', "Belly ache", "Tummy, sore")
    assert (pain.type, pain.source) == ("Phenotype", "hpo")
    assert concepts["CL:0000000"].names == ("cell", "cellula")


def test_scopes_are_selected(obo_file: Path) -> None:
    concepts = {c.identifier: c for c in obo.read(obo_file, type="Phenotype", scopes=["NARROW"])}
    assert concepts["HP:0002027"].names == ("Abdominal pain", "Abdominal colic")


def test_terms_are_selected(obo_file: Path) -> None:
    concepts = obo.read(obo_file, type="Phenotype", prefixes=["HP"], under=["HP:0000118"])
    assert [c.identifier for c in concepts] == ["HP:0000118", "HP:0002027"]
    with pytest.raises(FormatError, match="has no term HP:9"):
        list(obo.read(obo_file, type="Phenotype", under=["HP:9"]))


def test_gzipped_files_are_read(obo_file: Path, tmp_path: Path) -> None:
    (tmp_path / "x.obo.gz").write_bytes(gzip.compress(obo_file.read_bytes()))
    plain = list(obo.read(obo_file, type="Phenotype"))
    assert list(obo.read(tmp_path / "x.obo.gz", type="Phenotype")) == plain


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nonsense without a colon", "neither a [Stanza] nor a tag"),
        ("synonym: Belly ache EXACT []", "not in double quotes"),
        ("is_a:", "is_a has no value"),
    ],
)
def test_a_broken_line_is_reported(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "broken.obo"
    path.write_text(f"[Term]\nid: HP:1\nname: one\n{line}\n\n[Term]\nid: HP:2\nname: two\n")
    with pytest.raises(FormatError) as caught:
        list(obo.read(path, type="Phenotype"))
    assert str(caught.value).startswith(f"{path}:4: ")
    assert message in str(caught.value) and "\n" not in str(caught.value)
    errors: list[FormatError] = []
    concepts = list(obo.read(path, type="Phenotype", on_error=errors.append))
    assert [c.identifier for c in concepts] == ["HP:1", "HP:2"]
    assert [e.line for e in errors] == [4]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("[Term]\nname: one\n", 1, "without an id"),
        ("[Term]\nid: one\nname: one\n", 1, "not a CURIE"),
        ("[Term]\nid: HP:1\nname: \n", 1, "has no name"),
        ("hello: world\n", None, "not an OBO file"),
    ],
)
def test_a_broken_term_is_reported(
    tmp_path: Path, text: str, line: int | None, message: str
) -> None:
    path = tmp_path / "broken.obo"
    path.write_text(text)
    with pytest.raises(FormatError, match=message) as caught:
        list(obo.read(path, type="Phenotype"))
    assert caught.value.line == line


def test_owl_classes_are_read(tmp_path: Path) -> None:
    path = tmp_path / "doid.owl"
    path.write_text(OWL, "utf-8")
    concepts = list(owl.read(path, type="Disease", source="do", under=["DOID:4"]))
    assert [(c.identifier, c.names) for c in concepts] == [
        ("DOID:4", ("disease",)),
        ("DOID:1612", ("breast cancer", "malignant tumor of breast")),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (OWL[:900], "broken XML"),
        ("<html><p/></html>", "not OWL"),
        ('<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>', "not allowed"),
    ],
)
def test_invalid_owl_is_reported(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "x.owl"
    path.write_text(text, "utf-8")
    with pytest.raises(FormatError, match=message):
        list(owl.read(path, type="Disease"))
