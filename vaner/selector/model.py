"""The selector: a backbone reads a marked candidate, and its vector is held against its type's.

Letters in shapes: B candidates, T sub-words, H hidden, P projected, K types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn
from transformers import AutoConfig, PreTrainedModel
from transformers.utils.generic import ModelOutput

from vaner.backbones.base_model import BackboneModel
from vaner.backbones.config import BackboneModelConfig, check_choice
from vaner.errors import ModelError
from vaner.selector.losses import binary, contrastive

Loss = Literal["contrastive", "binary"]


class VanerSelectorConfig(BackboneModelConfig):
    """Configuration of a `VanerSelector`.

    Args:
        loss: what it was trained with, see `vaner.selector.losses`. The model is the same.
        asks: for every type the words that ask about it, put before the sentence.
        datasets: for every training corpus the types it annotates.
        width: of the vectors that are compared.
        similarity_temperature: what similarities are divided by.
        dropout: before the projection, in training.
        slope, offset: evidence to probability, as fitted on dev.
        threshold: least probability of what is kept, as chosen on dev.
        attention: ``bidirectional``: a candidate is judged by what stands on both sides of it.
        kwargs: fields of `BackboneModelConfig`; ``types`` defaults to those of `asks`.
    """

    model_type = "vaner-selector"

    def __init__(
        self,
        *,
        loss: Loss = "contrastive",
        asks: Mapping[str, str] | None = None,
        datasets: Mapping[str, Sequence[str]] | None = None,
        width: int = 128,
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
        self.asks = dict(asks or {})
        self.datasets = {name: list(types) for name, types in (datasets or {}).items()}
        self.width = width
        self.similarity_temperature = similarity_temperature
        self.dropout = dropout
        self.slope = slope
        self.offset = offset
        self.threshold = threshold
        kwargs.setdefault("types", list(self.asks))
        super().__init__(attention="bidirectional", **kwargs)

    def check(self) -> None:
        """Refuse a type that nothing asks about now and not at the first text."""
        if missing := [type for type in self.types if type not in self.asks]:
            raise ModelError(f"the config asks nothing about {', '.join(missing)}")


@dataclass
class SelectorOutput(ModelOutput):
    """What a forward pass gives.

    Args:
        loss: of the batch, where the rows tell what is right.
        evidence: similarity of each candidate to its type's anchor over the temperature: the
            higher, the likelier it is right. *Shape:* (B,), fp32.
    """

    loss: Tensor | None = None
    evidence: Tensor | None = None


class VanerSelector(BackboneModel):
    """Tells right candidates from wrong ones, on any encoder or unmasked decoder.

    Each type has an anchor, a learnt vector of length 1. A candidate's vector, of length 1 too, is
    a projection of what the backbone makes of the two marks and of the words between them.
    """

    config_class = VanerSelectorConfig

    def __init__(
        self, config: VanerSelectorConfig, backbone: PreTrainedModel | None = None
    ) -> None:
        super().__init__(config, backbone)
        self.dropout = nn.Dropout(config.dropout)
        self.marks = nn.Embedding(2, config.hidden_size)
        self.projection = nn.Linear(3 * config.hidden_size, config.width)
        self.anchors = nn.Embedding(max(1, len(config.types)), config.width)
        nn.init.normal_(self.marks.weight, std=0.02)
        nn.init.normal_(self.projection.weight, std=0.02)
        nn.init.zeros_(self.projection.bias)
        nn.init.normal_(self.anchors.weight, std=config.width**-0.5)
        self.post_init()  # type: ignore[no-untyped-call]

    @torch.no_grad()
    def learn_marks_from(self, subwords: tuple[int, int]) -> None:
        """Let the marks begin as what the backbone makes of these two, such as brackets."""
        device = self._embeddings.weight.device
        self.marks.weight.copy_(self._embeddings(torch.tensor(subwords, device=device)))

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        opening: Tensor,
        closing: Tensor,
        types: Tensor,
        right: Tensor | None = None,
        others: Tensor | None = None,
    ) -> SelectorOutput:
        """Judge candidates; shapes as `vaner.selector.collation.collate` makes them."""
        embedded = self._marked(input_ids, opening, closing)
        hidden = self.backbone(
            inputs_embeds=embedded, attention_mask=attention_mask
        ).last_hidden_state
        read = around(hidden, opening, closing)
        # The head stays fp32, as the tagger's.
        with torch.autocast(hidden.device.type, enabled=False):
            read = self.dropout(read.to(self.projection.weight.dtype))
            vectors = nn.functional.normalize(self.projection(read).float(), dim=-1)
            anchors = nn.functional.normalize(self.anchors.weight.float(), dim=-1)
            scores = vectors @ anchors.T / self.config.similarity_temperature
            evidence = scores.gather(1, types.unsqueeze(1)).squeeze(1)
            if right is None:
                return SelectorOutput(evidence=evidence)
            if self.config.loss == "binary":
                loss = binary(evidence, right)
            else:
                loss = contrastive(scores, types, right, others)
        return SelectorOutput(loss=loss, evidence=evidence)

    def head_parameters(self) -> list[nn.Parameter]:
        """Those that start from nothing; the marks start from a vocabulary and learn with it."""
        return [*self.projection.parameters(), *self.anchors.parameters()]

    def _head_parts(self) -> dict[str, nn.Module]:
        return {"marks": self.marks, "projection": self.projection, "anchors": self.anchors}

    @property
    def _embeddings(self) -> nn.Embedding:
        found = self.backbone.get_input_embeddings()
        assert isinstance(found, nn.Embedding)
        return found

    def _marked(self, input_ids: Tensor, opening: Tensor, closing: Tensor) -> Tensor:
        """The embeddings of a batch, with the marks in their places. *Shape:* (B, T, H)."""
        embedded: Tensor = self._embeddings(input_ids)
        places = torch.arange(input_ids.shape[1], device=input_ids.device)
        for place, mark in zip((opening, closing), self.marks.weight, strict=True):
            here = (places == place.unsqueeze(1)).unsqueeze(2)
            embedded = torch.where(here, mark.to(embedded.dtype), embedded)
        return embedded


def around(hidden: Tensor, opening: Tensor, closing: Tensor) -> Tensor:
    """The vectors of the two marks, and the mean of those between them.

    Args:
        hidden: *Shape:* (B, T, H).
        opening, closing: places of the marks, with one or more between them. *Shape:* (B,).

    Returns:
        *Shape:* (B, 3 H).
    """
    rows = torch.arange(len(hidden), device=hidden.device)
    places = torch.arange(hidden.shape[1], device=hidden.device)
    inside = (places > opening.unsqueeze(1)) & (places < closing.unsqueeze(1))
    total = (hidden * inside.unsqueeze(2)).sum(1)
    mean = total / inside.sum(1, keepdim=True)
    return torch.cat([hidden[rows, opening], hidden[rows, closing], mean], 1)


AutoConfig.register(VanerSelectorConfig.model_type, VanerSelectorConfig)
