"""Tests of the generator model: its loss, its files, and its use through `Annotator`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks.copy_decoding import build_prompts, compare
from tests.tiny_model import build_backbone
from vaner.annotator import Annotator
from vaner.backbones.encoding import read_tokenizer
from vaner.errors import ModelError
from vaner.generator.collation import collate
from vaner.generator.instructions import build_instruction
from vaner.generator.model import VanerForGeneration, VanerGeneratorConfig
from vaner.generator.prompts import IGNORE_INDEX, AnswerRow, PromptEncoder, to_word_ranges
from vaner.generator.recognizer import Generator
from vaner.text.documents import Corpus, Document, Span
from vaner.text.words import split_words

TYPES = ["DNA", "protein"]
TEXTS = [
    "The CD28 surface receptor binds [3H]thymidine \\ and TNF-alpha.",
    "T cells",
    "",
    "Activation of the IL-2 gene by NF-kappa B (p50/p65) in human T lymphocytes.\n\nNo. 2 stays.",
    "基因 IL-2 与 CD28 受体。",
]


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a language model with tied embeddings."""
    from transformers import LlamaConfig, LlamaForCausalLM

    folder = build_backbone(tmp_path_factory.mktemp("generator") / "backbone")
    torch.manual_seed(3)
    config = LlamaConfig.from_pretrained(folder, tie_word_embeddings=True)
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def build(backbone: Path, *, lora: bool = True, **config: Any) -> VanerForGeneration:
    torch.manual_seed(0)
    instruction = build_instruction("GENIA").restrict_to(TYPES).to_dict()
    model = VanerForGeneration.from_backbone(
        str(backbone),
        lora={"r": 4, "target_modules": "all-linear"} if lora else None,
        types=TYPES,
        corpora={"GENIA": TYPES},
        instructions={"GENIA": instruction},
        max_subwords=1024,
        **config,
    )
    for name, parameter in model.named_parameters():
        if "lora_B" in name:  # a zero adapter would change nothing
            torch.nn.init.normal_(parameter, std=0.3)
    return model


def saved(model: VanerForGeneration, backbone: Path, folder: Path) -> Path:
    model.save_pretrained(folder)
    shutil.copyfile(backbone / "tokenizer.json", folder / "tokenizer.json")
    return folder


def answer_rows(backbone: Path, model: VanerForGeneration) -> list[AnswerRow]:
    encoder = PromptEncoder(read_tokenizer(backbone), 1024)
    rows = []
    for text, mentions in (
        ("The CD28 surface receptor", [Span(4, 25, "protein"), Span(4, 8, "protein")]),
        ("T cells", []),
    ):
        words = split_words(text)
        [prompt] = encoder.encode_prompts(
            text, words, model.config.instruction_for("protein", "GENIA")
        )
        rows.append(encoder.encode_answer(prompt, to_word_ranges(words, mentions)[0]))
    return rows


@pytest.mark.parametrize("loss", ["answer", "decisions"])
@torch.no_grad()
def test_loss_is_that_of_the_answer(backbone: Path, loss: Any) -> None:
    model = build(backbone, loss=loss).eval()
    rows = answer_rows(backbone, model)
    batch = collate(rows)
    total, count = 0.0, 0
    for row in rows:
        logits = model.language_model(torch.tensor([row.input_ids])).logits[0].float()
        first = row.labels.index(next(label for label in row.labels if label != IGNORE_INDEX))
        for position, legal in enumerate(row.legal, first):
            choices = [token for token in legal if token is not None]
            if loss == "decisions" and len(choices) < 2:
                continue
            candidates = choices if loss == "decisions" else list(range(logits.shape[1]))
            scores = logits[position - 1, candidates].log_softmax(-1)
            total -= float(scores[candidates.index(row.labels[position])])
            count += 1
    torch.testing.assert_close(model(**batch).loss.item(), total / count, rtol=1e-4, atol=1e-4)


@pytest.mark.heavy
@pytest.mark.parametrize("form", ["adapter", "whole", "layers"])
def test_loaded_generator_gives_the_same_answers(backbone: Path, tmp_path: Path, form: str) -> None:
    frozen = {"frozen_layers": 1} if form == "layers" else {}
    model = build(backbone, lora=form == "adapter", **frozen).eval()
    folder = saved(model, backbone, tmp_path / "model")
    annotator = Annotator.from_pretrained(folder, device="cpu")
    spans = [document.spans for document in annotator.annotate(TEXTS)]
    assert sum(map(len, spans)) > 5 and not spans[2]
    model.merge_adapter()
    again = Annotator(type(annotator.recognizer)(
        model, annotator.recognizer.encoder, device=torch.device("cpu"),
    ))  # fmt: skip
    for expected, other in zip(spans, again.annotate(TEXTS), strict=True):
        assert [(s.start, s.end, s.type) for s in expected] == [
            (s.start, s.end, s.type) for s in other.spans
        ]
    model.save_pretrained(tmp_path / "merged")
    merged = VanerForGeneration.from_pretrained(tmp_path / "merged").eval()
    # Load in place, as a resumed run does.
    fresh = build(backbone, lora=form == "adapter", **frozen)
    for parameter in fresh.parameters():
        if parameter.requires_grad:
            torch.nn.init.zeros_(parameter)
    fresh.load_trained_weights(folder)
    rows = collate(answer_rows(backbone, fresh))
    loaded = VanerForGeneration.from_pretrained(folder).eval()
    torch.testing.assert_close(fresh.eval()(**rows).loss, loaded(**rows).loss)
    torch.testing.assert_close(merged(**rows).loss, loaded(**rows).loss)


@pytest.mark.heavy
def test_spans_do_not_depend_on_the_batch(backbone: Path, tmp_path: Path) -> None:
    folder = saved(build(backbone), backbone, tmp_path / "model")
    annotator = Annotator.from_pretrained(folder, device="cpu", batch_size=4)
    together = list(annotator.annotate(TEXTS))
    assert any(document.spans for document in together)
    for text, document in zip(TEXTS, together, strict=True):
        assert document.text == text
        for span in document.spans:
            assert span.type in TYPES and span.score is not None and 0 < span.score <= 1
            assert text[span.start : span.end] == text[span.start : span.end].strip() != ""
        for batch_size in (1, 32):
            alone = next(annotator.annotate([text], batch_size=batch_size))
            assert [s[:3] for s in map(_key, alone.spans)] == [
                s[:3] for s in map(_key, document.spans)
            ]
            for a, b in zip(alone.spans, document.spans, strict=True):
                assert a.score == pytest.approx(b.score, abs=1e-4)


def _key(span: Span) -> tuple[int, int, str]:
    return span.start, span.end, span.type


@pytest.mark.heavy
def test_long_text_is_read_completely(backbone: Path, tmp_path: Path) -> None:
    folder = saved(build(backbone), backbone, tmp_path / "model")
    annotator = Annotator.from_pretrained(folder, device="cpu")
    text = " ".join(f"word{i} of the CD28 receptor" for i in range(60))
    spans = annotator(text, ["protein"]).spans
    assert len({(s.start, s.end) for s in spans}) == len(spans)
    assert max(s.end for s in spans) > len(text) - 100


def test_new_types_can_be_requested(backbone: Path, tmp_path: Path) -> None:
    folder = saved(build(backbone), backbone, tmp_path / "model")
    annotator = Annotator.from_pretrained(folder, device="cpu")
    document = annotator(TEXTS[0], ["cell_type", "my own type"])
    assert {span.type for span in document.spans} <= {"cell_type", "my own type"}
    config = annotator.recognizer.model.config  # type: ignore[attr-defined]
    assert "my own type" in config.instruction_for("my own type")
    assert config.instruction_for("疾病").startswith("请")
    assert "身体：" in config.instruction_for("bod", "CMeEE")


def test_unreachable_mentions_are_counted(backbone: Path, tmp_path: Path) -> None:
    folder = saved(build(backbone), backbone, tmp_path / "model")
    annotator = Annotator.from_pretrained(folder, device="cpu")
    spans = [
        Span(0, 7, "DNA"), Span(4, 11, "DNA"), Span(4, 6, "protein"),
        Span(0, 11, "protein", fragments=((0, 3), (8, 11))),
    ]  # fmt: skip
    unreachable = annotator.unreachable(Document("1", "abc def ghi", tuple(spans)), TYPES)
    assert sorted(unreachable.values()) == [1, 1, 1]


def test_bidirectional_attention_raises() -> None:
    with pytest.raises(ModelError, match="attention of a generator"):
        VanerGeneratorConfig(attention="bidirectional")


@pytest.mark.heavy
def test_transformers_generate_needs_more_passes_for_the_same_answers(
    backbone: Path, tmp_path: Path
) -> None:
    generator = Annotator.from_pretrained(
        saved(build(backbone), backbone, tmp_path / "model"), device="cpu"
    ).recognizer
    assert isinstance(generator, Generator)
    texts = (*TEXTS, "No mention stands in here , or so it is hoped by all .")
    documents = tuple(Document(str(i), text) for i, text in enumerate(texts) if text)
    prompts = build_prompts(generator, Corpus("GENIA", "devel", documents, tuple(TYPES)), 9)
    with torch.no_grad():  # compares the answers of all methods
        results = compare(generator.model.language_model, prompts, batch_size=3)
    figures = results["one_at_a_time"]["all"]
    assert results["sentences"]["all"] == len(prompts) == 5
    passes = figures["forward_passes"]
    assert passes["vaner, step by step"] == passes["generate"] > passes["vaner"]
    assert figures["times_fewer_passes"]["than generate"] > 1
    assert passes["generate"] >= passes["generate, prompt lookup"]
