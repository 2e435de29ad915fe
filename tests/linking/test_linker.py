"""Linking mentions to the concepts of a knowledge base."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.command_line import Run
from vaner.display.concepts import list_concepts
from vaner.errors import KnowledgeError
from vaner.formats import read, write
from vaner.knowledge.base import KnowledgeBase
from vaner.knowledge.base import write as write_base
from vaner.knowledge.concepts import Concept, Source
from vaner.linking.linker import Linker, read_weights
from vaner.linking.name_index import open_index
from vaner.text.documents import Document, Span

CONCEPTS = (
    Concept("X:1", "Toe gout", "Disease", ("Gout of the toe", "Podagra"), "mine"),
    Concept("X:2", "Gout", "Disease", ("Gouty arthritis",), "mine"),
    Concept("X:3", "Renal tumor", "Disease", ("Tumor of the kidney", "Kidney tumor"), "mine"),
    Concept("X:4", "GOUT1", "Gene", ("Gout-related protein 1",), "mine"),
    Concept("X:5", "Chronic hay fever", "Disease", (), "mine"),
    *(Concept(f"X:{n}", f"Illness number {n}", "Disease", (), "mine") for n in range(10, 40)),
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    path = tmp_path_factory.mktemp("kb") / "mine.parquet"
    return write_base(CONCEPTS, path, name="mine", sources=[Source("mine", "CC0", "", "1")])


@pytest.fixture(scope="module")
def linker(base: KnowledgeBase) -> Linker:
    return Linker(open_index(base, cache=False))


def mark(text: str, *mentions: str, type: str = "Disease") -> Document:
    spans = [Span(text.index(m), text.index(m) + len(m), type) for m in mentions]
    return Document("1", text, tuple(spans))


def link(linker: Linker, document: Document) -> list[tuple[str, ...]]:
    return [span.identifiers for span in next(linker.identify([document])).spans]


@pytest.mark.parametrize(
    ("mention", "identifier"),
    [
        ("gout of the toe", "X:1"),
        ("Gout", "X:2"),
        ("kidney tumours", "X:3"),
        ("RENAL  TUMOR", "X:3"),
        ("podagra", "X:1"),
    ],
)
def test_similar_names_have_the_identifier(linker: Linker, mention: str, identifier: str) -> None:
    assert link(linker, mark(f"A {mention}.", mention)) == [(identifier,)]


def test_mentions_unlike_all_names_have_none(linker: Linker) -> None:
    for mention in ("zzz", "?!", "ebola virus disease " * 200, "\u200b"):
        assert link(linker, mark(f"A {mention}.", mention)) == [()]


def test_types_and_identifiers_are_respected(linker: Linker) -> None:
    assert link(linker, mark("GOUT1 acts", "GOUT1", type="Gene")) == [("X:4",)]
    assert link(linker, mark("Gout acts", "Gout", type="Chemical")) == [()]
    known = Document("1", "Gout", (Span(0, 4, "Disease", None, ("MINE:9",)),))
    assert link(linker, known) == [("MINE:9",)]
    assert link(linker, Document("1", "Nothing.")) == []


def test_abbreviations_have_the_concept_of_their_long_form(linker: Linker) -> None:
    text = "Chronic hay fever (CHF) is mild. CHF passes."
    document = Document("1", text, (Span(0, 17, "Disease"), Span(33, 36, "Disease")))
    assert link(linker, document) == [("X:5",), ("X:5",)]
    assert link(linker, mark("CHF passes.", "CHF")) == [()]


def test_scores_are_probabilities_and_the_best_comes_first(linker: Linker) -> None:
    [candidates] = linker.rank(mark("A gouty toe.", "gouty toe"), limit=3)
    scores = [candidate.score for candidate in candidates]
    assert scores == sorted(scores, reverse=True)
    assert 0 < sum(scores) <= 1
    assert len({candidate.identifier for candidate in candidates}) == len(candidates) <= 3


def test_a_document_does_not_change_with_others_around_it(linker: Linker) -> None:
    documents = [mark("A gout.", "gout"), mark("Kidney tumors.", "Kidney tumors")]
    together = list(linker.identify(documents))
    assert together == [next(linker.identify([document])) for document in documents]


def test_an_index_is_cached_and_opened_again(
    base: KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VANER_CACHE", str(tmp_path))
    document = mark("A kidney tumour.", "kidney tumour")
    built, opened = (Linker(open_index(base)).rank(document) for _ in range(2))
    assert built == opened
    [folder] = (tmp_path / "linkers").iterdir()
    (folder / "weights.npy").write_bytes(b"damaged")
    assert Linker(open_index(base)).rank(document) == built


def test_weights_have_every_feature() -> None:
    assert read_weights()["similarity"] > 0


def test_an_unknown_base_is_an_error() -> None:
    with pytest.raises(KnowledgeError, match="unknown knowledge base 'none'"):
        Linker.from_name("none")


def test_time_is_in_proportion_to_the_mentions(linker: Linker) -> None:
    def seconds(number: int) -> float:
        text = " ".join(f"gout{n}" for n in range(number))
        spans, start = [], 0
        for word in text.split():
            spans.append(Span(start, start + len(word), "Disease"))
            start += len(word) + 1
        started = time.process_time()
        linker.rank(Document("1", text, tuple(spans)))
        return time.process_time() - started

    seconds(10)
    assert seconds(1000) < 40 * max(seconds(100), 0.01)


def test_commands_link_and_write_concepts(base: KnowledgeBase, tmp_path: Path, run: Run) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.tsv"
    write([mark("Gout and podagra, zzz.", "Gout", "podagra", "zzz")], source, "jsonl")
    result = run("kb", "link", source, "--kb", base.path, "--format", "concepts", "-o", target)
    assert result.code == 0, result
    assert target.read_text("utf-8").splitlines() == [
        "document\tidentifier\ttype\tname\tmentions\tscore",
        "1\tX:2\tDisease\tGout\t1\t",
        "1\tX:1\tDisease\tpodagra\t1\t",
    ]
    assert "mentions without an identifier" in result.err
    unlinked = tmp_path / "none.jsonl"
    result = run("kb", "link", source, "--kb", base.path, "--min-score", "1", "-o", unlinked)
    assert result.code == 0, result
    [document] = read(unlinked)
    assert all(not span.identifiers for span in document.spans)


def test_linking_a_text_without_mentions_warns(
    base: KnowledgeBase, tmp_path: Path, run: Run
) -> None:
    source = tmp_path / "in.txt"
    source.write_text("Gout and podagra.\n")
    result = run("kb", "link", source, "--kb", base.path)
    assert "warning: the input has no mentions; find mentions with vaner annotate" in result.err
    record = b'{"text": "Gout.", "spans": [{"start": 0, "end": 4, "type": "Disease"}]}\n'
    result = run("kb", "link", "--kb", base.path, stdin=record)
    assert "warning: the input has no mentions; name the format of standard input" in result.err
    result = run("kb", "link", "--kb", base.path, "--from", "jsonl", stdin=record)
    assert "warning" not in result.err and "X:2" in result.out


def test_concepts_count_mentions() -> None:
    spans = (
        Span(0, 4, "Disease", 0.5, ("X:2",)), Span(5, 9, "Disease", 0.9, ("X:2", "X:1")),
        Span(10, 14, "Gene", 0.4, ("X:2",)),
    )  # fmt: skip
    concepts = list_concepts(Document("1", "Gout gout GOUT", spans))
    assert [(c.identifier, c.type, len(c.spans)) for c in concepts] == [
        ("X:2", "Disease", 2), ("X:1", "Disease", 1), ("X:2", "Gene", 1),
    ]  # fmt: skip
