"""The leak check finds names taken from a held-out annotation, and leaves honest bases alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vaner.corpora import load
from vaner.knowledge.concepts import Source
from vaner.knowledge.leakage import of_a_corpus, telltale
from vaner.knowledge.sources import vaner_jsonl
from vaner.text.documents import Corpus, Document, Span


def corpus(split: str, mentions: list[str]) -> Corpus:
    documents = []
    for number, mention in enumerate(mentions):
        text = f"We saw ( in 5 % ) that {mention} is rare , as ( Smith ) et al . said ."
        start = text.index(mention)
        span = Span(start, start + len(mention), "Disease")
        documents.append(Document(f"{split}-{number}", text, (span,)))
    return Corpus("toy", split, tuple(documents), ("Disease",))


HELD_OUT = [f"factor {i} ( f{i} ) deficiency" for i in range(20)]
TRAIN = corpus("train", ["asthma", "von W ( vWf ) deficiency"])
TEST = corpus("test", [*HELD_OUT, "asthma", "von W ( vWf ) deficiency"])


def test_names_from_the_annotation_are_found() -> None:
    found = telltale([*HELD_OUT[:8], "asthma", "lupus"], TRAIN, TEST)
    assert (found.mentions, found.found) == (20, 8)
    assert found.suspicious
    assert found.controls > 20
    assert set(found.examples) <= {name for name in HELD_OUT[:8]}
    assert "LEAK" in str(found)


def test_an_honest_base_is_left_alone() -> None:
    honest = ["factor 1 (f1) deficiency", "asthma", "von W ( vWf ) deficiency"]
    found = telltale(honest, TRAIN, TEST)
    assert found.found == 0 and not found.suspicious and found.p_value == 1.0


def test_names_taken_from_running_text_are_not_taken_for_annotations() -> None:
    """Whoever cuts every piece out of the same sentences has mentions and others alike."""
    pieces = set()
    for document in TEST:
        tokens = document.text.split()
        for start in range(len(tokens)):
            pieces |= {" ".join(tokens[start:end]) for end in range(start + 1, start + 9)}
    found = telltale(pieces, TRAIN, TEST)
    assert found.found == found.mentions and found.controls_found == found.controls
    assert not found.suspicious


def test_what_is_not_tokenised_acquits_nobody() -> None:
    plain = corpus("test", ["asthma", "gout"])
    assert str(telltale(["gout"], TRAIN, plain)) == "toy test: no mention in it that would tell"


def test_nothing_to_look_at() -> None:
    empty = Corpus("toy", "test", (), ("Disease",))
    assert not telltale(["x"], empty, empty).suspicious


def test_a_source_that_is_a_test_file_is_named() -> None:
    sources = [
        Source("a", "CC0", checksum="aa"),
        Source("b", "CC0"),
        Source("c", "x", checksum="cc"),
    ]
    assert list(of_a_corpus(sources, {"cc": "NCBI-disease test"})) == [
        "source c is NCBI-disease test"
    ]


def test_the_published_layout_is_read(tmp_path: Path) -> None:
    path = tmp_path / "ncbi_dev.jsonl"
    record = {
        "tokens": ["You are …", "BRCA1"],
        "ner_tags": [0],
        "auto_ent": [],
        "umls_kg": [[["Brca1", "Gene/Protein"], ["CGA", "Chemical"]], [["Brca1", "Gene/Protein"]]],
    }
    path.write_text(json.dumps(record) + "\n", "utf-8")
    assert [(c.name, c.type) for c in vaner_jsonl.read(path)] == [
        ("Brca1", "Gene/Protein"),
        ("CGA", "Chemical"),
    ]


@pytest.mark.corpora
@pytest.mark.parametrize(("file", "name"), [("ncbi_dev", "NCBI-disease"), ("s800_dev", "s800")])
def test_the_fault_of_the_published_files_is_found(
    corpora_root: Path, file: str, name: str
) -> None:
    path = corpora_root / "native" / "vaner_jsonl" / f"{file}.jsonl"
    names = [concept.name for concept in vaner_jsonl.read(path)]
    train = load(name, "train", root=corpora_root)
    for split in ("devel", "test"):
        assert telltale(names, train, load(name, split, root=corpora_root)).suspicious
