"""The peers: their words and tags, their features, and a queue that goes on where it stopped."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from experiments.peers import crfsuite, minilm, report, run, spacy_ner
from experiments.peers.features import features, flags, shape
from experiments.peers.peer import Learnt, Peer, Task
from experiments.peers.sentences import Split
from vaner.text.documents import Corpus, Document, Span
from vaner.text.tags import TagSet

collect = report.collect  # the queue's own is switched off below

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
    """NCBI-disease in a few sentences, and an empty folder for what the queue writes."""
    folder = tmp_path / "corpora"
    for split in ("train", "devel", "test"):
        path = folder / "NCBI-disease" / f"{split}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        # All of test, and one sentence more: what stands in test is not trained on.
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
    return Split.of(Corpus("c", "devel", documents, ("Disease",)))


def test_words_and_tags_there_and_back(split: Split) -> None:
    assert split.words[0] == ("Type", "-", "2", "diabetes", "and", "gout")
    assert [sentence.document for sentence in split.sentences] == [0, 1, 1]
    gold = [sentence.tags for sentence in split.sentences]
    assert gold[0] == ("B-Disease", "I-Disease", "I-Disease", "I-Disease", "O", "B-Disease")
    assert split.annotated(gold) == split.corpus.documents
    assert split.f1(gold) == 1.0
    assert split.f1([["O"] * len(words) for words in split.words]) == 0.0


def test_tags_are_read_by_the_one_decoder(split: Split) -> None:
    """An I that follows O begins a mention, as `vaner.text.tags.decode_tags` has it."""
    tags = [["O"] * len(words) for words in split.words]
    tags[2] = ["O", "O", "I-Disease", "O"]
    found = split.annotated(tags)[1]
    assert [found.mention(span) for span in found.spans] == ["gout"]


def test_a_tag_for_every_word(split: Split) -> None:
    with pytest.raises(ValueError, match="1 tags for 6 words"):
        split.annotated([["O"], ["O"] * 3, ["O"] * 4])


def test_features() -> None:
    first, second = features(["BRCA1", "x"])
    assert first[:4] == ["bias", "word=BRCA1", "lower=brca1", "shape=XXXXd"]
    assert {"4<brca", "1>1", "2>a1", "title", "upper", "digit"} <= set(first)
    assert {"-1:edge", "-2:edge", "+1:lower=x", "+2:edge"} <= set(first)
    assert "-1:shape=XXXXd" in second and not any(name.startswith("1<") for name in second)
    assert features([]) == []
    assert len(set(first)) == len(first)


def test_shape_and_flags() -> None:
    assert (shape("Aβ-42"), shape("é"), flags("--")) == ("Xx-dd", "x", ("punctuation",))
    assert flags("mRNA") == ("mixed",) and flags("7") == ("digit", "number")


@pytest.fixture
def lessons(tmp_path: Path) -> Task:
    """Enough of the same to learn that gout is a disease."""
    documents = [
        Document(f"{i}", f"Case {i} : gout again", (Span(8 + len(str(i)), 12 + len(str(i)), "D"),))
        for i in range(40)
    ]
    train = Split.of(Corpus("c", "train", tuple(documents), ("D",)))
    return Task(train, train, tmp_path, seed=1)


def test_crfsuite_learns(lessons: Task) -> None:
    pytest.importorskip("pycrfsuite")
    learnt = crfsuite.learn(lessons)
    assert lessons.devel.f1(learnt.tag(lessons.devel.words)) == 1.0
    assert (learnt.settings["c1"], learnt.settings["c2"]) in crfsuite.PENALTIES
    assert len(learnt.settings["devel_f1"]) == len(crfsuite.PENALTIES)
    assert learnt.tag([["gout"], ["a", "b"]]) == learnt.tag([["gout"], ["a", "b"]])


@pytest.mark.heavy
def test_spacy_keeps_our_words(lessons: Task) -> None:
    pytest.importorskip("spacy")
    from spacy.training.initialize import init_nlp

    config = spacy_ner._config(lessons)
    (example, *_) = nlp_corpus(config)(init_nlp(config))
    assert [token.text for token in example.predicted] == list(lessons.train.words[0])
    assert [spacy_ner._tag(token) for token in example.reference] == list(
        lessons.train.sentences[0].tags
    )


@pytest.mark.heavy
def test_spacy_learns(lessons: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("spacy")
    config = spacy_ner._config(lessons)
    config["training"].update(max_steps=60, eval_frequency=20)
    monkeypatch.setattr(spacy_ner, "_config", lambda task: config)
    learnt = spacy_ner.learn(lessons)
    assert lessons.devel.f1(learnt.tag(lessons.devel.words)) == 1.0
    assert learnt.settings["max_steps"] == 60


def nlp_corpus(config: object) -> Callable[..., object]:
    from spacy.util import registry

    resolved = registry.resolve({"corpora": config.interpolate()["corpora"]})  # type: ignore
    return resolved["corpora"]["train"]


def test_minilm_tags_the_first_subword_of_each_word() -> None:
    """Stands in for the tokenizer: every word has as many sub-words as letters, `?` has none."""

    class Cut(dict[str, list[list[int]]]):
        def word_ids(self, i: int) -> list[int | None]:
            return [None, *(w for w in self.words[i]), None]

    def tokenizer(sentences: list[list[str]], **options: object) -> Cut:
        assert options["max_length"] == minilm.LONGEST
        words = [[w for w, word in enumerate(s) for _ in word.strip("?")] for s in sentences]
        cut = Cut(input_ids=[[1, *(5 for _ in own), 2] for own in words])
        cut.words = words
        return cut

    (row,) = minilm.rows(tokenizer, [["ab", "?", "c"]])
    assert row.first == {1: 0, 3: 2}
    tags = TagSet(types=("D",)).indices(["B-D", "I-D", "O"])
    (with_labels,) = minilm.labelled([row], [tags])
    assert with_labels["labels"] == [-100, 1, -100, 0, -100]


@pytest.mark.heavy
def test_minilm_learns(lessons: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "EPOCHS", 12)
    learnt = minilm.learn(replace(lessons, settings={"learning_rate": 1e-3}))
    assert lessons.devel.f1(learnt.tag(lessons.devel.words)) == 1.0
    mixed = [("Case", "1", ":", "gout", "again"), ("again",), ("Case", "again")]
    found = learnt.tag(mixed)
    assert found == [tags for words in mixed for tags in learnt.tag([words])]
    assert found[0][3] == "B-D"  # in the order that was asked, and not in that of their lengths


class Fake:
    """A peer that says O, or fails, and counts how often it is trained."""

    def __init__(self) -> None:
        self.trained: list[int] = []
        self.fails_at: int | None = None

    def learn(self, task: Task) -> Learnt:
        self.trained.append(task.seed)
        if task.seed == self.fails_at:
            raise KeyboardInterrupt
        return Learnt(lambda sentences: [["O"] * len(words) for words in sentences], {"a": 1})


@pytest.fixture
def fake(corpora: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    peer = Fake()
    monkeypatch.setattr(run, "PEERS", {"fake": Peer(peer.learn, package="numpy")})
    monkeypatch.setattr(run.report, "collect", lambda folder: None)
    return peer


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["run", *arguments])
    run.main()


def test_a_queue_that_was_stopped_goes_on(
    fake: Fake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.fails_at = 2
    with pytest.raises(KeyboardInterrupt):
        call(monkeypatch)
    assert "BC5CDR is left out" in capsys.readouterr().err
    fake.fails_at = None
    call(monkeypatch)
    call(monkeypatch)
    assert fake.trained == [1, 2, 2, 3]
    runs = report.finished(Path("runs/peers"))
    assert [record["seed"] for record in runs] == [1, 2, 3]
    assert runs[0]["test"]["micro"]["fn"] == 3
    assert runs[0]["left_out"] == 3
    assert runs[0]["versions"]["numpy"] and runs[0]["settings"] == {"a": 1}
    assert not list(Path("runs/peers").glob("*.part"))


def test_what_is_settled_once_is_kept(
    fake: Fake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settled: list[str] = []

    def settle(task: Task) -> dict[str, str]:
        settled.append(task.devel.corpus.name)
        return {"rate": "high"}

    monkeypatch.setattr(run, "PEERS", {"fake": Peer(fake.learn, "numpy", settle=settle)})
    call(monkeypatch, "--seeds", "1")
    call(monkeypatch, "--seeds", "2")
    assert settled == ["NCBI-disease"]
    kept = json.loads((tmp_path / "runs/peers/fake-settings.json").read_text("utf-8"))
    assert kept == {"rate": "high"}
    assert len(report.finished(Path("runs/peers"))) == 2
    # Where the other runs were made elsewhere, what they were made with serves these too.
    other = {"fake-NCBI-disease-1": {"peer": "fake", "settings": {"rate": "low"}}}
    monkeypatch.setattr(report, "kept", lambda: other)
    call(monkeypatch, "--seeds", "1", "2", "--missing", "--output", str(tmp_path / "new"))
    assert settled == ["NCBI-disease"]
    assert [path.stem for path in (tmp_path / "new").glob("*.json")] == ["fake-NCBI-disease-2"]


def test_a_limited_run_is_kept_apart(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    call(monkeypatch, "--seeds", "1", "--limit", "2")
    assert not report.finished(Path("runs/peers"))
    (record,) = report.finished(Path("runs/peers/limit-2"))
    assert record["test"]["documents"] == 2


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--corpora", "NCBI"], "error: corpus 'NCBI' is neither registered nor a folder or file"),
        (["--corpora", "BC5CDR"], "error: corpus BC5CDR devel: "),
    ],
)
def test_a_corpus_that_is_not_there_is_told_in_a_line(
    fake: Fake, monkeypatch: pytest.MonkeyPatch, arguments: list[str], line: str
) -> None:
    with pytest.raises(SystemExit) as told:
        call(monkeypatch, *arguments)
    assert str(told.value).startswith(line) and "\n" not in str(told.value)
    assert not fake.trained


def test_a_package_that_is_not_there(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "PEERS", {"fake": Peer(fake.learn, package="no-such-package")})
    with pytest.raises(SystemExit, match="needs no-such-package: pip install"):
        call(monkeypatch)


def test_results_and_tables(fake: Fake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    call(monkeypatch)
    readmes = {part: tmp_path / f"{part}.md" for part in report.READMES}
    for part, path in readmes.items():
        path.write_text(f"a\n<!-- {part}:begin -->\n<!-- {part}:end -->\nb\n", "utf-8")
    monkeypatch.setattr(report, "READMES", readmes)
    collect(Path("runs/peers"), tmp_path / "results.json")
    kept = {path.name: path.read_text("utf-8") for path in readmes.values()}
    assert "| NCBI-disease | 0.00 (0.00 to 0.00; 3) |\n<!-- peers:end -->" in kept["peers.md"]
    assert "| fake | NCBI-disease | Disease | 0.00 | 0.00 | 0.00 | 0.00" in kept["results.md"]
    # Where no run lies, the tables are those of the results that are kept.
    collect(tmp_path / "nothing", tmp_path / "results.json")
    assert {path.name: path.read_text("utf-8") for path in readmes.values()} == kept
    # What is run elsewhere takes its place beside them.
    (one,) = Path("runs/peers").glob("fake-NCBI-disease-2.json")
    (tmp_path / "elsewhere").mkdir()
    record = json.loads(one.read_text("utf-8")) | {"seed": 4}
    (tmp_path / "elsewhere" / "fake-NCBI-disease-4.json").write_text(json.dumps(record), "utf-8")
    collect(tmp_path / "elsewhere", tmp_path / "results.json")
    assert sorted(report.kept(tmp_path / "results.json")) == [
        f"fake-NCBI-disease-{seed}" for seed in (1, 2, 3, 4)
    ]


def test_only_what_the_results_lack(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "kept", lambda: {"fake-NCBI-disease-2": {}})
    call(monkeypatch, "--missing")
    assert fake.trained == [1, 3]


def test_the_tables_of_no_run() -> None:
    assert report.summary({}).count("\n") == 1
