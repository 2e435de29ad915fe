"""The part of a model's configuration that all models on a backbone share."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any, ClassVar, Literal, get_args

from transformers import AutoConfig, PreTrainedConfig

from vaner.backbones.stored_config import FORMER_NAMES
from vaner.errors import ModelError

Attention = Literal["bidirectional", "causal"]


class BackboneModelConfig(PreTrainedConfig):
    """Configuration of a model on a backbone.

    Args:
        backbone: embedded name, local folder or Hub id of the pretrained weights.
        backbone_origin: where that name was found: ``folder``, ``hub`` or ``package``. The weights
            of an embedded name differ slightly between the Hub (bf16) and the package (4-bit, read
            as fp32), and a trained head belongs to those it was trained on.
        backbone_config: configuration of the backbone, as an object or a dictionary.
        attention: ``bidirectional`` lifts the causal mask of a decoder; ``causal`` keeps it.
        causal_layers: number of layers of a bidirectional decoder, from the bottom, that keep the
            causal mask.
        frozen_layers: without an adapter, the embeddings and so many layers are those of the
            backbone, and only the others are saved. None: all weights are trained and saved.
        types: entity types that the model was trained on.
        corpora: training corpora that `annotate` accepts by name -> the types each annotates. It
            was formerly called ``datasets``.
        max_subwords: maximum number of subwords in a row, including the instruction. Longer
            sentences are read in overlapping windows.

    Attributes:
        model_module: the module of the model class. It registers the class with `AutoModel`, so it
            is imported as soon as there is a config.
    """

    model_module: ClassVar[str] = ""
    attribute_map: ClassVar[dict[str, str]] = FORMER_NAMES
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
        corpora: dict[str, list[str]] | None = None,
        max_subwords: int = 256,
        **kwargs: Any,
    ) -> None:
        check_choice("attention", attention, get_args(Attention))
        if self.model_module:
            import_module(self.model_module)
        if isinstance(backbone_config, dict):
            backbone_config = AutoConfig.for_model(**backbone_config)
        former_corpora = kwargs.pop("datasets", None)
        corpora = former_corpora if corpora is None else corpora
        self.backbone = backbone
        self.backbone_origin = backbone_origin
        self.backbone_config = backbone_config
        self.attention = attention
        self.causal_layers = causal_layers
        self.frozen_layers = frozen_layers
        self.types = list(types)
        self.corpora = {name: list(annotated) for name, annotated in (corpora or {}).items()}
        self.max_subwords = max_subwords
        super().__init__(**kwargs)

    @property
    def base_config(self) -> PreTrainedConfig:
        """The configuration of the backbone.

        Raises:
            ModelError: if it is missing, which only an empty config allows.
        """
        if self.backbone_config is None:
            raise ModelError("the config has no backbone_config")
        return self.backbone_config

    @property
    def hidden_size(self) -> int:
        """The size of the backbone's vectors.

        Raises:
            ModelError: if it has no single size.
        """
        size: int | None = getattr(self.base_config.get_text_config(), "hidden_size", None)
        if size is None:
            kind = self.base_config.model_type
            raise ModelError(f"a {kind} backbone has no hidden_size: use another backbone")
        return size

    def check(self) -> None:
        """Check stored values that would otherwise cause an error at the first text.

        Raises:
            VanerError: if one is invalid.
        """


def check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    """Check the value of a field that has a fixed list of choices.

    Raises:
        ModelError: if the value is none of them.
    """
    if value not in choices:
        raise ModelError(f"{name} is {value!r}; choose one of {', '.join(choices)}")
