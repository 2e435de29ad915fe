"""What an annotator is and finds, which it takes from its recognizer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vaner.recognition.recognizer import Recognizer


class AnnotatorProperties:
    """Properties of `vaner.annotator.Annotator`."""

    recognizer: Recognizer

    @property
    def kind(self) -> str:
        """The noun that messages use for the recognizer: ``model``, ``dictionary``."""
        return self.recognizer.kind

    @property
    def types(self) -> tuple[str, ...]:
        """The entity types that the recognizer finds."""
        return self.recognizer.types

    @property
    def form(self) -> str | None:
        """The backend and its precision, such as ``PyTorch``; None for a dictionary."""
        return self.recognizer.form

    @property
    def zero_shot(self) -> bool:
        """Whether the recognizer also finds other types, given their names."""
        return self.recognizer.zero_shot

    @property
    def corpora(self) -> Mapping[str, Sequence[str]]:
        """The corpora that `annotate` accepts as ``corpus`` -> the types that each annotates."""
        return self.recognizer.corpora
