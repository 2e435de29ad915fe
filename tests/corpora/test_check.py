"""What a check finds, and what of it the registry knows already."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.registering import register, register_only
from vaner.corpora import REGISTRY, CorpusInfo, SplitInfo, lookup
from vaner.corpora.check import available_splits, check_across_corpora, check_corpus
from vaner.formats import write
from vaner.text.documents import Document

LONG = "Nobody knew why the old man had asthma again .".split()


def sentence(words: list[str], mention: str = "asthma") -> str:
    return "".join(f"{w}\t{'B-Disease' if w == mention else 'O'}\n" for w in words) + "\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two registered corpora, each with a train and a test split of one sentence."""
    corpora = {}
    for name in ("One", "Two"):
        (tmp_path / name).mkdir()
        for split in ("train", "test"):
            text = sentence([name, split, *"had been in the very same place".split(), "asthma"])
            (tmp_path / name / f"{split}.tsv").write_text(text)
        known = SplitInfo("", sentences=1, mentions={"Disease": 1})
        files = {split: replace(known, file=f"{split}.tsv") for split in ("train", "test")}
        corpora[name] = CorpusInfo(name, name, {"Disease": "Disease"}, files, "ours", "home")
    register_only(monkeypatch, corpora)
    return tmp_path


def get_info(name: str) -> CorpusInfo:
    info = lookup(name)
    assert info is not None
    return info


def register_known_leaks(
    monkeypatch: pytest.MonkeyPatch, name: str, in_train: dict[str, int], number: int
) -> None:
    """Register the expected counts and known leaks of the test split of a corpus."""
    info = get_info(name)
    test = replace(info.splits["test"], in_train=in_train, sentences=number)
    test = replace(test, mentions={"Disease": number})
    register(monkeypatch, replace(info, splits={**info.splits, "test": test}))


def add(root: Path, name: str, split: str, text: str) -> None:
    with (root / name / f"{split}.tsv").open("a") as file:
        file.write(text)


def test_correct_corpora_have_no_findings(root: Path) -> None:
    checked = {name: check_corpus(name, root) for name in ("One", "Two")}
    across = check_across_corpora(checked)
    assert not any(findings.problems or findings.notes for findings in (*checked.values(), across))


def test_unexpected_counts_are_problems(root: Path) -> None:
    add(root, "One", "train", sentence(["No", "mention"]))
    add(root, "One", "test", sentence(["asthma"]))
    assert check_corpus("One", root).problems == [
        "train: sentences: 2, the registry has 1",
        "test: sentences: 2, the registry has 1",
        "test: mentions of Disease: 2, the registry has 1",
    ]


def test_an_empty_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    assert check_corpus(str(tmp_path / "empty.jsonl")).problems == ["all: contains no documents"]


def test_a_corpus_without_mentions_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "notes.jsonl").write_text(
        '{"text": "Gout.", "mentions": [{"start": 0, "type": "D"}]}'
    )
    unread, none = check_corpus(str(tmp_path / "notes.jsonl")).problems
    assert "not read as mentions: mentions" in unread
    assert none.startswith("the corpus contains no mentions; check the format with --input-format")


def test_broken_tags_and_unknown_labels_are_problems(root: Path) -> None:
    (root / "One" / "train.tsv").write_text("mild\tO\nasthma\tI-Disease\n\nflu\tB-Disease\n\n")
    (root / "One" / "test.tsv").write_text("mild\tB-Illness\n\n")
    findings = check_corpus("One", root)
    assert "train.tsv:2: 1 tags continue a mention that has not started" in findings.problems[0]
    assert "'Illness', which the registry does not list" in findings.problems[-1]


def test_documents_in_two_splits_are_noted(tmp_path: Path) -> None:
    for split, names in (("train", (1, 2)), ("devel", (3,)), ("test", (2, 4))):
        texts = (
            Document(f"{split}-{name}", f"Text {split} {name}.", metadata={"doc_id": str(name)})
            for name in names
        )
        write(texts, tmp_path / f"{split}.jsonl")
    assert check_corpus(str(tmp_path)).notes == ["train and test: 1 document ids (doc_id) in both"]


def test_repeated_texts_in_a_split_are_noted(root: Path) -> None:
    for mention in ("asthma", "nothing"):
        add(root, "One", "train", sentence(LONG, mention))
    assert (
        "train: 1 of 3 texts repeat an earlier one; annotated inconsistently: 1"
        in check_corpus("One", root).notes
    )


def test_held_out_sentences_in_train_are_problems_unless_registered(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(root, "One", "train", sentence([*LONG]) + sentence(["Methods", "."]))
    add(root, "One", "test", sentence([w.upper() for w in LONG], "ASTHMA"))
    add(root, "One", "test", sentence(["methods", "."]))
    findings = check_corpus("One", root)
    assert "test: 1 long sentence also in train" in findings.problems
    assert "test: 1 short sentence also in train" in findings.notes
    register_known_leaks(monkeypatch, "One", {"One": 1}, 3)
    findings = check_corpus("One", root)
    assert not any("also in train" in line for line in findings.problems)
    assert "test: 1 long sentence also in train (listed in the registry)" in findings.notes


def test_more_leaks_than_registered_are_a_problem(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for split in ("train", "test"):
        add(root, "One", split, sentence(LONG) + sentence(LONG[::-1]))
    register_known_leaks(monkeypatch, "One", {"One": 1}, 3)
    assert (
        "test: 2 long sentences also in train (the registry lists 1)"
        in check_corpus("One", root).problems
    )


def test_leaks_across_corpora_are_found(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add(root, "One", "train", sentence(LONG))
    add(root, "Two", "train", sentence(LONG))
    add(root, "Two", "test", sentence([*LONG]))
    checked = {name: check_corpus(name, root) for name in ("One", "Two")}
    findings = check_across_corpora(checked)
    assert findings.problems == ["Two test: 1 long sentence also in One train"]
    assert findings.notes == ["1 long sentence in both One train and Two train"]
    register_known_leaks(monkeypatch, "Two", {"One": 1, "Two": 1}, 2)
    findings = check_across_corpora(checked)
    assert not findings.problems
    assert "Two test: 1 long sentence also in One train (listed in the registry)" in findings.notes


def test_texts_shared_by_held_out_splits_are_noted(root: Path) -> None:
    for name in ("One", "Two"):
        text = " ".join((*LONG, "Then", "it", "got", "better", "again", "."))
        (root / name / "test.tsv").unlink()
        record = json.dumps({"text": text.replace(" .", ".")}) + "\n"
        (root / name / "test.jsonl").write_text(record)
    findings = check_across_corpora({name: check_corpus(name, root) for name in ("One", "Two")})
    assert not findings.problems
    assert findings.notes == [
        "1 long sentence in both One test and Two test; complete texts of several sentences: 1"
    ]


def test_nested_pairs_are_compared_and_noted(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spans = [{"start": s, "end": e, "type": "Disease"} for s, e in ((0, 4), (0, 8), (5, 11))]
    (root / "One" / "test.tsv").unlink()
    record = json.dumps({"text": "Gout and flu", "entities": spans}) + "\n"
    (root / "One" / "test.jsonl").write_text(record)
    info = get_info("One")
    test = SplitInfo("test.jsonl", sentences=1, nested=2, crossing=1)
    register(monkeypatch, replace(info, splits={**info.splits, "test": test}))
    findings = check_corpus("One", root)
    assert findings.problems == ["test: nested pairs: 1, the registry has 2"]
    assert "test: pairs of mentions in 1 of 1 texts: 1 nested, 1 crossing" in findings.notes


def test_texts_of_another_corpus_are_noted(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = get_info("One")
    test = replace(info.splits["test"], same_texts={"Two": ["train"]})
    register(monkeypatch, replace(info, splits={**info.splits, "test": test}))
    advice = "do not train on one and evaluate on the other"
    assert f"test: texts shared with Two train; {advice}" in check_corpus("One", root).notes
    assert f"train: texts shared with One test; {advice}" in check_corpus("Two", root).notes


def test_a_corpus_is_not_compared_with_its_views(tmp_path: Path) -> None:
    (tmp_path / "BC5CDR").mkdir()
    for split in ("train", "devel", "test"):
        text = sentence([*LONG, split])
        (tmp_path / "BC5CDR" / f"{split}.tsv").write_text(text)
    names = ("BC5CDR", "BC5CDR-chem", "BC5CDR-disease")
    checked = {name: check_corpus(name, tmp_path) for name in names}
    findings = check_across_corpora(checked)
    assert not findings.problems and not findings.notes
    assert "train: mentions of Disease: 1, the registry has 4,182" in checked[names[2]].problems
    assert not any("Disease" in line for line in checked[names[1]].problems)


def test_counts_are_compared_only_for_the_registered_file(tmp_path: Path) -> None:
    (tmp_path / "BC4CHEMD").mkdir()
    (tmp_path / "BC4CHEMD" / "train.tsv").write_text("Aspirin\tB-Chemical\n\n")
    findings = check_corpus("BC4CHEMD", tmp_path)
    assert not findings.problems and findings.notes == [
        "train: read from train.tsv; the registry has the counts of train.jsonl",
        "devel: the file is missing",
        "test: the file is missing",
    ]
    assert available_splits("BC4CHEMD", tmp_path) == ["train"]


@pytest.mark.heavy
@pytest.mark.corpora
@pytest.mark.parametrize(
    "name", ["NCBI-disease", "BC5CDR-chem", "S800", "GENIA-nested", "CMeEE-V2", "cEHRNER"]
)
def test_real_corpora_match_the_registry(corpora_root: Path, name: str) -> None:
    info = lookup(name)
    assert info is not None
    if not (corpora_root / info.folder).is_dir():
        pytest.skip(f"{info.base_corpus} is not in VANER_CORPORA")
    assert check_corpus(name, corpora_root).problems == []


@pytest.mark.slow
@pytest.mark.corpora
def test_sentences_shared_by_real_corpora_are_registered(corpora_root: Path) -> None:
    names = ("NCBI-disease", "BC5CDR", "cEHRNER", "CCKS2019", "GENIA-nested", "JNLPBA")
    if not all((corpora_root / REGISTRY[name].folder).is_dir() for name in names):
        pytest.skip("not all of them are in VANER_CORPORA")
    assert (
        check_across_corpora({name: check_corpus(name, corpora_root) for name in names}).problems
        == []
    )


def test_inclusive_ends_without_texts_of_mentions_are_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    for end, is_problem in ((3, True), (4, False)):
        record = {"text": "Gout hurts.", "entities": [[0, end, "Disease"]]}
        path.write_text(f"{json.dumps(record)}\n" * 3)
        problems = check_corpus(str(path)).problems
        assert any("inside a word: 3 of 3; their ends may" in p for p in problems) == is_problem
