"""Reading MeSH: descriptors and supplementary records, in XML and ASCII."""

from __future__ import annotations

from pathlib import Path

import pytest

from vaner.errors import FormatError
from vaner.knowledge.sources import mesh


def _concept(*terms: str, preferred: str = "N") -> str:
    inside = "".join(
        f'<Term ConceptPreferredTermYN="{"NY"[i == 0]}" IsPermutedTermYN="N" LexicalTag="NON" '
        f'RecordPreferredTermYN="N"><TermUI>T{i}</TermUI><String>{term}</String></Term>'
        for i, term in enumerate(terms)
    )
    return (
        f'<Concept PreferredConceptYN="{preferred}"><ConceptUI>M1</ConceptUI>'
        f"<ConceptName><String>{terms[0]}</String></ConceptName>"
        f"<TermList>{inside}</TermList></Concept>"
    )


DESCRIPTORS = f"""<?xml version="1.0"?>
<!DOCTYPE DescriptorRecordSet SYSTEM "https://www.nlm.nih.gov/databases/dtd/nlmdescriptorrecordset_20260101.dtd">
<DescriptorRecordSet LanguageCode = "eng">
<DescriptorRecord DescriptorClass = "1">
  <DescriptorUI>D001943</DescriptorUI>
  <DescriptorName><String>Breast Neoplasms</String></DescriptorName>
  <TreeNumberList>
    <TreeNumber>C04.588.180</TreeNumber>
    <TreeNumber>C17.800.090.500</TreeNumber>
  </TreeNumberList>
  <ConceptList>
    {_concept("Breast Neoplasms", "Tumors, Breast", preferred="Y")}
    {_concept("Breast Cancer")}
  </ConceptList>
</DescriptorRecord>
<DescriptorRecord DescriptorClass = "1">
  <DescriptorUI>D000003</DescriptorUI>
  <DescriptorName><String>Abattoirs</String></DescriptorName>
  <TreeNumberList><TreeNumber>J01.576.423.200.700.100</TreeNumber></TreeNumberList>
  <ConceptList>{_concept("Abattoirs", preferred="Y")}</ConceptList>
</DescriptorRecord>
<DescriptorRecord DescriptorClass = "1">
  <DescriptorUI>D016159</DescriptorUI>
  <DescriptorName><String>Tumor Suppressor Protein p53</String></DescriptorName>
  <TreeNumberList>
    <TreeNumber>D12.776.260.820</TreeNumber>
    <TreeNumber>D09.400.430</TreeNumber>
  </TreeNumberList>
  <ConceptList>{_concept("Tumor Suppressor Protein p53", preferred="Y")}</ConceptList>
</DescriptorRecord>
</DescriptorRecordSet>
"""

SUPPLEMENTARY = f"""<?xml version="1.0"?>
<SupplementalRecordSet LanguageCode = "eng">
<SupplementalRecord SCRClass = "3">
  <SupplementalRecordUI>C535840</SupplementalRecordUI>
  <SupplementalRecordName><String>Carcinoma, thymic</String></SupplementalRecordName>
  <ConceptList>{_concept("Carcinoma, thymic", preferred="Y")}</ConceptList>
</SupplementalRecord>
<SupplementalRecord SCRClass = "2">
  <SupplementalRecordUI>C000001</SupplementalRecordUI>
  <SupplementalRecordName><String>ABC protocol</String></SupplementalRecordName>
  <ConceptList>{_concept("ABC protocol", preferred="Y")}</ConceptList>
</SupplementalRecord>
</SupplementalRecordSet>
"""

ASCII = """*NEWRECORD
RECTYPE = D
MH = Calcimycin
AQ = AA AD AE
PRINT ENTRY = A-23187|T109|T195|LAB|NRW|NLM (1991)|900308|abbcdef
ENTRY = A23187, Antibiotic
MN = D03.633.100.221.173
ST = T109
UI = D000001

*NEWRECORD
RECTYPE = C
NM = Carcinoma, thymic
SY = Thymic carcinoma|NLM
HM = *Thymoma
ST = T191
UI = C535840

*NEWRECORD
RECTYPE = C
NM = bevonium
ST = T109
UI = C000002
"""


def _short(path: Path) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(c.identifier, c.type, c.names) for c in mesh.read(path, source="mesh")]


def test_descriptors_are_read(tmp_path: Path) -> None:
    (tmp_path / "desc2026.xml").write_text(DESCRIPTORS, "utf-8")
    assert _short(tmp_path / "desc2026.xml") == [
        (
            "MESH:D001943",
            "Disease",
            ("Breast Neoplasms", "Tumors, Breast", "Breast Cancer", "Breast Tumors"),
        ),
        ("MESH:D016159", "Gene", ("Tumor Suppressor Protein p53",)),
    ]


def test_supplementary_records_are_read(tmp_path: Path) -> None:
    (tmp_path / "supp2026.xml").write_text(SUPPLEMENTARY, "utf-8")
    assert _short(tmp_path / "supp2026.xml") == [
        ("MESH:C535840", "Disease", ("Carcinoma, thymic", "thymic Carcinoma"))
    ]


def test_ascii_records_are_read(tmp_path: Path) -> None:
    (tmp_path / "d2026.bin").write_text(ASCII, "utf-8")
    assert _short(tmp_path / "d2026.bin") == [
        ("MESH:D000001", "Chemical", ("Calcimycin", "A-23187", "A23187, Antibiotic",
                                      "Antibiotic A23187")),
        ("MESH:C535840", "Disease", ("Carcinoma, thymic", "Thymic carcinoma",
                                     "thymic Carcinoma")),
        ("MESH:C000002", "Chemical", ("bevonium",)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("*NEWRECORD\nRECTYPE = D\nMH Calcimycin\n", 3, "neither"),
        ("*NEWRECORD\nMH = Calcimycin\nMN = D03.633\n", 1, "no identifier"),
        ("RECTYPE = D\n", 1, "neither"),
        ("", None, "not MeSH"),
        ("<Other><a/></Other>", None, "not MeSH descriptors"),
        (DESCRIPTORS[:700], 12, "broken XML"),
        (DESCRIPTORS.replace("<DescriptorUI>D001943</DescriptorUI>", ""), 15, "no identifier"),
    ],
)
def test_broken_files_are_reported(
    tmp_path: Path, text: str, line: int | None, message: str
) -> None:
    path = tmp_path / "broken"
    path.write_text(text, "utf-8")
    with pytest.raises(FormatError, match=message) as caught:
        list(mesh.read(path))
    assert caught.value.line == line
