"""What a backbone does is measured before the first step, and what is wrong is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModel

from experiments.backbones.architectures import build_config, build_tokenizer, save_model
from experiments.backbones.probe import probe
from tests.backbones.test_row_packing import compute_scores, encode_sentences
from vaner.backbones import trial_cache
from vaner.backbones.attention import get_layers
from vaner.backbones.backbone import load_backbone
from vaner.backbones.reach import Reach, measure_reach
from vaner.backbones.trial import TrialOptions, run_trial
from vaner.errors import ModelError
from vaner.generator.model import VanerForGeneration
from vaner.tagger.model import VanerForTokenClassification


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VANER_CACHE", str(tmp_path / "cache"))


def build(folder: Path, architecture: str, fields: Any = None, **options: Any) -> Any:
    backbone = save_model(architecture, folder / architecture, **(fields or {}))
    torch.manual_seed(0)
    return VanerForTokenClassification.from_backbone(
        str(backbone), **{"types": ["Disease"], "max_subwords": 96} | options
    )


@pytest.mark.parametrize(
    ("attention", "expected"), [("bidirectional", Reach(20, 19)), ("causal", Reach(20, 0))]
)
def test_reach_of_each_layer(tiny_backbone: Path, attention: Any, expected: Reach) -> None:
    backbone = load_backbone(tiny_backbone, attention=attention).eval()
    row = torch.arange(3, 43)[None]
    assert measure_reach(backbone, row) == [expected, expected]


def test_reach_in_a_window(tmp_path: Path) -> None:
    backbone = load_backbone(save_model("mistral", tmp_path), attention="bidirectional")
    assert set(measure_reach(backbone.eval(), torch.arange(3, 43)[None])) == {Reach(8, 8)}


def test_reach_of_a_backbone_whose_layers_shorten_a_row(tmp_path: Path) -> None:
    backbone = load_backbone(save_model("funnel", tmp_path), attention="bidirectional").eval()
    [reach] = measure_reach(backbone, torch.arange(3, 43)[None])
    assert reach.left > 10 and reach.right > 10


def test_computed_positions_are_not_a_limit(tmp_path: Path) -> None:
    # XLNet reads computed distances of positions row by row.
    assert build(tmp_path, "xlnet").trial.length == 96


def test_layers_that_see_only_themselves_are_refused(tmp_path: Path) -> None:
    model = build(tmp_path, "llama")
    for layer in get_layers(model.backbone):
        layer.self_attn.forward = lambda hidden_states, **_: (hidden_states, None)
    with pytest.raises(ModelError, match="no layer sees a subword to the right; use another"):
        model.check_backbone()


@pytest.mark.parametrize("architecture", ["squeezebert", "albert", "layoutlm"])
def test_pooler_that_is_always_called(architecture: str, tmp_path: Path) -> None:
    model = build(tmp_path, architecture)
    model.check_backbone()
    assert not [name for name in model.state_dict() if "pooler" in name]


def test_causal_layers_are_measured(tmp_path: Path) -> None:
    model = build(tmp_path, "llama", causal_layers=1)
    assert [layer.is_causal for layer in model.trial.reach] == [True, False, False, False]
    model.check_backbone()


def test_mask_that_was_not_lifted_is_refused(tmp_path: Path) -> None:
    model = build(tmp_path, "llama")
    model.backbone.config.is_causal = True  # what a version of transformers that ignores it does
    with pytest.raises(ModelError, match="cannot be made bidirectional: 4 of its 4 layers"):
        model.check_backbone()


@pytest.mark.parametrize("architecture", ["gpt_neo", "lfm2", "recurrent_gemma"])
def test_architecture_that_is_causal_by_construction_is_refused(
    architecture: str, tmp_path: Path
) -> None:
    model = build(tmp_path, architecture)
    with pytest.raises(ModelError, match=f"{architecture} backbone cannot be made bidirectional"):
        model.check_backbone()


def test_causal_attention_of_an_encoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="has no causal mask to keep"):
        build(tmp_path, "bert", attention="causal")


def test_encoder_decoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="t5 is an encoder-decoder, which is not supported"):
        build(tmp_path, "t5")


@pytest.mark.parametrize(
    ("architecture", "limit"), [("bert", 80), ("gpt2", 80), ("opt", 80), ("roberta", 78)]
)
def test_more_subwords_than_positions_are_refused(
    architecture: str, limit: int, tmp_path: Path
) -> None:
    sizes = {"max_position_embeddings": 80}
    model = build(tmp_path, architecture, sizes | ({"pad_token_id": 1} if limit == 78 else {}))
    with pytest.raises(ModelError, match=f"max_subwords is 96, .* set max_subwords: {limit}$"):
        model.check_backbone()
    model = build(tmp_path, architecture, sizes, max_subwords=76)
    model.check_backbone()


def test_vectors_of_another_size_are_refused(tmp_path: Path) -> None:
    model = build(tmp_path, "opt", {"word_embed_proj_dim": 32})
    with pytest.raises(ModelError, match=r"not \(96, 64\): use another backbone"):
        model.check_backbone()


def test_casing_needs_embeddings_of_the_size_of_vectors(tmp_path: Path) -> None:
    build(tmp_path, "electra", {"embedding_size": 32}).check_backbone()
    with pytest.raises(ModelError, match="subword embeddings have size 32, not 64"):
        build(tmp_path, "electra", {"embedding_size": 32}, casing=True).check_backbone()


def test_rows_that_padding_changes_are_read_one_by_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert build(tmp_path, "convbert").trial.layout == "single"
    outcome = probe("convbert")
    assert (outcome.layout, outcome.lora, outcome.full) == ("single", "ok", "ok")
    assert "reads sentences one by one" in caplog.text


def test_mask_that_padding_makes_causal_is_avoided(tmp_path: Path) -> None:
    outcome = probe("llama4_text")  # its chunked layers are causal in padded rows only
    assert (outcome.layout, outcome.full) == ("packed", "ok"), outcome
    assert "with this adapter cannot read a row" in outcome.lora
    model = build(tmp_path, "llama4_text")
    assert run_trial(model.backbone, TrialOptions(64, packs=False)).layout == "single"


@pytest.mark.parametrize(
    ("rope", "layout", "problem"),
    [
        ({"rope_type": "yarn", "factor": 4.0}, "packed", ""),
        (
            {"rope_type": "longrope", "factor": 4.0, "short_factor": [1.0] * 8,
             "long_factor": [4.0] * 8},
            "single", "",
        ),
        ({"rope_type": "dynamic", "factor": 2.0}, "single", "depend on the sentences that it read"),
    ],
    ids=["yarn", "longrope", "dynamic"],
)  # fmt: skip
def test_positions_that_depend_on_the_length(
    rope: dict[str, Any], layout: str, problem: str, tmp_path: Path
) -> None:
    rope = {"rope_theta": 10000.0, "original_max_position_embeddings": 32, **rope}
    if rope["rope_type"] == "dynamic":
        del rope["original_max_position_embeddings"]
    trial = build(tmp_path, "llama", {"rope_parameters": rope, "max_position_embeddings": 32}).trial
    assert trial.layout == layout and problem in trial.problem
    assert bool(problem) == bool(trial.problem)


def test_positions_that_depend_on_the_longest_row_so_far(tmp_path: Path) -> None:
    rope = {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 2.0}
    fields = {"rope_parameters": rope, "max_position_embeddings": 90}
    assert "depend on the sentences that it read" in build(tmp_path, "llama", fields).trial.problem


def test_trial_leaves_the_backbone_as_it_was(tmp_path: Path) -> None:
    model = build(tmp_path, "llama", lora={"r": 2, "target_modules": "all-linear"})
    model.train()
    state, kernel = torch.get_rng_state(), model.backbone.base_model.config._attn_implementation
    with torch.inference_mode():
        assert run_trial(model.backbone, TrialOptions(96)).layout == "packed"
    assert model.backbone.training
    assert model.backbone.base_model.config._attn_implementation == kernel
    assert torch.equal(torch.get_rng_state(), state)
    assert not any(layer._forward_hooks for layer in get_layers(model.backbone))


def test_trial_is_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = build(tmp_path, "llama")
    backbone, options = model.backbone, TrialOptions(64)
    first = trial_cache.load_or_run_trial(backbone, options)
    monkeypatch.setattr(trial_cache, "run_trial", lambda *_: pytest.fail("run again"))
    assert trial_cache.load_or_run_trial(backbone, options) == first
    for file in (tmp_path / "cache" / "trials").iterdir():
        file.write_text("{")
    with pytest.raises(pytest.fail.Exception):
        trial_cache.load_or_run_trial(backbone, options)


@pytest.mark.parametrize("architecture", ["llama", "gpt2"])
def test_generator_on_a_decoder(architecture: str, tmp_path: Path) -> None:
    backbone = save_model(architecture, tmp_path / "backbone")
    model = VanerForGeneration.from_backbone(str(backbone), max_subwords=96)
    model.check_backbone()


@pytest.mark.parametrize("architecture", ["lfm2", "qwen3_5_text"])
def test_generator_that_cannot_decode_is_refused(architecture: str, tmp_path: Path) -> None:
    backbone = save_model(architecture, tmp_path / "backbone")
    model = VanerForGeneration.from_backbone(str(backbone), max_subwords=96)
    with pytest.raises(ModelError, match=f"cannot decode with a {architecture} backbone"):
        model.check_backbone()


@pytest.mark.parametrize("architecture", ["gemma3", "mixtral", "nomic_bert"])
def test_training_saving_and_loading(architecture: str) -> None:
    outcome = probe(architecture)
    assert (outcome.layout, outcome.lora, outcome.full) == ("packed", "ok", "ok"), outcome


def test_adapter_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"a llama backbone: cannot have this adapter .*; change"):
        build(tmp_path, "llama", lora={"r": 2, "target_modules": ["query"]})


def test_dropout_of_an_adapter_on_experts_is_refused(tmp_path: Path) -> None:
    lora = {"r": 2, "target_modules": "all-linear", "lora_dropout": 0.1}
    with pytest.raises(ModelError, match=r"does not work with lora_dropout .*; change the fields"):
        build(tmp_path, "mixtral", lora=lora)


def test_config_with_infinite_numbers_can_be_loaded_again(tmp_path: Path) -> None:
    model = build(tmp_path, "granitemoehybrid", attention="causal")
    assert model.config.base_config.time_step_limit[1] == float("inf")
    model.check_backbone()


def test_vectors_without_a_single_size_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="a perceiver backbone has no hidden_size: use another"):
        build(tmp_path, "perceiver")


def test_hashed_characters_are_refused(tmp_path: Path) -> None:
    AutoModel.from_config(build_config("canine")).save_pretrained(tmp_path)
    build_tokenizer().save(str(tmp_path / "tokenizer.json"))
    model = VanerForTokenClassification.from_backbone(str(tmp_path), types=["Disease"])
    with pytest.raises(ModelError, match=r"a canine backbone cannot read a row .*: use another"):
        model.check_backbone()


@pytest.mark.skipif(torch.cuda.is_available(), reason="tests the CPU implementation")
def test_4_bit_weights_in_memory_and_loaded_again_agree(tmp_path: Path) -> None:
    lora = {"r": 2, "target_modules": "all-linear"}
    model = build(tmp_path, "llama", lora=lora, quantization="nf4")
    model.check_backbone()
    assert model.trial.layout == "packed"
    for name, weight in model.named_parameters():
        if "lora_B" in name or "classifier" in name:
            torch.nn.init.normal_(weight, std=0.2)
    rows = encode_sentences(tmp_path / "llama")
    expected = compute_scores(model.eval(), rows, "packed")
    model.save_pretrained(tmp_path / "model")
    again = VanerForTokenClassification.from_pretrained(tmp_path / "model", quantization="nf4")
    assert again.layout == "packed"
    for actual, reference in zip(compute_scores(again, rows, "packed"), expected, strict=True):
        torch.testing.assert_close(actual, reference, rtol=1e-3, atol=1e-4)
