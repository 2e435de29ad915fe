"""Relations and notes are preserved by their format, else counted. All texts are invented."""

from __future__ import annotations

import pytest

from tests.formats.test_bioc import BIOC
from vaner.formats import FORMATS, read, write
from vaner.formats.unsupported_annotations import UNSUPPORTED

INDUCED = "1|t|Aspirin\n1|a|It hurts gout.\n1\t0\t7\tAspirin\tChemical\tD1\n1\tCID\tD1\tD2\n\n"


SCORED = "1|t|Aspirin\n1|a|It hurts.\n1\t0\t7\tAspirin\tChemical\tD1\t0.9\n\n"


ANN = "T1\tDrug 0 7\tAspirin\nN1\tReference T1 MESH:D1\tAspirin\nA1\tOld T1\n#1\tNote T1\tsic\n"


@pytest.mark.parametrize("by_jsonl", [False, True])
@pytest.mark.parametrize(
    ("name", "content", "formats", "number"),
    [
        ("x.xml", BIOC, ("bioc_xml", "bioc_json"), 1),
        ("x.pubtator", INDUCED, ("pubtator",), 1),
        ("x.pubtator", SCORED, ("pubtator",), 1),
        ("x.ann", ANN, ("brat",), 2),
    ],
)
def test_unsupported_annotations_are_preserved_or_counted(
    put, tmp_path, name, content, formats, number, by_jsonl
):
    put("Aspirin", "x.txt")
    documents = list(read(put(content, name)))
    if by_jsonl:
        assert not write(documents, tmp_path / "all.jsonl").lost
        documents = list(read(tmp_path / "all.jsonl"))
    for format in FORMATS.values():
        if format.is_writable:
            lost = write(documents, tmp_path / format.name, format.name).lost
            is_preserved = format.name in (*formats, "jsonl", "parquet")
            assert lost.get(UNSUPPORTED, 0) == (0 if is_preserved else number), format.name
