"""The generator model: a language model that copies a sentence and adds brackets around entities.

Shapes: B rows, T subwords, N positions with a loss, H hidden size, V vocabulary size.
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
from vaner.errors import ModelError, summarize_error
from vaner.generator.config import VanerGeneratorConfig
from vaner.generator.copy_decoding import decode
from vaner.generator.grammar import AnswerTokens, Grammar
from vaner.generator.prompts import IGNORE_INDEX


@dataclass
class GeneratorOutput(ModelOutput):
    """Output of a forward pass: the mean negative log-likelihood of the targets."""

    loss: Tensor | None = None


class VanerForGeneration(BackboneModel):
    """A causal language model that answers with marked copies.

    The forward pass computes the training loss; `vaner.generator.copy_decoding.decode` decodes.
    """

    config_class = VanerGeneratorConfig
    is_generative = True
    has_head = False

    def __init__(
        self, config: VanerGeneratorConfig, backbone: PreTrainedModel | None = None
    ) -> None:
        super().__init__(config, backbone)
        self.post_init()  # type: ignore[no-untyped-call]

    def check_backbone(self) -> None:
        """See `BackboneModel.check_backbone`; answers must not depend on batch and drafts either.

        Raises:
            ModelError: if the backbone cannot be decoded as `copy_decoding` does.
        """
        super().check_backbone()
        was_training = self.training
        self.train(False)
        try:
            if not _decodes_alike(self.language_model):
                raise ValueError("the answers depend on the batch")
        except Exception as error:  # caches and positions of architectures differ
            kind = self.language_model.config.model_type
            raise ModelError(
                f"a generator cannot decode with a {kind} backbone ({summarize_error(error)}): use "
                "a LLaMA-like backbone"
            ) from error
        finally:
            self.train(was_training)

    @property
    def language_model(self) -> Any:
        """The language model of transformers, for decoding."""
        return backbones.unwrap_adapter(self.backbone)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor, legal: Tensor
    ) -> GeneratorOutput:
        """Return the loss of a batch of answers; `vaner.generator.collation.collate` lists shapes.

        The head over the vocabulary is computed only at positions with a loss.
        """
        model = self.language_model
        hidden = model.base_model(
            input_ids=input_ids, attention_mask=attention_mask, use_cache=False
        ).last_hidden_state[:, :-1]
        targets, legal = labels[:, 1:], legal[:, 1:]
        is_decision_loss = self.config.loss == "decisions"
        has_loss = (legal >= 0).sum(-1) > 1 if is_decision_loss else targets != IGNORE_INDEX
        states, targets, legal = hidden[has_loss], targets[has_loss], legal[has_loss]
        head = model.get_output_embeddings()
        if not is_decision_loss:
            return GeneratorOutput(loss=nn.functional.cross_entropy(head(states).float(), targets))
        weights = head.weight[legal.clamp(min=0)]  # *Shape:* (N, 4, H)
        scores = torch.einsum("nh,nch->nc", states.to(weights.dtype), weights).float()
        scores = scores.masked_fill(legal < 0, -torch.inf)
        target_indices = (legal == targets.unsqueeze(1)).float().argmax(1)
        return GeneratorOutput(loss=nn.functional.cross_entropy(scores, target_indices))


def _decodes_alike(model: Any) -> bool:
    """Return whether two answers are the same alone, in a batch, and without drafts."""
    rows = model.get_input_embeddings().weight.shape[0]
    ids = [20 + i % (rows - 21) for i in range(0, 30 * 7, 7)]
    tokens = AnswerTokens(*ids[:3])
    prompts = [ids[3:12], ids[12:15]]
    grammars = [
        Grammar(((ids[15],), (ids[16], ids[17])), tokens),
        Grammar(tuple((token,) for token in ids[18:28]), tokens),
    ]
    alone = [
        decode(model, [prompt], [grammar])[0].tokens
        for prompt, grammar in zip(prompts, grammars, strict=True)
    ]
    batches = decode(model, prompts, grammars), decode(model, prompts, grammars, longest_draft=1)
    return all([answer.tokens for answer in batch] == alone for batch in batches)


AutoModel.register(VanerGeneratorConfig, VanerForGeneration)
