"""A base on disk: concepts are preserved, opening is lazy, and damage is reported."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaner.errors import KnowledgeError
from vaner.knowledge import base as bases
from vaner.knowledge.base import KnowledgeBase, open_base, write
from vaner.knowledge.concepts import Concept, Source

TESTS = Source("tests", "CC0", "https://example.org", "1")
FIVE = [
    Concept("MESH:D003924", "Diabetes Mellitus, Type 2", "Disease", ("NIDDM",), "tests"),
    Concept("MESH:D008687", "Metformin", "Chemical", (), "tests"),
    Concept("HGNC:1100", "BRCA1", "Gene", ("breast cancer 1", "BRCA1"), "tests"),
    Concept("HGNC:6091", "INSR", "Gene", ("insulin receptor",), "tests"),
    Concept("NCBITaxon:9606", "Homo sapiens", "Species", ("man", " "), "tests"),
]


def test_concepts_are_preserved(tmp_path: Path) -> None:
    written = write(FIVE, tmp_path / "five.parquet", name="five", sources=[TESTS])
    opened = KnowledgeBase(tmp_path / "five.parquet")
    assert [(c.identifier, c.names, c.type, c.source) for c in opened] == [
        (c.identifier, c.names, c.type, c.source) for c in FIVE
    ]
    assert len(opened) == 5
    assert opened.types == ("Chemical", "Disease", "Gene", "Species")
    assert opened.name_counts["Gene"] == 4
    assert opened.sources == {"tests": TESTS}
    assert opened.fingerprint == written.fingerprint
    assert ("insulin receptor", "Gene", "HGNC:6091") in opened.names(["Gene"])
    assert list(tmp_path.iterdir()) == [tmp_path / "five.parquet"]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=8).filter(str.strip), min_size=1, max_size=4))
def test_every_name_is_preserved(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    path = tmp_path_factory.mktemp("kb") / "one.parquet"
    concept = Concept("X:1", names[0], "Disease", tuple(names[1:]), "tests")
    (back,) = write([concept], path, name="one", sources=[TESTS])
    assert back.names == tuple(
        dict.fromkeys(n.encode("utf-8", "replace").decode() for n in concept.names)
    )


def test_opening_reads_no_columns(tmp_path: Path) -> None:
    many = (Concept(f"X:{i}", f"name number {i}", "Disease", (), "tests") for i in range(60_000))
    write(many, tmp_path / "many.parquet", name="many", sources=[TESTS])
    before = pa.total_allocated_bytes()
    tracemalloc.start()
    opened = KnowledgeBase(tmp_path / "many.parquet")
    assert len(opened) == 60_000
    assert opened.name_counts == {"Disease": 60_000}
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
    assert pa.total_allocated_bytes() - before < 1_000_000


def test_unreadable_bases_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KnowledgeError, match=r"no such knowledge base"):
        KnowledgeBase(tmp_path / "none.parquet")
    (tmp_path / "text.parquet").write_text("hello")
    with pytest.raises(KnowledgeError, match=r"not a knowledge base \(.*; build one from"):
        KnowledgeBase(tmp_path / "text.parquet")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    with pytest.raises(KnowledgeError, match=r"but not a knowledge base of vaner; build one from"):
        KnowledgeBase(tmp_path / "other.parquet")
    monkeypatch.setattr("vaner.knowledge.base_writer.SCHEMA_VERSION", 0)
    monkeypatch.setattr(bases, "SCHEMA_VERSION", 0)
    write(FIVE, tmp_path / "old.parquet", name="old", sources=[TESTS])
    monkeypatch.undo()
    with pytest.raises(KnowledgeError, match=r"schema version 0.*vaner kb build old"):
        KnowledgeBase(tmp_path / "old.parquet")


def test_an_outdated_base_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "five.parquet"
    assert not write(FIVE, path, name="five", sources=[TESTS]).is_outdated
    open_base(path)
    assert not caplog.messages
    monkeypatch.setattr(bases, "REVISION", bases.REVISION + 1)
    assert open_base(path).is_outdated
    [message] = caplog.messages
    assert message.startswith("knowledge base five was built by an older version")
    assert message.endswith("rebuild it with: vaner kb build five")


@pytest.mark.parametrize(
    ("footer", "message"),
    [
        (b"{nope", "a Parquet file, but not a knowledge base"),
        (b"[1]", "a Parquet file, but not a knowledge base"),
        (b"{}", "schema version None"),
        (b'{"schema": 1, "name": "x"}', "damaged knowledge base without sources, concepts"),
    ],
)
def test_invalid_footers_are_reported(tmp_path: Path, footer: bytes, message: str) -> None:
    write(FIVE, tmp_path / "five.parquet", name="five", sources=[TESTS])
    table = pq.read_table(tmp_path / "five.parquet")
    table = table.replace_schema_metadata({b"vaner.knowledge": footer})
    pq.write_table(table, tmp_path / "odd.parquet")
    with pytest.raises(KnowledgeError, match=message):
        KnowledgeBase(tmp_path / "odd.parquet")


def test_damaged_columns_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "five.parquet"
    write(FIVE, path, name="five", sources=[TESTS])
    content = bytearray(path.read_bytes())
    content[4:200] = bytes(196)
    path.write_bytes(content)
    for rows in (KnowledgeBase(path), KnowledgeBase(path).names()):
        with pytest.raises(KnowledgeError, match=r"damaged knowledge base \(.*vaner kb build five"):
            list(rows)


def test_an_unwritable_path_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KnowledgeError, match=r"x.parquet: cannot be written: \w+"):
        write(FIVE, tmp_path / "file" / "x.parquet", name="x", sources=[TESTS])
    (tmp_path / "folder.parquet").mkdir()
    with pytest.raises(KnowledgeError, match=r"folder.parquet: cannot be written: \w+"):
        write(FIVE, tmp_path / "folder.parquet", name="x", sources=[TESTS])
    assert not list(tmp_path.glob(".*"))


def test_no_partial_file_is_left(tmp_path: Path) -> None:
    stranger = Concept("X:1", "x", "Disease", (), "elsewhere")
    with pytest.raises(KnowledgeError, match="'elsewhere'; sources: tests"):
        write([FIVE[0], stranger], tmp_path / "b.parquet", name="b", sources=[TESTS])
    with pytest.raises(KnowledgeError, match="nothing to build"):
        write([], tmp_path / "b.parquet", name="b", sources=[TESTS])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("concept", "message"),
    [
        (("D003924", "x", "Disease"), "is not a CURIE"),
        (("MESH:\ud800", "x", "Disease"), "is not a CURIE"),
        (("MESH:1", " ", "Disease"), "has no name"),
        (("MESH:1", "x", ""), "has no entity type"),
    ],
)
def test_invalid_concepts_are_rejected(concept: tuple[str, str, str], message: str) -> None:
    with pytest.raises(KnowledgeError, match=message):
        Concept(*concept)


def test_an_unknown_type_is_rejected(tmp_path: Path) -> None:
    base = write(FIVE, tmp_path / "five.parquet", name="five", sources=[TESTS])
    with pytest.raises(KnowledgeError, match=r"no type Drug; it has Chemical, Disease"):
        list(base.names(["Drug"]))


def test_sources_with_the_old_field_names_are_read(tmp_path: Path) -> None:
    write(FIVE, tmp_path / "five.parquet", name="five", sources=[TESTS])
    table = pq.read_table(tmp_path / "five.parquet")
    footer = pq.read_metadata(tmp_path / "five.parquet").metadata[b"vaner.knowledge"]
    old = footer.replace(b'"license"', b'"licence"').replace(b'"homepage"', b'"home"')
    assert old != footer
    pq.write_table(
        table.replace_schema_metadata({b"vaner.knowledge": old}), tmp_path / "old.parquet"
    )
    assert KnowledgeBase(tmp_path / "old.parquet").sources == {"tests": TESTS}
