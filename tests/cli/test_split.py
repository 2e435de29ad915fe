"""``vaner corpus split``: one file in, a corpus of three splits out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import Run
from tests.corpora.test_split import make_letters
from vaner.corpora.loader import load
from vaner.formats import read, write
from vaner.text.documents import Document, Span


@pytest.mark.parametrize("format", ["jsonl", "brat", "label_studio", "conll"])
def test_splits_on_disk_are_a_corpus(run: Run, tmp_path: Path, format: str) -> None:
    corpus = [Document(f"d{i}", f"Gout {i} hurts", (Span(0, 4, "D"),)) for i in range(10)]
    write(corpus, tmp_path / "all.jsonl")
    out = tmp_path / "out"
    arguments = ("--devel", "0.2", "--test", "0.1", "--to", format, "-o", out)
    done = run("corpus", "split", tmp_path / "all.jsonl", *arguments)
    assert done.code == 0 and "train 7, devel 2, test 1" in done.err
    splits = [load(str(out), name).documents for name in ("train", "devel", "test")]
    assert sorted(d.text for part in splits for d in part) == sorted(d.text for d in corpus)
    assert all(d.spans for part in splits for d in part)
    assert "exists already" in run("corpus", "split", tmp_path / "all.jsonl", *arguments).error
    fewer = (*arguments[:2], "--test", "0", *arguments[4:], "--overwrite")
    assert run("corpus", "split", tmp_path / "all.jsonl", *fewer).code == 0
    assert sorted(path.name.partition(".")[0] for path in out.iterdir()) == ["devel", "train"]
    (out / "notes.md").touch()
    refused = run("corpus", "split", tmp_path / "all.jsonl", *fewer).error
    assert "is not replaced, because notes.md in it is not a split" in refused
    assert (out / "notes.md").exists()


def test_sentences_in_two_splits_give_a_warning(run: Run, tmp_path: Path) -> None:
    write(make_letters([[0, i + 1] for i in range(10)]), tmp_path / "all.jsonl")
    done = run("corpus", "split", tmp_path / "all.jsonl", "-o", tmp_path / "out")
    assert "warning: 1 long sentence in more than one split" in done.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--to", "lines"], "lines cannot represent a corpus"), (["--to", "html"], "html cannot"),
     (["--to", "pubmed"], "can only be read"), (["--to", "odt"], "unknown format 'odt'"),
     (["--output", "-"], "give a folder"), (["--devel", "1"], "each share must be")],
)  # fmt: skip
def test_mistakes_are_errors_and_write_nothing(
    run: Run, tmp_path: Path, arguments: list[str], message: str
) -> None:
    write(make_letters([[0], [1], [2], [3]]), tmp_path / "all.jsonl")
    out = ["-o", tmp_path / "out"] if "--output" not in arguments else []
    assert message in run("corpus", "split", tmp_path / "all.jsonl", *out, *arguments).error
    assert not (tmp_path / "out").exists() and not Path("-").exists()
    assert list(read(tmp_path / "all.jsonl"))
