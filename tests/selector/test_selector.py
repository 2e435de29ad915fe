"""Tests of the selector model, its files, and its use through `Selector` and `Annotator`."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.generator import test_model as generators
from tests.generator.test_model import backbone as writer
from vaner.annotator import Annotator
from vaner.errors import ModelError
from vaner.selector.collation import collate
from vaner.selector.encoding import CandidateEncoder, CandidateRow
from vaner.selector.model import VanerSelector, VanerSelectorConfig, pool_candidates
from vaner.selector.selector import Selector
from vaner.text.documents import Document, Span

__all__ = ["writer"]

INSTRUCTIONS = {"Chemical": "Chemical: ", "Disease": "Disease: a disorder\nSentence: "}
TEXTS = [
    "Metformin is given to patients with type 2 diabetes mellitus.",
    "[Aspirin]-induced asthma (AIA) was seen in 5 % of the patients.\n\nNo. 2 stays.",
    "",
    "基因 IL-2 与 CD28 受体。",
    " ".join(f"word{i} of the CD28 receptor" for i in range(60)),
]
DOCUMENTS = [
    Document("a", TEXTS[0], (
        Span(36, 60, "Disease", 0.3), Span(0, 9, "Chemical", 0.9, identifiers=("C:1",)),
        Span(0, 9, "Disease"), Span(43, 60, "Disease", 0.8), Span(22, 43, "Disease"),
    )),
    Document("b", TEXTS[1], (
        Span(1, 8, "Chemical"), Span(18, 24, "Disease", fragments=((18, 20), (22, 24))),
        Span(60, 70, "Disease"), Span(0, 63, "Disease"),
    )),
    Document("c", TEXTS[2]),
    Document("d", TEXTS[3], (Span(3, 7, "Chemical"), Span(3, 5, "Disease"))),
    Document("e", TEXTS[4], (Span(0, len(TEXTS[4]), "Disease"), Span(700, 720, "Chemical"))),
]  # fmt: skip


def build(backbone: Path, *, lora: bool = True, **config: Any) -> VanerSelector:
    torch.manual_seed(0)
    model = VanerSelector.from_backbone(
        str(backbone),
        lora={"r": 4, "target_modules": "all-linear"} if lora else None,
        max_subwords=128,
        projection_dim=16,
        # Types that are not in alphabetical order, like the keys of a file.
        **{"instructions": INSTRUCTIONS, "types": ["Disease", "Chemical"], **config},
    )
    model.init_markers((7, 9))
    for name, parameter in model.named_parameters():
        if "lora_B" in name:  # a zero adapter would change nothing
            torch.nn.init.normal_(parameter, std=0.3)
    # A larger standard deviation than usual, so that scores differ.
    torch.nn.init.normal_(model.projection.weight, std=1.0)
    model.config.slope, model.config.offset, model.config.threshold = 0.3, 0.1, 0.45
    return model


def saved(model: VanerSelector, backbone: Path, folder: Path) -> Path:
    model.save_pretrained(folder)
    shutil.copyfile(backbone / "tokenizer.json", folder / "tokenizer.json")
    return folder


def make_selector(model: VanerSelector, backbone: Path, **options: Any) -> Selector:
    encoder = CandidateEncoder.from_folder(backbone, model.config.max_subwords)
    return Selector(model.eval(), encoder, device=torch.device("cpu"), **options)


def scores(model: Selector, documents: Iterable[Document]) -> list[list[float]]:
    return [
        [p for p in item.values if p is not None] for item in model.compute_probabilities(documents)
    ]


@pytest.mark.parametrize("form", ["adapter", "whole", "layers"])
def test_loaded_selector_gives_the_same_scores(
    tiny_backbone: Path, tmp_path: Path, form: str
) -> None:
    frozen = {"frozen_layers": 1} if form == "layers" else {}
    model = build(tiny_backbone, lora=form == "adapter", **frozen)
    before = scores(make_selector(model, tiny_backbone), DOCUMENTS)
    assert len({round(p, 4) for row in before for p in row}) == 13
    folder = saved(model, tiny_backbone, tmp_path / "model")
    names = {path.name for path in folder.glob("*.safetensors")}
    assert (
        names
        == {
            "adapter": {"adapter_model.safetensors", "head.safetensors"},
            "layers": {"layers.safetensors", "head.safetensors"},
            "whole": {"model.safetensors"},
        }[form]
    )
    loaded = Selector.from_pretrained(folder, device="cpu")
    assert loaded.types == ("Disease", "Chemical") and loaded.threshold == 0.45
    # Load in place, as a resumed run does.
    fresh = build(tiny_backbone, lora=form == "adapter", **frozen)
    for parameter in fresh.parameters():
        if parameter.requires_grad:
            torch.nn.init.zeros_(parameter)
    fresh.load_trained_weights(folder)
    for again in (loaded, make_selector(fresh, tiny_backbone)):
        for expected, actual in zip(before, scores(again, DOCUMENTS), strict=True):
            assert expected == pytest.approx(actual, abs=1e-5)


def test_scores_do_not_depend_on_the_batch(tiny_backbone: Path) -> None:
    selector = make_selector(build(tiny_backbone), tiny_backbone, batch_size=32)
    together = scores(selector, DOCUMENTS)
    for batch_size in (1, 3):
        other = make_selector(selector.model, tiny_backbone, batch_size=batch_size)
        for expected, actual in zip(together, scores(other, DOCUMENTS), strict=True):
            assert expected == pytest.approx(actual, abs=1e-5)
    for document, probabilities in zip(DOCUMENTS, together, strict=True):
        for span, p in zip(document.spans, probabilities, strict=True):
            alone = scores(selector, [document.with_spans([span])])
            assert alone == [[pytest.approx(p, abs=1e-5)]]


def test_select_changes_nothing_but_scores(tiny_backbone: Path) -> None:
    selector = make_selector(build(tiny_backbone), tiny_backbone)
    probabilities = scores(selector, DOCUMENTS)
    selected = list(selector.select(iter(DOCUMENTS)))
    assert [(d.id, d.text) for d in selected] == [(d.id, d.text) for d in DOCUMENTS]
    assert 0 < sum(len(d.spans) for d in selected) < sum(len(d.spans) for d in DOCUMENTS)
    for document, document_scores, after in zip(DOCUMENTS, probabilities, selected, strict=True):
        expected = [
            replace(span, score=p)
            for span, p in zip(document.spans, document_scores, strict=True)
            if p >= selector.threshold
        ]
        assert list(after.spans) == expected
        assert [s.identifiers for s in after.spans] == [s.identifiers for s in expected]
        assert [s.score for s in after.spans] == pytest.approx([s.score for s in expected])
    everything = list(selector.select(DOCUMENTS, threshold=0))
    assert [d.spans for d in everything] == [d.spans for d in DOCUMENTS]
    assert not any(d.spans for d in selector.select(DOCUMENTS, threshold=1.01))


@pytest.mark.heavy
def test_select_streams_documents(tiny_backbone: Path) -> None:
    selector = make_selector(build(tiny_backbone), tiny_backbone, batch_size=1)
    read: list[int] = []

    def source() -> Iterator[Document]:
        for number in range(200):
            read.append(number)
            yield DOCUMENTS[number % len(DOCUMENTS)]

    stream = selector.select(source())
    assert next(stream).id == "a"
    assert len(read) < 20
    assert [d.id for d in stream] == [DOCUMENTS[n % 5].id for n in range(1, 200)]


def test_unknown_type_passes_with_one_warning(
    tiny_backbone: Path, caplog: pytest.LogCaptureFixture
) -> None:
    selector = make_selector(build(tiny_backbone), tiny_backbone)
    spans = (Span(0, 9, "Gene", 0.01), Span(0, 9, "Disease", 0.7), Span(22, 30, "Gene"))
    document = Document("1", TEXTS[0], spans)
    with caplog.at_level(logging.WARNING):
        [first, second] = selector.select([document, document], threshold=1.01)
    assert first.spans == second.spans == (spans[0], spans[2])
    assert [span.score for span in first.spans] == [0.01, None]
    [message] = [record.getMessage() for record in caplog.records]
    assert "not trained on Gene" in message and "Disease, Chemical" in message


def test_markers_replace_the_placeholder_embeddings(tiny_backbone: Path) -> None:
    """The placeholder subword does not matter, and a bracket of the text is not a marker."""
    model = build(tiny_backbone).eval()
    row = CandidateRow((5, 6, 7, 8, 9, 10), 2, 4, 0)
    other = replace(row, input_ids=(5, 6, 200, 8, 201, 10))
    with torch.no_grad():
        logits, same_logits = (model(**collate([r])).logits for r in (row, other))
        torch.testing.assert_close(logits, same_logits)
        # The same_logits subwords, some of them brackets, with the markers elsewhere.
        moved_logits = model(**collate([replace(row, open_index=1, close_index=3)])).logits
        assert abs(moved_logits - logits) > 1e-4
        embeddings = model._embed(
            torch.tensor([row.input_ids]), torch.tensor([2]), torch.tensor([4])
        )
    table = model.backbone.get_input_embeddings().weight
    torch.testing.assert_close(embeddings[0, [2, 4]], model.marks.weight)
    torch.testing.assert_close(embeddings[0, [0, 1, 3, 5]], table[[5, 6, 8, 10]])
    torch.testing.assert_close(model.marks.weight, table[[7, 9]])


def test_pooling_concatenates_markers_and_mean() -> None:
    hidden = torch.arange(24.0).reshape(2, 4, 3)
    pooled = pool_candidates(hidden, torch.tensor([0, 1]), torch.tensor([3, 3]))
    assert pooled.shape == (2, 9)
    torch.testing.assert_close(pooled[0, 6:], hidden[0, 1:3].mean(0))
    torch.testing.assert_close(pooled[1], torch.cat([hidden[1, 1], hidden[1, 3], hidden[1, 2]]))


@pytest.mark.parametrize("loss", ["contrastive", "binary"])
def test_every_trainable_weight_gets_a_gradient(tiny_backbone: Path, loss: Any) -> None:
    model = build(tiny_backbone, lora=False, loss=loss)
    rows = [
        CandidateRow((5, 6, 7, 8, 9, 10), 2, 4, 0, is_correct=True, excluded_types=(1,)),
        CandidateRow((5, 6, 7, 8, 9), 1, 3, 0, is_correct=False),
        CandidateRow((5, 6, 7, 8, 9, 4, 4), 1, 3, 1, is_correct=True),
    ]
    model(**collate(rows)).loss.backward()
    still = [
        name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum()
    ]
    assert still == []
    ids = {id(p) for p in model.head_parameters()}
    assert ids == {id(p) for p in (*model.projection.parameters(), *model.anchors.parameters())}


def test_config_refuses_invalid_choices() -> None:
    with pytest.raises(ModelError, match="attention of a selector"):
        VanerSelectorConfig(attention="causal")
    with pytest.raises(ModelError, match="loss is 'triplet'"):
        VanerSelectorConfig(loss="triplet")  # type: ignore[arg-type]


@pytest.mark.heavy
def test_annotator_applies_the_selector(
    tiny_backbone: Path, tiny_model: Path, tmp_path: Path
) -> None:
    folder = saved(build(tiny_backbone), tiny_backbone, tmp_path / "selector")
    alone = Annotator.from_pretrained(tiny_model, device="cpu")
    both = Annotator.from_pretrained(tiny_model, selector=folder, device="cpu")
    assert both.types == alone.types and both.selector is not None
    proposed = list(alone.annotate(TEXTS))
    expected = list(both.selector.select(proposed))
    annotated = list(both.annotate(TEXTS))
    assert [d.spans for d in annotated] == [d.spans for d in expected]
    assert 0 < sum(len(d.spans) for d in annotated) < sum(len(d.spans) for d in proposed)
    probable = [d for d in both.annotate(TEXTS, min_score=0.6)]
    assert all(s.score is not None and s.score >= 0.6 for d in probable for s in d.spans)
    for document in both.annotate(TEXTS, overlaps="best"):
        assert not any(a.overlaps(b) for a in document.spans for b in document.spans if a is not b)


@pytest.mark.heavy
def test_nested_mentions_of_a_generator_are_scored_separately(
    tiny_backbone: Path, writer: Path, tmp_path: Path
) -> None:
    model = generators.saved(generators.build(writer), writer, tmp_path / "generator")
    instructions = {type: f"{type}: " for type in generators.TYPES}
    model_selector = build(tiny_backbone, instructions=instructions, types=generators.TYPES)
    folder = saved(model_selector, tiny_backbone, tmp_path / "selector")
    both = Annotator.from_pretrained(model, selector=folder, device="cpu")
    proposed = list(Annotator(both.recognizer).annotate(generators.TEXTS))
    assert any(a.overlaps(b) for d in proposed for a in d.spans for b in d.spans if a is not b)
    assert both.selector is not None
    annotated = list(both.annotate(generators.TEXTS))
    for document, expected in zip(proposed, annotated, strict=True):
        separately = both.selector.select(document.with_spans([span]) for span in document.spans)
        assert [span for document in separately for span in document.spans] == list(expected.spans)


def test_selector_and_model_are_not_interchangeable(
    tiny_backbone: Path, tiny_model: Path, tmp_path: Path
) -> None:
    folder = saved(build(tiny_backbone), tiny_backbone, tmp_path / "selector")
    with pytest.raises(ModelError, match="is a selector"):
        Annotator.from_pretrained(folder, device="cpu")
    with pytest.raises(ModelError, match="not of a saved VanerSelector"):
        Annotator.from_pretrained(tiny_model, selector=tiny_model, device="cpu")


def test_config_reads_the_old_field_names() -> None:
    """Selectors saved before the fields were renamed still load."""
    stored = {"asks": INSTRUCTIONS, "width": 16, "types": ["Disease", "Chemical"]}
    config = VanerSelectorConfig.from_dict({**VanerSelectorConfig().to_dict(), **stored})
    assert config.instructions == INSTRUCTIONS and config.projection_dim == 16
    assert not {"asks", "width"} & config.to_dict().keys()


@pytest.mark.parametrize("value", [10**30, 10**400, float("nan"), "0.1", None])
def test_a_damaged_number_is_refused_before_the_first_text(value: Any) -> None:
    config = VanerSelectorConfig(instructions={"Gene": "Gene: "})
    config.check()
    config.similarity_temperature = value
    with pytest.raises(ModelError, match=r"similarity_temperature is .*; it must be a number"):
        config.check()
