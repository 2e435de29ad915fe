"""Outputs of all commands follow one rule: missing folders are created, and checks come first."""

from __future__ import annotations

import json
import lzma
import os
from pathlib import Path

import pytest

from tests.cli.test_kb_build import TABLE
from tests.command_line import Run

CORPUS = '{"id": "1", "text": "Asthma.", "spans": [{"start": 0, "end": 6, "type": "Disease"}]}\n'


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "test.jsonl"
    (tmp_path / "my_names.tsv").write_text(TABLE)
    path.write_text("".join(CORPUS.replace('"1"', f'"{n}"') for n in range(9)))
    return path


def list_commands(corpus: Path, output: Path) -> dict[str, list[object]]:
    """Return a command of each kind that has an output, without the name of its output."""
    return {
        "convert": ["corpus", "convert", corpus, output],
        "split": ["corpus", "split", corpus, "-o", output],
        "json": ["evaluate", "--predictions", corpus, "--corpus", corpus, "--json", output],
        "report": ["evaluate", "--predictions", corpus, "--corpus", corpus, "--report", output],
        "build": ["kb", "build", "local", "--from", corpus.parent, "--output", output],
    }  # fmt: skip


@pytest.mark.parametrize("command", ["convert", "split", "json", "report", "build"])
def test_missing_folders_are_created(run: Run, tmp_path: Path, corpus: Path, command: str) -> None:
    output = tmp_path / "new" / "folder" / "out.jsonl"
    done = run(*list_commands(corpus, output)[command])
    assert done.code == 0 and output.exists(), done


@pytest.mark.parametrize("name", ["o.jsonl", "o.jsonl.gz", "o.parquet", "o.xlsx", "o.html", "brat"])
def test_every_format_creates_missing_folders(
    run: Run, tmp_path: Path, corpus: Path, name: str
) -> None:
    output = tmp_path / "new" / "folder" / name
    format = ["--to", "brat"] if name == "brat" else []
    done = run("corpus", "convert", corpus, output, *format)
    assert done.code == 0 and output.exists(), done


@pytest.mark.parametrize("command", ["convert", "split", "json", "report", "build", "train"])
def test_an_output_that_cannot_be_created_is_an_error_before_the_work(
    run: Run, tmp_path: Path, corpus: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def choose(output: Path) -> list[object]:
        train = ["train", "experiments/ncbi_disease/recipe.yaml", "-o", output]
        return {**list_commands(corpus, output), "train": train}[command]

    error = run(*choose(corpus / "folder" / "out.jsonl")).error
    assert f"{corpus} is not a folder; give another output" in error
    monkeypatch.setattr(os, "access", lambda _, mode: not mode & os.W_OK)
    error = run(*choose(tmp_path / "new" / "out.jsonl")).error
    assert f"writing to {tmp_path} is not permitted; give another output" in error
    assert not (tmp_path / "new").exists()


def test_a_failed_command_creates_no_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text("{\n")
    done = run("corpus", "convert", tmp_path / "bad.jsonl", tmp_path / "n" / "o.tsv")
    assert "bad.jsonl:1" in done.error
    assert not (tmp_path / "n").exists()


@pytest.mark.parametrize("name", ["o.parquet.gz", "o.xlsx.xz"])
def test_tables_are_not_compressed_again(run: Run, tmp_path: Path, corpus: Path, name: str) -> None:
    error = run("corpus", "convert", corpus, tmp_path / name).error
    assert f"is not compressed further; name the file {name[:-3]}" in error


def test_views_are_compressed_like_other_formats(run: Run, tmp_path: Path, corpus: Path) -> None:
    output = tmp_path / "page.html.xz"
    for _ in range(2):  # a new file, and one that is replaced
        assert run("corpus", "convert", corpus, output).code == 0
    assert b"<html" in lzma.decompress(output.read_bytes())
    assert [path.name for path in tmp_path.glob("page*")] == ["page.html.xz"]


@pytest.mark.parametrize("option", ["--json", "--report"])
@pytest.mark.parametrize("name", ["test.jsonl", "theirs.jsonl", "corpus/train.jsonl"])
def test_results_do_not_replace_an_input(
    run: Run, tmp_path: Path, corpus: Path, option: str, name: str
) -> None:
    output, folder = tmp_path / name, tmp_path / "corpus"
    folder.mkdir()
    files = [corpus, tmp_path / "theirs.jsonl", folder / "train.jsonl", folder / "test.jsonl"]
    for file in files:
        file.write_text(corpus.read_text())
    gold = corpus if name == corpus.name else folder
    done = run("evaluate", "--predictions", files[1], "--corpus", gold, option, output)
    assert f"{name}: is also an input; give another output file" in done.error
    assert output.read_text() == corpus.read_text()


def test_a_knowledge_base_does_not_replace_its_source(run: Run, corpus: Path) -> None:
    source = corpus.with_name("my_names.tsv")
    done = run("kb", "build", "local", "--from", corpus.parent, "--output", source)
    assert "is also an input" in done.error and source.read_text() == TABLE


def test_a_link_into_missing_folders_is_followed(run: Run, tmp_path: Path, corpus: Path) -> None:
    link = tmp_path / "link.jsonl"
    link.symlink_to(tmp_path / "new" / "out.jsonl")
    assert run("corpus", "convert", corpus, link).code == 0
    assert link.is_symlink() and (tmp_path / "new" / "out.jsonl").read_text()


@pytest.mark.parametrize("command", ["json", "report", "build", "split"])
def test_outputs_that_have_no_name(
    run: Run, corpus: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(corpus.parent)
    arguments = list_commands(corpus, Path("-"))[command]
    assert "-" in run(*arguments).error and not Path("-").exists()
    assert "is empty; give a value" in run(*arguments[:-1], "").error


@pytest.mark.skipif(os.name != "posix", reason="names of files are bytes on POSIX only")
@pytest.mark.parametrize("name", [b"\xff.jsonl", b"\xff.parquet", b"\xff.xlsx"])
def test_names_that_are_not_utf_8(run: Run, tmp_path: Path, corpus: Path, name: bytes) -> None:
    """Some libraries cannot open them."""
    output = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name)))
    done = run("corpus", "convert", corpus, output)
    assert (done.code == 0 and output.exists()) or "is not UTF-8" in done.error


@pytest.mark.skipif(os.name != "posix", reason="names of files are bytes on POSIX only")
def test_results_hold_names_that_are_not_utf_8(run: Run, tmp_path: Path) -> None:
    corpus = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), b"caf\xe9.jsonl")))
    corpus.write_text('{"text": "Gout", "spans": [{"start": 0, "end": 4, "type": "Disease"}]}\n')
    results = tmp_path / "results.json"
    done = run("evaluate", "--predictions", corpus, "--corpus", corpus, "--json", results)
    assert done.code == 0, done.err
    assert json.loads(results.read_text("utf-8"))["predictions"] == str(corpus)
