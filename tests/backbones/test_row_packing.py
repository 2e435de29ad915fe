"""Packed sentences have the same scores and gradients as separate ones."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from experiments.backbones.architectures import save_model as save_architecture
from vaner.backbones import row_packing
from vaner.backbones.encoding import Encoder, Row
from vaner.errors import ModelError
from vaner.tagger.batch_tensors import collate
from vaner.tagger.batches import Layout
from vaner.tagger.model import VanerForTokenClassification
from vaner.text.words import split_words

SENTENCES = (
    "Metformin treats type 2 diabetes .",
    "Aspirin .",
    "Patients with asthma , eczema and hay fever were given nothing at all for weeks .",
    "Nothing .",
)
PROMPTS = ("Disease: ", "Chemical: ", "Disease: ", "Chemical: ")
LORA = {"r": 4, "target_modules": "all-linear"}
CLOSE: dict[str, float] = {"rtol": 1e-4, "atol": 1e-5}


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory, tiny_backbone: Path) -> Path:
    from transformers import BertConfig, BertModel

    return save_backbone(
        BertModel(BertConfig(**SMALL)), tmp_path_factory.mktemp("bert"), tiny_backbone
    )


@pytest.fixture(scope="module")
def roberta(tmp_path_factory: pytest.TempPathFactory, tiny_backbone: Path) -> Path:
    from transformers import RobertaConfig, RobertaModel

    sizes = SMALL | {"max_position_embeddings": 258}  # of which the first two are not used
    model = RobertaModel(RobertaConfig(**sizes, pad_token_id=1))
    return save_backbone(model, tmp_path_factory.mktemp("roberta"), tiny_backbone)


SMALL: dict[str, Any] = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "vocab_size": 400, "max_position_embeddings": 256,
}  # fmt: skip


def save_backbone(model: Any, folder: Path, tokenizer: Path) -> Path:
    torch.manual_seed(0)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)  # so that attention is not nearly uniform
    model.save_pretrained(folder)
    shutil.copyfile(tokenizer / "tokenizer.json", folder / "tokenizer.json")
    return folder


def build_model(backbone: Path, **options: Any) -> VanerForTokenClassification:
    torch.manual_seed(0)
    model = VanerForTokenClassification.from_backbone(
        str(backbone), types=["Disease"], backbone_dropout=0.0, **({"dropout": 0.0} | options)
    )
    for name, parameter in model.named_parameters():
        if "lora_B" in name or "classifier" in name or "casing" in name:
            torch.nn.init.normal_(parameter, std=0.2)
    return model.eval()


def encode_sentences(backbone: Path, *, casing: bool = False) -> list[Row]:
    encoder = Encoder.from_folder(backbone, 128, casing=casing)
    return [
        next(encoder.rows(text, words := split_words(text), prompt, [1] + [0] * (len(words) - 1)))
        for text, prompt in zip(SENTENCES, PROMPTS, strict=True)
    ]


@torch.no_grad()
def compute_scores(
    model: VanerForTokenClassification, rows: list[Row], layout: Layout
) -> list[Tensor]:
    result = model(**{k: v for k, v in collate(rows, layout).items() if k != "tags"}).logits
    return [actual[: len(row.starts)] for actual, row in zip(result, rows, strict=True)]


@pytest.mark.parametrize(
    "options",
    [
        {}, {"lora": LORA}, {"attention": "causal"}, {"causal_layers": 1}, {"pooling": "mean"},
        {"casing": True}, {"casing": True, "lora": LORA},
    ],
    ids=str,
)  # fmt: skip
def test_packed_and_padded_sentences_have_same_scores_as_separate_ones(
    tiny_backbone: Path, options: Any
) -> None:
    model = build_model(tiny_backbone, **options)
    rows = encode_sentences(tiny_backbone, casing="casing" in options)
    separate = [
        compute_scores(model, [row], "padded")[0] for row in rows
    ]  # before packing is enabled
    assert model.layout == "packed"
    for result in (compute_scores(model, rows, "packed"), compute_scores(model, rows, "padded")):
        for actual, reference in zip(result, separate, strict=True):
            torch.testing.assert_close(actual, reference, **CLOSE)
    reordered = compute_scores(model, rows[::-1], "packed")[::-1]
    for actual, reference in zip(reordered, separate, strict=True):
        torch.testing.assert_close(actual, reference, **CLOSE)


@pytest.mark.parametrize("encoder", ["bert", "roberta"])
def test_packing_encoders_with_other_first_position(
    encoder: str, request: pytest.FixtureRequest
) -> None:
    backbone = request.getfixturevalue(encoder)
    model, rows = build_model(backbone), encode_sentences(backbone)
    separate = [compute_scores(model, [row], "padded")[0] for row in rows]
    assert model.layout == "packed"
    for actual, reference in zip(compute_scores(model, rows, "packed"), separate, strict=True):
        torch.testing.assert_close(actual, reference, **CLOSE)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_packed_and_padded_batches_have_same_gradients(
    tiny_backbone: Path, dtype: torch.dtype
) -> None:
    rows, result = encode_sentences(tiny_backbone), []
    for layout in ("padded", "packed"):
        model = build_model(tiny_backbone).train()
        assert layout == "padded" or model.layout == "packed"
        with torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
            loss = model(**collate(rows, layout)).loss
        loss.backward()
        result.append((loss, {name: p.grad for name, p in model.named_parameters()}))
    (actual, gradients), (reference, expected) = result
    close = CLOSE if dtype == torch.float32 else {"rtol": 0.1, "atol": 0.05}
    torch.testing.assert_close(actual, reference, **close)
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, expected[name], **close, msg=name)


def test_shared_instruction_with_casing(tiny_backbone: Path) -> None:
    model = build_model(tiny_backbone, shared_instruction=True, casing=True)
    rows = encode_sentences(tiny_backbone, casing=True)
    separate = [compute_scores(model, [row], model.layout)[0] for row in rows]
    for actual, reference in zip(compute_scores(model, rows, "shared"), separate, strict=True):
        torch.testing.assert_close(actual, reference, **CLOSE)


def test_shared_instruction_occurs_once_and_attends_to_no_sentence(tiny_backbone: Path) -> None:
    model, rows = (
        build_model(tiny_backbone, shared_instruction=True),
        encode_sentences(tiny_backbone),
    )
    assert model.layout == "shared"
    batch = collate(rows, "shared")
    bodies = sum(len(row) - row.prefix for row in rows)
    assert batch["input_ids"].shape[1] == bodies + sum(
        {r.input_ids[: r.prefix]: r.prefix for r in rows}.values()
    )
    shared = compute_scores(model, rows, "shared")
    model.backbone.set_attn_implementation("sdpa")
    for row, result in zip(rows, shared, strict=True):
        torch.testing.assert_close(result, score_with_mask(model, row), **CLOSE)


@torch.no_grad()
def score_with_mask(model: VanerForTokenClassification, row: Row) -> Tensor:
    """Return the scores of a row with a mask that hides the sentence from the instruction."""
    seen = torch.ones(1, 1, len(row), len(row), dtype=torch.bool)
    seen[:, :, : row.prefix, row.prefix :] = False
    ids = torch.tensor([row.input_ids])
    hidden = model.backbone(input_ids=ids, attention_mask=seen).last_hidden_state
    return model.classifier(hidden[0, list(row.starts)])


def test_shared_instruction_is_saved(tiny_backbone: Path, tmp_path: Path) -> None:
    model, rows = (
        build_model(tiny_backbone, shared_instruction=True, lora=LORA),
        encode_sentences(tiny_backbone),
    )
    expected = compute_scores(model, rows, model.layout)
    model.save_pretrained(tmp_path)
    again = VanerForTokenClassification.from_pretrained(tmp_path).eval()
    assert again.layout == "shared"
    for actual, reference in zip(compute_scores(again, rows, "shared"), expected, strict=True):
        torch.testing.assert_close(actual, reference, **CLOSE)


def test_backbone_that_fails_the_trial_is_not_packed(
    bert: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VANER_CACHE", str(tmp_path))
    monkeypatch.setattr(row_packing, "_first_position", lambda backbone: 3)
    model = build_model(bert)
    assert model.layout == "padded"
    assert model.backbone.config._attn_implementation == "sdpa"
    with pytest.raises(ValueError, match="cannot be packed"):
        model(**collate(encode_sentences(bert), "packed"))


@pytest.mark.parametrize(
    ("architecture", "options"),
    [
        ("mistral", {"sliding_window": 8}), ("mistral", {"sliding_window": 8, "causal": True}),
        ("gemma2", {"attn_logit_softcapping": 0.5}), ("gpt_oss", {}),
    ],
    ids=str,
)  # fmt: skip
def test_packing_has_window_cap_and_sinks(
    architecture: str, options: dict[str, Any], tmp_path: Path
) -> None:
    attention = "causal" if options.pop("causal", False) else "bidirectional"
    model = build_model(save_architecture(architecture, tmp_path, **options), attention=attention)
    rows = encode_sentences(tmp_path)
    separate = [compute_scores(model, [row], "padded")[0] for row in rows]
    assert model.layout == "packed"
    for actual, reference in zip(compute_scores(model, rows, "packed"), separate, strict=True):
        torch.testing.assert_close(actual, reference, **CLOSE)


def test_unknown_option_of_attention_is_not_ignored(tiny_backbone: Path) -> None:
    model = build_model(tiny_backbone)
    row_packing.enable_packing(model.backbone)
    with pytest.raises(ValueError, match="options position_bias"):
        row_packing.attend(model, *[torch.zeros(1, 1, 1, 4)] * 3, None, position_bias=torch.ones(1))


def test_shared_instruction_without_packing_raises_error(tmp_path: Path) -> None:
    model = build_model(save_architecture("bloom", tmp_path), shared_instruction=True)
    with pytest.raises(ModelError, match="shared_instruction: a bloom backbone cannot be packed"):
        _ = model.layout


def test_direct_call_of_packing_backbone_raises_error(tiny_backbone: Path) -> None:
    model = build_model(tiny_backbone)
    assert model.layout == "packed"
    with pytest.raises(ValueError, match=r"row_packing\.run_backbone"):
        model.backbone(input_ids=torch.tensor([[1, 2, 3]]))
