"""``vaner kb build``, ``stats`` and ``list``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command_line import Run

TABLE = "identifier\tname\tsynonyms\ttype\nMY:1\tbig toe\thallux\tAnatomy\nMY:2\tTP53\t\tGene\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VANER_CACHE", str(tmp_path / "cache"))
    (tmp_path / "my_names.tsv").write_text(TABLE, "utf-8")
    return tmp_path


def test_build_and_count(run: Run, folder: Path) -> None:
    error = run("kb", "stats", "local").error
    assert "has not been built; build it with: vaner kb build local" in error
    built = run("kb", "build", "local", "--from", folder)
    assert built.code == 0 and built.out == ""
    assert "local.parquet: 2 concepts, 3 names (Anatomy 2, Gene 1), in " in built.err
    stats = run("kb", "stats", "local")
    assert stats.code == 0
    assert "Anatomy" in stats.out and "state the license here" in stats.out
    content = json.loads(run("kb", "stats", "local", "--json").out)
    assert content["names"] == {"Anatomy": 2, "Gene": 1}
    listed = run("kb", "list").out
    assert next(row for row in listed.splitlines() if row.startswith("local")).split()[1] == "2"


def test_custom_and_damaged_bases_are_listed(run: Run, folder: Path) -> None:
    manifest = (Path(__file__).parents[2] / "knowledge_bases" / "local.toml").read_text("utf-8")
    (folder / "mine.toml").write_text(manifest.replace('"local"', '"mine"'), "utf-8")
    assert run("kb", "build", folder / "mine.toml", "--from", folder).code == 0
    (folder / "cache" / "knowledge" / "hgnc.parquet").write_text("PAR1")
    rows = {row.split()[0]: row for row in run("kb", "list").out.splitlines()}
    assert "2 concepts" in rows["mine"] and "your own manifest" in rows["mine"]
    assert "cannot be read" in rows["hgnc"] and " no " in rows["umls"]


def test_output_and_skip_bad(run: Run, folder: Path) -> None:
    (folder / "my_names.tsv").write_text(TABLE + "MY:3\n", "utf-8")
    output = folder / "x.parquet"
    wrong = run("kb", "build", "local", "--from", folder, "--output", output)
    assert "my_names.tsv:4: expected 4 columns, got 1" in wrong.error
    assert not output.exists()
    built = run("kb", "build", "local", "--from", folder, "--output", output, "--skip-bad")
    assert built.code == 0 and "skipped 1 invalid record" in built.err
    assert run("kb", "stats", output, "--json").code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("build", "nothing"), "unknown knowledge base 'nothing'"),
        (("build", "umls", "--from", "."), "MRCONSO.RRF is not in .: sign the license"),
        (
            ("build", "hgnc", "--from", "."),
            "hgnc-human-genes.belns is not in .: download it (symbols as of June 2015) from "
            "https://github.com/OpenBEL/openbel-framework-resources; then give its folder",
        ),
        (("build", "local", "--from", "nowhere"), "nowhere: no such folder"),
        (("stats", "nothing"), "unknown knowledge base 'nothing'; see vaner kb list"),
    ],
)
def test_errors(run: Run, folder: Path, arguments: tuple[str, ...], message: str) -> None:
    assert message in run("kb", *arguments).error
