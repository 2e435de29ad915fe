"""``--selector`` of the commands, and ``vaner crossfit``, end to end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import Run
from tests.knowledge.bases import write_base
from tests.selector.test_selector import build, saved
from tests.tiny_model import write_recipe
from vaner.corpora import load
from vaner.formats import read, write
from vaner.text.documents import Document, Span
from vaner.training.data.proposals import read_proposals

TEXT = "Metformin treats type 2 diabetes mellitus. Aspirin-induced asthma was seen in patients."


@pytest.fixture(scope="module")
def selector(tiny_backbone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(build(tiny_backbone), tiny_backbone, tmp_path_factory.mktemp("s") / "model")


def spans(out: str) -> list[dict[str, Any]]:
    [record] = [json.loads(line) for line in out.splitlines()]
    mentions: list[dict[str, Any]] = record["spans"]
    return mentions


def key(span: dict[str, Any]) -> tuple[Any, ...]:
    return span["start"], span["end"], span["type"]


def test_annotate_drops_mentions_with_a_selector(annotate: Run, selector: Path) -> None:
    alone = spans(annotate("-t", TEXT, "-f", "jsonl").out)
    done = annotate("-t", TEXT, "-f", "jsonl", "--selector", selector)
    assert done.code == 0, done.err
    selected = spans(done.out)
    assert 0 < len(selected) < len(alone)
    assert {key(s) for s in selected} < {key(s) for s in alone}
    scores = {key(s): s["score"] for s in alone}
    assert all(s["score"] >= 0.45 and s["score"] != scores[key(s)] for s in selected)
    best = spans(annotate("-t", TEXT, "-f", "jsonl", "--selector", selector,
                          "--overlaps", "best").out)  # fmt: skip
    ends = [0, *(s["end"] for s in best)]
    assert all(s["start"] >= end for s, end in zip(best, ends, strict=False))


def test_behind_the_dictionary(
    run: Run, selector: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VANER_CACHE", str(tmp_path / "cache"))
    base = write_base(tmp_path / "ten.parquet").path
    text = " ".join(["Metformin for type 2 diabetes and DIF."] * 4)
    command = ("kb", "match", "-t", text, "--kb", base, "-f", "jsonl")
    alone, done = run(*command), run(*command, "--selector", selector)
    assert done.code == 0, done.err
    selected = spans(done.out)
    assert {key(s) for s in selected} < {key(s) for s in spans(alone.out)}
    other_types = [s for s in selected if s["type"] != "Gene"]
    assert other_types and all(s["score"] >= 0.45 and s["identifiers"] for s in other_types)
    # A type unknown to the selector is unchanged, with a single warning.
    genes = [s for s in selected if s["type"] == "Gene"]
    assert len(genes) == 8 and "score" not in genes[0] and genes[0]["identifiers"]
    assert done.err.count("was not trained on Gene") == 1
    assert "no type Virus" in run(*command, "--selector", selector, "--types", "Virus").error


def test_evaluate_scores_both_together(
    run: Run, tiny_model: Path, selector: Path, tmp_path: Path
) -> None:
    corpus = tmp_path / "mine"
    corpus.mkdir()
    gold = Document("1", TEXT, (Span(0, 9, "Chemical"), Span(17, 41, "Disease")))
    write([gold], corpus / "test.jsonl", "jsonl")
    results = []
    for options in ([], ["--selector", selector]):
        result = tmp_path / "result.json"
        done = run("evaluate", "--corpus", corpus, "--model", tiny_model, *options, "--json",
                   result, "-q", "--bootstrap", 0)  # fmt: skip
        assert done.code == 0, done.err
        results.append(json.loads(result.read_text()))
    alone, both = (result["micro"] for result in results)
    assert both["tp"] + both["fp"] < alone["tp"] + alone["fp"]
    assert "selector" not in results[0] and results[1]["selector"] == str(selector)
    refused = run("evaluate", "--corpus", corpus, "--model", selector)
    assert "use a model that does, and add the selector with --selector" in refused.error


@pytest.mark.parametrize("command", [("annotate", "-t", "x"), ("evaluate", "--corpus", "CORPUS"),
                                     ("kb", "match", "-t", "x", "--kb", "BASE")])  # fmt: skip
def test_a_selector_that_is_not_there(
    run: Run, tiny_model: Path, tmp_path: Path, command: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("VANER_CACHE", str(tmp_path / "cache"))
    (tmp_path / "c.jsonl").write_text('{"id": "1", "text": "Gout.", "spans": [{"start": 0, '
                                      '"end": 4, "type": "Disease"}]}\n')  # fmt: skip
    here = {"CORPUS": str(tmp_path / "c.jsonl")}
    if "BASE" in command:
        here["BASE"] = str(write_base(tmp_path / "ten.parquet").path)
    else:
        command = (*command, "--model", str(tiny_model))
    words = [here.get(word, word) for word in command]
    assert "not of a saved VanerSelector" in run(*words, "--selector", tiny_model).error
    assert "no folder" in run(*words, "--selector", tmp_path / "missing" / "one").error


@pytest.mark.heavy
def test_crossfit_then_train_then_annotate(run: Run, tiny_backbone: Path, tmp_path: Path) -> None:
    text = "Asthma\tB-Disease\nkills\tO\n\nGout\tB-Disease\n\nNo\tO\nnews\tO\n\n" * 3
    recipe = write_recipe(tmp_path, tiny_backbone, text)
    corpus = tmp_path / "mine"
    done = run("crossfit", recipe, "-o", tmp_path / "folds", "--folds", 2)
    assert done.code == 0, done.err
    train_file, dev_file = map(Path, done.out.splitlines())
    assert [d.id for d in read(train_file)] == [f"train-{n}" for n in range(1, 10)]
    assert [d.id for d in read(dev_file)] == [f"devel-{n}" for n in range(1, 10)]
    model = tmp_path / "folds/all/seed-1/model"
    assert f"train a selector for --model {model}" in done.err
    assert "add --resume to continue" in run("crossfit", recipe, "-o", tmp_path / "folds").error

    second = tmp_path / "selector.yaml"
    second.write_text(
        recipe.read_text()
        .replace("{backbone", "{family: selector, backbone")
        .replace(f"corpus: {corpus}\n    epochs", f"corpus: {corpus}\n        proposals: "
                 f"{train_file}\n    epochs")
        .replace(f"  - corpus: {corpus}\nprec", f"  - corpus: {corpus}\n    proposals: "
                 f"{dev_file}\nprec")
    )  # fmt: skip
    done = run("train", second, "-o", tmp_path / "selector")
    assert done.code == 0, done.err
    selector = tmp_path / "selector/seed-1/model"
    assert done.out.startswith(f"{selector}\tdev F1 ")
    assert f"vaner evaluate --model RECOGNIZER --selector {selector} --corpus {corpus}" in done.err
    done = run("annotate", "-t", "Asthma kills", "--model", model, "--selector", selector,
               "-f", "jsonl")  # fmt: skip
    assert done.code == 0, done.err


def test_annotations_of_a_dictionary_match_the_corpus(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VANER_CACHE", str(tmp_path / "cache"))
    base = write_base(tmp_path / "ten.parquet").path
    corpus = tmp_path / "mine"
    corpus.mkdir()
    (corpus / "train.tsv").write_text("Metformin\tO\nfor\tO\ndiabetes\tB-Disease\n\nNo\tO\n\n")
    annotated = tmp_path / "found.jsonl"
    done = run("kb", "match", corpus / "train.tsv", "--kb", base, "-o", annotated, "-q")
    assert done.code == 0, done.err
    train = load(str(corpus), "train")
    [first, second] = read_proposals(str(annotated), train)
    assert [first.mention(span) for span in first.spans] == ["diabetes"] and not second.spans
