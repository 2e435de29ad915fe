"""The generator: a language model that copies a sentence and puts brackets round its mentions.

Letters in shapes: B rows, T sub-words, N places, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn
from transformers import AutoConfig, PreTrainedModel
from transformers.utils.generic import ModelOutput

from vaner.generation.instructions import MarkupInstruction, Style, instruction, language_of
from vaner.generation.prompts import NOT_LEARNT
from vaner.modeling import backbone as backbones
from vaner.modeling.config import OnBackboneConfig, check_choice
from vaner.modeling.on_backbone import OnBackbone

Loss = Literal["answer", "decisions"]


class VanerGeneratorConfig(OnBackboneConfig):
    """Configuration of a `VanerForGeneration`.

    Args:
        loss: what is learnt of an answer: every sub-word of it among all of the vocabulary
            (``answer``, as published), or, where more than one thing is legal, which of those
            (``decisions``), which is what decoding asks for.
        style: of the instructions, see `vaner.generation.instructions.instruction`.
        instructions: for every training corpus its instruction, as `MarkupInstruction.to_dict`
            gives it.
        datasets: for every training corpus the types it annotates.
        kwargs: fields of `OnBackboneConfig`.
    """

    model_type = "vaner-generator"

    def __init__(
        self,
        *,
        loss: Loss = "answer",
        style: Style = "full",
        instructions: dict[str, dict[str, Any]] | None = None,
        datasets: dict[str, list[str]] | None = None,
        attention: str = "causal",
        **kwargs: Any,
    ) -> None:
        check_choice("loss", loss, get_args(Loss))
        check_choice("style", style, get_args(Style))
        check_choice("attention of a generator", attention, ("causal",))
        self.loss = loss
        self.style = style
        self.instructions = {name: dict(one) for name, one in (instructions or {}).items()}
        self.datasets = {name: list(types) for name, types in (datasets or {}).items()}
        super().__init__(attention="causal", **kwargs)

    def check(self) -> None:
        """Refuse a broken instruction now and not at the first text."""
        for stored in self.instructions.values():
            MarkupInstruction.from_dict(stored)

    def instruction_for(self, type: str, dataset: str | None = None) -> str:
        """The words that ask for a type: those it was trained with, or others for a new type.

        Args:
            type: what is asked for.
            dataset: the corpus the text is from, if that is known: it may have a definition of
                the type of its own.
        """
        known = [name for name, types in self.datasets.items() if type in types]
        name = dataset if dataset in known else next(iter(known), None)
        if name is not None:
            return MarkupInstruction.from_dict(self.instructions[name]).render_one(type)
        language = language_of(dataset, type)
        return instruction(dataset, language, style=self.style).render_one(type)


@dataclass
class GeneratorOutput(ModelOutput):
    """What a forward pass gives: the mean negative log-likelihood of what is learnt."""

    loss: Tensor | None = None


class VanerForGeneration(OnBackbone):
    """A causal language model that answers with marked copies.

    It is trained by this forward pass, and asked by `vaner.generation.decoding.decode`.
    """

    config_class = VanerGeneratorConfig
    writes = True
    headed = False

    def __init__(
        self, config: VanerGeneratorConfig, backbone: PreTrainedModel | None = None
    ) -> None:
        super().__init__(config, backbone)
        self.post_init()  # type: ignore[no-untyped-call]

    @property
    def language_model(self) -> Any:
        """The language model, for decoding."""
        return backbones.language_model(self.backbone)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor, legal: Tensor
    ) -> GeneratorOutput:
        """The loss of a batch of answers; shapes as `vaner.generation.batching.collate` makes them.

        Only where something is learnt is the head over the vocabulary computed at all.
        """
        model = self.language_model
        hidden = model.base_model(
            input_ids=input_ids, attention_mask=attention_mask, use_cache=False
        ).last_hidden_state[:, :-1]
        wanted, legal = labels[:, 1:], legal[:, 1:]
        decisions = self.config.loss == "decisions"
        learnt = (legal >= 0).sum(-1) > 1 if decisions else wanted != NOT_LEARNT
        states, wanted, legal = hidden[learnt], wanted[learnt], legal[learnt]
        head = model.get_output_embeddings()
        if not decisions:
            return GeneratorOutput(loss=nn.functional.cross_entropy(head(states).float(), wanted))
        weights = head.weight[legal.clamp(min=0)]  # *Shape:* (N, 4, H)
        scores = torch.einsum("nh,nch->nc", states.to(weights.dtype), weights).float()
        scores = scores.masked_fill(legal < 0, -torch.inf)
        chosen = (legal == wanted.unsqueeze(1)).float().argmax(1)
        return GeneratorOutput(loss=nn.functional.cross_entropy(scores, chosen))


AutoConfig.register(VanerGeneratorConfig.model_type, VanerGeneratorConfig)
