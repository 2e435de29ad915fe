"""What the configuration of every model has: its backbone, stored with it, checked at load."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any, ClassVar, Literal, get_args

from transformers import AutoConfig, PreTrainedConfig

from vaner.errors import ModelError

Attention = Literal["bidirectional", "causal"]


class BackboneModelConfig(PreTrainedConfig):
    """What every model of ours has: a backbone, and what it was taught to find.

    Args:
        backbone: embedded name, local folder or Hub id the weights below the head came from.
        backbone_origin: where that name was found (``folder``, ``hub``, ``package``). An embedded
            name has slightly different weights on the Hub (bf16) and in the package (4-bit, read
            as fp32); a trained head belongs to the one it was trained on.
        backbone_config: configuration of the backbone itself, as a config or its dict.
        attention: ``bidirectional`` lifts a decoder's causal mask; ``causal`` keeps it.
        causal_layers: of a bidirectional decoder the first so many layers keep the causal mask.
        frozen_layers: without an adapter, the embeddings and so many layers stay the backbone's
            own, and only the others are saved; None if all weights are trained and saved.
        types: entity types the model was trained on.
        max_subwords: most sub-words in a row, instruction included; longer sentences are read in
            overlapping windows.

    Attributes:
        model_module: where the model is, which must be known to `AutoModel` and its like once
            there is a config of it, without being imported by its name.
    """

    model_module: ClassVar[str] = ""
    sub_configs = {"backbone_config": AutoConfig}  # noqa: RUF012 - as transformers has it
    has_no_defaults_at_init = True

    def __init__(
        self,
        *,
        backbone: str = "",
        backbone_origin: str = "",
        backbone_config: PreTrainedConfig | dict[str, Any] | None = None,
        attention: Attention = "bidirectional",
        causal_layers: int = 0,
        frozen_layers: int | None = None,
        types: tuple[str, ...] | list[str] = (),
        max_subwords: int = 256,
        **kwargs: Any,
    ) -> None:
        check_choice("attention", attention, get_args(Attention))
        if self.model_module:
            import_module(self.model_module)
        if isinstance(backbone_config, dict):
            backbone_config = AutoConfig.for_model(**backbone_config)
        self.backbone = backbone
        self.backbone_origin = backbone_origin
        self.backbone_config = backbone_config
        self.attention = attention
        self.causal_layers = causal_layers
        self.frozen_layers = frozen_layers
        self.types = list(types)
        self.max_subwords = max_subwords
        super().__init__(**kwargs)

    @property
    def base_config(self) -> PreTrainedConfig:
        """The backbone's configuration; every model has one, an empty config has not."""
        if self.backbone_config is None:
            raise ModelError("the config names no backbone_config")
        return self.backbone_config

    @property
    def hidden_size(self) -> int:
        """Width of the backbone's vectors."""
        width: int = self.base_config.get_text_config().hidden_size
        return width

    def check(self) -> None:
        """Refuse a stored value that would only be noticed at the first text.

        Raises:
            VanerError: for one.
        """


def check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    """Refuse a value of a field that is none of those it can have."""
    if value not in choices:
        raise ModelError(f"{name} is {value!r}; choose one of {', '.join(choices)}")
