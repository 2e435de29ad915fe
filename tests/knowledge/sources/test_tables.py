"""Reading tables in the published layouts, with small invented contents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vaner.errors import FormatError
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources import (
    belns,
    biosyn,
    ctd,
    entrez,
    hgnc,
    jsonl,
    taxonomy,
    tsv,
    umls,
    vaner_jsonl,
)
from vaner.knowledge.sources.entity_types import umls_types


def lines(*rows: str) -> str:
    return "".join(f"{row}\n" for row in rows)


def short(concepts: Any) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(c.identifier, c.type, c.names) for c in concepts]


def conso(cui: str, name: str, **other: str) -> str:
    """A row of MRCONSO.RRF: 18 columns, each ended by a bar."""
    row = {
        "CUI": cui, "LAT": "ENG", "TS": "P", "LUI": "L0011849", "STT": "PF", "SUI": "S0033298",
        "ISPREF": "Y", "AUI": "A0049278", "SAUI": "", "SCUI": "M0006155", "SDUI": "D003920",
        "SAB": "MSH", "TTY": "MH", "CODE": "D003920", "STR": name, "SRL": "0", "SUPPRESS": "N",
        "CVF": "256",
    }  # fmt: skip
    return "|".join({**row, **other}.values()) + "|"


@pytest.fixture
def meta(tmp_path: Path) -> Path:
    """A Metathesaurus of five concepts."""
    (tmp_path / "MRCONSO.RRF").write_text(
        lines(
            conso("C0011849", "Diabetes", TS="S"),
            conso("C0011849", "Diabetes Mellitus"),
            conso("C0011849", "Diabète sucré", LAT="FRE"),
            conso("C0011849", "DM - old", SUPPRESS="O", TS="S"),
            conso("C0011849", "Mellitus, Diabetes", TS="S", SAB="SNOMEDCT_US"),
            conso("C0021641", "Insulin"),
            conso("C0013227", "Pharmaceutical device"),
            conso("C0015967", "Fever"),
            conso("C0020205", "Zuckerkrankheit", LAT="GER"),
        ),
        "utf-8",
    )
    (tmp_path / "MRSTY.RRF").write_text(
        lines(
            "C0011849|T047|B2.2.1.2.1|Disease or Syndrome|AT32679180|3840|",
            "C0013227|T203|A1.3.3|Drug Delivery Device|AT17648347||",
            "C0015967|T184|A2.2.2|Sign or Symptom|AT1||",
            "C0020205|T047|B2.2.1.2.1|Disease or Syndrome|AT2||",
            "C0021641|T116|A1.4.1.2.1.7|Amino Acid, Peptide, or Protein|AT3||",
            "C0021641|T121|A1.4.1.1.1|Pharmacologic Substance|AT4||",
            "C0021641|T125|A1.4.1.1.3.2|Hormone|AT5||",
        )
    )
    return tmp_path / "MRCONSO.RRF"


def test_umls_concepts_are_read(meta: Path) -> None:
    assert short(umls.read(meta, source="umls")) == [
        ("UMLS:C0011849", "Disease", ("Diabetes Mellitus", "Diabetes", "Mellitus, Diabetes")),
        ("UMLS:C0021641", "Chemical", ("Insulin",)),
        ("UMLS:C0021641", "Gene", ("Insulin",)),
        ("UMLS:C0015967", "Phenotype", ("Fever",)),
    ]


def test_umls_names_are_selected_by_language_flag_and_vocabulary(meta: Path) -> None:
    german = umls.read(meta, language="GER")
    assert short(german) == [("UMLS:C0020205", "Disease", ("Zuckerkrankheit",))]
    old = umls.read(meta, suppress=["O"], vocabularies=["MSH"], types={"T047": "Illness"})
    assert short(old) == [("UMLS:C0011849", "Illness", ("DM - old",))]


def test_semantic_types_are_exact() -> None:
    # 'Clinical Drug' (T200) is a chemical; a substring of the name must not decide it.
    assert umls_types()["T200"] == "Chemical"
    assert "T203" not in umls_types()  # Drug Delivery Device
    assert set(umls_types().values()) == {"CellType", "Chemical", "Disease", "Gene", "Phenotype",
                                            "Species"}  # fmt: skip


def test_a_umls_row_with_missing_columns_is_reported(meta: Path) -> None:
    rows = meta.read_text("utf-8").splitlines()
    rows[1] = rows[1].replace("|D003920|MSH", "")
    meta.write_text(lines(*rows), "utf-8")
    with pytest.raises(FormatError, match=r"MRCONSO.RRF:2: expected 18 columns, got 16"):
        list(umls.read(meta))
    errors: list[FormatError] = []
    concepts = short(umls.read(meta, on_error=errors.append))
    # The row is skipped, but the name in index order gives the same name.
    assert concepts[0][2] == ("Diabetes", "Mellitus, Diabetes", "Diabetes Mellitus")
    assert [e.line for e in errors] == [2]


def test_missing_umls_types_are_reported(meta: Path) -> None:
    meta.with_name("MRSTY.RRF").write_text("C0011849|T047|\n")
    with pytest.raises(FormatError, match=r"MRSTY.RRF:1: expected 6 columns, got 2"):
        list(umls.read(meta))
    meta.with_name("MRSTY.RRF").unlink()
    with pytest.raises(FormatError, match=r"MRSTY.RRF must be in the same folder"):
        list(umls.read(meta))


@pytest.fixture
def taxdump(tmp_path: Path) -> Path:
    names = [
        ("1", "root", "", "scientific name"),
        ("562", "Bacterium coli", "", "synonym"),
        ("562", '"Bacterium coli commune" Escherich 1885', "", "authority"),
        ("562", "Escherichia coli", "", "scientific name"),
        ("562", "E. coli", "", "common name"),
        ("9606", "Homo sapiens", "", "scientific name"),
        ("9606", "human", "", "genbank common name"),
        ("77133", "uncultured bacterium", "", "scientific name"),
        ("1409", "Bacillus sp. (in: firmicutes)", "", "scientific name"),
    ]
    ranks = [("1", "1", "no rank"), ("562", "561", "species"), ("9606", "9605", "species"),
             ("77133", "48479", "species"), ("1409", "185979", "species")]  # fmt: skip
    rest = ["", "8", "0", "1", "1", "0", "0", "1", "1", ""]
    (tmp_path / "names.dmp").write_text(lines(*("\t|\t".join(row) + "\t|" for row in names)))
    (tmp_path / "nodes.dmp").write_text(
        lines(*("\t|\t".join([*row, *rest]) + "\t|" for row in ranks))
    )
    return tmp_path / "names.dmp"


def test_taxa_are_read(taxdump: Path) -> None:
    assert short(taxonomy.read(taxdump, ranks=["species"])) == [
        ("NCBITaxon:562", "Species", ("Escherichia coli", "Bacterium coli", "E. coli")),
        ("NCBITaxon:9606", "Species", ("Homo sapiens", "human")),
    ]
    everything = [c.identifier for c in taxonomy.read(taxdump, nameless=True)]
    assert everything == [f"NCBITaxon:{n}" for n in (1, 562, 9606, 77133, 1409)]


CTD = lines(
    "# This file was downloaded from the Comparative Toxicogenomics Database",
    "#",
    "# Fields:",
    "# DiseaseName\tDiseaseID\tAltDiseaseIDs\tDefinition\tParentIDs\tTreeNumbers"
    "\tParentTreeNumbers\tSynonyms\tSlimMappings",
    "#",
    "Breast Neoplasms\tMESH:D001943\tDO:DOID:1612|OMIM:114480\t\tMESH:D001941\tC04\tC04"
    "\tBreast Tumors|Tumors, Breast\tCancer",
    "12-hydroxylase deficiency\tOMIM:1\t\t\t\t\t\t\t",
)
CTD_CSV = lines(
    "# Fields:",
    "# ChemicalName,ChemicalID,CasRN,PubChemCID,PubChemSID,DTXSID,InChIKey,Definition,ParentIDs,"
    "TreeNumbers,ParentTreeNumbers,MESHSynonyms,CTDCuratedSynonyms",
    "#",
    '"10,10-bis(4-pyridinylmethyl)-9(10H)-anthracenone",MESH:C112297,,,,,,"A ""drug""",,,,'
    "10-BPA|XE 991,BPA 10",
)
CTD_GENES = lines(
    "# Fields:",
    "# GeneSymbol\tGeneName\tGeneID\tAltGeneIDs\tSynonyms\tBioGRIDIDs\tPharmGKBIDs\tUniProtIDs",
    "TP53\ttumor protein p53\t7157\t\tBCC7|LFS1\t\t\t",
)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "CTD_diseases.tsv",
            CTD,
            [
                (
                    "MESH:D001943",
                    "Disease",
                    ("Breast Neoplasms", "Breast Tumors", "Tumors, Breast"),
                ),
                ("OMIM:1", "Disease", ("12-hydroxylase deficiency",)),
            ],
        ),
        (
            "CTD_chemicals.csv",
            CTD_CSV,
            [
                (
                    "MESH:C112297",
                    "Chemical",
                    (
                        "10,10-bis(4-pyridinylmethyl)-9(10H)-anthracenone",
                        "10-BPA",
                        "XE 991",
                        "BPA 10",
                    ),
                )
            ],
        ),
        (
            "CTD_genes.tsv",
            CTD_GENES,
            [("NCBIGene:7157", "Gene", ("TP53", "tumor protein p53", "BCC7", "LFS1"))],
        ),
    ],
)
def test_ctd_vocabularies_are_read(
    tmp_path: Path, name: str, content: str, expected: list[Any]
) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    assert short(ctd.read(tmp_path / name)) == expected


HGNC = lines(
    "hgnc_id\tsymbol\tname\tlocus_group\tlocus_type\tstatus\tlocation\talias_symbol\talias_name"
    "\tprev_symbol\tprev_name\tgene_group",
    "HGNC:5\tA1BG\talpha-1-B glycoprotein\tprotein-coding gene\tgene with protein product"
    "\tApproved\t19q13.43\t\t\t\t\t",
    'HGNC:1100\tBRCA1\tBRCA1 DNA repair associated\tp\tg\tApproved\t17q21.31\t"RNF53|BRCC1"'
    '\t"BRCA1/BRCA2-containing complex"\t\t"breast cancer 1, early onset"\tx',
    "HGNC:6\tA1S9T~withdrawn\tsymbol withdrawn\tw\tw\tEntry Withdrawn\t\t\t\t\t\t",
)
GENE_INFO = lines(
    "#tax_id\tGeneID\tSymbol\tLocusTag\tSynonyms\tdbXrefs\tchromosome\tmap_location\tdescription"
    "\ttype_of_gene\tSymbol_from_nomenclature_authority\tFull_name_from_nomenclature_authority"
    "\tNomenclature_status\tOther_designations\tModification_date\tFeature_type",
    "9606\t1\tA1BG\t-\tA1B|ABG\tMIM:138670\t19\t19q13\tx\tprotein-coding\tA1BG"
    "\talpha-1-B glycoprotein\tO\tHEL-S-163pA\t20261101\t-",
    "10090\t11287\tPzp\t-\tA1m\t-\t6\t6\tx\tprotein-coding\tPzp\tpregnancy zone\tO\t-\t2026\t-",
    "9606\t2\tNEWENTRY\t-\t-\t-\t-\t-\tx\tother\t-\t-\t-\t-\t2026\t-",
)
BELNS = lines(
    "[Namespace]",
    "NameString=MeSH Diseases (Names)",
    "Keyword=MESHD",
    "",
    "[Values]",
    "Abdomen, Acute|O",
    "odd|name|O",
)
READ: list[tuple[Callable[..., Any], str, str, dict[str, Any], list[Any]]] = [
    (hgnc.read, "hgnc_complete_set.txt", HGNC, {}, [
        ("HGNC:5", "Gene", ("A1BG", "alpha-1-B glycoprotein")),
        ("HGNC:1100", "Gene", ("BRCA1", "BRCA1 DNA repair associated", "RNF53", "BRCC1",
                               "BRCA1/BRCA2-containing complex",
                               "breast cancer 1, early onset")),
    ]),
    (entrez.read, "gene_info", GENE_INFO, {"taxa": [9606]}, [
        ("NCBIGene:1", "Gene", ("A1BG", "A1B", "ABG", "alpha-1-B glycoprotein", "HEL-S-163pA")),
    ]),
    (belns.read, "x.belns", BELNS, {"type": "Disease", "inverted": True}, [
        ("MESHD:Abdomen%2C%20Acute", "Disease", ("Abdomen, Acute", "Acute Abdomen")),
        ("MESHD:odd%7Cname", "Disease", ("odd|name",)),
    ]),
    (biosyn.read, "medic.txt", "100|D001816|C9||Bluetongue|Tongue, Blue\n14||FPH\nC||Diseases\n",
     {"type": "Disease"}, [
        ("MESH:D001816", "Disease", ("Bluetongue", "Tongue, Blue", "Blue Tongue")),
        ("OMIM:14", "Disease", ("FPH",)),
    ]),
    (tsv.read, "my.tsv", 'identifier\tname\tsynonyms\ttype\nMY:1\t"a ""b"""\tc|d\tGene\n'
                         "MY:2\te\t\tDisease \nMY:1\tf\t\tGene\n",
     {"synonyms": "synonyms", "type_column": "type"}, [
        ("MY:1", "Gene", ('a "b"', "c", "d", "f")), ("MY:2", "Disease", ("e",)),
    ]),
    (tsv.read, "sparql.tsv", '?term\t?label\t?lay\n<http://purl.obolibrary.org/obo/HP_1>\t"a"\t"b"\n',
     {"identifier": "term", "names": ["label", "lay"], "type": "Phenotype"},
     [("HP:1", "Phenotype", ("a", "b"))]),
    (tsv.read, "my.csv", "GeneID,symbol\n1,A1BG\n1,ABG\n",
     {"identifier": "GeneID", "names": ["symbol"], "prefix": "NCBIGene", "delimiter": ",",
      "type": "Gene"}, [("NCBIGene:1", "Gene", ("A1BG", "ABG"))]),
    (jsonl.read, "my.jsonl", '{"identifier": "MY:1", "name": "é", "synonyms": ["x"]}\n\n'
                             '{"identifier": "MY:2", "name": "y", "type": " Gene"}\n',
     {"type": "Disease"}, [("MY:1", "Disease", ("é", "x")), ("MY:2", "Gene", ("y",))]),
]  # fmt: skip


@pytest.mark.parametrize(("read", "name", "content", "options", "expected"), READ)
def test_layouts_are_read(
    tmp_path: Path,
    read: Callable[..., Any],
    name: str,
    content: str,
    options: dict[str, Any],
    expected: list[Any],
) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    assert short(read(tmp_path / name, **options)) == expected


BROKEN: list[tuple[Callable[..., Any], str, dict[str, Any], int | None, str]] = [
    (hgnc.read, lines(*HGNC.splitlines(), "HGNC:7\tX"), {}, 5, "columns, got 2"),
    (hgnc.read, "a\tb\n", {}, 1, "missing column hgnc_id, status"),
    (entrez.read, "", {}, 1, "missing column tax_id"),
    (entrez.read, lines(*GENE_INFO.splitlines()[:2], "9606\t2"), {}, 3, "columns, got 2"),
    (ctd.read, "# Fields:\n# nothing\nx\ty\n", {}, None, "no CTD header"),
    (ctd.read, lines(*CTD.splitlines(), "x\ty"), {}, 8, "expected 8 columns, got 2"),
    (belns.read, "[Namespace]\nKeyword=X\n", {"type": "Gene"}, None, "no [Values]"),
    (belns.read, "[Values]\nabc\n", {"type": "Gene", "prefix": "x"}, 2, "not name|codes"),
    (biosyn.read, "D001816|x\n", {"type": "Disease"}, 1, "not id||name|name"),
    (biosyn.read, "X7||x\n", {"type": "Disease"}, 1, "not a MeSH or OMIM identifier"),
    (tsv.read, "identifier\tname\nMY:1\n", {"type": "Gene"}, 2, "expected 2 columns, got 1"),
    (tsv.read, "identifier\tname\n7\tx\n", {"type": "Gene"}, 2, "not a CURIE"),
    (tsv.read, "identifier\tname\nMY:7\tx\n", {}, 2, "no entity type"),
    (tsv.read, 'identifier\tname\nMY:1\t"x\n', {"type": "Gene"}, 2, "broken quoting"),
    (jsonl.read, '{"identifier": "MY:1"', {}, 1, "not JSON"),
    (jsonl.read, "[" * 100_000, {}, 1, "not JSON"),
    (jsonl.read, "9" * 5000, {}, 1, "not JSON"),
    (vaner_jsonl.read, "[" * 100_000, {}, 1, "umls_kg"),
    (jsonl.read, "[]\n", {}, 1, "not a JSON object"),
    (jsonl.read, '\n{"identifier": "MY:1", "name": 7, "type": "Gene"}', {}, 2, "name is 7"),
    (jsonl.read, '{"identifier": "MY:1", "names": []}', {}, 1, "unknown field names"),
    (jsonl.read, '{"identifier": "M:1", "name": "a", "synonyms": "b"}', {}, 1, "not a list"),
]


@pytest.mark.parametrize(("read", "content", "options", "line", "message"), BROKEN)
def test_errors_name_the_line(
    tmp_path: Path,
    read: Callable[..., Any],
    content: str,
    options: dict[str, Any],
    line: int | None,
    message: str,
) -> None:
    path = tmp_path / "broken"
    path.write_text(content, "utf-8")
    with pytest.raises(FormatError) as caught:
        list(read(path, **options))
    assert message in str(caught.value) and "\n" not in str(caught.value)
    assert (caught.value.path, caught.value.line) == (str(path), line)


def test_invalid_rows_are_skipped_with_on_error(tmp_path: Path) -> None:
    path = tmp_path / "my.jsonl"
    good = '{"identifier": "MY:1", "name": "x", "type": "Gene"}'
    path.write_text(lines("nonsense", good))
    errors: list[FormatError] = []
    assert list(jsonl.read(path, source="my", on_error=errors.append)) == [
        Concept("MY:1", "x", "Gene", (), "my")
    ]
    assert [str(e) for e in errors] == [f"{path}:1: is not JSON: Expecting value at column 1"]


def test_a_taxonomy_row_with_missing_columns_is_reported(taxdump: Path) -> None:
    with taxdump.open("a") as stream:
        stream.write("9606\t|\tman\t|\n")
    with pytest.raises(FormatError, match=r"names.dmp:10: expected 4 columns, got 2"):
        list(taxonomy.read(taxdump))
