"""Configuration of the generator."""

from __future__ import annotations

from typing import Any, Literal, get_args

from transformers import AutoConfig

from vaner.backbones.config import BackboneModelConfig, check_choice
from vaner.errors import ModelError
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
        loss: Training loss. ``answer``, as published: cross-entropy of each subword of the answer
            over the vocabulary. ``decisions``: cross-entropy over the legal subwords, where several
            are legal; decoding makes exactly these decisions.
        style: Style of the instructions, see `vaner.generator.instructions.build_instruction`.
        instructions: Instruction of each training corpus, from `MarkupInstruction.to_dict`.
        attention: Only ``causal``.
        kwargs: Fields of `BackboneModelConfig`.
    """

    model_type = "vaner-generator"
    model_module = "vaner.generator.model"

    def __init__(
        self,
        *,
        loss: Loss = "answer",
        style: Style = "full",
        instructions: dict[str, dict[str, Any]] | None = None,
        attention: str = "causal",
        **kwargs: Any,
    ) -> None:
        check_choice("loss", loss, get_args(Loss))
        check_choice("style", style, get_args(Style))
        check_choice("attention of a generator", attention, ("causal",))
        self.loss = loss
        self.style = style
        self.instructions = {name: dict(value) for name, value in (instructions or {}).items()}
        super().__init__(attention="causal", **kwargs)

    def check(self) -> None:
        """Raise a `VanerError` if a stored instruction is invalid, before reading any text."""
        for stored in self.instructions.values():
            MarkupInstruction.from_dict(stored)
        if missing := [name for name in self.corpora if name not in self.instructions]:
            raise ModelError(f"config.json: no instruction for the corpora {', '.join(missing)}")

    def instruction_for(self, type: str, corpus: str | None = None) -> str:
        """Return the instruction that requests a type.

        A type of the training data has the instruction it was trained with.

        Args:
            type: Requested entity type.
            corpus: Corpus that the text is from, if known. It may define the type differently.
        """
        known = [name for name, types in self.corpora.items() if type in types]
        name = corpus if corpus in known else next(iter(known), None)
        if name is not None:
            return MarkupInstruction.from_dict(self.instructions[name]).render_one(type)
        language = detect_language(corpus, type)
        return build_instruction(corpus, language, style=self.style).render_one(type)


AutoConfig.register(VanerGeneratorConfig.model_type, VanerGeneratorConfig)
