"""What every model of ours is: a backbone and perhaps a head, made, saved and loaded as one.

Of the backbone only what was trained is saved, where that is not all of it: see
`vaner.backbones.saved_parts`.
"""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from torch import nn
from transformers import PreTrainedModel

from vaner.backbones import backbone as backbones
from vaner.backbones import saved_parts, trainable_weights
from vaner.backbones.attention import check_attention, keep_causal
from vaner.backbones.config import BackboneModelConfig
from vaner.backbones.file_names import ADAPTER_CONFIG, HEAD_FILE, LAYERS_FILE
from vaner.backbones.locate import locate_backbone
from vaner.backbones.storage import (
    check_same_architecture,
    check_weights,
    locate_adapter,
    read_model_type,
    read_weights,
    resolve_model_folder,
)
from vaner.errors import ModelError

# What transformers' own `from_pretrained` knows of finding a model.
_HUB_OPTIONS = ("cache_dir", "force_download", "local_files_only", "revision", "token")


class BackboneModel(PreTrainedModel):
    """A model on a backbone.

    Build one on pretrained weights with `from_backbone`, load a saved one with `from_pretrained`,
    whole or as what was trained of it alone. A subclass makes its head after this constructor and
    calls `post_init` at the end of its own.

    Attributes:
        is_generative: whether the backbone is a language model, with its head over the vocabulary.
        has_head: whether there is a head of ours above the backbone.
    """

    config_class = BackboneModelConfig
    base_model_prefix = "backbone"
    supports_gradient_checkpointing = True
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True
    is_generative: ClassVar[bool] = False
    has_head: ClassVar[bool] = True

    def __init__(
        self, config: BackboneModelConfig, backbone: PreTrainedModel | None = None
    ) -> None:
        super().__init__(config)
        if backbone is None:
            backbone = backbones.build_backbone(
                config.base_config, config.attention, is_generative=self.is_generative
            )
        else:
            trainable_weights.keep_weights(backbone)
        self.backbone = backbone
        keep_causal(backbone, config.causal_layers)
        if config.frozen_layers is not None:
            trainable_weights.freeze(backbone, config.frozen_layers)

    def _init_weights(self, module: nn.Module) -> None:
        """Called by transformers for weights a saved model lacks; ours are set on construction."""

    def _head_parts(self) -> dict[str, nn.Module]:
        """The modules above the backbone, by their names in a state dict."""
        return {}

    @classmethod
    def from_backbone(
        cls,
        name: str,
        *,
        origin: str | None = None,
        layers: int | None = None,
        lora: dict[str, Any] | None = None,
        quantization: backbones.Quantization | None = None,
        dtype: torch.dtype = torch.float32,
        device: str | None = None,
        kernel: str | None = None,
        backbone_dropout: float | None = None,
        **config: Any,
    ) -> Self:
        """A model with a fresh head on pretrained weights.

        Args:
            name: embedded name, local folder or Hub id.
            origin: where to look first, see `vaner.backbones.locate.locate_backbone`.
            layers: keep only the first so many layers of the backbone.
            lora: options of peft's `LoraConfig`; all weights are trained if None.
            quantization: ``nf4`` or None.
            dtype: of the backbone's weights.
            device: for quantised weights only.
            kernel: attention code for training, see `vaner.backbones.backbone.load_backbone`.
            backbone_dropout: inside the backbone's layers, likewise.
            config: further fields of the model's config.
        """
        found = locate_backbone(name, origin)
        wanted = cls.config_class(backbone=name, backbone_origin=found.origin, **config)
        backbone = backbones.load_backbone(
            found.folder, attention=wanted.attention, is_generative=cls.is_generative, layers=layers,
            quantization=quantization, dtype=dtype, device=device, kernel=kernel,
            dropout=backbone_dropout,
        )  # fmt: skip
        # A copy: transformers resets the attention implementation of a config it is given.
        own = deepcopy(backbone.config)
        own._name_or_path = name  # not the folder it happened to lie in
        wanted.backbone_config = own
        if lora is not None:
            backbone = trainable_weights.add_lora(backbone, lora)
        model = cls(wanted, backbone)
        model.move_head(next(backbone.parameters()).device)
        return model

    def head_parameters(self) -> list[nn.Parameter]:
        """Trainable parameters above the backbone: they start from nothing and learn faster."""
        above = [p for part in self._head_parts().values() for p in part.parameters()]
        return [p for p in above if p.requires_grad]

    def move_head(self, device: torch.device) -> None:
        """Put the head beside a backbone that cannot be moved."""
        for part in self._head_parts().values():
            part.to(device)

    def merge_adapter(self) -> Self:
        """Fold a LoRA adapter into the backbone: same answers, faster use, no way back."""
        if self.adapted:
            self.backbone = trainable_weights.merge_lora(self.backbone)
            self.all_tied_weights_keys = self.get_expanded_tied_weights_keys(all_submodels=True)
        return self

    def tie_weights(self, *args: Any, **options: Any) -> None:
        """Tied weights of a backbone with an adapter are tied; their names are not known there."""
        if not self.adapted:
            super().tie_weights(*args, **options)

    @property
    def adapted(self) -> bool:
        """Whether the backbone carries an adapter, which is then all that is saved of it."""
        return trainable_weights.is_adapted(self.backbone)

    @property
    def on_backbone(self) -> bool:
        """Whether only what was trained is saved, to be put on the backbone again."""
        return self.adapted or self.config.frozen_layers is not None

    def activation_checkpointing_enable(  # type: ignore[override]
        self, activation_checkpointing_kwargs: dict[str, Any] | None = None, **more: Any
    ) -> None:
        """Trade time for memory; peft needs the non-reentrant kind."""
        options = {**(activation_checkpointing_kwargs or {}), "use_reentrant": False}
        trainable_weights.checkpoint_activations(self.backbone, options, **more)

    def gradient_checkpointing_enable(
        self, gradient_checkpointing_kwargs: dict[str, Any] | None = None, **more: Any
    ) -> None:
        """The same by the name that transformers has for it before 5.23."""
        self.activation_checkpointing_enable(gradient_checkpointing_kwargs, **more)

    # Saving and loading -----------------------------------------------------------------------

    def save_pretrained(self, save_directory: str | Path, **options: Any) -> None:  # type: ignore[override]
        """Save the model: what was trained of the backbone and the head, or all weights.

        An adapter is in peft's own format and also loads on the bare backbone with
        `peft.PeftModel`.
        """
        folder = Path(save_directory)
        if not self.on_backbone:
            with (
                backbones.silence_transformers()
            ):  # it draws a bar of its own, in the middle of the trainer's
                super().save_pretrained(folder, **options)
            return
        if not options.get("is_main_process", True):
            return
        folder.mkdir(parents=True, exist_ok=True)
        self.config.architectures = [type(self).__name__]
        self.config.save_pretrained(folder)
        saved_parts.save_trained(self.backbone, folder, self.config.backbone)
        if self.has_head:
            saved_parts.save_head(self._head_parts(), folder)

    def push_to_hub(self, repo_id: str, **options: Any) -> str:  # type: ignore[override]
        """Put the model on the Hub, with its tokenizer and a card, and give its address.

        Args:
            repo_id: the repository: ``name``, or ``owner/name``.
            options: ``private``, ``token``, ``message``, ``backbone``, ``results``: see
                `vaner.hub.repository.push`.

        Raises:
            HubError: where the Hub cannot be reached or refuses.
        """
        from vaner.hub.push import push_model

        return push_model(self, repo_id, **options)

    def load_trained_weights(self, folder: Path) -> None:
        """Put saved trained weights into this model in place, as when a run is resumed.

        Raises:
            ModelError: where a file is missing, truncated, or does not fit.
        """
        if not self.on_backbone:
            # Of those that are tied only one is saved.
            names = set(self.state_dict()) - set(self.all_tied_weights_keys)
            saved_parts.fill(self, read_weights(folder / "model.safetensors"), names, folder)
            return
        saved_parts.load_trained_weights(self.backbone, folder)
        if self.has_head:
            saved_parts.load_head(self._head_parts(), folder)

    @classmethod
    def from_pretrained(  # type: ignore[override]
        cls, name_or_path: str | Path, *args: Any, **options: Any
    ) -> Self:
        """Load a saved model, whole or as what was trained on its backbone.

        Args:
            name_or_path: folder, or Hub id.
            args: for transformers, for a whole model.
            options: those below, and those that transformers passes on: ``revision``, ``token`` …
            trainable: leave the adapter trainable (adapter form only).
            quantization: ``nf4`` to load the backbone of an adapter in 4-bit.
            dtype: of the backbone's weights.
            device: for quantised weights.
            backbone: another place for the backbone than the one stored.

        Raises:
            ModelError: where a file is missing, truncated, or does not fit the config.
        """
        hub = {name: options.pop(name) for name in _HUB_OPTIONS if name in options}
        folder = resolve_model_folder(name_or_path, **hub)
        if (kind := read_model_type(folder)) != cls.config_class.model_type:
            raise ModelError(f"{folder} is of a {kind} model, not of a saved {cls.__name__}")
        own = (locate_adapter(folder) / ADAPTER_CONFIG, folder / LAYERS_FILE, folder / HEAD_FILE)
        if any(part.is_file() for part in own):
            return cls._on_backbone(folder, **options)
        if options.pop("quantization", None) is not None:
            raise ModelError(f"{folder}: only the backbone of an adapter is loaded in 4-bit")
        check_weights(folder)
        for adapters_only in ("trainable", "device", "backbone"):
            options.pop(adapters_only, None)
        try:
            with backbones.silence_transformers():
                loaded: Any = super().from_pretrained(
                    folder, *args, output_loading_info=True, **options
                )
        except OSError as error:  # no file of the name that it looks for, or not all of several
            raise ModelError(f"{folder}: the model is not complete: {error}") from error
        model, info = loaded
        missing = sorted(info["missing_keys"]) + sorted(str(k) for k in info["mismatched_keys"])
        if missing:
            raise ModelError(f"{folder}: weights missing or of another shape: {missing[0]} …")
        check_attention(model.backbone, model.config.attention)
        assert isinstance(model, cls)
        model.name_or_path = str(folder)
        return model

    @classmethod
    def _on_backbone(
        cls,
        folder: Path,
        *,
        trainable: bool = False,
        quantization: backbones.Quantization | None = None,
        dtype: torch.dtype | str | None = torch.float32,
        device: str | None = None,
        backbone: str | None = None,
        **_: Any,
    ) -> Self:
        if not isinstance(dtype, torch.dtype):  # transformers' "auto": not the backbone's own,
            dtype = torch.float32  # but what the adapter was trained on, so that answers agree
        config = cls.config_class.from_pretrained(folder)
        if quantization is not None and config.frozen_layers is not None:
            raise ModelError(f"{folder}: only the backbone of an adapter is loaded in 4-bit")
        config.check()
        layers = config.frozen_layers is not None
        saved_parts.check_readable(folder, layers=layers, has_head=cls.has_head)
        found = locate_backbone(backbone or config.backbone, config.backbone_origin)
        base = backbones.load_backbone(
            found.folder, attention=config.attention, is_generative=cls.is_generative,
            layers=config.base_config.get_text_config().num_hidden_layers,
            quantization=quantization, dtype=dtype, device=device,
        )  # fmt: skip
        check_same_architecture(base.config, config.backbone_config, found.folder)
        if layers:
            model = cls(config, base)
            saved_parts.load_trained_weights(base, folder)
        else:
            adapter = locate_adapter(folder)
            model = cls(config, trainable_weights.load_lora(base, adapter, trainable=trainable))
        check_attention(base, config.attention)
        if cls.has_head:
            saved_parts.load_head(model._head_parts(), folder)
        model.move_head(next(base.parameters()).device)
        model.train(trainable)
        model.name_or_path = str(folder)
        return model
