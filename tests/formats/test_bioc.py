"""BioC, XML and JSON: documents, infons, collections and errors. All texts are invented."""

from __future__ import annotations

import json
import warnings

import pytest

from tests.formats.mentions import mentions
from vaner.errors import FormatError
from vaner.formats import FormatWarning, read, write
from vaner.text.documents import Document, Span


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-16", "utf-16-le"])
def test_xml_encoding_declaration_is_used(put, encoding):
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    mark = "\ufeff" if encoding == "utf-16-le" else ""
    content = "<passage><offset>0</offset><text>Ménière</text></passage>"
    made = f"{mark}{head}<collection><document><id>1</id>{content}</document></collection>"
    path = put(made.replace("utf-16-le", "utf-16"), "x.xml", encoding)
    assert [d.text for d in read(path)] == ["Ménière"]


def test_bioc_json_lines_without_a_collection(put):
    lines = [json.dumps({"id": i, "passages": [{"offset": 0, "text": "Gout"}]}) for i in "12"]
    path = put("\n\n".join(lines) + "\n", "x.json")
    assert [(d.id, d.text) for d in read(path)] == [("1", "Gout"), ("2", "Gout")]
    with pytest.raises(FormatError, match=r"x\.json:4: broken JSON"):
        list(read(put("\n\n".join(lines) + "\n{", "x.json")))


def test_deeply_nested_xml_is_reported(put):
    deep = "<passage>" * 3000 + "</passage>" * 3000
    other = "<document><id>2</id><passage><offset>0</offset><text>Gout</text></passage></document>"
    path = put(f"<collection><document><id>1</id>{deep}</document>{other}</collection>", "x.xml")
    with pytest.raises(FormatError, match="nested too deeply"):
        list(read(path))
    errors = []
    assert [d.id for d in read(path, on_error=errors.append)] == ["2"] and len(errors) == 1


BIOC = """<?xml version="1.0"?><!DOCTYPE collection SYSTEM "BioC.dtd">
<collection><source>us</source><date>today</date><key>k</key><infon key="a">b</infon>
<document><id>d1</id><infon key="y">2026</infon>
<passage><infon key="type">title</infon><offset>0</offset><text>Rats &amp; 😀 fever</text>
<annotation id="A"><infon key="type">Disease</infon><infon key="MESH">D1|D2</infon>
<location offset="9" length="5"/><text>fever</text></annotation></passage>
<passage><offset>17</offset>
<sentence><offset>17</offset><text>Left arm.</text></sentence>
<sentence><offset>28</offset><text>Left or right leg.</text>
<annotation id="B"><infon key="type">Part</infon><location offset="28" length="4"/>
<location offset="42" length="3"/><text>Left leg</text></annotation>
<relation id="R"><infon key="type">near</infon><node refid="A" role="x"/>
<node refid="B" role="y"/></relation></sentence></passage>
</document></collection>"""


@pytest.mark.parametrize("format", ["bioc_xml", "bioc_json"])
def test_bioc_round_trip(put, tmp_path, format):
    path = put(BIOC, "x.xml")
    (document,) = read(path)
    assert document.text == "Rats & 😀 fever\n  Left arm.  Left or right leg."
    assert mentions(document) == [("fever", "Disease"), ("Left leg", "Part")]
    assert document.spans[0].identifiers == ("MESH:D1", "MESH:D2")
    assert document.metadata["sentences"] == ((0, 14), (17, 26), (28, 46))
    assert not write([document], tmp_path / "out", format).lost
    assert list(read(tmp_path / "out")) == [document]
    # A relation goes with its mention, and says so.
    fewer = document.with_spans(document.spans[:1])
    report = write([fewer], tmp_path / "out", format)
    assert report.lost == {"relation or attribute left out, its mention is gone": 1}


def test_several_bioc_json_collections(put):
    def collection(id):
        passage = {"offset": 0, "text": "Gout"}
        return json.dumps({
            "source": id, "documents": [{"id": id, "passages": [passage]}], "infons": {"a": "b"}
        })  # fmt: skip

    first, second = collection("A"), collection("B")
    # The BioC API of PMC returns a list with a single collection.
    for content in (
        f"[{first}]",
        f"[{first},\n{second}]\n",
        f"{first}\n{second}\n",
        first + second,
    ):
        documents = list(read(put(content, "x.json")))
        sources = [(d.id, d.metadata["bioc"]["collection"]["source"]) for d in documents]
        assert sources == [("A", "A"), ("B", "B")][: 1 + ("B" in content)]
    for damaged in (first[:-1], f"{first}\n{second[:-1]}", f"{first}\nmore", f"{first}\n{{}}"):
        documents = read(put(damaged, "x.json"))
        assert next(documents).id == "A"
        with pytest.raises(FormatError, match=r"x\.json:[12]: broken JSON"):
            list(documents)


PUBTATOR3 = {
    "source": "PubTator3", "date": 20261122, "infons": {"license": None},
    "documents": [{
        "id": 7, "infons": {"year": 2026},
        "passages": [{
            "infons": {"type": "title", "authors": ["A", "B"]}, "offset": 0, "text": "Rat fever",
            "annotations": [{
                "id": 3, "infons": {"type": "Disease", "valid": True, "identifier": ["D1", "D2"],
                                    "normalized": [1, {"a": None}], "score": 0.5},
                "locations": [{"offset": 4, "length": 5}], "text": "fever",
            }, {"id": 4, "infons": {"valid": False}, "locations": [], "text": "rabies"}],
        }],
        "relations": [{"id": "R", "infons": {"role1": {"name": "x"}, "score": 0.9},
                       "nodes": [{"refid": 3, "role": ""}]}],
    }],
}  # fmt: skip


def test_bioc_json_infons_of_other_types_are_preserved(put, tmp_path):
    (document,) = read(put(json.dumps(PUBTATOR3), "x.json"))
    assert document.spans == (Span(4, 9, "Disease"),)
    assert document.spans[0].identifiers == ("D1", "D2")
    assert document.spans[0].score == 0.5
    write([document], tmp_path / "o.jsonl")
    (held,) = read(tmp_path / "o.jsonl")
    assert held == document
    for name in ("o.json", "o.xml"):
        assert not write([held], tmp_path / name).lost
    infons = [i for i in _infons(PUBTATOR3) if i]
    assert sorted(map(str, _infons(json.loads((tmp_path / "o.json").read_text())))) == sorted(
        map(str, infons)
    )
    (reread,) = read(tmp_path / "o.xml")
    assert reread.spans == document.spans
    content = (tmp_path / "o.xml").read_text()
    for infon in ('"valid">true<', '"normalized">[1, {"a": null}]<', '"identifier">D1|D2<'):
        assert f"<infon key={infon}/infon>" in content


def _infons(record):
    """Return all infons in a record."""
    if isinstance(record, list):
        return [infons for item in record for infons in _infons(item)]
    if not isinstance(record, dict):
        return []
    inner = [
        infons for key, value in record.items() if key != "infons" for infons in _infons(value)
    ]
    return [infons for infons in (record.get("infons"), *inner) if infons]


def test_bioc_library_reads_what_we_write(put, tmp_path):
    biocxml = pytest.importorskip("bioc.biocxml")
    biocjson = pytest.importorskip("bioc.biocjson")
    documents = list(read(put(BIOC, "x.xml")))
    write(documents, tmp_path / "o.xml")
    write(documents, tmp_path / "o.json")
    with open(tmp_path / "o.xml", "rb") as xml, open(tmp_path / "o.json") as json:
        for collection in (biocxml.load(xml), biocjson.load(json)):
            (theirs,) = collection.documents
            annotations = [*theirs.passages[0].annotations]
            annotations += [a for s in theirs.passages[1].sentences for a in s.annotations]
            assert collection.source == "us"
            assert [(a.text, a.infons["type"], a.total_span.offset) for a in annotations] == [
                ("fever", "Disease", 9),
                ("Left leg", "Part", 28),
            ]


def test_bioc_wrong_passage_offsets_are_corrected(put):
    wrong = BIOC.replace("<offset>17<", "<offset>99<").replace("<offset>28<", "<offset>110<")
    (document,) = read(put(BIOC, "a.xml"))
    with pytest.warns(
        FormatWarning, match=r"the offsets of document d1 assume that one character sep"
    ):
        (repaired,) = read(
            put(wrong.replace('"28"', '"26"').replace('"42"', '"40"'), "b.xml"), "bioc_xml"
        )
    assert mentions(repaired) == mentions(document)


def test_single_bioc_json_documents(put):
    record = '{"id": 3, "passages": [{"offset": 0, "text": "Fever.", "infons": {}}]}'
    for content in (record, f"[{record}]", f'{{"PubTator3": [{record}]}}'):
        (document,) = read(put(content, "x.json"))
        assert (document.id, document.text) == ("3", "Fever.")


def make_bioc(*passages):
    """Return BioC JSON of a document, from the offset, text and mentions of each passage."""
    units = []
    for offset, text, *located in passages:
        annotations = [
            {"infons": {"type": "D"}, "text": quoted, "locations": [{"offset": start, "length": n}]}
            for quoted, start, n in located
        ]
        units.append({"offset": offset, "text": text, "annotations": annotations})
    return json.dumps({"documents": [{"id": "d1", "passages": units}]})


@pytest.mark.parametrize("start", [5, 16])  # in the passage, in the document
def test_passages_with_the_same_offset(put, start):
    content = make_bioc(
        (0, "Some gout.", ("gout", 5, 4)), (0, "More asthma.", ("asthma", start, 6))
    )
    with pytest.warns(FormatWarning, match="d1 put a passage before the end of the previous one"):
        (document,) = read(put(content, "a.json"))
    assert document.text == "Some gout.\nMore asthma."
    assert mentions(document) == [("gout", "D"), ("asthma", "D")]


def test_passages_with_the_same_offset_and_mentions_elsewhere(put):
    for quoted in ("", "fever"):  # nothing shows where the mention is
        content = make_bioc((0, "Some gout."), (0, "More asthma.", (quoted, 5, 6)))
        with pytest.raises(FormatError, match="has the offset 0, but the text before it ends at"):
            list(read(put(content, "a.json")))


@pytest.mark.parametrize("name", ["class", "semantic_type"])
def test_names_of_types_in_infons(put, name):
    content = make_bioc((0, "Gout", ("Gout", 0, 4))).replace('"type"', f'"{name}"')
    (document,) = read(put(content, "a.json"))
    assert mentions(document) == [("Gout", "D")]


def test_classes_of_records_are_not_reported(put):
    content = make_bioc((0, "Gout")).replace('"id":', '"bioctype": "BioCDocument", "id":')
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [d.text for d in read(put(content, "a.json"))] == ["Gout"]


def test_ids_of_pubtator_3(put):
    content = make_bioc((0, "Gout")).replace('"id": "d1"', '"_id": "38012345|None"')
    assert [d.id for d in read(put(content, "a.json"))] == ["38012345"]


@pytest.mark.parametrize("format", ["bioc_xml", "bioc_json"])
def test_white_space_that_is_not_restored_is_counted(tmp_path, format):
    lengths = [(0, 5), (6, 5), (12, 5)]
    sentences = [{"offset": 12, "length": 2}, {"offset": 15, "length": 2}]
    passages = [{"offset": offset, "length": length} for offset, length in lengths]
    passages[2]["sentences"] = sentences
    metadata = {"bioc": {"passages": passages}}
    for text, count in (("Gout.\nScab.\nA. B.", 0), ("Gout. Scab.\tA.\nB.", 3)):
        report = write([Document("1", text, (), metadata)], tmp_path / "x", format)
        assert [*report.lost.values()] == [count] * bool(count)
        (again,) = read(tmp_path / "x", format)
        assert again.text == "Gout.\nScab.\nA. B."


ARTICLE = (
    "<PubmedArticleSet><PubmedArticle><PMID>1</PMID><ArticleTitle>Rat\nfever 😀</ArticleTitle>\
<Abstract><AbstractText>Gout hurts.</AbstractText></Abstract></PubmedArticle></PubmedArticleSet>"
)
PUBTATOR = "1|t|Rat fever 😀\n1|a|Gout hurts.\n1\t12\t16\tGout\tDisease\tD1\n\n"


@pytest.mark.parametrize("format", ["bioc_xml", "bioc_json"])
@pytest.mark.parametrize(("content", "name"), [(ARTICLE, "a.xml"), (PUBTATOR, "a.pubtator")])
def test_title_and_abstract_become_passages(put, tmp_path, format, content, name):
    (source,) = read(put(content, name))
    write([source], tmp_path / "b.jsonl")
    write(read(tmp_path / "b.jsonl"), tmp_path / "c", format)
    (written,) = read(tmp_path / "c", format)
    assert (written.text, written.spans) == (source.text, source.spans)
    units = written.metadata["bioc"]["passages"]
    passages = [(unit["offset"], unit["length"], unit["infons"]) for unit in units]
    assert passages == [(0, 11, {"type": "title"}), (12, 11, {"type": "abstract"})]


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("1|t|Gout\n1|a|\n", [None]),
        ("1|t|\n1|a|Gout\n", [None]),
        (ARTICLE.replace("Gout hurts.", ""), ["title"]),
        (ARTICLE.replace("Rat\nfever 😀", ""), ["abstract"]),
    ],
)
def test_a_title_or_an_abstract_alone(put, tmp_path, text, types):
    (source,) = read(put(text, "a.txt"))
    write([source], tmp_path / "b.json", "bioc_json")
    (record,) = json.loads((tmp_path / "b.json").read_text("utf-8"))["documents"]
    assert [passage["infons"].get("type") for passage in record["passages"]] == types
    assert [document.text for document in read(tmp_path / "b.json")] == [source.text]
