"""Relations, attributes and identifiers after mentions were changed or removed."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from vaner.formats import read, write, write_to
from vaner.formats.source import InMemoryFile
from vaner.text.documents import Document

GONE = "relation or attribute left out, its mention is gone"
ANN = """T1\tDrug 0 7\tAspirin
T2\tSign 12 16\tpain
R1\tTreats Arg1:T1 Arg2:T2
A1\tStage T2 T4
A2\tNegated T1
N1\tReference T1 STY:T047\tOf a kind
#1\tAnnotatorNotes R1\tsure
E1\tDrug:T1 Of:T2
*\tEquiv T1 T2
"""

Put = Callable[[str], Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    def put(annotations: str) -> Path:
        folder = tmp_path / "brat"
        folder.mkdir()
        (folder / "a.txt").write_text("Aspirin for pain")
        (folder / "a.ann").write_text(annotations)
        return folder

    return put


def render(document: Document, format: str) -> tuple[str, dict[str, int]]:
    stream = io.StringIO()
    lost = write_to([document], stream, format).lost
    return stream.getvalue(), dict(lost)


def from_json(record: dict[str, Any]) -> Document:
    (document,) = read(InMemoryFile("x.json", json.dumps(record).encode()), "bioc_json")
    return document


def annotation(id: str, start: int, text: str, **infons: str) -> dict[str, Any]:
    location = {"offset": start, "length": len(text)}
    return {"id": id, "text": text, "infons": {"type": "Gene", **infons}, "locations": [location]}


def relation(id: str, *nodes: str) -> dict[str, Any]:
    return {"id": id, "infons": {}, "nodes": [{"refid": node, "role": ""} for node in nodes]}


def test_values_that_look_like_ids_are_preserved(put: Put, tmp_path: Path) -> None:
    documents = list(read(put(ANN)))
    assert not write(documents, tmp_path / "out", "brat").lost
    assert (tmp_path / "out" / "a.ann").read_text() == ANN


def test_removing_a_mention_removes_only_its_dependents(put: Put, tmp_path: Path) -> None:
    (document,) = read(put(ANN))
    left = document.with_spans(span for span in document.spans if span.type == "Sign")
    report = write([left], tmp_path / "out", "brat")
    assert (tmp_path / "out" / "a.ann").read_text() == "T2\tSign 12 16\tpain\nA1\tStage T2 T4\n"
    assert report.lost == {GONE: 6}


def test_brat_changed_identifiers_keep_the_mention(put: Put, tmp_path: Path) -> None:
    (document,) = read(put(ANN))
    changed = [replace(span, identifiers=("X:1",)) for span in document.spans]
    report = write([document.with_spans(changed)], tmp_path / "out", "brat")
    lines = (tmp_path / "out" / "a.ann").read_text().splitlines()
    assert [line[:2] for line in lines] == [
        "T1",
        "T2",
        "R1",
        "A1",
        "A2",
        "#1",
        "E1",
        "*\t",
        "N1",
        "N2",
    ]
    assert "N1\tReference T1 X:1\tAspirin" in lines
    assert report.lost == {GONE: 1}  # the line of the identifier that it no longer has


def test_bioc_changed_identifiers_keep_the_annotation() -> None:
    entry = annotation("7", 0, "p50", identifier="9", note="checked")
    passage = {"offset": 0, "text": "p50 binds", "annotations": [entry]}
    document = from_json({"id": "1", "passages": [passage], "relations": [relation("R", "7")]})
    changed = [replace(span, identifiers=("10", "11")) for span in document.spans]
    text, lost = render(document.with_spans(changed), "bioc_json")
    (written,) = json.loads(text)["documents"]
    (entry,) = written["passages"][0]["annotations"]
    assert (entry["id"], entry["infons"]["note"]) == ("7", "checked")
    assert entry["infons"]["identifier"] == "10|11"
    assert [relation["id"] for relation in written["relations"]] == ["R"] and not lost


def test_pubtator_changed_identifiers_keep_the_columns() -> None:
    content = "1|t|Gout\n1|a|\n1\t0\t4\tGout\tDisease\tD1\tmore\n\n"
    (document,) = read(InMemoryFile("x.pubtator", content.encode()))
    changed = [replace(span, identifiers=("D2",)) for span in document.spans]
    assert "Disease\tD2\tmore\n" in render(document.with_spans(changed), "pubtator")[0]


def test_relations_with_other_references_are_preserved() -> None:
    entries = [annotation("2", 0, "OCT2"), annotation("3", 11, "p50")]
    passage = {"offset": 0, "text": "OCT2 binds p50", "annotations": entries}
    document = from_json(
        {"id": "1", "passages": [passage], "relations": [relation("R1", "0", "1")]}
    )
    text, lost = render(document, "bioc_json")
    assert [relation["id"] for relation in json.loads(text)["documents"][0]["relations"]] == ["R1"]
    assert not lost


def test_removing_a_relation_removes_its_dependents() -> None:
    entries = [annotation("2", 0, "OCT2"), annotation("3", 11, "p50")]
    passage = {"offset": 0, "text": "OCT2 binds p50", "annotations": entries}
    relations = [relation("R2", "R1"), relation("R1", "2"), relation("R3", "3")]
    document = from_json({"id": "1", "passages": [passage], "relations": relations})
    text, lost = render(document.with_spans(document.spans[1:]), "bioc_json")
    assert [relation["id"] for relation in json.loads(text)["documents"][0]["relations"]] == ["R3"]
    assert lost == {GONE: 2}


def test_sentences_of_a_passage_with_text() -> None:
    sentences = [
        {"offset": 0, "text": "Gout hurts.", "annotations": [annotation("1", 0, "Gout")],
         "relations": [relation("R", "1")]},
        {"offset": 12, "text": "Flu too."},
    ]  # fmt: skip
    passage = {"offset": 0, "text": "Gout hurts. Flu too.", "sentences": sentences}
    document = from_json({"id": "1", "passages": [passage]})
    assert document.metadata["sentences"] == ((0, 11), (12, 20))
    text, lost = render(document, "bioc_json")
    (written,) = json.loads(text)["documents"][0]["passages"]
    assert [relation["id"] for relation in written["relations"]] == ["R"] and not lost


def test_passages_without_sentences_are_split() -> None:
    passages = [
        {"offset": 0, "text": "A title"},
        {"offset": 8, "sentences": [{"offset": 8, "text": "One. Two."}]},
        {"offset": 18, "text": "Three is. Four is."},
    ]
    document = from_json({"id": "1", "passages": passages})
    assert document.metadata["sentences"] == ((0, 7), (8, 17), (18, 27), (28, 36))


LINKED = """5|t|Quinine causes rash
5|a|BRAF c.10A>G seen.
5\t0\t7\tQuinine\tChemical\tMESH:D011803
5\t15\t19\trash\tDisease\tD005076
5\t20\t24\tBRAF\tGene\t673\tseen twice
5\tCID\tD011803\tD005076
5\tAssociation\t673\tD011803\tNovel
5\tAssociation\tT9\tD000001

"""


def pubtator(content: str = LINKED) -> Document:
    (document,) = read(InMemoryFile("x.pubtator", content.encode()))
    return document


def test_pubtator_relations_without_changes_are_preserved() -> None:
    document = pubtator()
    assert render(document, "pubtator") == (LINKED, {})
    renamed = [replace(span, type="X") for span in document.spans]
    text, lost = render(document.with_spans(renamed), "pubtator")
    assert text.count("Association") == 2 and "CID" in text
    assert lost == {GONE: 1}  # the last column of a mention that has another type now


@pytest.mark.parametrize("format", ["pubtator", "jsonl"])
def test_pubtator_relations_go_with_their_identifiers(format: str) -> None:
    document = pubtator()
    text, lost = render(document.with_spans(document.spans[:2]), format)
    assert "CID" in text and "Novel" not in text and "T9" in text
    assert lost == {GONE: 2}  # the relation, and the last column of the mention
    bare = [replace(span, identifiers=()) for span in document.spans]
    text, lost = render(document.with_spans(bare), format)
    assert "CID" not in text and "Novel" not in text and "T9" in text
    assert lost == {GONE: 2}
    other_form = [replace(span, identifiers=("MESH:D011803",)) for span in document.spans[:1]]
    assert "CID" not in render(document.with_spans(other_form), format)[0]


def test_pubtator_relations_of_other_forms_of_an_identifier_are_preserved() -> None:
    document = pubtator()
    names = {"D005076": "MESH:D005076", "MESH:D011803": "D011803"}
    changed = [
        replace(span, identifiers=tuple(names.get(i, i) for i in span.identifiers))
        for span in document.spans
    ]
    text, lost = render(document.with_spans(changed), "pubtator")
    assert text.count("Association") == 2 and "CID" in text and not lost


def concept_relations() -> Document:
    entries = [
        annotation("1", 0, "OCT2", identifier="6582", annotator="Kim"),
        annotation("2", 11, "p50", identifier="4790"),
    ]
    passage = {"offset": 0, "text": "OCT2 binds p50", "annotations": entries}
    relations = [
        {"id": "R1", "infons": {"entity1": "6582", "entity2": "4790"}, "nodes": []},
        {"id": "R2", "infons": {"role1": {"identifier": "6582"}}, "nodes": []},
        {"id": "R3", "infons": {"role1": "Gene|4790"}, "nodes": []},
        relation("R4", "R1"),
    ]
    return from_json({"id": "1", "passages": [passage], "relations": relations})


@pytest.mark.parametrize("format", ["bioc_json", "jsonl"])
def test_bioc_relations_go_with_their_identifiers(format: str) -> None:
    document = concept_relations()
    text, lost = render(document, format)
    assert text.count('"R') == 5 and "Kim" in text and not lost
    text, lost = render(document.with_spans(document.spans[1:]), format)
    assert '"R3"' in text and "6582" not in text and "Kim" not in text and '"R1"' not in text
    assert lost == {GONE: 4}  # three relations, and the infon of the mention
    bare = [replace(span, identifiers=()) for span in document.spans]
    assert render(document.with_spans(bare), format)[1] == {GONE: 4}


def test_brat_and_pubannotation_metadata_go_with_their_mentions_in_json(put: Put) -> None:
    (document,) = read(put(ANN))
    text, lost = render(document.with_spans(document.spans[1:]), "jsonl")
    assert lost == {GONE: 6} and json.loads(text)["metadata"]["brat"]["lines"] == [
        "A1\tStage T2 T4"
    ]
    record = {
        "text": "Flu and gout",
        "denotations": [
            {"id": "T1", "span": {"begin": 0, "end": 3}, "obj": "D"},
            {"id": "T2", "span": {"begin": 8, "end": 12}, "obj": "D"},
        ],
        "relations": [{"id": "R1", "subj": "T1", "pred": "with", "obj": "T2"}],
    }
    (document,) = read(InMemoryFile("x.json", json.dumps(record).encode()))
    text, lost = render(document.with_spans(document.spans[1:]), "jsonl")
    assert lost == {GONE: 1}
    assert json.loads(text)["metadata"] == {"pubannotation": {"ids": {"8-12 D": ["T2"]}}}
