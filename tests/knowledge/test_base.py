"""A base on disk: the same concepts back, opened lazily, damage told in one line."""

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


def test_the_same_concepts_come_back(tmp_path: Path) -> None:
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
def test_any_name_is_kept(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    place = tmp_path_factory.mktemp("kb") / "one.parquet"
    concept = Concept("X:1", names[0], "Disease", tuple(names[1:]), "tests")
    (back,) = write([concept], place, name="one", sources=[TESTS])
    assert back.names == tuple(
        dict.fromkeys(n.encode("utf-8", "replace").decode() for n in concept.names)
    )


def test_opening_reads_no_column(tmp_path: Path) -> None:
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


def test_bad_bases_are_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KnowledgeError, match=r"there is no such knowledge base"):
        KnowledgeBase(tmp_path / "none.parquet")
    (tmp_path / "text.parquet").write_text("hello")
    with pytest.raises(KnowledgeError, match=r"not a knowledge base"):
        KnowledgeBase(tmp_path / "text.parquet")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    with pytest.raises(KnowledgeError, match=r"but not a knowledge base"):
        KnowledgeBase(tmp_path / "other.parquet")
    monkeypatch.setattr(bases, "SCHEMA_VERSION", 0)
    write(FIVE, tmp_path / "old.parquet", name="old", sources=[TESTS])
    monkeypatch.undo()
    with pytest.raises(KnowledgeError, match=r"schema version 0.*vaner kb build old"):
        KnowledgeBase(tmp_path / "old.parquet")


def test_a_base_of_older_readers_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "five.parquet"
    assert not write(FIVE, path, name="five", sources=[TESTS]).outdated
    open_base(path)
    assert not caplog.messages
    monkeypatch.setattr(bases, "REVISION", bases.REVISION + 1)
    assert open_base(path).outdated
    [told] = caplog.messages
    assert told.startswith("knowledge base five was built by an older vaner")
    assert told.endswith("build it again with: vaner kb build five")


@pytest.mark.parametrize(
    ("footer", "told"),
    [
        (b"{nope", "a Parquet file, but not a knowledge base"),
        (b"[1]", "a Parquet file, but not a knowledge base"),
        (b"{}", "schema version None"),
        (b'{"schema": 1, "name": "x"}', "a damaged knowledge base, without sources, concepts"),
    ],
)
def test_strange_footers_are_told(tmp_path: Path, footer: bytes, told: str) -> None:
    write(FIVE, tmp_path / "five.parquet", name="five", sources=[TESTS])
    table = pq.read_table(tmp_path / "five.parquet")
    table = table.replace_schema_metadata({b"vaner.knowledge": footer})
    pq.write_table(table, tmp_path / "odd.parquet")
    with pytest.raises(KnowledgeError, match=told):
        KnowledgeBase(tmp_path / "odd.parquet")


def test_damage_behind_a_whole_footer_is_told(tmp_path: Path) -> None:
    path = tmp_path / "five.parquet"
    write(FIVE, path, name="five", sources=[TESTS])
    content = bytearray(path.read_bytes())
    content[4:200] = bytes(196)
    path.write_bytes(content)
    for rows in (KnowledgeBase(path), KnowledgeBase(path).names()):
        with pytest.raises(KnowledgeError, match=r"damaged knowledge base: .*vaner kb build five"):
            list(rows)


def test_a_place_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KnowledgeError, match=r"x.parquet: cannot be written: \w+"):
        write(FIVE, tmp_path / "file" / "x.parquet", name="x", sources=[TESTS])
    (tmp_path / "folder.parquet").mkdir()
    with pytest.raises(KnowledgeError, match=r"folder.parquet: cannot be written: \w+"):
        write(FIVE, tmp_path / "folder.parquet", name="x", sources=[TESTS])
    assert not list(tmp_path.glob(".*"))


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    stranger = Concept("X:1", "x", "Disease", (), "elsewhere")
    with pytest.raises(KnowledgeError, match="'elsewhere', which is not among tests"):
        write([FIVE[0], stranger], tmp_path / "b.parquet", name="b", sources=[TESTS])
    with pytest.raises(KnowledgeError, match="nothing to build"):
        write([], tmp_path / "b.parquet", name="b", sources=[TESTS])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("concept", "told"),
    [
        (("D003924", "x", "Disease"), "is no CURIE"),
        (("MESH:\ud800", "x", "Disease"), "is no CURIE"),
        (("MESH:1", " ", "Disease"), "has no name"),
        (("MESH:1", "x", ""), "has no entity type"),
    ],
)
def test_a_concept_is_whole(concept: tuple[str, str, str], told: str) -> None:
    with pytest.raises(KnowledgeError, match=told):
        Concept(*concept)


def test_unknown_type(tmp_path: Path) -> None:
    base = write(FIVE, tmp_path / "five.parquet", name="five", sources=[TESTS])
    with pytest.raises(KnowledgeError, match=r"no type Drug; it has Chemical, Disease"):
        list(base.names(["Drug"]))
