"""The tagger: a backbone, one vector a word, a linear layer, a CRF.

Letters in shapes: B rows, T sub-words, W words, H hidden, C tags.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForTokenClassification, PreTrainedModel
from transformers.utils.generic import ModelOutput

from vaner.errors import ModelError
from vaner.instructions import Instruction
from vaner.modeling import backbone as backbones
from vaner.modeling.config import Pooling, VanerConfig
from vaner.modeling.crf import CRF, FORBIDDEN
from vaner.modeling.storage import (
    ADAPTER_FILE,
    HEAD_FILE,
    LAYERS_FILE,
    check_config,
    check_same_architecture,
    check_weights,
    name_backbone,
    read_weights,
    resolve,
)
from vaner.tagging import Scheme, TagSet


@dataclass
class TaggerOutput(ModelOutput):
    """What a forward pass gives.

    Args:
        loss: mean negative log-likelihood of a row (crf) or of a word (softmax), with tags only.
        logits: emissions. *Shape:* (B, W, C), fp32.
    """

    loss: Tensor | None = None
    logits: Tensor | None = None


class VanerForTokenClassification(PreTrainedModel):
    """A sequence tagger over words on any decoder or encoder.

    Build one on pretrained weights with `from_backbone`, load a saved one with
    `from_pretrained`, whole or as adapter and head alone.
    """

    config_class = VanerConfig
    base_model_prefix = "backbone"
    supports_gradient_checkpointing = True
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True

    def __init__(self, config: VanerConfig, backbone: PreTrainedModel | None = None) -> None:
        super().__init__(config)
        if backbone is None:
            backbone = backbones.from_config(config.own_backbone, config.attention)
        else:
            backbones.keep_weights(backbone)
        self.backbone = backbone
        backbones.keep_causal(backbone, config.causal_layers)
        if config.frozen_layers is not None:
            backbones.freeze(backbone, config.frozen_layers)
        self.dropout = nn.Dropout(config.dropout)
        tags = config.tag_set
        self.classifier = nn.Linear(config.own_backbone.get_text_config().hidden_size, len(tags))
        self.crf = CRF(len(tags), tag_set=tags, learned=config.head == "crf")
        self.general = _general_head(config) if config.general_head else None
        nn.init.normal_(self.classifier.weight, std=0.02)
        nn.init.zeros_(self.classifier.bias)
        self.post_init()  # type: ignore[no-untyped-call]

    def _init_weights(self, module: nn.Module) -> None:
        """Called by transformers for weights a saved model lacks; ours are set on construction."""

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
    ) -> VanerForTokenClassification:
        """A tagger with a fresh head on pretrained weights.

        Args:
            name: embedded name, local folder or Hub id.
            origin: where to look first, see `vaner.modeling.backbone.find`.
            layers: keep only the first so many layers of the backbone.
            lora: options of peft's `LoraConfig`; all weights are trained if None.
            quantization: ``nf4`` or None.
            dtype: of the backbone's weights.
            device: for quantised weights only.
            kernel: attention code for training, see `vaner.modeling.backbone.load`.
            backbone_dropout: inside the backbone's layers, likewise.
            config: further fields of `VanerConfig`.
        """
        found = backbones.find(name, origin)
        attention = config.get("attention", "bidirectional")
        backbone = backbones.load(
            found.folder, attention=attention, layers=layers,
            quantization=quantization, dtype=dtype, device=device, kernel=kernel,
            dropout=backbone_dropout,
        )  # fmt: skip
        # A copy: transformers resets the attention implementation of a config it is given.
        own = deepcopy(backbone.config)
        own._name_or_path = name  # not the folder it happened to lie in
        full = VanerConfig(
            backbone=name, backbone_origin=found.origin, backbone_config=own, **config
        )
        if lora is not None:
            backbone = backbones.add_lora(backbone, lora)
        model = cls(full, backbone)
        model.head_to(next(backbone.parameters()).device)
        return model

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        word_starts: Tensor,
        word_ends: Tensor,
        word_mask: Tensor,
        tags: Tensor | None = None,
        hidden_tags: Tensor | None = None,
        general: Tensor | None = None,
    ) -> TaggerOutput:
        """Score the tags of every word; shapes as `vaner.batching.collate` makes them."""
        hidden = self.backbone(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        words = pool(hidden, word_starts, word_ends, self.config.pooling)
        # The head stays fp32: a sum of log scores loses too much in bf16.
        with torch.autocast(hidden.device.type, enabled=False):
            words = self.dropout(words.to(self.classifier.weight.dtype))
            emissions = self.classifier(words).float()
            if tags is None:
                return TaggerOutput(logits=emissions)
            if general is not None:
                loss = self._loss_by_domain(words, emissions, tags, word_mask, hidden_tags, general)
            else:
                loss = self.loss(emissions, tags, word_mask, hidden_tags)
        return TaggerOutput(loss=loss, logits=emissions)

    def _loss_by_domain(
        self,
        words: Tensor,
        emissions: Tensor,
        tags: Tensor,
        word_mask: Tensor,
        hidden_tags: Tensor | None,
        general: Tensor,
    ) -> Tensor:
        """Each row's loss from the head of its own domain, and none from the other's.

        Args:
            words: *Shape:* (B, W, H).
            emissions: of the biomedical head. *Shape:* (B, W, C).
            tags: *Shape:* (B, W).
            word_mask: *Shape:* (B, W).
            hidden_tags: *Shape:* (B, at most C), or None.
            general: rows of the general domain. *Shape:* (B,), bool.
        """
        if self.general is None:
            raise ValueError("examples of the general domain need a model with a general head")
        own, other = ~general, general
        scores = self.general["classifier"](words[other]).float()
        if self.config.head == "crf":
            share = other.float().mean()
            found = -self.general["crf"](scores, tags[other], word_mask[other], "mean")
        else:  # a mean over words, as that of `loss`: sums over rows would weigh many times more
            share = word_mask[other].sum() / word_mask.sum()
            mask = word_mask[other]
            found = nn.functional.cross_entropy(scores[mask], tags[other][mask])
        loss: Tensor = share * found
        if own.any():
            hidden = None if hidden_tags is None else hidden_tags[own]
            mine = self.loss(emissions[own], tags[own], word_mask[own], hidden)
            loss = loss + (1 - share) * mine
        return loss

    def loss(
        self,
        emissions: Tensor,
        tags: Tensor,
        word_mask: Tensor,
        hidden_tags: Tensor | None = None,
    ) -> Tensor:
        """Negative log-likelihood: a row's mean for the CRF, a word's mean for softmax.

        Where a row has hidden tags, of what its corpus says: everything those tags may be is
        summed over.
        """
        if hidden_tags is not None:
            allowed = allowed_tags(tags, hidden_tags, emissions.shape[2])
            if self.config.head == "crf":
                agreeing: Tensor = self.crf.partial(emissions, allowed, word_mask, "mean")
                return -agreeing
            each = emissions.log_softmax(-1).masked_fill(~allowed, FORBIDDEN).logsumexp(-1)
            return -each[word_mask].mean()
        if self.config.head == "crf":
            likelihood: Tensor = self.crf(emissions, tags, word_mask, reduction="mean")
            return -likelihood
        return nn.functional.cross_entropy(emissions[word_mask], tags[word_mask])

    def head_parameters(self) -> list[nn.Parameter]:
        """Trainable parameters above the backbone: they start from nothing and learn faster."""
        above = [p for part in self._head_parts().values() for p in part.parameters()]
        return [p for p in above if p.requires_grad]

    def head_to(self, device: torch.device) -> None:
        """Put the head beside a backbone that cannot be moved."""
        for part in self._head_parts().values():
            part.to(device)

    def merge_adapter(self) -> VanerForTokenClassification:
        """Fold a LoRA adapter into the backbone: same answers, faster use, no way back."""
        if backbones.is_adapted(self.backbone):
            self.backbone = backbones.merge_lora(self.backbone)
        return self

    @property
    def adapted(self) -> bool:
        """Whether the backbone carries an adapter, which is then all that is saved of it."""
        return backbones.is_adapted(self.backbone)

    @property
    def on_backbone(self) -> bool:
        """Whether only what was trained is saved, to be put on the backbone again."""
        return self.adapted or self.config.frozen_layers is not None

    def activation_checkpointing_enable(  # type: ignore[override]
        self, activation_checkpointing_kwargs: dict[str, Any] | None = None, **more: Any
    ) -> None:
        """Trade time for memory; peft needs the non-reentrant kind."""
        options = {**(activation_checkpointing_kwargs or {}), "use_reentrant": False}
        backbones.checkpoint_activations(self.backbone, options, **more)

    def gradient_checkpointing_enable(
        self, gradient_checkpointing_kwargs: dict[str, Any] | None = None, **more: Any
    ) -> None:
        """The same by the name that transformers has for it before 5.23."""
        self.activation_checkpointing_enable(gradient_checkpointing_kwargs, **more)

    # Saving and loading -----------------------------------------------------------------------

    def save_pretrained(self, save_directory: str | Path, **options: Any) -> None:  # type: ignore[override]
        """Save the model: what was trained of the backbone, head and transitions, or all weights.

        Everything is safetensors. An adapter is in peft's own format and also loads on the bare
        backbone with `peft.PeftModel`.
        """
        folder = Path(save_directory)
        if not self.on_backbone:
            with backbones.quiet():  # it draws a bar of its own, in the middle of the trainer's
                super().save_pretrained(folder, **options)
            return
        if not options.get("is_main_process", True):
            return
        folder.mkdir(parents=True, exist_ok=True)
        self.config.architectures = [type(self).__name__]
        self.config.save_pretrained(folder)
        if self.adapted:
            self.backbone.save_pretrained(folder)
            (folder / "README.md").unlink(missing_ok=True)  # peft's empty card; ours comes later
            name_backbone(folder / "adapter_config.json", self.config.backbone)
        else:
            layers = backbones.trained_weights(self.backbone)
            save_file(layers, folder / LAYERS_FILE, metadata={"format": "pt"})
        save_file(self._head_state(), folder / HEAD_FILE, metadata={"format": "pt"})

    def load_trained(self, folder: Path) -> None:
        """Put saved trained weights into this model in place, as when a run is resumed.

        Raises:
            ModelError: where a file is missing, truncated, or does not fit.
        """
        if not self.on_backbone:
            self._fill(read_weights(folder / "model.safetensors"), folder)
            return
        if self.adapted:
            from peft import set_peft_model_state_dict

            set_peft_model_state_dict(self.backbone, read_weights(folder / ADAPTER_FILE))
        else:
            self._load_layers(folder)
        self._load_head(folder)

    @classmethod
    def from_pretrained(  # type: ignore[override]
        cls, name_or_path: str | Path, *args: Any, **options: Any
    ) -> VanerForTokenClassification:
        """Load a saved model, whole or as what was trained on its backbone.

        Args:
            name_or_path: folder, or Hub id.
            trainable: leave the adapter trainable (adapter form only).
            quantization: ``nf4`` to load the backbone of an adapter in 4-bit.
            dtype: of the backbone's weights.
            device: for quantised weights.
            backbone: another place for the backbone than the one stored.

        Raises:
            ModelError: where a file is missing, truncated, or does not fit the config.
        """
        folder = resolve(name_or_path)
        if not (folder / "config.json").is_file():
            raise ModelError(f"{folder}: config.json is missing; this is not a saved model")
        check_config(folder / "config.json")
        if (folder / "adapter_config.json").is_file() or (folder / HEAD_FILE).is_file():
            return cls._on_backbone(folder, **options)
        if options.pop("quantization", None) is not None:
            raise ModelError(f"{folder}: only the backbone of an adapter is loaded in 4-bit")
        check_weights(folder)
        for adapters_only in ("trainable", "device", "backbone"):
            options.pop(adapters_only, None)
        with backbones.quiet():
            loaded: Any = super().from_pretrained(
                folder, *args, output_loading_info=True, **options
            )
        model, info = loaded
        missing = sorted(info["missing_keys"]) + sorted(str(k) for k in info["mismatched_keys"])
        if missing:
            raise ModelError(f"{folder}: weights missing or of another shape: {missing[0]} …")
        backbones.check_attention(model.backbone, model.config.attention)
        assert isinstance(model, cls)
        return model

    @classmethod
    def _on_backbone(
        cls,
        folder: Path,
        *,
        trainable: bool = False,
        quantization: backbones.Quantization | None = None,
        dtype: torch.dtype = torch.float32,
        device: str | None = None,
        backbone: str | None = None,
        **_: Any,
    ) -> VanerForTokenClassification:
        config = VanerConfig.from_pretrained(folder)
        if quantization is not None and config.frozen_layers is not None:
            raise ModelError(f"{folder}: only the backbone of an adapter is loaded in 4-bit")
        Instruction(**config.instruction)  # a broken one is told now and not at the first text
        trained = LAYERS_FILE if config.frozen_layers is not None else ADAPTER_FILE
        for file in (trained, HEAD_FILE):
            read_weights(folder / file)  # before minutes are spent on the backbone
        found = backbones.find(backbone or config.backbone, config.backbone_origin)
        base = backbones.load(
            found.folder, attention=config.attention,
            layers=config.own_backbone.get_text_config().num_hidden_layers,
            quantization=quantization, dtype=dtype, device=device,
        )  # fmt: skip
        check_same_architecture(base.config, config.backbone_config, found.folder)
        if trained == ADAPTER_FILE:
            model = cls(config, backbones.load_lora(base, folder, trainable=trainable))
        else:
            model = cls(config, base)
            model._load_layers(folder)
        backbones.check_attention(base, config.attention)
        model._load_head(folder)
        model.head_to(next(base.parameters()).device)
        model.train(trainable)
        return model

    def _head_parts(self) -> dict[str, nn.Module]:
        """The modules above the backbone, by their names in a state dict."""
        parts: dict[str, nn.Module] = {"classifier": self.classifier, "crf": self.crf}
        return parts if self.general is None else {**parts, "general": self.general}

    def _head_state(self) -> dict[str, Tensor]:
        return {
            f"{part}.{name}": tensor.detach().float().contiguous().cpu()
            for part, module in self._head_parts().items()
            for name, tensor in module.state_dict().items()
        }

    def _load_layers(self, folder: Path) -> None:
        state = read_weights(folder / LAYERS_FILE)
        expected = {f"backbone.{name}" for name in backbones.trained_weights(self.backbone)}
        self._fill({f"backbone.{name}": w for name, w in state.items()}, folder, expected)

    def _load_head(self, folder: Path) -> None:
        self._fill(read_weights(folder / HEAD_FILE), folder, expected=set(self._head_state()))

    def _fill(
        self, state: dict[str, Tensor], folder: Path, expected: set[str] | None = None
    ) -> None:
        expected = expected if expected is not None else set(self.state_dict())
        if set(state) != expected:
            odd = sorted(expected.symmetric_difference(state))[:3]
            raise ModelError(f"{folder}: weights missing or not of this model: {', '.join(odd)} …")
        try:
            self.load_state_dict(state, strict=False)
        except RuntimeError as error:
            raise ModelError(f"{folder}: weights of another shape: {error}") from error


def _general_head(config: VanerConfig) -> nn.ModuleDict:
    """A head for the general domain: entities of whatever kind, tagged without a type."""
    tags = TagSet(Scheme(config.scheme))
    width = config.own_backbone.get_text_config().hidden_size
    classifier = nn.Linear(width, len(tags))
    nn.init.normal_(classifier.weight, std=0.02)
    nn.init.zeros_(classifier.bias)
    crf = CRF(len(tags), tag_set=tags, learned=config.head == "crf")
    return nn.ModuleDict({"classifier": classifier, "crf": crf})


def allowed_tags(tags: Tensor, hidden_tags: Tensor, num_tags: int) -> Tensor:
    """The tags each word may have: its own, and behind an O every hidden one too.

    Args:
        tags: tags as the corpus has them, O being 0. *Shape:* (B, W), int64.
        hidden_tags: tags that the corpus does not annotate, filled with -1. *Shape:* (B, H), int64.
        num_tags: C.

    Returns:
        *Shape:* (B, W, C), bool.
    """
    own = nn.functional.one_hot(tags, num_tags).bool()
    hidden = nn.functional.one_hot(hidden_tags + 1, num_tags + 1).any(1)[:, 1:]
    return own | ((tags == 0).unsqueeze(2) & hidden.unsqueeze(1))


def pool(hidden: Tensor, starts: Tensor, ends: Tensor, pooling: Pooling) -> Tensor:
    """One vector a word from those of its sub-words.

    Args:
        hidden: *Shape:* (B, T, H).
        starts: *Shape:* (B, W). ends: *Shape:* (B, W), one past the last.

    Returns:
        *Shape:* (B, W, H).
    """
    width = hidden.shape[2]
    if pooling == "mean":
        padded = nn.functional.pad(hidden.float().cumsum(1), (0, 0, 1, 0))
        total = _gather(padded, ends, width) - _gather(padded, starts, width)
        return total / (ends - starts).unsqueeze(2)
    return _gather(hidden, starts if pooling == "first" else ends - 1, width)


def _gather(hidden: Tensor, index: Tensor, width: int) -> Tensor:
    return hidden.gather(1, index.unsqueeze(2).expand(-1, -1, width))


AutoConfig.register("vaner", VanerConfig)
AutoModelForTokenClassification.register(VanerConfig, VanerForTokenClassification)
