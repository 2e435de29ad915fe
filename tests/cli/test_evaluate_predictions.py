"""``vaner evaluate --predictions``: any formats on both sides, and no model."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.command_line import Run
from vaner.errors import VanerError
from vaner.evaluation import align_predictions, evaluate_predictions
from vaner.formats import FORMATS, write
from vaner.text.documents import Corpus, Document, Span

GOLD = (
    Document("7", "Scurvy in sailors.\nLemons help. Rickets too.", (
        Span(0, 6, "Disease"), Span(19, 25, "Food"), Span(32, 39, "Disease"),
    )),
    Document("8", "Mumps  again.\nA sore jaw.", (Span(0, 5, "Disease"), Span(16, 24, "Disease"))),
    Document("9", "Nothing.\nNo pain.", (Span(12, 16, "Disease"),)),
)  # fmt: skip
WRITABLE = [f.name for f in FORMATS.values() if f.holds and f.is_writable]


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    write(GOLD, tmp_path / "gold.jsonl")
    return tmp_path / "gold.jsonl"


def predict(path: Path, documents: list[Document], format: str | None = None) -> Path:
    write(documents, path, format)
    return path


@pytest.mark.parametrize("format", WRITABLE)
def test_all_formats_on_both_sides(run: Run, gold: Path, tmp_path: Path, format: str) -> None:
    theirs = predict(tmp_path / "theirs", list(GOLD), format)
    for side, other, option in (
        (theirs, gold, "--predictions-from"), (gold, theirs, "--from"),
    ):  # fmt: skip
        done = run("evaluate", "--predictions", side, "--corpus", other, option, format,
                   "--bootstrap", 0, "--json", tmp_path / "r.json")  # fmt: skip
        assert done.code == 0, done
        record = json.loads((tmp_path / "r.json").read_text())
        counts = {name: record["micro"][name] for name in ("tp", "fp", "fn")}
        assert counts == {"tp": 6, "fp": 0, "fn": 0}, (format, done.err)
        assert not record["alignment"]["without_predictions"]
        assert record["predictions"] == str(side)


def test_documents_that_are_missing_are_printed_and_count(
    run: Run, gold: Path, tmp_path: Path
) -> None:
    theirs = predict(tmp_path / "theirs.jsonl", [GOLD[0], Document("x", "Other text.")])
    report = tmp_path / "report.html"
    done = run("evaluate", "--predictions", theirs, "--corpus", gold, "--report", report)
    assert "warning: 2 documents of gold without predictions; their mentions count" in done.err
    assert done.err.count(": 8, 9\n") == 1
    assert "1 document of the predictions not in gold, not scored: x" in done.err
    micro = next(line for line in done.out.splitlines() if line.startswith("micro"))
    assert micro.split()[1:4] == ["100.00", "50.00", "66.67"] and "-" in micro.split()[4]
    assert "relaxed: overlap" in done.out and "Food" in done.out and report.exists()
    assert done.out.startswith("gold, strict") and "gold test" not in report.read_text()
    done = run("evaluate", "--predictions", theirs, "--corpus", gold, "--only-predicted",
               "--bootstrap", 0)  # fmt: skip
    assert "2 documents of gold without predictions; not scored: 8, 9" in done.err
    assert "1 document;" in done.out and "66.67" not in done.out


def test_alignment_by_text_with_other_white_space_and_sentences() -> None:
    numbered = [
        Document("a-1", "Nothing. No  pain.", (Span(13, 17, "Disease", 0.5),)),
        Document("7", "Mumps again. A sore jaw.", (Span(0, 5, "Disease"), Span(13, 23, "Disease"))),
        Document("a-3", "Scurvy in sailors.", (Span(0, 6, "Disease"),)),
        Document("a-4", "Lemons help.", (Span(0, 6, "Food"),)),
        Document("a-5", "Rickets too."),
    ]
    alignment = align_predictions(GOLD, numbered)
    assert [document.id for document in alignment.predicted] == ["7", "8", "9"]
    for gold, predicted in zip(alignment.gold, alignment.predicted, strict=True):
        assert gold.text == predicted.text
    assert alignment.predicted[0].spans == GOLD[0].spans[:2]
    assert alignment.predicted[1].spans == (Span(0, 5, "Disease"), Span(14, 24, "Disease"))
    assert alignment.predicted[2].spans[0].score == 0.5
    assert (alignment.paired_by_text, alignment.moved) == (2, 3)
    # Gold sentences of one predicted document are scored as that document.
    counts = evaluate_predictions(
        Corpus("c", "test", tuple(numbered)), GOLD, bootstrap=0
    ).report.micro.counts
    assert counts is not None and (counts.tp, counts.fp, counts.fn) == (4, 2, 1)


def test_repeated_texts_and_ids_are_paired_in_order() -> None:
    same = [Document("s", "Scurvy.", (Span(0, 6, "Disease"),)), Document("s", "Scurvy.")]
    alignment = align_predictions(same, [replace(d, id=f"p{i}") for i, d in enumerate(same)])
    assert [len(document.spans) for document in alignment.predicted] == [1, 0]
    alignment = align_predictions(same, [*same, same[0]])
    assert alignment.without_gold == ("s#3",)


def test_different_texts_with_the_same_id_are_an_error() -> None:
    other = Document("7", "Scurvy on ships.\nLemons help. Rickets too.")
    with pytest.raises(VanerError, match=r"document '7' differ from character 7 on: 'in sailors"):
        align_predictions(GOLD, [other, GOLD[1]])
    # If the texts are those of other documents, the ids are row numbers.
    shifted = [replace(GOLD[1], id="7"), replace(other, id="8")]
    assert align_predictions(GOLD, shifted).without_gold == ("8",)


def test_types_are_renamed_on_either_side(run: Run, gold: Path, tmp_path: Path) -> None:
    named = [document.rename_types({"Disease": "DISO"}) for document in GOLD]
    theirs = predict(tmp_path / "theirs.jsonl", named)
    ask = ("evaluate", "--predictions", theirs, "--corpus", gold, "--bootstrap", 0)
    done = run(*ask)
    assert "the predictions contain no Disease" in done.err
    assert "predictions not scored, because of their type: DISO 5" in done.err
    for rename in ("DISO=Disease", "Disease=DISO"):
        assert "100.00" in run(*ask, "--rename", rename).out
    message = run(*ask, "--types", "Disease").error
    assert "have DISO, Food: they have no type in common" in message and "--rename" in message
    assert "the corpus has Disease, Food, DISO" in run(*ask, "--rename", "X=Y").error


def test_scores_thresholds_and_limit(gold: Path) -> None:
    spans = (Span(0, 6, "Disease", 0.9), Span(10, 17, "Disease", 0.2))
    predicted = [GOLD[0].with_spans(spans), *GOLD[1:]]
    options = {"types": ["Disease"], "bootstrap": 0, "limit": 1}
    evaluation = evaluate_predictions(Corpus("c", "test", GOLD), predicted, **options)  # type: ignore[arg-type]
    assert evaluation.report.micro.precision == 0.5 and evaluation.reliability is not None
    assert evaluation.total_documents == 3
    evaluation = evaluate_predictions(
        Corpus("c", "test", GOLD), predicted, min_score=0.5, train=GOLD[:1], **options  # type: ignore[arg-type]
    )  # fmt: skip
    assert evaluation.report.micro.precision == 1.0 and evaluation.report.seen is not None


def test_columns_encoding_and_splits_of_predictions(run: Run, tmp_path: Path) -> None:
    rows = "Naïve O O\nscurvy B-D O\n\nRickets B-D B-D\n"
    (tmp_path / "both.conll").write_text(rows, "latin-1")
    side = ("--encoding", "latin-1", "--columns", "token=1,tag=2")
    other = ("--predictions-encoding", "latin-1", "--predictions-columns", "token=1,tag=3")
    path = tmp_path / "both.conll"
    done = run("evaluate", "--predictions", path, "--corpus", path, *side, *other)
    assert done.out.splitlines()[2].split()[1:3] == ["100.00", "50.00"]
    done = run("evaluate", "--predictions", path, "--corpus", path, *side)
    assert "name the file's encoding with --predictions-encoding" in done.error
    (tmp_path / "any").write_text("[1, 2]")
    done = run("evaluate", "--predictions", tmp_path / "any", "--corpus", path, *side)
    assert "name it with --predictions-from" in done.error
    for folder in ("gold", "theirs"):
        (tmp_path / folder).mkdir()
        for split in ("train", "test"):
            (tmp_path / folder / f"{split}.tsv").write_text(f"Rickets\tB-D\nin\tO\n{split}\tO\n")
    done = run("evaluate", "--predictions", tmp_path / "theirs", "--corpus", tmp_path / "gold")
    assert "unseen" in done.out and done.code == 0


def test_mistakes_are_errors_of_one_line(run: Run, gold: Path, tmp_path: Path) -> None:
    theirs = predict(tmp_path / "theirs.jsonl", [Document("x", "Other text.")])
    ask = ("evaluate", "--corpus", gold, "--predictions")
    message = run(*ask, theirs).error
    assert "theirs.jsonl and gold: no document of the predictions is in the gold corpus" in message
    assert "1 document (x); the corpus has 3 documents (7, 8, 9)" in message
    for option in ("--model x", "--kb x", "--min-precision 0.9", "--selector x",
                   "--quantization nf4", "--unknown-corpus"):  # fmt: skip
        name, *value = option.split()
        assert f"without a model: remove {name}" in run(*ask, theirs, name, *value).error
    assert "remove --all" in run("evaluate", "--all", "--predictions", theirs).error
    assert "need --predictions" in run(*ask[:-1], "--only-predicted").error
    assert "none.jsonl: no such file" in run(*ask, tmp_path / "none.jsonl").error
    (tmp_path / "broken.jsonl").write_text('{"text": "Scurvy"}\n{"text": ')
    assert "broken.jsonl:2" in run(*ask, tmp_path / "broken.jsonl").error
    done = run(*ask, predict(tmp_path / "blank.jsonl", [d.with_spans(()) for d in GOLD]))
    assert "warning: the predictions contain no mentions" in done.err and done.code == 0


def test_no_model_is_loaded(gold: Path) -> None:
    code = (
        "import sys; from vaner.cli.app import main; sys.argv[0] = 'vaner'\n"
        f"try: main(['evaluate', '--predictions', {str(gold)!r}, '--corpus', {str(gold)!r}])\n"
        "except SystemExit: pass\n"
        "assert not {'torch', 'transformers'} & sys.modules.keys()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "100.00" in done.stdout, done.stderr
