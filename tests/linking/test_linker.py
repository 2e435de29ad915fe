"""Linking mentions to the concepts of a knowledge base."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest

from tests.command_line import Run
from tests.growth import assert_linear
from tests.linking.bases import build, link, mark
from vaner.errors import KnowledgeError
from vaner.formats import read, write
from vaner.knowledge.base import KnowledgeBase
from vaner.knowledge.concepts import Concept
from vaner.linking.linker import Linker, read_weights
from vaner.linking.name_index import open_index
from vaner.text.documents import Document, Span


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


def test_a_concept_with_many_names_is_linked(tmp_path: Path) -> None:
    synonyms = tuple(f"Acetosal number {number}" for number in range(90))
    concepts = (
        Concept("X:1", "Aspirin", "Chemical", synonyms, "mine"),
        Concept("X:2", "Aspirin and codeine", "Chemical", (), "mine"),
    )
    drugs = Linker(open_index(build(tmp_path / "mine.parquet", *concepts), cache=False))
    [[first, *_]] = drugs.rank(mark("He took aspirin.", "aspirin", type="Chemical"))
    assert first.identifier == "X:1" and first.score > 0.9


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
    assert link(linker, mark("Chronic hay fever (CHF): CHFs pass.", "CHFs")) == [("X:5",)]
    assert link(
        linker, Document("1", "Chronic hay fevers (CHFs), CHF", (Span(27, 30, "Disease"),))
    ) == [("X:5",)]


def test_species_with_an_abbreviated_genus_are_linked_by_the_complete_one(tmp_path: Path) -> None:
    names = ("Escherichia coli", "Entamoeba coli", "Balantidium coli")
    concepts = [Concept(f"T:{i}", name, "Species", (), "mine") for i, name in enumerate(names)]
    species = Linker(open_index(build(tmp_path / "taxa.parquet", *concepts), cache=False))

    def identify(text: str, *mentions: str) -> list[tuple[str, ...]]:
        return link(species, mark(text, *mentions, type="Species"))

    assert identify("Entamoeba\ncoli, E. coli, E.coli", "E. coli", "E.coli") == [("T:1",)] * 2
    assert identify("Escherichia coli and B. coli", "B. coli") == [()]


def test_invisible_characters_in_abbreviations_do_not_matter(linker: Linker) -> None:
    text = "Chronic hay\nfever (C\u00adHF) is mild. CHF and \u200bCH\u200bF pass."
    document = mark(text, "C\u00adHF", "CHF", "CH\u200bF")
    assert link(linker, document) == [("X:5",)] * 3


@pytest.mark.parametrize("mention", ["TNF-alpha", "TNF-α", "TNFα", "tnf Α"])
@pytest.mark.parametrize("name", ["TNF-alpha", "TNF-α", "TNFα"])
def test_greek_letters_are_equal_to_their_names(name: str, mention: str, tmp_path: Path) -> None:
    concepts = (
        Concept("X:1", name, "Gene", (), "mine"), Concept("X:2", "TNF-beta", "Gene", (), "mine")
    )  # fmt: skip
    greek = Linker(open_index(build(tmp_path / "mine.parquet", *concepts), cache=False))
    [[first, *_]] = greek.rank(mark(f"A {mention}.", mention, type="Gene"))
    assert (first.identifier, first.name) == ("X:1", "tnf alpha")


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


def test_a_linker_is_pickled_and_copied(
    base: KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VANER_CACHE", str(tmp_path))
    document = mark("A kidney tumour.", "kidney tumour")
    for linker in (Linker(open_index(base)), Linker(open_index(base, cache=False))):
        expected = linker.rank(document)
        assert pickle.loads(pickle.dumps(linker)).rank(document) == expected
        assert copy.deepcopy(linker).rank(document) == expected


def test_weights_have_every_feature() -> None:
    assert read_weights()["Disease"]["similarity"] > 0


def test_an_unknown_base_is_an_error() -> None:
    with pytest.raises(KnowledgeError, match="unknown knowledge base 'none'"):
        Linker.from_name("none")


def test_time_is_in_proportion_to_the_mentions(linker: Linker) -> None:
    def name(number: int) -> Document:
        text = " ".join(f"gout{n}" for n in range(number))
        spans, start = [], 0
        for word in text.split():
            spans.append(Span(start, start + len(word), "Disease"))
            start += len(word) + 1
        return Document("1", text, tuple(spans))

    linker.rank(name(10))
    assert_linear(linker.rank, name(100), name(1000), 10)


def test_commands_link_and_write_concepts(base: KnowledgeBase, tmp_path: Path, run: Run) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.tsv"
    write([mark("No Gout and podagra, zzz.", "Gout", "podagra", "zzz")], source, "jsonl")
    result = run("kb", "link", source, "--kb", base.path, "--format", "concepts", "-o", target)
    assert result.code == 0, result
    assert target.read_text("utf-8").splitlines() == [
        "document\tidentifier\ttype\tname\tmentions\tscore\tcontext",
        "1\tX:2\tDisease\tGout\t1\t\t",
        "1\tX:1\tDisease\tpodagra\t1\t\t",
    ]
    assert "mentions without an identifier" in result.err
    unlinked = tmp_path / "none.jsonl"
    options = ["--min-score", "1", "--candidates", "1", "--context"]
    result = run("kb", "link", source, "--kb", base.path, *options, "-o", unlinked)
    assert result.code == 0, result
    [document] = read(unlinked)
    assert all(not span.identifiers for span in document.spans)
    gout = document.spans[0]
    assert [each.identifier for each in gout.candidates] == ["X:2"]
    assert [cue.attribute for cue in gout.context] == ["negated"]


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
