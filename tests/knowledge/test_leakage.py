"""The leak check finds names from held-out annotations, and nothing in other bases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vaner.corpora import load
from vaner.knowledge.concepts import Source
from vaner.knowledge.leakage import check_annotations, find_corpus_files
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


def test_names_from_the_annotation_are_a_leak() -> None:
    result = check_annotations([*HELD_OUT[:8], "asthma", "lupus"], TRAIN, TEST)
    assert (result.mentions, result.leaked) == (20, 8)
    assert result.is_suspicious
    assert result.controls > 20
    assert set(result.examples) <= {name for name in HELD_OUT[:8]}
    assert "LEAK" in str(result)


def test_a_base_without_them_is_not_suspicious() -> None:
    honest = ["factor 1 (f1) deficiency", "asthma", "von W ( vWf ) deficiency"]
    result = check_annotations(honest, TRAIN, TEST)
    assert result.leaked == 0 and not result.is_suspicious and result.p_value == 1.0


def test_names_from_running_text_are_not_suspicious() -> None:
    """A base with every piece of the sentences contains mentions and controls equally often."""
    pieces = set()
    for document in TEST:
        tokens = document.text.split()
        for start in range(len(tokens)):
            pieces |= {" ".join(tokens[start:end]) for end in range(start + 1, start + 9)}
    result = check_annotations(pieces, TRAIN, TEST)
    assert result.leaked == result.mentions and result.controls_in_base == result.controls
    assert not result.is_suspicious


def test_a_corpus_without_tokenization_cannot_be_checked() -> None:
    plain = corpus("test", ["asthma", "gout"])
    assert (
        str(check_annotations(["gout"], TRAIN, plain))
        == "toy test: no mention with tokenizer spaces to check"
    )


def test_an_empty_corpus_is_not_suspicious() -> None:
    empty = Corpus("toy", "test", (), ("Disease",))
    assert not check_annotations(["x"], empty, empty).is_suspicious


def test_a_source_that_is_a_test_file_is_reported() -> None:
    sources = [
        Source("a", "CC0", checksum="aa"),
        Source("b", "CC0"),
        Source("c", "x", checksum="cc"),
    ]
    assert list(find_corpus_files(sources, {"cc": "NCBI-disease test"})) == [
        "source c is NCBI-disease test"
    ]


def test_the_published_files_are_read(tmp_path: Path) -> None:
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
def test_the_leak_in_the_published_files_is_found(corpora_root: Path, file: str, name: str) -> None:
    path = corpora_root / "native" / "vaner_jsonl" / f"{file}.jsonl"
    names = [concept.name for concept in vaner_jsonl.read(path)]
    train = load(name, "train", root=corpora_root)
    for split in ("devel", "test"):
        assert check_annotations(names, train, load(name, split, root=corpora_root)).is_suspicious
