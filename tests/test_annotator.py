"""The same answer alone, batched and shuffled; every offset true; nothing dropped."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tiny_model import SENTENCES
from vaner.annotator import Annotator, resolve_overlaps
from vaner.errors import ModelError, VanerError
from vaner.text.documents import Document, Span

AWKWARD = [
    "",
    "   \n\t ",
    "nul\x00byte and lone \ud800 surrogate",
    "שלום לחולה עם סוכרת",
    "👩‍👩‍👧 cafe\u0301 😀 naïve β-thalassaemia",
    "CRLF line\r\nanother line\r\n",
    "高血压患者服用阿司匹林。咳嗽三天。",
    "no-stop " * 300,
    "x" * 5000,
]


@pytest.fixture(scope="module")
def annotator(tiny_model: Path) -> Annotator:
    return Annotator.from_pretrained(tiny_model, device="cpu")


def same(one: Document, two: Document) -> bool:
    return one.text == two.text and [(s.start, s.end, s.type) for s in one.spans] == [
        (s.start, s.end, s.type) for s in two.spans
    ]


def test_the_model_of_the_tests_says_something(annotator: Annotator) -> None:
    spans = annotator(" ".join(SENTENCES)).spans
    assert {s.type for s in spans} == {"Chemical", "Disease"}


def test_alone_batched_and_shuffled_give_the_same_answer(annotator: Annotator) -> None:
    texts = SENTENCES + AWKWARD + [" ".join(SENTENCES[i:]) for i in range(3)]
    documents = [Document(str(i), text) for i, text in enumerate(texts)]
    alone = {d.id: annotator(d) for d in documents}
    shuffled = random.Random(0).sample(documents, len(documents))
    for size in (1, 3, 32):
        found = list(annotator.annotate(shuffled, batch_size=size))
        assert [d.id for d in found] == [d.id for d in shuffled]
        for document in found:
            assert same(document, alone[document.id])
            for a, b in zip(document.spans, alone[document.id].spans, strict=True):
                assert a.score == pytest.approx(b.score, abs=1e-4)


@given(st.text(st.characters(), max_size=120))
@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_offsets_hold_on_any_text(annotator: Annotator, text: str) -> None:
    document = annotator(text)
    assert document.text == text
    for span in document.spans:
        mention = text[span.start : span.end]
        assert mention and mention == mention.strip()
        assert 0.0 <= (span.score or 0.0) <= 1.0


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_texts_are_answered_whole(annotator: Annotator, text: str) -> None:
    document = annotator(text)
    assert document.text == text
    for type in annotator.types:
        own = [s for s in document.spans if s.type == type]
        assert all(a.end <= b.start for a, b in zip(own, own[1:], strict=False))


@pytest.mark.heavy
def test_the_last_sentence_of_a_long_document_is_read(annotator: Annotator) -> None:
    """50,000 characters, in sentences and as one sentence without an end."""
    last = SENTENCES[1]
    for filler in (SENTENCES[2] + "\n\n", "word "):
        text = filler * (50_000 // len(filler)) + "\n\n" + last
        spans = annotator(text).spans
        tail = [s.shift(len(last) - len(text)) for s in spans if s.start >= len(text) - len(last)]
        assert tuple(tail) == annotator(last).spans


def test_windows_of_one_sentence_repeat_and_lose_nothing(annotator: Annotator) -> None:
    spans = annotator("metformin asthma " * 400).spans
    assert len({(s.start, s.end, s.type) for s in spans}) == len(spans)
    assert max(s.end for s in spans) > 6000 and min(s.start for s in spans) < 800


def test_types_can_be_chosen_and_unknown_ones_are_told(annotator: Annotator) -> None:
    text = " ".join(SENTENCES)
    both = annotator(text).spans
    only = annotator(text, types=["Disease"]).spans
    assert only == tuple(s for s in both if s.type == "Disease")
    with pytest.raises(VanerError, match="does not find Gene; it finds Chemical, Disease"):
        annotator(text, types=["Gene"])


def test_spans_and_metadata_of_the_caller(annotator: Annotator) -> None:
    given = Document("x", SENTENCES[0], (Span(0, 9, "Drug"),), {"source": "mine"})
    found = annotator(given)
    assert (found.id, found.metadata) == ("x", {"source": "mine"})
    assert "Drug" not in found.types


@given(
    st.lists(
        st.builds(
            lambda start, length, score: Span(start, start + length, "X", score),
            st.integers(0, 30), st.integers(1, 9), st.floats(0, 1),
        )
    )
)  # fmt: skip
def test_of_overlapping_mentions_the_most_probable_stay(spans: list[Span]) -> None:
    kept = resolve_overlaps(spans)
    assert all(a.end <= b.start for a, b in zip(kept, kept[1:], strict=False))
    for span in spans:  # whatever was dropped lost against something at least as probable
        assert any(span.overlaps(k) and (k.score or 0) >= (span.score or 0) for k in kept)


def test_overlapping_types_are_kept_or_compete(annotator: Annotator) -> None:
    text = " ".join(SENTENCES)
    both, best = (next(annotator.annotate([text], overlaps=o)).spans for o in ("keep", "best"))
    assert best == tuple(resolve_overlaps(both)) and len(best) < len(both)


def test_annotation_is_a_stream(annotator: Annotator) -> None:
    """Memory is bounded by the batch: an endless input is answered as it comes."""
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1
            yield SENTENCES[taken % len(SENTENCES)]

    stream = annotator.annotate(endless(), batch_size=2)
    for _ in range(20):
        next(stream)
    assert taken < 100


def test_a_missing_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.json is missing"):
        Annotator.from_pretrained(tmp_path)


@pytest.mark.parametrize("device", ["toaster", "cuda:99", "mps", "meta", ""])
def test_a_device_that_is_not_there_is_told_in_one_line(tiny_model: Path, device: str) -> None:
    if device == "mps" and torch.backends.mps.is_available():
        pytest.skip("this machine has one")
    with pytest.raises(VanerError, match="device") as told:
        Annotator.from_pretrained(tiny_model, device=device)
    assert len(str(told.value)) < 200 and "\n" not in str(told.value)


@pytest.mark.parametrize("place", ["{}/none", "./none", "../none", "~/none", "no/such/model"])
def test_what_can_only_be_a_folder_is_not_asked_of_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def asked(*_: object, **__: object) -> str:
        raise AssertionError("the Hub was asked")

    monkeypatch.setattr("huggingface_hub.snapshot_download", asked)
    name = place.format(tmp_path)
    with pytest.raises(ModelError, match=f"^no folder {re.escape(name)}$"):
        Annotator.from_pretrained(name)


def test_a_file_is_no_model_folder(tmp_path: Path) -> None:
    (tmp_path / "model.bin").touch()
    with pytest.raises(ModelError, match="is a file"):
        Annotator.from_pretrained(tmp_path / "model.bin")
