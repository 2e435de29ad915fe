"""The base class of all models: a backbone, and usually a head, saved and loaded together.

If only a part of the backbone was trained, only that part is saved: see
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
from vaner.backbones import load_options, saved_parts, trainable_weights
from vaner.backbones.attention import check_attention, keep_causal_layers
from vaner.backbones.checked_model import CheckedModel
from vaner.backbones.config import BackboneModelConfig
from vaner.backbones.file_names import ADAPTER_CONFIG, HEAD_FILE, LAYERS_FILE
from vaner.backbones.hub_errors import pop_hub_options, without_revision
from vaner.backbones.hub_names import parse_hub_name
from vaner.backbones.locate import locate_backbone
from vaner.backbones.saved_records import copy_records
from vaner.backbones.storage import (
    check_same_architecture,
    check_weights,
    locate_adapter,
    model_errors,
    read_model_type,
    read_weights,
    resolve_model_folder,
)
from vaner.errors import ModelError, summarize_error
from vaner.utils.atomic_write import apply_umask


class BackboneModel(CheckedModel):
    """A model on a backbone.

    Create a new model on pretrained weights with `from_backbone`. Load a saved one with
    `from_pretrained`, whether all its weights were saved or only the trained ones. A subclass
    builds its head after this constructor and then calls `post_init`.

    Attributes:
        has_head: whether there is a head of this package above the backbone.
    """

    config_class = BackboneModelConfig
    base_model_prefix = "backbone"
    supports_gradient_checkpointing = True
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True
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
            trainable_weights.mark_initialized(backbone)
        self.backbone = backbone
        backbones.disable_outputs(backbone)
        keep_causal_layers(backbone, config.causal_layers)
        if config.frozen_layers is not None:
            trainable_weights.freeze_layers(backbone, config.frozen_layers)

    def _init_weights(self, module: nn.Module) -> None:
        """Do nothing: all weights are initialized by the constructors."""

    def _head_modules(self) -> dict[str, nn.Module]:
        """Return the modules above the backbone by their names in a state dict."""
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
        """Create a model with a new head on pretrained weights.

        Args:
            name: embedded name, local folder or Hub id of the backbone, which may be followed by a
                revision: ``owner/name@v1``.
            origin: the origin to try first, see `vaner.backbones.locate.locate_backbone`.
            layers: number of layers of the backbone to keep. Default: all.
            lora: options of peft's `LoraConfig`. Default: no adapter; all weights are trained.
            quantization: ``nf4`` or None.
            dtype: dtype of the backbone's weights.
            device: device of quantized weights.
            kernel: attention implementation, see `vaner.backbones.backbone.load_backbone`.
            backbone_dropout: dropout inside the backbone's layers, likewise.
            config: further fields of the model's config, and options for the Hub: ``revision``,
                ``token``, ``cache_dir``, ``local_files_only``.

        Raises:
            ModelError: if the backbone is nowhere, or cannot be loaded this way.
            TypeError: if the config has no such field.
        """
        hub = pop_hub_options(config)
        load_options.check_config_fields(cls.config_class, config)
        name = str(parse_hub_name(name, hub.pop("revision", None)))
        located = locate_backbone(name, origin, **hub)
        model_config = cls.config_class(backbone=name, backbone_origin=located.origin, **config)
        backbone = backbones.load_backbone(
            located.folder,
            attention=model_config.attention,
            is_generative=cls.is_generative,
            layers=layers,
            quantization=quantization,
            dtype=dtype,
            device=device,
            kernel=kernel,
            dropout=backbone_dropout,
        )
        # A copy, since transformers resets the attention implementation of a config it gets.
        backbone_config = deepcopy(backbone.config)
        backbone_config._name_or_path = name  # instead of the folder it was loaded from
        model_config.backbone_config = backbone_config
        if lora is not None:
            backbone = trainable_weights.add_lora(backbone, lora)
        model = cls(model_config, backbone)
        model.hub_options = hub
        model.move_head(next(backbone.parameters()).device)
        return model

    def head_parameters(self) -> list[nn.Parameter]:
        """Return the trainable parameters above the backbone, which get a higher learning rate."""
        parameters = [p for part in self._head_modules().values() for p in part.parameters()]
        return [parameter for parameter in parameters if parameter.requires_grad]

    def move_head(self, device: torch.device) -> None:
        """Move the head to the device of a backbone that cannot be moved."""
        for part in self._head_modules().values():
            part.to(device)

    def merge_adapter(self) -> Self:
        """Merge a LoRA adapter into the backbone, for faster inference. It cannot be undone."""
        if self.is_adapted:
            self.backbone = trainable_weights.merge_lora(self.backbone)
            self.all_tied_weights_keys = self.get_expanded_tied_weights_keys(all_submodels=True)
        return self

    def tie_weights(self, *args: Any, **options: Any) -> None:
        """Tie weights, except those of a backbone with an adapter, which are tied already."""
        if not self.is_adapted:
            super().tie_weights(*args, **options)

    @property
    def is_adapted(self) -> bool:
        """Whether the backbone has an adapter, which is then all that is saved of it."""
        return trainable_weights.is_adapted(self.backbone)

    @property
    def saves_trained_weights_only(self) -> bool:
        """Whether only trained weights are saved, and the backbone is loaded separately."""
        return self.is_adapted or self.config.frozen_layers is not None

    def activation_checkpointing_enable(  # type: ignore[override]
        self, activation_checkpointing_kwargs: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        """Enable activation checkpointing, in the non-reentrant form that peft needs."""
        options = {**(activation_checkpointing_kwargs or {}), "use_reentrant": False}
        trainable_weights.enable_checkpointing(self.backbone, options, **kwargs)

    def gradient_checkpointing_enable(
        self, gradient_checkpointing_kwargs: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        """Enable activation checkpointing, by its name in transformers before 5.23."""
        self.activation_checkpointing_enable(gradient_checkpointing_kwargs, **kwargs)

    # Saving and loading -----------------------------------------------------------------------

    def save_pretrained(self, save_directory: str | Path, **options: Any) -> None:  # type: ignore[override]
        """Save the model: all its weights, or the trained weights of the backbone and the head.

        An adapter is in peft's format, and also loads on the bare backbone with `peft.PeftModel`.
        If the model was loaded, see also `vaner.backbones.saved_records.copy_records`.
        """
        folder, is_main = Path(save_directory), options.get("is_main_process", True)
        if not self.saves_trained_weights_only:
            # Its progress bar would interrupt that of the trainer.
            with backbones.silence_transformers():
                # The names of the weights are those in memory, not those of the backbone's files.
                super().save_pretrained(folder, **{"save_original_format": False, **options})
        elif is_main:
            folder.mkdir(parents=True, exist_ok=True)
            self.config.architectures = [type(self).__name__]
            self.config.save_pretrained(folder)
            saved_parts.save_trained_weights(self.backbone, folder, self.config.backbone)
            if self.has_head:
                saved_parts.save_head(self._head_modules(), folder)
        if is_main:
            copy_records(self.name_or_path, folder)
            apply_umask(folder)

    def push_to_hub(self, repo_id: str, **options: Any) -> str:  # type: ignore[override]
        """Push the model to the Hub, with its tokenizer and a model card.

        Args:
            repo_id: the repository: ``name`` or ``owner/name``.
            options: ``private``, ``token``, ``message``, ``backbone``, ``results``; see
                `vaner.hub.repository.push`.

        Returns:
            The address of the repository.
        """
        from vaner.hub.push import push_model

        return push_model(self, repo_id, **options)

    def load_trained_weights(self, folder: Path) -> None:
        """Load saved trained weights into this model, in place, to resume a run.

        Raises:
            ModelError: if a file is missing or truncated, or does not fit.
        """
        if not self.saves_trained_weights_only:
            # Only one of several tied weights is saved.
            names = set(self.state_dict()) - set(self.all_tied_weights_keys)
            saved_parts.load_into(self, read_weights(folder / "model.safetensors"), names, folder)
            return
        saved_parts.load_trained_weights(self.backbone, folder)
        if self.has_head:
            saved_parts.load_head(self._head_modules(), folder)

    @classmethod
    def from_pretrained(  # type: ignore[override]
        cls, name_or_path: str | Path, *args: Any, **options: Any
    ) -> Self:
        """Load a saved model.

        Args:
            name_or_path: folder or Hub id.
            args: for transformers, if all weights were saved.
            options: those below, and those of transformers: ``revision``, ``token`` …
            trainable: whether the adapter stays trainable.
            quantization: ``nf4`` loads the backbone of an adapter in 4-bit.
            dtype: dtype of the backbone's weights.
            device: device of quantized weights.
            backbone: another folder or Hub id of the backbone than the stored one.

        Raises:
            ModelError: if a file is missing or truncated, or does not fit the config, or if there
                is no such option.
        """
        hub = pop_hub_options(options)
        folder = resolve_model_folder(name_or_path, **hub)
        hub = without_revision(hub)
        if (kind := read_model_type(folder)) != cls.config_class.model_type:
            raise ModelError(f"{folder} is of a {kind} model, not of a saved {cls.__name__}")
        with model_errors(folder):
            model = cls._load(folder, *args, hub=hub, **options)
            model.config.check()
        model.name_or_path, model.hub_options = str(folder), hub
        return model

    @classmethod
    def _load(cls, folder: Path, *args: Any, hub: dict[str, Any], **options: Any) -> Self:
        parts = (locate_adapter(folder) / ADAPTER_CONFIG, folder / LAYERS_FILE, folder / HEAD_FILE)
        if any(part.is_file() for part in parts):
            return cls._load_onto_backbone(folder, hub=hub, **options)
        if options.pop("quantization", None) is not None:
            raise ModelError(f"{folder}: only the backbone of an adapter is loaded in 4-bit")
        check_weights(folder)
        for adapter_option in ("trainable", "device", "backbone"):
            options.pop(adapter_option, None)
        if options.get("dtype") not in (None, "auto"):
            options["dtype"] = load_options.parse_dtype(options["dtype"])
        try:
            with backbones.silence_transformers():
                loaded: Any = super().from_pretrained(
                    folder, *args, output_loading_info=True, **options
                )
        except OSError as error:  # a file is missing
            reason = summarize_error(error)
            raise ModelError(f"{folder}: the model is not complete ({reason})") from error
        model, info = loaded
        missing = sorted(info["missing_keys"]) + sorted(str(k) for k in info["mismatched_keys"])
        if missing:
            raise ModelError(f"{folder}: weights missing or of another shape: {missing[0]} …")
        check_attention(model.backbone, model.config.attention)
        for part in model._head_modules().values():
            part.float()  # also on a backbone in bf16
        assert isinstance(model, cls)
        return model

    @classmethod
    def _load_onto_backbone(
        cls,
        folder: Path,
        *,
        trainable: bool = False,
        quantization: backbones.Quantization | None = None,
        dtype: torch.dtype | str | None = torch.float32,
        device: str | None = None,
        backbone: str | None = None,
        hub: dict[str, Any] | None = None,
        **others: Any,
    ) -> Self:
        load_options.check_adapter_options(others)
        config = cls.config_class.from_pretrained(folder)
        if quantization is not None and config.frozen_layers is not None:
            raise ModelError(f"{folder}: only the backbone of an adapter is loaded in 4-bit")
        layers = config.frozen_layers is not None
        saved_parts.check_readable(folder, layers=layers, has_head=cls.has_head)
        located = locate_backbone(
            backbone or config.backbone, config.backbone_origin, **(hub or {})
        )
        base = backbones.load_backbone(
            located.folder,
            attention=config.attention,
            is_generative=cls.is_generative,
            layers=config.base_config.get_text_config().num_hidden_layers,
            quantization=quantization,
            dtype=load_options.parse_dtype(dtype),
            device=device,
        )
        check_same_architecture(base.config, config.backbone_config, located.folder)
        if layers:
            model = cls(config, base)
            saved_parts.load_trained_weights(base, folder)
        else:
            adapter = locate_adapter(folder)
            model = cls(config, trainable_weights.load_lora(base, adapter, trainable=trainable))
        check_attention(base, config.attention)
        if cls.has_head:
            saved_parts.load_head(model._head_modules(), folder)
        model.move_head(next(base.parameters()).device)
        model.train(trainable)
        return model
