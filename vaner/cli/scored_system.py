"""What is scored: a model or the dictionary of a knowledge base, with a selector or without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from vaner.errors import VanerError

if TYPE_CHECKING:
    from vaner.hub.reported_results import Stated
    from vaner.recognition.recognizer import Recognizer


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """What is scored, by the options of the command; it is loaded by `open`.

    Args:
        model: embedded name, folder or Hub id; the embedded default if None, and no `kb` either.
        kb: knowledge base whose dictionary is scored in place of a model.
        selector: folder or Hub id of a selector to put behind it.
        device, batch_size, quantization: see `Annotator.from_pretrained`.

    Raises:
        VanerError: for options that do not go together.
    """

    model: str | None
    kb: str | None
    selector: str | None
    device: str
    batch_size: int
    quantization: Literal["nf4"] | None

    def __post_init__(self) -> None:
        if self.kb is not None and self.model is not None:
            raise VanerError("give either --model or --kb, not both")
        if self.kb is not None and self.quantization is not None:
            raise VanerError(
                "--quantization is for the backbone of a model; with --kb there is none"
            )

    def open(self) -> Recognizer:
        """Load all that is needed, which takes seconds."""
        from vaner.annotator import Annotator
        from vaner.knowledge.matcher import Matcher

        if self.kb is None:
            return Annotator.from_pretrained(
                self.model, selector=self.selector, device=self.device,
                batch_size=self.batch_size, quantization=self.quantization,
            )  # fmt: skip
        matcher = Matcher.named(self.kb)
        if self.selector is None:
            return matcher
        from vaner.selector.selector import Selector

        selector = Selector.from_pretrained(
            self.selector, device=self.device, batch_size=self.batch_size
        )
        return Annotator(matcher, selector)

    def stated(self) -> Stated:
        """The figures that it states of itself: those of a model by itself."""
        from vaner.hub.reported_results import read_stated
        from vaner.models.locate import model_folder

        alone = self.kb is None and self.selector is None
        return read_stated(model_folder(self.model)) if alone else {}

    def named(self) -> dict[str, str]:
        """What it is, for the record."""
        from vaner.models.locate import DEFAULT_MODEL

        what = {"knowledge_base": self.kb} if self.kb else {"model": self.model or DEFAULT_MODEL}
        return what if self.selector is None else {**what, "selector": self.selector}
