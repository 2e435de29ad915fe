"""Every way to annotate finds in a text with invisible characters what it finds without them."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.generator import test_model as generators
from tests.generator.test_model import backbone as writer
from tests.invisible import SENTENCES, insert, move, places
from tests.knowledge.bases import write_base
from vaner.annotator import Annotator
from vaner.knowledge.concepts import Concept
from vaner.knowledge.matcher import Matcher
from vaner.linking.consistency import make_consistent
from vaner.text.documents import Document, Span

__all__ = ["writer"]

DIRTY = [insert(text, Random(seed)) for seed, text in enumerate(SENTENCES * 2)]


def check(recognizer: Annotator | Matcher) -> None:
    clean = list(recognizer.annotate(SENTENCES * 2))
    dirty = list(recognizer.annotate([text for text, _ in DIRTY]))
    assert sum(len(document.spans) for document in clean) > 5
    for expected, document, (text, offsets) in zip(clean, dirty, DIRTY, strict=True):
        assert document.text == text
        assert places(document.spans) == move(expected.spans, offsets)


def test_equal_names_are_equal_with_invisible_characters() -> None:
    text = "Gout flare (GF) hurts. G\u00adF or GOUT \ufb02are recurs. Gout f\u200blare\u200b."
    document = make_consistent(Document("d", text, (Span(0, 10, "Disease", 0.9),)))
    assert [document.text[s.start : s.end] for s in document.spans] == [
        "Gout flare", "GF", "G\u00adF", "Gout f\u200blare",
    ]  # fmt: skip


def test_tagger(tiny_model: Path) -> None:
    check(Annotator.from_pretrained(tiny_model, device="cpu"))


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_exported_tagger(tiny_model: Path, tmp_path: Path, precision: str) -> None:
    from tests.tagger.test_onnx_runtime import exported_model

    check(Annotator.from_pretrained(exported_model(tiny_model, tmp_path / "form", precision)))


def test_dictionary(tmp_path: Path) -> None:
    names = ["asthma", "gout", "metformin", "BRCA1", "type 2 diabetes", "E. coli", "IL-2Rα"]
    names += ["Sjögren's syndrome", "阿司匹林", "Ménière's disease", "IL-2"]
    concepts = [Concept(f"X:{i}", name, "Disease") for i, name in enumerate(names)]
    check(Matcher.open(write_base(tmp_path / "base", concepts), cache=False))


def test_generator(writer: Path, tmp_path: Path) -> None:
    folder = generators.saved(generators.build(writer), writer, tmp_path / "generator")
    check(Annotator.from_pretrained(folder, device="cpu"))


def test_server(tiny_model: Path) -> None:
    pytest.importorskip("fastapi")
    from starlette.testclient import TestClient

    from vaner.server.app import create_app

    annotator = Annotator.from_pretrained(tiny_model, device="cpu")
    text, offsets = DIRTY[0]
    with TestClient(create_app(annotator, name="tiny")) as client:
        answer = client.post("/annotate", json={"text": text}).json()["documents"][0]
    mentions = [(span["start"], span["end"], span["type"]) for span in answer["spans"]]
    assert mentions == move(annotator(SENTENCES[0]).spans, offsets)


def test_spacy(tiny_model: Path) -> None:
    spacy = pytest.importorskip("spacy")
    nlp = spacy.blank("en")
    nlp.add_pipe("vaner", config={"model": str(tiny_model), "device": "cpu"})
    annotator = Annotator.from_pretrained(tiny_model, device="cpu")
    text, offsets = DIRTY[0]
    mentions = nlp(text).spans["vaner"].attrs["offsets"]
    expected = move(annotator(SENTENCES[0]).spans, offsets)
    assert mentions == [[[start, end]] for start, end, _ in expected]


def test_mention_with_invisible_characters_is_reachable(tiny_model: Path) -> None:
    annotator = Annotator.from_pretrained(tiny_model, device="cpu")
    document = Document("d", "as\u00adthma\u200b and gout", (Span(0, 7, "Disease"),))
    assert not annotator.unreachable(document, ["Disease"])
