"""What is scored: a model or the dictionary of a knowledge base, with a selector or without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vaner.errors import VanerError
from vaner.recognition.options import LoadOptions

if TYPE_CHECKING:
    from vaner.hub.reported_results import ReportedResults
    from vaner.recognition.recognizer import Recognizer


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """What is scored, by the options of the command; it is loaded by `open`.

    Args:
        load_options: which model, and how it runs; its `model` must be None with `kb`.
        kb: knowledge base whose dictionary is scored in place of a model.

    Raises:
        VanerError: for options that do not go together.
    """

    load_options: LoadOptions
    kb: str | None

    def __post_init__(self) -> None:
        if self.kb is not None and self.load_options.model is not None:
            raise VanerError("give either --model or --kb, not both")
        if self.kb is not None and self.load_options.quantization is not None:
            raise VanerError(
                "--quantization is for the backbone of a model; with --kb there is none"
            )

    def open(self) -> Recognizer:
        """Load all that is needed, which takes seconds."""
        from vaner.annotator import Annotator
        from vaner.knowledge.matcher import Matcher

        options = self.load_options
        if self.kb is None:
            return Annotator.from_pretrained(**options.as_arguments())
        matcher = Matcher.named(self.kb)
        if options.selector is None:
            return matcher
        from vaner.selector.selector import Selector

        selector = Selector.from_pretrained(
            options.selector, device=options.device, batch_size=options.batch_size
        )
        return Annotator(matcher, selector)

    def stated(self) -> ReportedResults:
        """The figures that it states of itself: those of a model by itself."""
        from vaner.hub.reported_results import read_reported_results
        from vaner.models.locate import locate_model

        alone = self.kb is None and self.load_options.selector is None
        return read_reported_results(locate_model(self.load_options.model)) if alone else {}

    def named(self) -> dict[str, str]:
        """What it is, for the record."""
        from vaner.models.locate import DEFAULT_MODEL

        options = self.load_options
        name = {"knowledge_base": self.kb} if self.kb else {"model": options.model or DEFAULT_MODEL}
        return name if options.selector is None else {**name, "selector": options.selector}
