"""Tests the peers: words and tags, features, training, and resuming."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from experiments.peers import crfsuite, minilm, report, run, spacy_ner
from experiments.peers.features import extract_features, get_flags, get_shape
from experiments.peers.peer import Peer, Task, TrainedPeer
from experiments.peers.sentences import Split
from experiments.peers.splits import load_splits
from vaner.text.documents import Corpus, Document, Span
from vaner.text.tags import TagSet

collect = report.collect  # a fixture replaces the one that the command calls

TEXTS = [
    ("Gout hurts .", "B-Disease O O"),
    ("Type-2 diabetes and gout", "B-Disease I-Disease O B-Disease"),
    ("Nothing here", "O O"),
]


def conll() -> str:
    lines = [
        "".join(f"{word}\t{tag}\n" for word, tag in zip(text.split(), tags.split(), strict=True))
        for text, tags in TEXTS
    ]
    return "\n".join(lines)


@pytest.fixture
def corpora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a small NCBI-disease, and change to an empty folder for the output."""
    folder = tmp_path / "corpora"
    for split in ("train", "devel", "test"):
        path = folder / "NCBI-disease" / f"{split}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        # Train contains all of test and one more sentence: the others are not trained on.
        more = "Mumps\tB-Disease\nswell\tO\n\n" if split == "train" else ""
        path.write_text(more + conll(), "utf-8")
    monkeypatch.setenv("VANER_CORPORA", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def split() -> Split:
    spans = [(0, 15), (20, 24)]
    documents = (
        Document("d", "Type-2 diabetes and gout", tuple(Span(*s, "Disease") for s in spans)),
        Document("e", "Gout hurts. It is gout.", (Span(0, 4, "Disease"),)),
    )
    return Split.from_corpus(Corpus("c", "devel", documents, ("Disease",)))


def test_words_and_tags_round_trip(split: Split) -> None:
    assert split.words[0] == ("Type", "-", "2", "diabetes", "and", "gout")
    assert [sentence.document for sentence in split.sentences] == [0, 1, 1]
    gold = [sentence.tags for sentence in split.sentences]
    assert gold[0] == ("B-Disease", "I-Disease", "I-Disease", "I-Disease", "O", "B-Disease")
    assert split.decode(gold) == split.corpus.documents
    assert split.f1(gold) == 1.0
    assert split.f1([["O"] * len(words) for words in split.words]) == 0.0


def test_invalid_tags_are_decoded(split: Split) -> None:
    """An I after O starts a mention, as in `vaner.text.tags.decode_tags`."""
    tags = [["O"] * len(words) for words in split.words]
    tags[2] = ["O", "O", "I-Disease", "O"]
    document = split.decode(tags)[1]
    assert [document.mention(span) for span in document.spans] == ["gout"]


def test_wrong_number_of_tags_is_an_error(split: Split) -> None:
    with pytest.raises(ValueError, match="1 tags for 6 words"):
        split.decode([["O"], ["O"] * 3, ["O"] * 4])


def test_features() -> None:
    first, second = extract_features(["BRCA1", "x"])
    assert first[:4] == ["bias", "word=BRCA1", "lower=brca1", "shape=XXXXd"]
    assert {"4<brca", "1>1", "2>a1", "title", "upper", "digit"} <= set(first)
    assert {"-1:edge", "-2:edge", "+1:lower=x", "+2:edge"} <= set(first)
    assert "-1:shape=XXXXd" in second and not any(name.startswith("1<") for name in second)
    assert extract_features([]) == []
    assert len(set(first)) == len(first)


def test_shape_and_flags() -> None:
    assert (get_shape("Aβ-42"), get_shape("é"), get_flags("--")) == ("Xx-dd", "x", ("punctuation",))
    assert get_flags("mRNA") == ("mixed",) and get_flags("7") == ("digit", "number")


@pytest.fixture
def task(tmp_path: Path) -> Task:
    """Return a task with enough repetition to learn that gout is a disease."""
    documents = [
        Document(f"{i}", f"Case {i} : gout again", (Span(8 + len(str(i)), 12 + len(str(i)), "D"),))
        for i in range(40)
    ]
    train = Split.from_corpus(Corpus("c", "train", tuple(documents), ("D",)))
    return Task(train, train, tmp_path, seed=1)


def test_crfsuite_learns(task: Task) -> None:
    pytest.importorskip("pycrfsuite")
    trained = crfsuite.train(task)
    assert task.devel.f1(trained.tag(task.devel.words)) == 1.0
    assert (trained.settings["c1"], trained.settings["c2"]) in crfsuite.PENALTIES
    assert len(trained.settings["devel_f1"]) == len(crfsuite.PENALTIES)
    assert trained.tag([["gout"], ["a", "b"]]) == trained.tag([["gout"], ["a", "b"]])


@pytest.mark.heavy
def test_spacy_uses_given_words(task: Task) -> None:
    pytest.importorskip("spacy")
    from spacy.training.initialize import init_nlp

    config = spacy_ner._build_config(task)
    (example, *_) = nlp_corpus(config)(init_nlp(config))
    assert [token.text for token in example.predicted] == list(task.train.words[0])
    assert [spacy_ner._get_tag(token) for token in example.reference] == list(
        task.train.sentences[0].tags
    )


@pytest.mark.heavy
def test_spacy_learns(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("spacy")
    config = spacy_ner._build_config(task)
    config["training"].update(max_steps=60, eval_frequency=20)
    monkeypatch.setattr(spacy_ner, "_build_config", lambda task: config)
    trained = spacy_ner.train(task)
    assert task.devel.f1(trained.tag(task.devel.words)) == 1.0
    assert trained.settings["max_steps"] == 60


def nlp_corpus(config: object) -> Callable[..., object]:
    from spacy.util import registry

    resolved = registry.resolve({"corpora": config.interpolate()["corpora"]})  # type: ignore
    return resolved["corpora"]["train"]


def test_minilm_tags_the_first_subword_of_each_word() -> None:
    """A fake tokenizer gives each word as many subwords as letters, and `?` none."""

    class Cut(dict[str, list[list[int]]]):
        def word_ids(self, i: int) -> list[int | None]:
            return [None, *(w for w in self.words[i]), None]

    def tokenizer(sentences: list[list[str]], **options: object) -> Cut:
        assert options["max_length"] == minilm.MAX_SUBWORDS
        words = [[w for w, word in enumerate(s) for _ in word.strip("?")] for s in sentences]
        cut = Cut(input_ids=[[1, *(5 for _ in indices), 2] for indices in words])
        cut.words = words
        return cut

    (row,) = minilm.tokenize(tokenizer, [["ab", "?", "c"]])
    assert row.first == {1: 0, 3: 2}
    tags = TagSet(types=("D",)).indices(["B-D", "I-D", "O"])
    (with_labels,) = minilm.add_labels([row], [tags])
    assert with_labels["labels"] == [-100, 1, -100, 0, -100]


@pytest.mark.slow
def test_minilm_learns(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "EPOCHS", 12)
    trained = minilm.train(replace(task, settings={"learning_rate": 1e-3}))
    assert task.devel.f1(trained.tag(task.devel.words)) == 1.0
    mixed = [("Case", "1", ":", "gout", "again"), ("again",), ("Case", "again")]
    tagged = trained.tag(mixed)
    assert tagged == [tags for words in mixed for tags in trained.tag([words])]
    assert tagged[0][3] == "B-D"  # in the order of the input, not of the lengths


class Fake:
    """A peer that tags O, or fails, and records its seeds."""

    def __init__(self) -> None:
        self.trained: list[int] = []
        self.fails_at: int | None = None

    def train(self, task: Task) -> TrainedPeer:
        self.trained.append(task.seed)
        if task.seed == self.fails_at:
            raise KeyboardInterrupt
        return TrainedPeer(lambda sentences: [["O"] * len(words) for words in sentences], {"a": 1})


@pytest.fixture
def fake(corpora: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    peer = Fake()
    monkeypatch.setattr(run, "PEERS", {"fake": Peer(peer.train, package="numpy")})
    monkeypatch.setattr(run.report, "collect", lambda folder: None)
    return peer


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["run", *arguments])
    run.main()


def test_interrupted_runs_resume(
    fake: Fake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.fails_at = 2
    with pytest.raises(KeyboardInterrupt):
        call(monkeypatch)
    assert "BC5CDR is skipped" in capsys.readouterr().err
    fake.fails_at = None
    call(monkeypatch)
    call(monkeypatch)
    assert fake.trained == [1, 2, 2, 3]
    runs = report.read_finished_runs(Path("runs/peers"))
    assert [record["seed"] for record in runs] == [1, 2, 3]
    assert runs[0]["test"]["micro"]["fn"] == 3
    assert runs[0]["left_out"] == 3
    assert runs[0]["versions"]["numpy"] and runs[0]["settings"] == {"a": 1}
    assert not list(Path("runs/peers").glob("*.part"))


def test_a_corpus_without_test_is_scored_on_devel(corpora: Path) -> None:
    folder = corpora / "BioRED"
    folder.mkdir()
    texts = {"train": [f"Gout in case {i}" for i in range(20)], "devel": ["Gout in case 7"]}
    for split, titles in texts.items():
        records = (
            f"{i}|t|{title}\n{i}|a|\n{i}\t0\t4\tGout\tDisease\tD006073\n\n"
            for i, title in enumerate(titles)
        )
        (folder / f"{split}.PubTator").write_text("".join(records), "utf-8")
    splits = load_splits("BioRED")
    assert [document.text.strip() for document in splits.devel] == [
        texts["train"][i] for i in (0, 10)
    ]
    assert splits.test.split == "devel" and len(splits.train) == 17 and splits.left_out == 1


def test_tuned_settings_are_stored(
    fake: Fake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tuned: list[str] = []

    def tune(task: Task) -> dict[str, str]:
        tuned.append(task.devel.corpus.name)
        return {"rate": "high"}

    monkeypatch.setattr(run, "PEERS", {"fake": Peer(fake.train, "numpy", tune=tune)})
    call(monkeypatch, "--seeds", "1")
    call(monkeypatch, "--seeds", "2")
    assert tuned == ["NCBI-disease"]
    stored = json.loads((tmp_path / "runs/peers/fake-settings.json").read_text("utf-8"))
    assert stored == {"rate": "high"}
    assert len(report.read_finished_runs(Path("runs/peers"))) == 2
    # With --missing, the settings of stored runs are used.
    other = {"fake-NCBI-disease-1": {"peer": "fake", "settings": {"rate": "low"}}}
    monkeypatch.setattr(report, "read_stored_runs", lambda: other)
    call(monkeypatch, "--seeds", "1", "2", "--missing", "--output", str(tmp_path / "new"))
    assert tuned == ["NCBI-disease"]
    assert [path.stem for path in (tmp_path / "new").glob("*.json")] == ["fake-NCBI-disease-2"]


def test_limited_runs_have_a_separate_folder(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    call(monkeypatch, "--seeds", "1", "--limit", "2")
    assert not report.read_finished_runs(Path("runs/peers"))
    (record,) = report.read_finished_runs(Path("runs/peers/limit-2"))
    assert record["test"]["documents"] == 2


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--corpora", "NCBI"], "error: corpus 'NCBI' is neither registered nor a folder or file"),
        (["--corpora", "BC5CDR"], "error: corpus BC5CDR devel: "),
    ],
)
def test_missing_corpus_is_reported_in_one_line(
    fake: Fake, monkeypatch: pytest.MonkeyPatch, arguments: list[str], line: str
) -> None:
    with pytest.raises(SystemExit) as error:
        call(monkeypatch, *arguments)
    assert str(error.value).startswith(line) and "\n" not in str(error.value)
    assert not fake.trained


def test_missing_package_is_an_error(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "PEERS", {"fake": Peer(fake.train, package="no-such-package")})
    with pytest.raises(SystemExit, match="needs no-such-package: pip install"):
        call(monkeypatch)


def test_results_and_tables(fake: Fake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    call(monkeypatch)
    readmes = {part: tmp_path / f"{part}.md" for part in report.READMES}
    for part, path in readmes.items():
        path.write_text(f"a\n<!-- {part}:begin -->\n<!-- {part}:end -->\nb\n", "utf-8")
    monkeypatch.setattr(report, "READMES", readmes)
    collect(Path("runs/peers"), tmp_path / "results.json")
    tables = {path.name: path.read_text("utf-8") for path in readmes.values()}
    assert "| NCBI-disease | 0.00 (0.00 to 0.00; 3) |\n<!-- peers:end -->" in tables["peers.md"]
    assert "| fake | NCBI-disease | Disease | 0.00 | 0.00 | 0.00 | 0.00" in tables["results.md"]
    # Without runs, the tables show the stored results.
    collect(tmp_path / "nothing", tmp_path / "results.json")
    assert {path.name: path.read_text("utf-8") for path in readmes.values()} == tables
    # Runs from another machine are added.
    (path,) = Path("runs/peers").glob("fake-NCBI-disease-2.json")
    (tmp_path / "other").mkdir()
    record = json.loads(path.read_text("utf-8")) | {"seed": 4}
    (tmp_path / "other" / "fake-NCBI-disease-4.json").write_text(json.dumps(record), "utf-8")
    collect(tmp_path / "other", tmp_path / "results.json")
    assert sorted(report.read_stored_runs(tmp_path / "results.json")) == [
        f"fake-NCBI-disease-{seed}" for seed in (1, 2, 3, 4)
    ]


def test_missing_option_skips_stored_runs(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "read_stored_runs", lambda: {"fake-NCBI-disease-2": {}})
    call(monkeypatch, "--missing")
    assert fake.trained == [1, 3]


def test_summary_without_runs() -> None:
    assert report.render_summary({}).count("\n") == 1
