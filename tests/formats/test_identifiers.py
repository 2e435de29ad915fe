"""Identifiers: lists, variants, names of fields, and what a format cannot hold.

All texts are invented.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaner.formats import read, write, write_to
from vaner.formats.identifiers import (
    JOINED,
    add_prefix,
    join_identifiers,
    read_identifiers,
    split_identifiers,
)
from vaner.formats.losses import DANGLING, IDENTIFIER, NAME, Losses
from vaner.formats.unsupported_annotations import UNSUPPORTED
from vaner.text.documents import Document, Span

Put = Callable[..., Path]
VARIANT = "tmVar:p|SUB|R|12|K;HGVS:p.R12K;VariantGroup:1;CorrespondingGene:99;RS#:123"


@pytest.mark.parametrize(
    ("field", "identifiers"),
    [
        ("", ()), ("-", ()), ("-1", ()), ("CUI-less", ()),
        ("D1|D2", ("D1", "D2")), ("12;34", ("12", "34")), ("D1, D2", ("D1", "D2")),
        ("MESH:D1+MESH:D2", ("MESH:D1+MESH:D2",)),
        ("9(Tax:1;Tax:2),8(Tax:1)", ("9(Tax:1;Tax:2)", "8(Tax:1)")),
        ("p|SUB|R|12|K", ("p|SUB|R|12|K",)),
        ("|INS|11_12|A", ("|INS|11_12|A",)),
        ("c|DEL|5_6|TT;RSID:1", ("c|DEL|5_6|TT;RSID:1",)),
        ("rs12;VariantGroup:0;Disease:D1,D2", ("rs12;VariantGroup:0;Disease:D1,D2",)),
        ("c|DEL|5|T,c|INS|7|A", ("c|DEL|5|T", "c|INS|7|A")),
        ("c.[5A>C;6G>T]", ("c.[5A>C;6G>T]",)),
        (VARIANT, (VARIANT,)),
    ],
)  # fmt: skip
def test_split_identifiers(field: str, identifiers: tuple[str, ...]) -> None:
    assert split_identifiers(field) == identifiers
    losses = Losses()
    assert split_identifiers(join_identifiers(identifiers, losses)) == identifiers
    assert not +losses


def test_what_a_field_cannot_separate_is_counted() -> None:
    losses = Losses()
    assert join_identifiers(["c|DEL|5|T", "rs12"], losses) == "c|DEL|5|T;rs12"
    assert join_identifiers(["a|b", "c"], losses) == "a_b|c"
    assert join_identifiers(["-", "c"], losses) == "c"
    assert +losses == {JOINED: 1, NAME: 1, IDENTIFIER: 1}


@given(st.lists(st.text("aD1|;,-:c[]() ", max_size=8), max_size=4))
def test_joined_identifiers_are_the_same_or_counted(identifiers: list[str]) -> None:
    losses = Losses()
    field = join_identifiers(identifiers, losses)
    stripped = [i for i in identifiers if i.strip()]
    assert +losses or list(split_identifiers(field)) == [i.strip() for i in stripped]


@pytest.mark.parametrize(
    ("fields", "identifiers"),
    [
        ({"NCBI Gene identifier": "12,34"}, ("NCBIGene:12", "NCBIGene:34")),
        ({"NCBI Gene": "12"}, ("NCBIGene:12",)),
        ({"CUI": "C1"}, ("UMLS:C1",)),
        ({"MESH": "D1", "OMIM": "7"}, ("MESH:D1", "OMIM:7")),
        ({"mesh_id": ["D1", "D2"]}, ("MESH:D1", "MESH:D2")),
        ({"tmVar": "p|SUB|R|12|K"}, ("tmVar:p|SUB|R|12|K",)),
        ({"identifier": VARIANT}, (VARIANT,)),
        ({"database": "MESH", "database_id": "D1"}, ("MESH:D1",)),
        ({"database_id": "D1"}, ("D1",)),
        ({"taxonomy_id": 7}, ("NCBITaxon:7",)),
        ({"RS#": "123"}, ("dbSNP:123",)),
        ({"Identifier": "D1", "MESH": "D1"}, ("D1",)),
        ({"identifier": "MESH:D1|MESH:D1"}, ("MESH:D1", "MESH:D1")),
        ({"identifier": "MESH:D1", "normalized_id": "D1", "accession": "@X"}, ("MESH:D1",)),
        ({"normalized_id": "D1"}, ("D1",)),
        ({"normalized": [{"db_name": "MESH", "db_id": "D1,D2"}]}, ("MESH:D1", "MESH:D2")),
        ({"identifier": {"MESH": "D1"}}, ("MESH:D1",)),
        ({"annotation_id": "3", "id": "T1", "type": "Gene", "language_code": "en"}, ()),
        ({"identifier": None, "cui": "CUI-less"}, ()),
    ],
)  # fmt: skip
def test_names_of_fields(fields: dict[str, Any], identifiers: tuple[str, ...]) -> None:
    assert read_identifiers(fields) == identifiers


def test_prefixes() -> None:
    assert add_prefix("CHEBI", "CHEBI:5") == "CHEBI:5"
    assert add_prefix("UMLS", "S-12") == "S-12"  # not of UMLS


def bioc(infons: dict[str, Any]) -> str:
    entry = {"id": "0", "infons": infons, "text": "ABC1", "locations": [{"offset": 0, "length": 4}]}
    passage = {"offset": 0, "text": "ABC1 in rats.", "annotations": [entry]}
    return json.dumps({"documents": [{"id": "1", "passages": [passage]}]})


@pytest.mark.parametrize("format", ["bioc_json", "bioc_xml", "pubtator", "jsonl", "brat"])
def test_identifiers_of_bioc_in_other_formats(put: Put, tmp_path: Any, format: str) -> None:
    infons = {"type": "Gene", "NCBI Gene identifier": "12;34", "note": "sure"}
    documents = list(read(put(bioc(infons), "x.json")))
    report = write(documents, tmp_path / "out", format)
    (again,) = read(tmp_path / "out", format)
    assert again.spans[0].identifiers == ("NCBIGene:12", "NCBIGene:34")
    is_lost = format in ("pubtator", "brat")
    assert dict(report.lost) == ({UNSUPPORTED: 1} if is_lost else {})  # the note


def test_a_new_identifier_replaces_all_fields_of_the_old_one(put: Put) -> None:
    infons = {
        "type": "Gene", "identifier": "12", "normalized": ["12"], "normalized_id": "12",
        "database": "ncbi_gene", "name": "ABC1", "accession": "@GENE_ABC1", "biotype": "gene",
    }  # fmt: skip
    (document,) = read(put(bioc(infons), "x.json"))
    changed = document.with_spans([Span(0, 4, "Gene", identifiers=("99",))])
    stream = io.StringIO()
    write_to([changed], stream, "bioc_json")
    (entry,) = json.loads(stream.getvalue())["documents"][0]["passages"][0]["annotations"]
    assert entry["infons"] == {"type": "Gene", "identifier": "99"}


def test_pubtator_lists_and_variants(put: Put) -> None:
    lines = "1|t|ABC1 R12K\n1|a|\n1\t0\t4\tABC1\tGene\t12,34\n1\t5\t9\tR12K\tVariant\t" + VARIANT
    (document,) = read(put(f"{lines}\n\n", "x.pubtator"))
    assert [s.identifiers for s in document.spans] == [("12", "34"), (VARIANT,)]
    stream = io.StringIO()
    write_to([document], stream, "pubtator")
    assert stream.getvalue() == f"{lines}\n\n"
    new = Document("2", "R12K", (Span(0, 4, "Variant", identifiers=(VARIANT, "rs9")),))
    stream = io.StringIO()
    assert write_to([new], stream, "pubtator").lost == {JOINED: 1}
    assert f"{VARIANT};rs9" in stream.getvalue()


@pytest.mark.parametrize("field", ["ent_kb_id", "kb_id", "linked_id", "norm_id", "normId"])
def test_fields_of_linkers_are_identifiers(put: Put, field: str) -> None:
    span = f'{{"start": 0, "end": 4, "type": "Disease", "{field}": "MESH:D006073"}}'
    path = put(f'{{"text": "Gout.", "spans": [{span}]}}\n', "linked.jsonl")
    [document] = read(path)
    assert document.spans[0].identifiers == ("MESH:D006073",)


def test_lists_in_brat_and_pubannotation(put: Put, tmp_path: Path) -> None:
    put("Gout", "in/a.txt")
    ann = f"T1\tD 0 4\tGout\nN1\tReference T1 C1|C2; C3\tGout\nN2\tReference T1 {VARIANT}\tGout\n"
    put(ann, "in/a.ann")
    entry = {"id": "T1", "span": {"begin": 0, "end": 4}, "obj": "D"}
    attributes = [
        {"subj": "T1", "pred": "identifier", "obj": obj} for obj in ("C1|C2; C3", VARIANT)
    ]
    record = {"text": "Gout", "denotations": [entry], "attributes": attributes}
    for path in (tmp_path / "in", put(json.dumps(record), "a.json")):
        (document,) = read(path)
        assert document.spans[0].identifiers == ("C1", "C2", "C3", VARIANT)
        for format in ("brat", "pubannotation", "pubtator"):
            out = tmp_path / f"{path.name}-{format}"
            report = write([document], out, format)
            (again,) = read(out, format)
            is_joined = format == "pubtator"  # with a variant
            assert bool(report.lost) == is_joined
            assert is_joined or again.spans[0].identifiers == document.spans[0].identifiers
    assert (tmp_path / "in-brat" / "a.ann").read_text() == ann
    (document,) = read(tmp_path / "in")
    changed = document.with_spans([Span(0, 4, "D", identifiers=("C1", VARIANT))])
    report = write([changed], tmp_path / "new", "brat")
    lines = (tmp_path / "new" / "a.ann").read_text().splitlines()
    assert lines[1:] == [f"N2\tReference T1 {VARIANT}\tGout", "N1\tReference T1 C1\tGout"]
    assert dict(report.lost) == {DANGLING: 1}


def test_referents_in_brat(put: Put, tmp_path: Path) -> None:
    put("Gout in rats", "in/a.txt")
    put("T1\tD 0 4\tGout\nT2\tMicroorganism 8 12\trats\n", "in/a.a1")
    lines = ["N1\tOntoBiotope Annotation:T1 Referent:OBT:000001"]
    lines += ["N2\tNCBI_Taxonomy Annotation:T2 Referent:10116"]
    put("\n".join(lines) + "\n", "in/a.a2")
    (document,) = read(tmp_path / "in")
    assert [s.identifiers for s in document.spans] == [("OBT:000001",), ("NCBITaxon:10116",)]
    report = write([document], tmp_path / "out", "brat")
    assert (tmp_path / "out" / "a.ann").read_text().splitlines()[2:] == lines
    assert not report.lost and not write([document], tmp_path / "a.pubtator", "pubtator").lost
    changed = document.with_spans([Span(0, 4, "D", identifiers=("OBT:2",)), document.spans[1]])
    assert dict(write([changed], tmp_path / "new", "brat").lost) == {DANGLING: 1}


@pytest.mark.parametrize("format", ["brat", "pubannotation"])
def test_separators_inside_an_identifier_are_counted(tmp_path: Path, format: str) -> None:
    document = Document("a", "Gout", (Span(0, 4, "D", identifiers=("C1|C2", "-", "C3")),))
    report = write([document], tmp_path / "out", format)
    assert dict(report.lost) == {NAME: 1, IDENTIFIER: 1}
    (again,) = read(tmp_path / "out", format)
    assert again.spans[0].identifiers == ("C1_C2", "C3")
