"""Tiny random models of many architectures, saved as they are on the Hub."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    AutoModelForMaskedLM,
    AutoModelForSeq2SeqLM,
    PreTrainedConfig,
    PreTrainedModel,
)
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES

VOCABULARY = 300
WIDTH = 64
LAYERS = 4

# Values for the fields that configs have, by the names that they have in one config or another.
_SIZES: Mapping[str, Any] = {
    **dict.fromkeys(("vocab_size", "vocab_size_per_layer_input"), VOCABULARY),
    **dict.fromkeys(
        ("hidden_size", "n_embd", "d_model", "dim", "embedding_size", "word_embed_proj_dim",
         "lru_width"), WIDTH,
    ),
    **dict.fromkeys(
        ("intermediate_size", "n_inner", "hidden_dim", "ffn_dim", "d_inner"), 2 * WIDTH
    ),
    **dict.fromkeys(("num_hidden_layers", "n_layer", "num_layers", "n_layers"), LAYERS),
    **dict.fromkeys(("num_attention_heads", "n_head", "num_heads", "n_heads"), 4),
    **dict.fromkeys(
        ("num_experts", "num_local_experts", "n_routed_experts", "linear_num_value_heads"), 4
    ),
    **dict.fromkeys(
        ("num_key_value_heads", "num_experts_per_tok", "mamba_expand", "linear_num_key_heads"), 2
    ),
    **dict.fromkeys(("max_position_embeddings", "n_positions"), 512),
    **dict.fromkeys(
        ("head_dim", "kv_lora_rank", "q_lora_rank", "v_head_dim", "mamba_d_head",
         "linear_key_head_dim", "linear_value_head_dim"), 16,
    ),
    **dict.fromkeys(
        ("sliding_window", "rotary_dim", "qk_rope_head_dim", "qk_nope_head_dim", "mamba_d_state",
         "mamba_n_heads", "state_size", "mamba_chunk_size", "attention_window_size",
         "hidden_size_per_layer_input"), 8,
    ),
    **dict.fromkeys(("moe_intermediate_size", "shared_expert_intermediate_size"), 32),
    "num_kv_shared_layers": 0, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip

_SIGLIP = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2,
    "image_size": 16, "patch_size": 8,
}  # fmt: skip
_QWEN_VISION = {
    "depth": 1, "hidden_size": 32, "num_heads": 2, "intermediate_size": 64,
    "out_hidden_size": WIDTH, "num_position_embeddings": 16, "deepstack_visual_indexes": [0],
}  # fmt: skip
_IMAGE_TOKENS = {"image_token_id": 290, "video_token_id": 291, "vision_start_token_id": 292}

ARCHITECTURES: Mapping[str, Mapping[str, Any]] = {
    # decoders
    "llama": {}, "mistral": {}, "mixtral": {}, "ministral": {}, "qwen2": {}, "qwen2_moe": {},
    "qwen3": {}, "qwen3_moe": {}, "phi": {}, "phi3": {}, "gemma": {}, "gemma2": {},
    "gemma3_text": {}, "gemma3n_text": {}, "gemma4_text": {}, "olmo": {},
    "olmo2": {}, "olmo3": {}, "smollm3": {}, "gptj": {}, "xglm": {},
    "granite": {}, "granitemoe": {}, "glm": {}, "glm4": {}, "cohere": {}, "cohere2": {},
    "exaone4": {}, "helium": {}, "stablelm": {}, "starcoder2": {}, "nemotron": {}, "gpt_oss": {},
    "gpt2": {}, "gpt_neox": {}, "opt": {}, "bloom": {}, "falcon": {}, "mpt": {}, "biogpt": {},
    "deepseek_v2": {"head_dim": 8, "num_key_value_heads": 4, "n_group": 1, "topk_group": 1},
    "deepseek_v3": {"head_dim": 8, "num_key_value_heads": 4, "n_group": 1, "topk_group": 1},
    "llama4_text": {}, "apertus": {}, "arcee": {}, "bitnet": {}, "codegen": {}, "ctrl": {},
    "diffllama": {}, "doge": {}, "flex_olmo": {}, "jetmoe": {}, "ministral3": {},
    "modernbert-decoder": {}, "nanochat": {}, "phimoe": {}, "vaultgemma": {},
    "gpt_neo": {"num_layers": LAYERS, "attention_types": [[["global", "local"], 2]],
                "window_size": 8},
    # decoders with layers that are causal by construction
    "mamba": {}, "falcon_mamba": {}, "rwkv": {}, "qwen3_next": {}, "qwen3_5_text": {},
    "lfm2": {"layer_types": ["conv", "full_attention"] * 2},
    "bamba": {}, "granitemoehybrid": {}, "jamba": {}, "recurrent_gemma": {}, "olmo_hybrid": {},
    # for text and images
    "gemma3": {"text_config": "gemma3_text", "vision_config": _SIGLIP,
               "mm_tokens_per_image": 4, "image_token_index": 290},
    "gemma4": {"text_config": "gemma4_text", "image_token_id": 290, "audio_config": None,
               "vision_config": {**_SIGLIP, "num_key_value_heads": 2, "head_dim": 16}},
    "mistral3": {"text_config": "mistral", "image_token_index": 290,
                 "vision_config": {**_SIGLIP, "model_type": "pixtral"}},
    "qwen3_vl": {"text_config": "qwen3_vl_text", "vision_config": _QWEN_VISION, **_IMAGE_TOKENS},
    "qwen3_5": {"text_config": "qwen3_5_text", "vision_config": _QWEN_VISION, **_IMAGE_TOKENS},
    # encoders
    "bert": {}, "roberta": {}, "xlm-roberta": {}, "electra": {}, "albert": {}, "distilbert": {},
    "gte": {},
    "deberta": {}, "deberta-v2": {}, "mpnet": {}, "modernbert": {}, "nomic_bert": {},
    "eurobert": {}, "esm": {}, "rembert": {}, "camembert": {}, "convbert": {}, "fnet": {},
    "xlnet": {}, "xlm": {}, "flaubert": {}, "roformer": {}, "megatron-bert": {}, "squeezebert": {},
    "data2vec-text": {}, "xlm-roberta-xl": {}, "roberta-prelayernorm": {}, "mra": {},
    "longformer": {"attention_window": [8] * LAYERS}, "big_bird": {}, "nystromformer": {},
    "funnel": {"block_sizes": [2, 2], "d_head": 16, "num_decoder_layers": 1, "n_head": 4,
               "d_model": WIDTH, "d_inner": 2 * WIDTH, "vocab_size": VOCABULARY},
    # not supported: an encoder-decoder
    "t5": {"d_kv": 16},
}  # fmt: skip
"""Model type -> fields of its config. A text config is named by its model type."""

TOKENIZER = "tokenizer.json"


def build_config(kind: str, **fields: Any) -> PreTrainedConfig:
    """Return a tiny config of an architecture, with other values of some fields."""
    return _build(kind, {**ARCHITECTURES.get(kind, {}), **fields})


def _build(kind: str, fields: Mapping[str, Any]) -> PreTrainedConfig:
    config_class = CONFIG_MAPPING[kind]
    names = {
        *inspect.signature(config_class.__init__).parameters,
        *getattr(config_class, "__dataclass_fields__", {}),
        *getattr(config_class, "attribute_map", {}),
    }
    values = {name: value for name, value in _SIZES.items() if name in names} | dict(fields)
    if isinstance(text := values.get("text_config"), str):
        values = dict(fields)
        values["text_config"] = {**build_config(text).to_dict(), "model_type": text}
    config: PreTrainedConfig = config_class(**values)
    return config


def build_model(kind: str, **fields: Any) -> PreTrainedModel:
    """Return a random model of an architecture, as it is on the Hub: with its head."""
    config = build_config(kind, **fields)
    auto: Any = AutoModelForCausalLM
    if kind in MODEL_FOR_MASKED_LM_MAPPING_NAMES:
        auto = AutoModelForMaskedLM
    elif config.get_text_config() is not config:
        auto = AutoModelForImageTextToText
    elif config.is_encoder_decoder:
        auto = AutoModelForSeq2SeqLM
    torch.manual_seed(0)
    model: PreTrainedModel = auto.from_config(config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:  # so that attention is not nearly uniform
                parameter.normal_(std=0.1)
    model.train(False)
    return model


def save_model(kind: str, folder: Path, **fields: Any) -> Path:
    """Save a random model of an architecture with a tokenizer, and return the folder."""
    build_model(kind, **fields).save_pretrained(folder)
    build_tokenizer().save(str(folder / TOKENIZER))
    return folder


def build_tokenizer() -> Tokenizer:
    """Return a tokenizer with a subword for each byte."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({sign: 3 + i for i, sign in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer
