"""The selector model: compare the vector of a marked candidate with the anchor of its type.

Shapes: B candidates, T subwords, H hidden size, P projection size, K entity types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PreTrainedModel
from transformers.utils.generic import ModelOutput

from vaner.backbones.base_model import BackboneModel
from vaner.backbones.config import BackboneModelConfig, check_choice
from vaner.errors import ModelError
from vaner.selector.losses import binary_loss, contrastive_loss

Loss = Literal["contrastive", "binary"]

_LARGEST = 1e6
"""Largest size of a number in a config; larger ones are damage."""


class VanerSelectorConfig(BackboneModelConfig):
    """Configuration of a `VanerSelector`.

    Configs stored under the old names of fields (``asks``, ``width``) are still readable.

    Args:
        loss: Training loss, see `vaner.selector.losses`. The architecture does not depend on it.
        instructions: Instruction of each type, put before the sentence.
        projection_dim: Dimension of the vectors that are compared.
        similarity_temperature: Divisor of the similarities.
        dropout: Dropout before the projection.
        slope, offset: Parameters that turn logits into probabilities, fitted on dev.
        threshold: Lowest probability of an accepted candidate, chosen on dev.
        attention: Only ``bidirectional``: the words on both sides of a candidate are read.
        kwargs: Fields of `BackboneModelConfig`. ``types`` defaults to the types of `instructions`.
    """

    model_type = "vaner-selector"

    def __init__(
        self,
        *,
        loss: Loss = "contrastive",
        instructions: Mapping[str, str] | None = None,
        projection_dim: int = 128,
        similarity_temperature: float = 0.1,
        dropout: float = 0.1,
        slope: float = 1.0,
        offset: float = 0.0,
        threshold: float = 0.5,
        attention: str = "bidirectional",
        **kwargs: Any,
    ) -> None:
        check_choice("loss", loss, get_args(Loss))
        check_choice("attention of a selector", attention, ("bidirectional",))
        self.loss = loss
        self.instructions = dict(kwargs.pop("asks", None) or instructions or {})
        self.projection_dim = int(kwargs.pop("width", projection_dim))
        self.similarity_temperature = similarity_temperature
        self.dropout = dropout
        self.slope = slope
        self.offset = offset
        self.threshold = threshold
        kwargs.setdefault("types", list(self.instructions))
        super().__init__(attention="bidirectional", **kwargs)

    def check(self) -> None:
        """Raise a `ModelError` for a missing instruction or number, before the first text."""
        for name in ("slope", "offset", "threshold", "similarity_temperature"):
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or not -_LARGEST <= value <= _LARGEST:
                raise ModelError(f"config.json: {name} is {value!r:.80}; it must be a number")
            setattr(self, name, float(value))
        texts = {name for name, text in self.instructions.items() if isinstance(text, str)}
        if missing := [type for type in self.types if type not in texts]:
            raise ModelError(f"config.json: no instruction for the types {', '.join(missing)}")


@dataclass
class SelectorOutput(ModelOutput):
    """Output of a forward pass.

    Args:
        loss: Loss of the batch, for training rows.
        logits: Similarity of each candidate to the anchor of its type, divided by the
            temperature. *Shape:* (B,), fp32.
    """

    loss: Tensor | None = None
    logits: Tensor | None = None


class VanerSelector(BackboneModel):
    """Classifier of candidates as correct or wrong, on an encoder or an unmasked decoder.

    Each type has an anchor, a learned vector of length 1. The vector of a candidate, also of length
    1, is a projection of three hidden states: those of the two markers and the mean of those
    between them.

    The marker embedding is named ``marks`` because stored weights have that name.
    """

    config_class = VanerSelectorConfig

    def __init__(
        self, config: VanerSelectorConfig, backbone: PreTrainedModel | None = None
    ) -> None:
        super().__init__(config, backbone)
        self.dropout = nn.Dropout(config.dropout)
        self.marks = nn.Embedding(2, config.hidden_size)
        self.projection = nn.Linear(3 * config.hidden_size, config.projection_dim)
        self.anchors = nn.Embedding(max(1, len(config.types)), config.projection_dim)
        nn.init.normal_(self.marks.weight, std=0.02)
        nn.init.normal_(self.projection.weight, std=0.02)
        nn.init.zeros_(self.projection.bias)
        nn.init.normal_(self.anchors.weight, std=config.projection_dim**-0.5)
        self.post_init()  # type: ignore[no-untyped-call]

    @property
    def adds_vectors(self) -> bool:
        """The markers replace subword embeddings."""
        return True

    @torch.no_grad()
    def init_markers(self, subwords: tuple[int, int]) -> None:
        """Initialize the two markers from the embeddings of two subwords, such as brackets."""
        device = self._embeddings.weight.device
        self.marks.weight.copy_(self._embeddings(torch.tensor(subwords, device=device)))

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        open_index: Tensor,
        close_index: Tensor,
        type_ids: Tensor,
        is_correct: Tensor | None = None,
        excluded_types: Tensor | None = None,
    ) -> SelectorOutput:
        """Score a batch of candidates; `vaner.selector.collation.collate` lists the shapes."""
        embeddings = self._embed(input_ids, open_index, close_index)
        hidden = self.backbone(
            inputs_embeds=embeddings, attention_mask=attention_mask
        ).last_hidden_state
        features = pool_candidates(hidden, open_index, close_index)
        # The head stays in fp32, like the head of the tagger.
        with torch.autocast(hidden.device.type, enabled=False):
            features = self.dropout(features.to(self.projection.weight.dtype))
            vectors = nn.functional.normalize(self.projection(features).float(), dim=-1)
            anchors = nn.functional.normalize(self.anchors.weight.float(), dim=-1)
            scores = vectors @ anchors.T / self.config.similarity_temperature
            logits = scores.gather(1, type_ids.unsqueeze(1)).squeeze(1)
            if is_correct is None:
                return SelectorOutput(logits=logits)
            if self.config.loss == "binary":
                loss = binary_loss(logits, is_correct)
            else:
                loss = contrastive_loss(scores, type_ids, is_correct, excluded_types)
        return SelectorOutput(loss=loss, logits=logits)

    def head_parameters(self) -> list[nn.Parameter]:
        """Return the randomly initialized parameters.

        The markers are not among them: they start from embeddings of the vocabulary and are
        trained at the learning rate of the backbone.
        """
        return [*self.projection.parameters(), *self.anchors.parameters()]

    def _head_modules(self) -> dict[str, nn.Module]:
        return {"marks": self.marks, "projection": self.projection, "anchors": self.anchors}

    @property
    def _embeddings(self) -> nn.Embedding:
        embeddings = self.backbone.get_input_embeddings()
        assert isinstance(embeddings, nn.Embedding)
        return embeddings

    def _embed(self, input_ids: Tensor, open_index: Tensor, close_index: Tensor) -> Tensor:
        """Return the input embeddings, with the markers inserted. *Shape:* (B, T, H)."""
        embeddings: Tensor = self._embeddings(input_ids)
        positions = torch.arange(input_ids.shape[1], device=input_ids.device)
        for index, marker in zip((open_index, close_index), self.marks.weight, strict=True):
            is_marker = (positions == index.unsqueeze(1)).unsqueeze(2)
            embeddings = torch.where(is_marker, marker.to(embeddings.dtype), embeddings)
        return embeddings


def pool_candidates(hidden: Tensor, open_index: Tensor, close_index: Tensor) -> Tensor:
    """Return the hidden states of both markers and the mean of those between them.

    Args:
        hidden: Hidden states. *Shape:* (B, T, H).
        open_index, close_index: Positions of the markers, with at least one subword between
            them. *Shape:* (B,).

    Returns:
        Concatenated vectors. *Shape:* (B, 3 H).
    """
    rows = torch.arange(len(hidden), device=hidden.device)
    positions = torch.arange(hidden.shape[1], device=hidden.device)
    is_inside = (positions > open_index.unsqueeze(1)) & (positions < close_index.unsqueeze(1))
    total = (hidden * is_inside.unsqueeze(2)).sum(1)
    mean = total / is_inside.sum(1, keepdim=True)
    return torch.cat([hidden[rows, open_index], hidden[rows, close_index], mean], 1)


AutoConfig.register(VanerSelectorConfig.model_type, VanerSelectorConfig)
AutoModel.register(VanerSelectorConfig, VanerSelector)
