"""Reading the files in the packages of the open base, and rejecting unsafe pickles."""

from __future__ import annotations

import bz2
import os
import pickle
from pathlib import Path
from typing import Any

import pytest

from vaner.errors import FormatError
from vaner.knowledge.sources import dictionaries, hpo_annotations
from vaner.knowledge.sources.plain_pickle import load_plain_pickle

HPOA = """#description: "HPO annotations for rare diseases"
#version: 2025-01-16
database_id\tdisease_name\tqualifier\thpo_id\treference\tevidence\tonset\tfrequency\tsex\tmodifier\taspect\tbiocuration
OMIM:125853\tDIABETES MELLITUS, TYPE 2; T2D\t\tHP:0011097\tPMID:1\tPCS\t\t1/2\t\t\tP\tx
OMIM:125853\tDIABETES MELLITUS, TYPE 2; T2D\t\tHP:0001518\tPMID:1\tPCS\t\t1/2\t\t\tP\tx
OMIM:125853\tNIDDM\t\tHP:0001518\tPMID:1\tPCS\t\t1/2\t\t\tP\tx
ORPHA:220\tDenys-Drash syndrome\t\tHP:0001518\tORPHA:220\tTAS\t\t\t\t\tP\tx
"""
GENES = """ncbi_gene_id\tgene_symbol\thpo_id\thpo_name\tfrequency\tdisease_id
10\tNAT2\tHP:0000007\tAutosomal recessive inheritance\t-\tOMIM:243400
10\tNAT2\tHP:0001939\tAbnormality\t-\tOMIM:243400
7467\t-\tHP:0001939\tAbnormality\t-\tOMIM:243400
16\tAARS1\tHP:0002460\tDistal muscle weakness\t15/15\tOMIM:613287
"""
DRUGS: dict[str, dict[str, Any]] = {
    "drug_variant_to_canonical": {
        "insulin": ["insulin"],
        "humulin": ["insulin"],
        "tp53": ["p53"],
        "tumor suppressor p53": ["p53"],
        "analgesics": ["analgesics"],
        "hpv vaccine (x)": ["hpv vaccine (x)"],
        "nobody's": ["unknown"],
    },
    "drug_canonical_to_data": {
        "insulin": {
            "name": "Insulin", "mesh_id": "D007328", "mesh_tree": ["D12.644.548.586.200"],
            "drugbank_id": "DB00030",
        },
        "p53": {"name": "p53", "mesh_id": "D016159", "mesh_tree": ["D12.776.260.820"]},
        "analgesics": {"name": "Analgesics", "mesh_id": "D000700", "mesh_tree": ["D27.505.954"]},
        "hpv vaccine (x)": {
            "name": "HPV vaccine (X)",
            "wikipedia_url": "https://en.wikipedia.org/wiki/HPV%20vaccine",
        },
        "abacavir": {"name": "Abacavir", "drugbank_id": "DB01048", "synonyms": ["Ziagen"]},
        "plain water": {"name": "plain water"},
    },
    "drug_variant_to_variant_data": {},
}  # fmt: skip
DISEASES: dict[str, dict[str, Any]] = {
    "disease_variant_to_canonical": {"acute abdomen": ["abdomen, acute"], "loves": ["love"]},
    "disease_canonical_to_data": {
        "abdomen, acute": {"name": "Abdomen, Acute", "mesh_id": "D000006", "mesh_tree": ["C23.8"]},
        "love": {"name": "Love", "mesh_id": "D008151", "mesh_tree": ["F01.470.748"]},
        "bulimia nervosa": {"name": "Bulimia Nervosa", "mesh_id": "D9", "mesh_tree": ["F03.4"]},
    },
}


def _pickled(path: Path, content: Any) -> Path:
    path.write_bytes(bz2.compress(pickle.dumps(content)))
    return path


def test_disease_names_are_read(tmp_path: Path) -> None:
    (tmp_path / "phenotype.hpoa").write_text(HPOA, "utf-8")
    concepts = list(hpo_annotations.read_diseases(tmp_path / "phenotype.hpoa", source="hpo"))
    assert [(c.identifier, c.type, c.names) for c in concepts] == [
        (
            "OMIM:125853",
            "Disease",
            (
                "DIABETES MELLITUS, TYPE 2",
                "T2D",
                "TYPE 2 DIABETES MELLITUS",
                "DIABETES MELLITUS, TYPE 2; T2D",
                "NIDDM",
            ),
        ),
        ("ORPHA:220", "Disease", ("Denys-Drash syndrome",)),
    ]


def test_gene_symbols_are_read(tmp_path: Path) -> None:
    (tmp_path / "genes.txt").write_text(GENES, "utf-8")
    concepts = list(hpo_annotations.read_genes(tmp_path / "genes.txt"))
    assert [(c.identifier, c.names) for c in concepts] == [
        ("NCBIGene:10", ("NAT2",)),
        ("NCBIGene:16", ("AARS1",)),
    ]


def test_broken_annotations_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "genes.txt"
    path.write_text(GENES + "17\n")
    with pytest.raises(FormatError, match=r"genes.txt:6: expected 2 columns, got 1"):
        list(hpo_annotations.read_genes(path))
    errors: list[FormatError] = []
    assert len(list(hpo_annotations.read_genes(path, on_error=errors.append))) == 2
    assert len(errors) == 1
    path.write_text("# only a remark\n")
    with pytest.raises(FormatError, match="missing column ncbi_gene_id"):
        list(hpo_annotations.read_genes(path))


def test_drugs_are_read(tmp_path: Path) -> None:
    concepts = dictionaries.read_drugs(_pickled(tmp_path / "d.pkl.bz2", DRUGS), source="drugs")
    assert [(c.identifier, c.type, c.names) for c in concepts] == [
        ("DRUGBANK:DB00030", "Chemical", ("Insulin", "humulin")),
        ("mesh.name:p53", "Gene", ("p53", "tp53", "tumor suppressor p53")),
        ("wikipedia.en:HPV%20vaccine", "Chemical", ("HPV vaccine (X)",)),
        ("DRUGBANK:DB01048", "Chemical", ("Abacavir", "Ziagen")),
        ("drugname:plain%20water", "Chemical", ("plain water",)),
    ]


def test_diseases_are_read(tmp_path: Path) -> None:
    concepts = dictionaries.read_diseases(_pickled(tmp_path / "d.pkl.bz2", DISEASES))
    assert [(c.identifier, c.names) for c in concepts] == [
        ("mesh.name:Abdomen%2C%20Acute", ("Abdomen, Acute", "acute abdomen")),
        ("mesh.name:Bulimia%20Nervosa", ("Bulimia Nervosa",)),
    ]


class _Evil:
    """Runs a command when an ordinary unpickler loads it."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (self.command,)


def test_a_pickle_that_runs_a_command_is_rejected(tmp_path: Path) -> None:
    trace = tmp_path / "it-ran"
    content = {**DRUGS, "drug_variant_to_canonical": _Evil(f"touch {trace}")}
    path = _pickled(tmp_path / "evil.pkl.bz2", content)
    with pytest.raises(FormatError, match="only plain data is allowed") as caught:
        list(dictionaries.read_drugs(path))
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    assert not trace.exists()
    pickle.loads(bz2.decompress(path.read_bytes()))  # an ordinary unpickler runs the command
    assert trace.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"cos\nsystem\n(S'echo'\ntR.",  # protocol 0: GLOBAL and REDUCE
        b"\x80\x04\x8c\x02os\x8c\x06system\x93.",  # protocol 4: STACK_GLOBAL
        b"(S'echo'\nios\nsystem\n.",  # INST
        b"\x80\x02\x82\x01.",  # EXT1, the extension registry
        b"P7\n.",  # PERSID
        b"\x80\x04}\x94(",  # cut off
        b"hello",
    ],
)
def test_other_unsafe_pickles_are_rejected(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.pkl.bz2"
    path.write_bytes(bz2.compress(content))
    with pytest.raises(FormatError, match="rejected"):
        load_plain_pickle(path)


def test_other_dictionaries_are_rejected(tmp_path: Path) -> None:
    for number, content in enumerate(([1], {"drug_canonical_to_data": 7}, DISEASES)):
        path = _pickled(tmp_path / str(number), content)
        with pytest.raises(FormatError, match="not the expected dictionary"):
            list(dictionaries.read_drugs(path))
    with pytest.raises(FormatError, match="cannot be read: No such file"):
        list(dictionaries.read_drugs(tmp_path / "nowhere"))
    (tmp_path / "plain").write_bytes(b"not bzip2")
    with pytest.raises(FormatError, match="cannot be read"):
        list(dictionaries.read_drugs(tmp_path / "plain"))
