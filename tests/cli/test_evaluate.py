"""``vaner evaluate`` and `vaner.evaluation.evaluate`."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest

from tests.command_line import Result, Run
from tests.registering import register
from vaner.corpora import REGISTRY, SplitInfo
from vaner.errors import VanerError
from vaner.evaluation.evaluate import evaluate
from vaner.evaluation.predictions import evaluate_predictions
from vaner.formats import write
from vaner.hub.reported_results import parse_evaluation
from vaner.hub.training_record import write_training_record
from vaner.text.documents import Corpus, Document, Span
from vaner.text.reachability import count_unreachable
from vaner.text.tags import TagScheme

TRAINING: dict[str, Any] = {
    "name": "tiny", "seed": 1, "dev_f1": 0.5, "seconds": 60, "trained_on": [], "chosen_on": [],
}  # fmt: skip
GOLD = "Asthma\tB-Disease\nkills\tO\n\nAspirin\tB-Chemical\nhelps\tO\n\nBRCA1\tB-Gene\n\n"


class Oracle:
    """Replaces an annotator: returns given answers and records its calls."""

    kind = "model"
    types = ("Chemical", "Disease")
    zero_shot = False
    form = None
    calibration = None
    corpora: ClassVar[dict[str, list[str]]] = {}

    def __init__(self, answers: dict[str, tuple[Span, ...]]) -> None:
        self.answers = answers
        self.calls: list[Any] = []

    def annotate(
        self, documents: Iterable[Document], types: Sequence[str], **options: Any
    ) -> Iterator[Document]:
        self.calls.append((tuple(types), options))
        for document in documents:
            assert not document.spans, "the model must not see gold"
            yield document.with_spans(self.answers.get(document.text, ()))

    def unreachable(self, document: Document, types: Sequence[str]) -> Counter[str]:
        return count_unreachable(document, types, TagScheme.BIO)


def scored(corpus: Corpus, oracle: Oracle, **options: Any) -> Any:
    return evaluate(cast(Any, oracle), corpus, bootstrap=0, **options)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "test.tsv").write_text(GOLD)
    (folder / "train.tsv").write_text("Asthma\tB-Disease\n\n")
    return folder


@pytest.fixture
def score(run: Run, tiny_model: Path) -> Run:
    def call(*arguments: object) -> Result:
        return run("evaluate", "--model", tiny_model, "--bootstrap", 20, *arguments)

    return call


def test_common_types_are_scored() -> None:
    gold = Document("1", "Asthma BRCA1", (Span(0, 6, "Disease"), Span(7, 12, "Gene")))
    oracle = Oracle({gold.text: (Span(0, 6, "Disease"),)})
    evaluation = scored(Corpus("c", "test", (gold,)), oracle)
    assert evaluation.types == ("Disease",) and evaluation.unsupported_types == ("Gene",)
    assert evaluation.report.micro.f1 == 1.0
    assert oracle.calls == [(("Disease",), {"corpus": None})]


def test_unreachable_gold_counts_as_missed() -> None:
    gold = Document("1", "lung and skin cancer", (
        Span(0, 20, "Disease", None, (), ((0, 4), (14, 20))), Span(9, 20, "Disease"),
    ))  # fmt: skip
    evaluation = scored(
        Corpus("c", "test", (gold,)), Oracle({gold.text: (Span(9, 20, "Disease"),)})
    )
    assert evaluation.report.micro.recall == 0.5 and evaluation.report.unreachable == 1
    assert evaluation.unreachable == {"discontinuous": 1}


def test_duplicate_ids_are_distinguished() -> None:
    gold = Document("1", "Asthma", (Span(0, 6, "Disease"),))
    evaluation = scored(Corpus("c", "test", (gold, gold)), Oracle({"Asthma": gold.spans}))
    assert evaluation.report.micro.counts.tp == 2


@pytest.mark.parametrize(
    ("types", "message"),
    [(["Gene"], "the model does not find Gene"), (["Chemical"], "does not annotate Chemical")],
)
def test_requested_types_must_exist(types: list[str], message: str) -> None:
    spans = (Span(0, 6, "Disease"), Span(7, 12, "Gene"))
    corpus = Corpus("c", "test", (Document("1", "Asthma BRCA1", spans),))
    with pytest.raises(VanerError, match=message):
        scored(corpus, Oracle({}), types=types)


def test_no_common_type_is_an_error() -> None:
    corpus = Corpus("c", "test", (Document("1", "BRCA1", (Span(0, 5, "Gene"),)),))
    with pytest.raises(VanerError, match="no type in common"):
        scored(corpus, Oracle({}))


@pytest.mark.parametrize("types", [None, ["Gene"]])
def test_a_corpus_without_mentions_is_an_error(types: list[str] | None) -> None:
    corpus = Corpus("notes", "test", (Document("1", "BRCA1"),))
    with pytest.raises(VanerError, match="corpus notes test has no mentions to score against; g"):
        scored(corpus, Oracle({}), types=types)
    with pytest.raises(VanerError, match="corpus notes test has no mentions to score against; g"):
        evaluate_predictions(corpus, corpus.documents, types=types)


def test_tags_without_a_type_can_be_named(score: Run, corpus: Path, tmp_path: Path) -> None:
    results_file = tmp_path / "results.json"
    for split in ("test", "train"):
        text = (corpus / f"{split}.tsv").read_text()
        (corpus / f"{split}.tsv").write_text(text.replace("-Disease", "").replace("-Chemical", ""))
    message = score("--corpus", corpus, "--types", "Disease").error
    assert "it has '' (tags without a type)" in message and "--rename" in message
    assert score("--corpus", corpus, "--rename", "=Disease", "--json", results_file).code == 0
    assert json.loads(results_file.read_text())["scored_types"] == ["Disease"]


def test_rename_types_of_the_corpus(score: Run, corpus: Path, tmp_path: Path) -> None:
    results_file = tmp_path / "results.json"
    for split in ("test", "train"):
        text = (corpus / f"{split}.tsv").read_text().replace("Disease", "DISO")
        (corpus / f"{split}.tsv").write_text(text.replace("Chemical", "Drug"))
    message = score("--corpus", corpus).error
    assert "rename types that have the same meaning with --rename" in message
    done = score("--corpus", corpus, "--rename", "DISO=Disease", "--rename", "Drug=Chemical",
                 "--json", results_file)  # fmt: skip
    record = json.loads(results_file.read_text())
    assert done.code == 0 and sorted(record["scored_types"]) == ["Chemical", "Disease"]
    assert record["micro"]["gold"] == 2 and "seen in training" in done.out
    for wrong, message in {
        "DISO": "must be OLD=NEW", "X=Y": "--rename X=Y: the corpus has", "=": "OLD=NEW",
        "=A": "--rename =A: the corpus has",
    }.items():  # fmt: skip
        assert message in score("--corpus", corpus, "--rename", wrong).error
    twice = score("--corpus", corpus, "--rename", "Drug=A", "--rename", "Drug=B").error
    assert "two names, A and B" in twice
    assert "cannot be used with --all" in score("--all", "--rename", "Drug=A").error


def test_evaluate_prints_a_table_and_writes_a_file(
    score: Run, corpus: Path, tmp_path: Path
) -> None:
    results_file = tmp_path / "results.json"
    done = score("--corpus", corpus, "--json", results_file)
    assert done.code == 0
    for row in ("Chemical", "Disease", "micro", "seen in training", "unseen", "relaxed: overlap"):
        assert f"\n{row} " in done.out
    assert "not scored, because the model does not find them: Gene" in done.err
    record = json.loads(results_file.read_text())
    assert record["form"] == "PyTorch"
    assert record["corpus"] == "mine" and record["split"] == "test"
    assert record["scored_types"] == ["Chemical", "Disease"] and record["seen_in"] == "train"
    assert record["micro"]["gold"] == 2 and record["documents"] == 3
    assert {"commit", "date", "machine", "versions", "command", "seconds", "model"} <= set(record)


def test_limit_is_named_in_the_output(
    score: Run, corpus: Path, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results_file, page = tmp_path / "part.json", tmp_path / "part.html"
    done = score("--corpus", corpus, "--limit", 2, "--json", results_file, "--report", page)
    part = "mine test, the first 2 of 3 documents"
    assert done.out.startswith(f"{part}, strict unless") and "\n2 documents; " in done.out
    assert f"<h1>Evaluation: {part}</h1>" in page.read_text("utf-8")
    record = json.loads(results_file.read_text())
    assert (record["documents"], record["out_of"], record["micro"]["gold"]) == (2, 3, 2)
    with pytest.raises(VanerError, match="only 2 of 3 documents were scored"):
        parse_evaluation(record)
    for limit in ("3", "99"):
        done = score("--corpus", corpus, "--limit", limit, "--json", results_file)
        assert "first" not in done.out and json.loads(results_file.read_text())["out_of"] is None
    assert parse_evaluation(json.loads(results_file.read_text()))
    (root / "NCBI-disease" / "test.tsv").write_text("Asthma\tB-Disease\n\nFlu\tB-Disease\n")
    stated = {"NCBI-disease test": {"Disease": {"f1": 0.9, "intervals": {"f1": [0.85, 0.95]}}}}
    monkeypatch.setattr("vaner.hub.reported_results.read_reported_results", lambda folder: stated)
    message = score("--all", "--corpora", root, "--limit", 1).out
    assert message.startswith("test, strict, only the first 1 document of each corpus\n")
    assert "reported" not in message
    assert score("--all", "--corpora", root, "--limit", 2).out.startswith("test, strict\n")


def test_limit_annotates_and_scores_the_same_documents() -> None:
    gold = [Document(str(i), f"Asthma {i}", (Span(0, 6, "Disease"),)) for i in range(5)]
    oracle = Oracle({gold[i].text: gold[i].spans for i in (0, 1, 4)})
    evaluation = scored(Corpus("c", "test", tuple(gold)), oracle, limit=3)
    assert (
        evaluation.gold == tuple(gold[:3])
        and len(evaluation.predicted) == 3
        and evaluation.total_documents == 5
    )
    counts = evaluation.report.micro.counts
    assert (counts.tp, counts.fn) == (2, 1)


def test_nested_gold_has_scores_by_nesting(score: Run, tmp_path: Path) -> None:
    spans = (Span(0, 11, "Disease"), Span(0, 4, "Disease"), Span(13, 16, "Disease"))
    path, results_file = tmp_path / "nested.jsonl", tmp_path / "results.json"
    write([Document("1", "lung cancer, flu", spans)], path)
    done = score("--corpus", path, "--json", results_file)
    for row in ("flat", "nested", "outermost", "inside", "innermost", "around"):
        assert f"\nnesting: {row} " in done.out
    nesting = json.loads(results_file.read_text())["nesting"]
    assert [nesting[name]["gold"] for name in ("flat", "nested", "inside", "crossing")] == [
        1,
        2,
        1,
        0,
    ]


def test_without_training_mentions(score: Run, corpus: Path) -> None:
    assert "seen in training" not in score("--corpus", corpus, "--seen-in", "none").out
    assert "seen in training" not in score("--corpus", corpus / "test.tsv").out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--types", "Gene"], "the model does not find Gene"),
        (["--types", "Species"], "does not annotate Species"),
        (["--split", "devel"], "no file for split 'devel'"),
        (["--seen-in", "devel"], "no file for split 'devel'"),
        (["--json", "pyproject.toml/x.json"], "is not a folder; give another output"),
        (["--json", "/"], "is a folder"),
        (["--json", "x.json", "--report", "./x.json"], "need different files"),
        (["--limit", "0"], "'--limit'"),
        (["--input-format", "doc"], "unknown format 'doc'"),
    ],
)
def test_mistakes_are_errors_of_one_line(
    score: Run, corpus: Path, arguments: list[str], message: str
) -> None:
    assert message in score("--corpus", corpus, *arguments).error


def test_unknown_and_broken_corpora(score: Run, corpus: Path) -> None:
    assert "neither registered nor a folder or file" in score("--corpus", "nothing").error
    (corpus / "test.tsv").write_text("")
    assert "has no documents to score" in score("--corpus", corpus).error
    (corpus / "test.tsv").write_text(GOLD + "Asthma\n\n")
    assert "test.tsv:9: " in score("--corpus", corpus, "--input-format", "conll").error


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two registered corpora, and one whose types the tiny model does not find."""
    for folder, text in (
        ("NCBI-disease", "Asthma\tB-Disease\n"),
        ("BC5CDR", "Asthma\tB-Disease\nAspirin\tB-Chemical\n"),
        ("linnaeus", "mice\tB-Species\n"),
    ):
        (tmp_path / "corpora" / folder).mkdir(parents=True)
        (tmp_path / "corpora" / folder / "test.tsv").write_text(text)
    return tmp_path / "corpora"


def test_all_available_corpora_in_a_table(score: Run, root: Path, tmp_path: Path) -> None:
    results_file = tmp_path / "all.json"
    done = score("--all", "--corpora", root, "--json", results_file)
    assert done.code == 0 and "reported" not in done.out
    rows = [line.split()[:2] for line in done.out.splitlines()[2:]]
    assert sorted(rows) == [
        ["BC5CDR", "Chemical"], ["BC5CDR", "Disease"], ["BC5CDR", "all"],
        ["NCBI-disease", "Disease"],
    ]  # fmt: skip
    record = json.loads(results_file.read_text())
    assert set(record["corpora"]) == {"BC5CDR test", "NCBI-disease test"}
    assert record["corpora"]["BC5CDR test"]["micro"]["gold"] == 2 and "commit" in record


def test_all_includes_devel_of_corpora_without_a_test_split(score: Run, root: Path) -> None:
    (root / "BioRED").mkdir()
    text = "1|t|Asthma hurts.\n1|a|\n1\t0\t6\tAsthma\tDisease\t-\n\n"
    (root / "BioRED" / "devel.PubTator").write_text(text)
    done = score("--all", "--corpora", root)
    rows = [line.split()[:3] for line in done.out.splitlines()[2:]]
    assert ["BioRED", "devel", "Disease"] in rows
    assert "BioRED" not in score("--all", "--split", "train", "--corpora", root).out


def registered(monkeypatch: pytest.MonkeyPatch, files: dict[str, SplitInfo]) -> None:
    """NCBI-disease with other splits."""
    register(monkeypatch, replace(REGISTRY["NCBI-disease"], splits=files))


def test_shared_training_texts_give_a_warning(
    score: Run, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The tiny model's training corpus is called so.
    test = SplitInfo("test.tsv", same_texts={"tiny": ["train", "devel"]})
    registered(monkeypatch, {"test": test})
    done = score("--corpus", "ncbi-disease", "--corpora", root)
    message = [line for line in done.err.splitlines() if "warning" in line]
    assert len(message) == 1 and "NCBI-disease test shares texts with tiny train" in message[0]
    assert "warning" not in score("--corpus", "BC5CDR", "--corpora", root).err
    assert score("--all", "--corpora", root).err.count("warning") == 1


def test_shared_training_texts_give_a_warning_without_corpora_in_instructions(
    run: Run, root: Path, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered(monkeypatch, {"test": SplitInfo("test.tsv", same_texts={"tiny": ["train"]})})
    model = tmp_path / "nameless"
    shutil.copytree(tiny_model, model)
    config = json.loads((model / "config.json").read_text("utf-8")) | {"corpora": {}}
    (model / "config.json").write_text(json.dumps(config), "utf-8")
    wanted = ("evaluate", "--model", model, "--corpus", "NCBI-disease", "--corpora", root)
    for trained_on, message in ((["other train"], False), (["other train", "tiny train"], True)):
        write_training_record(model, {**TRAINING, "trained_on": trained_on})
        assert ("test shares texts with tiny train" in run(*wanted).err) == message


def test_training_texts_give_a_warning(
    run: Run, root: Path, tiny_model: Path, tmp_path: Path
) -> None:
    model, file = shutil.copytree(tiny_model, tmp_path / "model"), tmp_path / "letters.tsv"
    write_training_record(
        model, {**TRAINING, "trained_on": ["letters train", "NCBI-disease train"]}
    )
    file.write_text(GOLD)
    message = run("evaluate", "--model", model, "--corpus", file).err
    assert "letters: the model was trained on a corpus of this name" in message
    (root / "NCBI-disease" / "train.tsv").write_text("Asthma\tB-Disease\nkills\tO\n\n")
    split = ("--corpus", "NCBI-disease", "--corpora", root, "--split")
    assert (
        "the model was trained on these texts"
        in run("evaluate", "--model", model, *split, "train").err
    )
    assert "the model was trained" not in run("evaluate", "--model", model, *split, "test").err


def test_a_part_of_a_train_split_counts_as_seen(
    score: Run, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("train_partial", "test")
    registered(monkeypatch, {name: SplitInfo(f"{name}.tsv") for name in names})
    (root / "NCBI-disease" / "train_partial.tsv").write_text("Asthma\tB-Disease\n")
    results_file = tmp_path / "one.json"
    score("--corpus", "NCBI-disease", "--corpora", root, "--json", results_file)
    record = json.loads(results_file.read_text())
    assert record["seen_in"] == "train_partial" and record["seen"]["gold"] == 1


def test_all_compares_with_reported_results(
    score: Run, root: Path, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stated = {"f1": 0.9, "intervals": {"f1": [0.85, 0.95]}}
    content = {"NCBI-disease test": {"Disease": stated}}
    monkeypatch.setattr("vaner.hub.reported_results.read_reported_results", lambda folder: content)
    out = score("--all", "--corpora", root, "--types", "Disease").out
    [row] = [line for line in out.splitlines() if line.startswith("NCBI-disease")]
    assert row.endswith("90.00  outside its interval")


def test_all_scores_views_with_reported_results(
    score: Run, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stated = {"f1": 0.0, "intervals": {"f1": [0.0, 1.0]}}
    content = {"BC5CDR-chem test": {"Chemical": stated}}
    monkeypatch.setattr("vaner.hub.reported_results.read_reported_results", lambda folder: content)
    out = score("--all", "--corpora", root).out
    rows = [line.split() for line in out.splitlines()[2:]]
    assert [row[:2] for row in rows] == [["NCBI-disease", "Disease"], ["BC5CDR-chem", "Chemical"]]
    assert rows[1][-1] == "0.00" and rows[1][-2] != "0.00"


def test_all_without_corpora_is_an_error(score: Run, root: Path) -> None:
    assert "contains no devel split" in score("--all", "--corpora", root, "--split", "devel").error
    assert "does not find Gene" in score("--all", "--corpora", root, "--types", "Gene").error
    assert "--corpus NAME or --all" in score("--all", "--corpus", "BC5CDR").error
    assert "--corpus NAME or --all" in score().error
    assert (
        "cannot be used with --all" in score("--all", "--corpora", root, "--seen-in", "train").error
    )
    (root / "BC5CDR" / "test.tsv").write_text("")
    assert "corpus BC5CDR test has no documents" in score("--all", "--corpora", root).error


def test_the_best_threshold_is_printed_for_devel_only(
    score: Run, tiny_model: Path, tmp_path: Path
) -> None:
    from vaner.annotator import Annotator

    text = "Aspirin-induced asthma (AIA) was seen in 5 % of the patients with diabetes mellitus."
    document = Annotator.from_pretrained(tiny_model, device="cpu")(text)
    best = max(document.spans, key=lambda span: span.score or 0)
    assert len(document.spans) > 1  # a random model finds many; the most probable one is gold here
    for split in ("devel", "test"):
        write([Document("1", text, (best,))], tmp_path / f"{split}.jsonl")
    message = score("--corpus", tmp_path, "--split", "devel").out
    threshold = message.split("best F1 on this split with --min-score ")[1].split(":")[0]
    assert "F1 100.00" in message and float(threshold) <= (best.score or 0)
    assert "best F1" not in score("--corpus", tmp_path).out
    out = tmp_path / "r.json"
    score("--corpus", tmp_path, "--min-score", threshold, "--json", out)
    assert json.loads(out.read_text())["micro"]["f1"] == 1
