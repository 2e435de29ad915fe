"""Checks of the options for loading a model: unknown ones are errors; transformers ignores them."""

from __future__ import annotations

from collections.abc import Collection

import torch
from transformers import PreTrainedConfig

from vaner.errors import ModelError

# What transformers passes to `from_pretrained` of every model, and what has no effect here.
_PASSED_BY_TRANSFORMERS = {
    "_commit_hash",
    "_from_auto",
    "_from_pipeline",
    "adapter_kwargs",
    "config",
    "trust_remote_code",
}


_DTYPES = {
    "auto": torch.float32, "float32": torch.float32, "fp32": torch.float32,
    "bfloat16": torch.bfloat16, "bf16": torch.bfloat16, "float16": torch.float16,
}  # fmt: skip


def parse_dtype(dtype: torch.dtype | str | None) -> torch.dtype:
    """Return a number format. ``auto`` means fp32, as in training, not the format of the files.

    Raises:
        ModelError: if there is no such format.

    >>> parse_dtype("bf16")
    torch.bfloat16
    """
    if dtype is None or isinstance(dtype, torch.dtype):
        return dtype or torch.float32
    if dtype not in _DTYPES:
        raise ModelError(f"dtype is {dtype!r}; choose one of {', '.join(_DTYPES)}")
    return _DTYPES[dtype]


def check_config_fields(config_class: type[PreTrainedConfig], names: Collection[str]) -> None:
    """Check the names of the fields for a new config, which would store a field of any name.

    Raises:
        TypeError: if there is no such field.

    >>> from transformers import BertConfig
    >>> check_config_fields(BertConfig, ["hidden_size"])
    """
    known = vars(config_class()).keys() | config_class.attribute_map.keys()
    if unknown := sorted(set(names) - known):
        raise TypeError(f"a {config_class.model_type} model has no option {unknown[0]}")


def check_adapter_options(names: Collection[str]) -> None:
    """Check the names of the options for a model whose backbone is loaded separately.

    Raises:
        ModelError: if there is no such option.
    """
    if unknown := sorted(set(names) - _PASSED_BY_TRANSFORMERS):
        raise ModelError(
            f"unknown option {unknown[0]}; the backbone of this model is loaded separately, and "
            "takes no options of transformers"
        )
