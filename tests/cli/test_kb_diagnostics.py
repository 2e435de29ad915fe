"""``vaner kb related`` and ``vaner kb check``."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.command_line import Run
from vaner.knowledge.base import write
from vaner.knowledge.concepts import Concept, Source

MENTIONS = [["factor", str(i), "(", f"f{i}", ")", "deficiency"] for i in range(12)]


def base(path: Path, names: list[str], checksum: str = "") -> Path:
    concepts = [Concept(f"T:{i}", name, "Disease", (), "t") for i, name in enumerate(names)]
    concepts.append(Concept("G:1", "factor VIII", "Gene", (), "t"))
    write(concepts, path, name=path.stem, sources=[Source("t", "CC0", checksum=checksum)])
    return path


@pytest.fixture
def corpora(tmp_path: Path) -> Path:
    folder = tmp_path / "corpora" / "NCBI-disease"
    folder.mkdir(parents=True)
    rows = []
    for mention in MENTIONS:
        rows += ["We\tO", "saw\tO", "(\tO", "in\tO", "5\tO", "%\tO", ")\tO"]
        rows += [f"{word}\t{'I' if i else 'B'}-Disease" for i, word in enumerate(mention)]
        rows += ["is\tO", "rare\tO", ",\tO", "so\tO", ".\tO", ""]
    (folder / "test.tsv").write_text("\n".join(rows), "utf-8")
    (folder / "train.tsv").write_text("asthma\tB-Disease\n\n", "utf-8")
    return folder.parent


def test_related_names(run: Run, tmp_path: Path) -> None:
    path = base(tmp_path / "b.parquet", ["factor 8 deficiency", "asthma"])
    command = ("kb", "related", "--kb", path, "--text", "A factor is missing.")
    shown = run(*command, "--types", "Disease")
    assert shown.code == 0
    assert shown.out == ("Disease: factor 8 deficiency\n  negative examples: factor VIII\n")
    pools = json.loads(run(*command, "--json", "--negatives", "0").out)
    assert pools["Gene"] == {"positives": ["factor VIII"], "negatives": []}
    assert "has no type Drug; it has Disease, Gene" in run(*command, "--types", "Drug").error


def test_a_leak_gives_exit_code_1(run: Run, tmp_path: Path, corpora: Path) -> None:
    leaky = base(tmp_path / "leaky.parquet", [" ".join(m) for m in MENTIONS[:6]])
    done = run("kb", "check", leaky, "--corpora", corpora)
    assert done.code == 1
    assert "NCBI-disease test: 6 of 12 tokenized mentions" in done.out
    assert "LEAK" in done.out and "factor 0 ( f0 ) deficiency" in done.out
    honest = base(tmp_path / "honest.parquet", ["factor 1 (f1) deficiency"])
    cleared = run("kb", "check", honest, "--corpora", corpora)
    assert cleared.code == 0 and "found no leak" in cleared.err


def test_a_test_file_as_source_is_a_leak(run: Run, tmp_path: Path, corpora: Path) -> None:
    content = (corpora / "NCBI-disease" / "test.tsv").read_bytes()
    path = base(tmp_path / "b.parquet", ["asthma"], hashlib.sha256(content).hexdigest())
    done = run("kb", "check", path, "--corpora", corpora, "--json")
    assert done.code == 1
    assert json.loads(done.out)["provenance"] == ["source t is NCBI-disease test"]


def test_published_files_are_read(run: Run, tmp_path: Path, corpora: Path) -> None:
    groups = [[[" ".join(m), "Disease"] for m in MENTIONS]]
    path = tmp_path / "dev.jsonl"
    path.write_text(json.dumps({"tokens": [], "umls_kg": groups}) + "\n{}\n", "utf-8")
    assert 'dev.jsonl:2: no "umls_kg"' in run("kb", "check", path, "--corpora", corpora).error
    path.write_text(json.dumps({"tokens": [], "umls_kg": groups}) + "\n", "utf-8")
    done = run("kb", "check", path, "--corpora", corpora)
    assert done.code == 1 and "sources:" not in done.out  # a file of names has no sources


def test_check_requires_corpora(run: Run, tmp_path: Path) -> None:
    path = base(tmp_path / "b.parquet", ["asthma"])
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "contains no registered corpus" in run("kb", "check", path, "--corpora", empty).error
    assert "no such file" in run("kb", "check", "x.jsonl", "--corpora", empty).error
