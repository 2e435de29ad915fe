"""Parquet: everything is restored, other programs read it, and other files are errors."""

from __future__ import annotations

import gzip
import json
import tempfile
import tracemalloc
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.test_overlaps import full, slow_is_fine
from tests.formats.test_round_trip import UTF8, detailed
from vaner.errors import FormatError, VanerError
from vaner.formats import FormatWarning, detect_format, read, write
from vaner.formats.skipped_records import SkippedRecordsWarning
from vaner.text.documents import Document, Span

SPAN = Span(0, 5, "Disease", 0.5, ("D:1",))


@settings(deadline=None, max_examples=30, suppress_health_check=slow_is_fine)
@given(full(UTF8), st.booleans())
def test_parquet_round_trip(docs: list[Document], many: bool) -> None:
    docs = docs * 200 if many else docs  # more than a row group holds
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.parquet")
        report = write(docs, path)
        assert not report.lost and report.documents == len(docs)
        assert [detailed(d) for d in read(path)] == [detailed(d) for d in docs]


def test_parquet_metadata_that_json_cannot_hold(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    docs = [Document("a", "Fever", (SPAN,), {"sentences": ((0, 5),)}),
            Document("b", "\ud800", (), {"odd": object()})]  # fmt: skip
    lost = write(docs, path).lost
    assert sorted(lost.values()) == [1, 1] and any("metadata" in why for why in lost)
    assert list(read(path)) == [docs[0], Document("b", "\ufffd")]


def test_parquet_is_compatible_with_datasets(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    from vaner.integrations.datasets import from_dataset, to_dataset

    path, document = tmp_path / "x.parquet", Document("a", "Fever", (SPAN,))
    write([document], path)
    table = datasets.Dataset.from_parquet(str(path), cache_dir=str(tmp_path / "cache"))
    assert [detailed(d) for d in from_dataset(table)] == [detailed(document)]
    to_dataset([document]).to_parquet(path)
    assert [detailed(d) for d in read(path)] == [detailed(document)]


def test_foreign_tables(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"text": ["Flu", None], "id": [7, 8], "ward": ["a", "b"]}), path)
    with pytest.warns(
        SkippedRecordsWarning, match=r"x\.parquet: left out: columns ward \(1\)$"
    ) as caught:
        assert [(d.id, d.text) for d in read(path)] == [("7", "Flu"), ("8", "")]
    assert len(caught) == 1
    pq.write_table(pa.table({"title": ["Flu"]}), path)
    with pytest.raises(FormatError, match=r"x\.parquet: there is no column text; there are title"):
        list(read(path))


def test_bad_rows_are_named_and_can_be_skipped(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    spans = [[], [{"start": 0, "end": 9, "type": "D"}, {"start": 0, "end": 4, "type": "D"}], []]
    metadata = [None, None, "no json"]
    table = {"text": ["Flu", "Gout", "Flu"], "spans": spans, "metadata": metadata}
    pq.write_table(pa.table(table), path)
    with pytest.raises(FormatError, match=r"x\.parquet: row 2: .*0:9"):
        list(read(path))
    bad: list[FormatError] = []
    assert [(d.text, len(d.spans)) for d in read(path, on_error=bad.append)] == [
        ("Flu", 0), ("Gout", 1)
    ]  # fmt: skip
    assert [e.message.partition(":")[0] for e in bad] == ["row 2", "row 3"]


@pytest.mark.parametrize(
    "content", [b"", b"PAR1", b"PAR1 nonsense PAR1", gzip.compress(b"x", mtime=0)]
)
def test_files_that_are_not_tables(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(content)
    assert detect_format(path) == "parquet"
    with pytest.raises(FormatError, match=r"x\.parquet: cannot be read as Parquet") as caught:
        list(read(path))
    assert len(str(caught.value).splitlines()) == 1


def test_parquet_cannot_be_a_stream() -> None:
    with pytest.raises(VanerError, match="cannot be written to a stream"):
        write([], "-", "parquet")
    with pytest.raises(FormatError, match="cannot be read from standard input"):
        list(read("-", "parquet"))


def test_memory_is_bounded_by_a_row_group(tmp_path: Path) -> None:
    def peak(number: int) -> int:
        path = tmp_path / str(number)
        documents = (Document(str(i), "Rat fever . " * 40) for i in range(number))
        tracemalloc.start()
        try:
            write(documents, path, "parquet")
            assert sum(1 for _ in read(path, "parquet")) == number
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)  # imports
    assert peak(4000) < 1.5 * peak(1000)


LABEL = {"names": ["O", "B-Species", "B-Disease"], "_type": "ClassLabel"}


@pytest.mark.parametrize("feature", [{"feature": LABEL, "_type": "List"}, [LABEL]])
def test_tables_of_tokens_from_the_hub(tmp_path: Path, feature: Any) -> None:
    rows = {"id": ["a"], "tokens": [["Rat", "fever", "hurts"]], "ner_tags": [[1, 2, 0]]}
    features = {"tokens": [{"dtype": "string", "_type": "Value"}], "ner_tags": feature}
    named = {"huggingface": json.dumps({"info": {"features": features}})}
    for path, metadata in (("named", named), ("bare", {"huggingface": "{}"})):
        table = pa.table(rows).replace_schema_metadata(metadata)
        pq.write_table(table, tmp_path / path)
    (document,) = read(tmp_path / "named", "parquet")
    assert document.id == "a" and document.text == "Rat fever hurts"
    assert [(document.mention(s), s.type) for s in document.spans] == [
        ("Rat", "Species"), ("fever", "Disease"),
    ]  # fmt: skip
    (document,) = read(tmp_path / "bare", "parquet")
    assert [(document.mention(s), s.type) for s in document.spans] == [("Rat fever", "")]


def test_tables_with_entities_and_labels(tmp_path: Path) -> None:

    entity = {"start": 0, "end": 4, "label": "D"}
    for column in ("spans", "entities"):
        pq.write_table(pa.table({"text": ["Gout."], column: [[entity]]}), tmp_path / column)
        (document,) = read(tmp_path / column, "parquet")
        assert document.spans == (Span(0, 4, "D"),)
    both = pa.table({"text": ["Gout."], "spans": [[entity]], "entities": [[entity]]})
    pq.write_table(both, tmp_path / "both")
    with pytest.warns(FormatWarning, match="not read as mentions: entities"):
        assert len(list(read(tmp_path / "both", "parquet"))) == 1


def test_parquet_wrong_offsets_are_reported(tmp_path: Path) -> None:
    spans = [{"start": 4, "end": 7, "type": "D", "text": "flu"}]
    pq.write_table(
        pa.Table.from_pylist([{"text": "😷 flu now", "spans": spans}]), tmp_path / "x.parquet"
    )
    with pytest.raises(FormatError, match=r"row 1: .*'u n' in the text but 'flu'"):
        list(read(tmp_path / "x.parquet"))
