"""The system that is scored: a model or a dictionary, with or without a selector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vaner.errors import VanerError
from vaner.recognition.options import LoadOptions

if TYPE_CHECKING:
    from vaner.hub.reported_results import ReportedResults
    from vaner.recognition.recognizer import Recognizer


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredSystem:
    """The options of the system that is scored; `load` loads it.

    Args:
        load_options: which model, and how it runs; its `model` must be None if `kb` is given.
        kb: knowledge base whose dictionary is scored instead of a model.

    Raises:
        VanerError: for options that exclude each other.
    """

    load_options: LoadOptions
    kb: str | None

    def __post_init__(self) -> None:
        if self.kb is not None and self.load_options.model is not None:
            raise VanerError("give either --model or --kb, not both")
        for name in ("revision", "quantization", "dtype", "form"):
            if self.kb is not None and getattr(self.load_options, name) is not None:
                raise VanerError(f"--{name} applies to models and cannot be used with --kb")

    def load(self) -> Recognizer:
        """Load the model or the dictionary, and the selector, which takes seconds."""
        from vaner.annotator import Annotator
        from vaner.knowledge.matcher import Matcher

        options = self.load_options
        if self.kb is None:
            return Annotator.from_pretrained(**options.as_arguments())
        matcher = Matcher.from_name(self.kb)
        if options.selector is None:
            return matcher
        from vaner.selector.selector import Selector

        selector = Selector.from_pretrained(
            options.selector, device=options.device, batch_size=options.batch_size
        )
        return Annotator(matcher, selector)

    def reported_results(self) -> ReportedResults:
        """Return the results that the model card reports; none for a dictionary or a selector."""
        from vaner.hub.reported_results import read_reported_results
        from vaner.models.locate import locate_model

        is_plain_model = self.kb is None and self.load_options.selector is None
        name, revision = self.load_options.model, self.load_options.revision
        return (
            read_reported_results(locate_model(name, revision=revision)) if is_plain_model else {}
        )

    def describe(self) -> dict[str, str]:
        """Return the names of model, knowledge base and selector, for the results file."""
        options = self.load_options
        names = {"knowledge_base": self.kb} if self.kb else {"model": options.model_name}
        return names if options.selector is None else {**names, "selector": options.selector}
