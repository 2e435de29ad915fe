"""The generator: a language model that copies a sentence and puts brackets round its mentions.

Letters in shapes: B rows, T sub-words, N places, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoModel, PreTrainedModel
from transformers.utils.generic import ModelOutput

from vaner.backbones import backbone as backbones
from vaner.backbones.base_model import BackboneModel
from vaner.generator.config import VanerGeneratorConfig
from vaner.generator.prompts import IGNORE_INDEX


@dataclass
class GeneratorOutput(ModelOutput):
    """What a forward pass gives: the mean negative log-likelihood of what is learnt."""

    loss: Tensor | None = None


class VanerForGeneration(BackboneModel):
    """A causal language model that answers with marked copies.

    It is trained by this forward pass, and asked by `vaner.generator.copy_decoding.decode`.
    """

    config_class = VanerGeneratorConfig
    is_generative = True
    has_head = False

    def __init__(
        self, config: VanerGeneratorConfig, backbone: PreTrainedModel | None = None
    ) -> None:
        super().__init__(config, backbone)
        self.post_init()  # type: ignore[no-untyped-call]

    @property
    def language_model(self) -> Any:
        """The language model, for decoding."""
        return backbones.unwrap_adapter(self.backbone)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor, legal: Tensor
    ) -> GeneratorOutput:
        """The loss of a batch of answers; shapes as `vaner.generator.collation.collate` makes them.

        Only where something is learnt is the head over the vocabulary computed at all.
        """
        model = self.language_model
        hidden = model.base_model(
            input_ids=input_ids, attention_mask=attention_mask, use_cache=False
        ).last_hidden_state[:, :-1]
        wanted, legal = labels[:, 1:], legal[:, 1:]
        decisions = self.config.loss == "decisions"
        learnt = (legal >= 0).sum(-1) > 1 if decisions else wanted != IGNORE_INDEX
        states, wanted, legal = hidden[learnt], wanted[learnt], legal[learnt]
        head = model.get_output_embeddings()
        if not decisions:
            return GeneratorOutput(loss=nn.functional.cross_entropy(head(states).float(), wanted))
        weights = head.weight[legal.clamp(min=0)]  # *Shape:* (N, 4, H)
        scores = torch.einsum("nh,nch->nc", states.to(weights.dtype), weights).float()
        scores = scores.masked_fill(legal < 0, -torch.inf)
        chosen = (legal == wanted.unsqueeze(1)).float().argmax(1)
        return GeneratorOutput(loss=nn.functional.cross_entropy(scores, chosen))


AutoModel.register(VanerGeneratorConfig, VanerForGeneration)
