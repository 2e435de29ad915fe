"""The interface of everything that recognizes entities: tagger, generator and dictionary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from vaner.calibration.calibration import Calibration
from vaner.errors import VanerError
from vaner.text.documents import Document


class Recognizer(Protocol):
    """A trained model or a dictionary that finds mentions in text."""

    @property
    def kind(self) -> str:
        """The noun that messages use for it: ``model``, ``dictionary``."""
        ...

    @property
    def types(self) -> tuple[str, ...]:
        """The entity types it finds."""
        ...

    @property
    def zero_shot(self) -> bool:
        """Whether it also finds other types, given their names."""
        ...

    @property
    def corpora(self) -> Mapping[str, Sequence[str]]:
        """The corpora that `annotate` accepts -> the types that each annotates."""
        ...

    @property
    def form(self) -> str | None:
        """The backend and its precision, such as ``PyTorch``; None for a dictionary."""
        ...

    @property
    def calibration(self) -> Calibration | None:
        """The calibration that its scores have; None if they are uncalibrated."""
        ...

    def annotate(
        self,
        texts_or_documents: Iterable[str | Document],
        types: Sequence[str] | None = None,
        *,
        corpus: str | None = None,
    ) -> Iterator[Document]:
        """Yield the documents with the predicted mentions, sorted by offset.

        Args:
            texts_or_documents: texts, or documents, whose spans are replaced.
            types: entity types to find. Default: all it knows.
            corpus: name of the corpus that the texts are from, if it is known.
        """
        ...

    def unreachable(self, document: Document, types: Sequence[str]) -> Counter[str]:
        """Count the gold mentions of these types that it can never predict, by reason."""
        ...


def resolve_types(recognizer: Recognizer, types: Sequence[str] | None) -> tuple[str, ...]:
    """Return the entity types to find, without duplicates.

    Args:
        recognizer: the recognizer that will find them.
        types: the requested types. Default: all that the recognizer knows.

    Raises:
        VanerError: if the recognizer does not find a type.
    """
    requested = tuple(dict.fromkeys(types)) if types is not None else recognizer.types
    unknown = [type for type in requested if type not in recognizer.types]
    if unknown and not recognizer.zero_shot:
        raise VanerError(
            f"the {recognizer.kind} does not find {', '.join(unknown)}; "
            f"it finds {', '.join(recognizer.types)}"
        )
    return requested
