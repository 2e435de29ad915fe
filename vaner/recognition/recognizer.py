"""What everything that finds mentions has in common, whichever way it finds them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from vaner.errors import VanerError
from vaner.text.documents import Document


class Recognizer(Protocol):
    """What finds mentions: a trained model, or the dictionary of a knowledge base.

    Attributes:
        kind: what messages call it.
        types: the entity types it finds.
        zero_shot: whether it may be asked for other types too, by their names.
    """

    @property
    def kind(self) -> str: ...

    @property
    def types(self) -> tuple[str, ...]: ...

    @property
    def zero_shot(self) -> bool: ...

    def annotate(
        self,
        texts_or_documents: Iterable[str | Document],
        types: Sequence[str] | None = None,
        *,
        corpus: str | None = None,
    ) -> Iterator[Document]:
        """The documents with the mentions found, sorted by offset; their own are replaced.

        Args:
            texts_or_documents: texts, or documents.
            types: types to find; all it knows if None.
            corpus: the corpus that they are from.
        """
        ...

    def unreachable(self, document: Document, types: Sequence[str]) -> Counter[str]:
        """Reason -> gold mentions of these types that no answer of its kind can give back."""
        ...


def resolve_types(recognizer: Recognizer, types: Sequence[str] | None) -> tuple[str, ...]:
    """The types to find, each once.

    Raises:
        VanerError: for one that is not found.
    """
    wanted = tuple(dict.fromkeys(types)) if types is not None else recognizer.types
    unknown = [type for type in wanted if type not in recognizer.types]
    if unknown and not recognizer.zero_shot:
        raise VanerError(
            f"the {recognizer.kind} does not find {', '.join(unknown)}; "
            f"it finds {', '.join(recognizer.types)}"
        )
    return wanted
