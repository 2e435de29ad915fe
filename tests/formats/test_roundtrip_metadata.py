"""Round-trip metadata that was edited by hand or comes from another program."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from vaner.errors import FormatError
from vaner.formats import FORMATS, read, write
from vaner.formats.roundtrip_metadata import SHAPE
from vaner.text.documents import Document

BIOC = """<collection><source>s</source><infon key="a">b</infon><document><id>1</id>
<infon key="c">d</infon><passage><infon key="e">f</infon><offset>0</offset>
<sentence><offset>0</offset><text>Aspirin hurts.</text>
<annotation id="T7"><infon key="type">Drug</infon><location offset="0" length="7"/>
<text>Aspirin</text></annotation></sentence>
<relation id="R1"><infon key="type">x</infon><node refid="T7" role="y"/></relation></passage>
<passage><offset>15</offset><text>Gout</text></passage>
<annotation id="U1"><infon key="type">Whole</infon></annotation></document></collection>"""
PUBTATOR = "1|t|Aspirin\n1|a|It hurts.\n1\t0\t7\tAspirin\tDrug\tD1\tmore\n1\tCID\tD1\tD2\n\n"
ANN = "T3\tDrug 0 7\tAspirin\nN1\tReference T3 MESH:D1\tAspirin\nR1\tcauses Arg1:T3 Arg2:T3\n"
PRODIGY = {"text": "Aspirin", "spans": [], "meta": {"id": "1", "by": "me"}, "priority": 1}
DOCCANO = {"text": "Aspirin", "label": [], "doc_id": "1", "ward": 3}
TASK = {
    "data": {"words": "Aspirin", "id": "1", "ward": 3},
    "predictions": [{"result": [
        {"type": "labels", "from_name": "l", "to_name": "t", "value": {
            "start": 0, "end": 7, "text": "Aspirin", "labels": ["Drug"]}}]}],
}  # fmt: skip

FILES = {
    "bioc": ("x.xml", BIOC),
    "pubtator": ("x.pubtator", PUBTATOR),
    "brat": ("x.ann", ANN),
    "prodigy": ("x.jsonl", json.dumps(PRODIGY)),
    "doccano": ("x.jsonl", json.dumps(DOCCANO)),
    "label_studio": ("x.json", json.dumps([TASK])),
}
OTHERS: tuple[Any, ...] = (None, True, 3, -1, 10**30, 0.5, "x", [], ["x"], {}, {"x": 1}, [[1]])


def formats_of(name: str) -> list[str]:
    return ["bioc_xml", "bioc_json"] if name == "bioc" else [name]


@pytest.fixture
def document(request: pytest.FixtureRequest, tmp_path: Path) -> Document:
    name, content = FILES[request.param]
    (tmp_path / "x.txt").write_text("Aspirin")
    (tmp_path / name).write_text(content)
    format = formats_of(request.param)[0]
    (document,) = read(tmp_path / name, format)
    # PubTator documents have passages of BioC too.
    return replace(document, metadata={request.param: document.metadata[request.param]})


def damaged(value: Any) -> Iterator[Any]:
    """Yield the value with each of its parts replaced or removed."""
    yield from OTHERS
    keys = list(value) if isinstance(value, dict) else list(range(_length(value)))
    for key in keys:
        changed = copy.copy(value)
        for other in damaged(value[key]):
            changed[key] = other
            yield copy.copy(changed)
        del changed[key]
        yield changed


def _length(value: Any) -> int:
    return len(value) if isinstance(value, list) else 0


@pytest.mark.filterwarnings("ignore:.*left out.*fields x")  # what was added to the metadata
@pytest.mark.parametrize("document", FILES, indirect=True, ids=str)
def test_damaged_metadata_does_not_affect_mentions(document: Document, tmp_path: Path) -> None:
    (name,) = document.metadata.keys() & FILES
    original = json.loads(json.dumps(document.metadata[name]))
    documents = {
        str(i): replace(document, id=str(i), metadata={**document.metadata, name: value})
        for i, value in enumerate(damaged(original))
    }
    assert len(documents) > len(OTHERS)
    for format in FORMATS.values():
        if format.is_writable:
            write(documents.values(), tmp_path / format.name, format.name)
    for format in formats_of(name):
        errors: list[FormatError] = []
        for after in read(tmp_path / format, format, on_error=errors.append):
            before = documents.pop(after.id)
            assert (after.text, after.spans) == (before.text, before.spans)
        # A task with several strings does not show which is the text.
        assert all("which field of the data is the text?" in str(error) for error in errors)
        assert len(documents) == len(errors)
        documents = {d.id: d for d in read(tmp_path / "jsonl", "jsonl")}


@pytest.mark.parametrize("document", FILES, indirect=True, ids=str)
def test_metadata_of_another_type_is_counted(document: Document, tmp_path: Path) -> None:
    (name,) = document.metadata.keys() & FILES
    foreign = Document("1", document.text, document.spans, {name: "somebody else's"})
    for format in formats_of(name):
        assert write([foreign], tmp_path / f"{format}-1", format).lost[SHAPE] == 1
        assert SHAPE not in write([document], tmp_path / f"{format}-2", format).lost
    assert SHAPE not in write([foreign], tmp_path / "all.jsonl").lost
