"""Everything about a trained generator that is not a weight."""

from __future__ import annotations

from typing import Any, Literal, get_args

from transformers import AutoConfig

from vaner.backbones.config import BackboneModelConfig, check_choice
from vaner.generator.instructions import (
    MarkupInstruction,
    Style,
    build_instruction,
    detect_language,
)

Loss = Literal["answer", "decisions"]


class VanerGeneratorConfig(BackboneModelConfig):
    """Configuration of a `VanerForGeneration`.

    Args:
        loss: what is learnt of an answer: every sub-word of it among all of the vocabulary
            (``answer``, as published), or, where more than one thing is legal, which of those
            (``decisions``), which is what decoding asks for.
        style: of the instructions, see `vaner.generator.instructions.build_instruction`.
        instructions: for every training corpus its instruction, as `MarkupInstruction.to_dict`
            gives it.
        datasets: for every training corpus the types it annotates.
        attention: ``causal``: what writes sees nothing of what it has not yet written.
        kwargs: fields of `BackboneModelConfig`.
    """

    model_type = "vaner-generator"
    model_module = "vaner.generator.model"

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

    def instruction_for(self, type: str, corpus: str | None = None) -> str:
        """The words that ask for a type: those it was trained with, or others for a new type.

        Args:
            type: what is asked for.
            corpus: the corpus the text is from, if that is known: it may have a definition of
                the type of its own.
        """
        known = [name for name, types in self.datasets.items() if type in types]
        name = corpus if corpus in known else next(iter(known), None)
        if name is not None:
            return MarkupInstruction.from_dict(self.instructions[name]).render_one(type)
        language = detect_language(corpus, type)
        return build_instruction(corpus, language, style=self.style).render_one(type)


AutoConfig.register(VanerGeneratorConfig.model_type, VanerGeneratorConfig)
