"""The annotator: the same mentions in any batch and order, correct offsets, no dropped text."""

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
from vaner.tagger.model import VanerForTokenClassification
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


def has_same_mentions(first: Document, second: Document) -> bool:
    return first.text == second.text and [(s.start, s.end, s.type) for s in first.spans] == [
        (s.start, s.end, s.type) for s in second.spans
    ]


def test_tiny_model_finds_mentions(annotator: Annotator) -> None:
    spans = annotator(" ".join(SENTENCES)).spans
    assert {s.type for s in spans} == {"Chemical", "Disease"}


def test_the_representation_of_an_annotator(annotator: Annotator, tiny_model: Path) -> None:
    expected = f"(model={str(tiny_model)!r}, form='PyTorch', types=('Chemical', 'Disease'))"
    assert repr(annotator) == f"Annotator{expected}"
    assert repr(Annotator(annotator.recognizer)) == (
        "Annotator(model, form='PyTorch', types=('Chemical', 'Disease'))"
    )


def test_batch_and_order_do_not_change_mentions(annotator: Annotator) -> None:
    texts = SENTENCES + AWKWARD + [" ".join(SENTENCES[i:]) for i in range(3)]
    documents = [Document(str(i), text) for i, text in enumerate(texts)]
    separate = {d.id: annotator(d) for d in documents}
    assert sum(len(document.spans) for document in separate.values()) > 3
    shuffled = random.Random(0).sample(documents, len(documents))
    for size in (1, 3, 32):
        results = list(annotator.annotate(shuffled, batch_size=size))
        assert [d.id for d in results] == [d.id for d in shuffled]
        for document in results:
            assert has_same_mentions(document, separate[document.id])
            for a, b in zip(document.spans, separate[document.id].spans, strict=True):
                assert a.score == pytest.approx(b.score, abs=1e-4)


@given(st.text(st.characters(), max_size=120))
@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_offsets_are_correct_for_any_text(annotator: Annotator, text: str) -> None:
    document = annotator(text)
    assert document.text == text
    for span in document.spans:
        mention = text[span.start : span.end]
        assert mention and mention == mention.strip()
        assert 0.0 <= (span.score or 0.0) <= 1.0


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_texts(annotator: Annotator, text: str) -> None:
    document = annotator(text)
    assert document.text == text
    for type in annotator.types:
        of_type = [s for s in document.spans if s.type == type]
        assert all(a.end <= b.start for a, b in zip(of_type, of_type[1:], strict=False))


@pytest.mark.heavy
def test_last_sentence_of_long_document_is_annotated(annotator: Annotator) -> None:
    """50,000 characters, in sentences and as a single sentence."""
    last = SENTENCES[1]
    for filler in (SENTENCES[2] + "\n\n", "word "):
        text = filler * (50_000 // len(filler)) + "\n\n" + last
        spans = annotator(text).spans
        tail = [s.shift(len(last) - len(text)) for s in spans if s.start >= len(text) - len(last)]
        assert tuple(tail) == annotator(last).spans


def test_windows_repeat_and_lose_no_mention(annotator: Annotator) -> None:
    spans = annotator("metformin asthma " * 400).spans
    assert len({(s.start, s.end, s.type) for s in spans}) == len(spans)
    assert max(s.end for s in spans) > 6000 and min(s.start for s in spans) < 800


def test_types_option_and_unknown_type(annotator: Annotator) -> None:
    text = " ".join(SENTENCES)
    both = annotator(text).spans
    diseases = annotator(text, types=["Disease"]).spans
    assert diseases == tuple(s for s in both if s.type == "Disease")
    with pytest.raises(VanerError, match="does not find Gene; it finds Chemical, Disease"):
        annotator(text, types=["Gene"])


def test_spans_are_replaced_and_metadata_remains(annotator: Annotator) -> None:
    document = Document("x", SENTENCES[0], (Span(0, 9, "Drug"),), {"source": "mine"})
    result = annotator(document)
    assert (result.id, result.metadata) == ("x", {"source": "mine"})
    assert "Drug" not in result.types


@given(
    st.lists(
        st.builds(
            lambda start, length, score: Span(start, start + length, "X", score),
            st.integers(0, 30), st.integers(1, 9), st.floats(0, 1),
        )
    )
)  # fmt: skip
def test_most_probable_of_overlapping_mentions_remain(spans: list[Span]) -> None:
    remaining = resolve_overlaps(spans)
    assert all(a.end <= b.start for a, b in zip(remaining, remaining[1:], strict=False))
    for span in spans:  # a dropped span overlaps a remaining span that is at least as probable
        assert any(span.overlaps(k) and (k.score or 0) >= (span.score or 0) for k in remaining)


def test_overlaps_option(annotator: Annotator) -> None:
    text = " ".join(SENTENCES)
    both, best = (next(annotator.annotate([text], overlaps=o)).spans for o in ("keep", "best"))
    assert best == tuple(resolve_overlaps(both)) and len(best) < len(both)


def test_annotate_is_a_stream(annotator: Annotator) -> None:
    """Memory is bounded by the batch: an endless input is annotated as it arrives."""
    count = 0

    def endless():
        nonlocal count
        while True:
            count += 1
            yield SENTENCES[count % len(SENTENCES)]

    stream = annotator.annotate(endless(), batch_size=2)
    for _ in range(20):
        next(stream)
    assert count < 100


def test_missing_model_raises_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.json is missing"):
        Annotator.from_pretrained(tmp_path)


@pytest.mark.parametrize("device", ["toaster", "cuda:99", "mps", "meta", ""])
def test_missing_device_raises_error_in_one_line(tiny_model: Path, device: str) -> None:
    if device == "mps" and torch.backends.mps.is_available():
        pytest.skip("this machine has this device")
    with pytest.raises(VanerError, match="device") as error:
        Annotator.from_pretrained(tiny_model, device=device)
    assert len(str(error.value)) < 200 and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "path_template", ["{}/none", "./none", "../none", "~/none", "no/such/model"]
)
def test_folder_path_is_not_looked_up_on_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path_template: str
) -> None:
    def fail(*_: object, **__: object) -> str:
        raise AssertionError("the Hub was called")

    monkeypatch.setattr("huggingface_hub.snapshot_download", fail)
    name = path_template.format(tmp_path)
    with pytest.raises(ModelError, match=f"^no folder {re.escape(name)}$"):
        Annotator.from_pretrained(name)


def test_file_is_not_a_model_folder(tmp_path: Path) -> None:
    (tmp_path / "model.bin").touch()
    with pytest.raises(ModelError, match="is a file"):
        Annotator.from_pretrained(tmp_path / "model.bin")


def test_old_names_work_with_a_warning(annotator: Annotator, tiny_model: Path) -> None:
    recognizer = annotator.recognizer
    with pytest.warns(DeprecationWarning, match="proposer is now called recognizer"):
        assert Annotator(proposer=recognizer).recognizer is recognizer  # type: ignore[call-arg]
    with pytest.warns(DeprecationWarning, match="Annotator.recognizer"):
        assert annotator.proposer is recognizer
    with pytest.warns(DeprecationWarning, match="Annotator.training_corpora"):
        assert annotator.learnt_from == annotator.training_corpora
    with pytest.warns(DeprecationWarning, match="Annotator.corpora"):
        assert annotator.datasets == annotator.corpora
    with pytest.warns(DeprecationWarning, match="dataset is now called corpus"):
        [document] = annotator.annotate(SENTENCES[:1], dataset=None)
    assert document == annotator(SENTENCES[0])
    model = VanerForTokenClassification.from_pretrained(tiny_model).eval()
    with pytest.warns(DeprecationWarning, match="Annotator.from_model"):
        assert Annotator.of(model, "cpu").types == annotator.types
