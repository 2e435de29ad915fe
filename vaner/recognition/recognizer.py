"""The interface of everything that recognizes entities: tagger, generator and dictionary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from vaner.calibration.calibration import Calibration
from vaner.errors import ArgumentError, VanerError
from vaner.text.documents import Document
from vaner.utils.names import list_types, match_name, suggest_name


class RecognizerInfo(Protocol):
    """The types and corpora of a recognizer, which are known before it is loaded."""

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


class Recognizer(RecognizerInfo, Protocol):
    """A trained model or a dictionary that finds mentions in text."""

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


def resolve_types(recognizer: RecognizerInfo, types: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the entity types to find, without duplicates.

    Args:
        recognizer: the recognizer that will find them.
        types: the requested types, or one of them. Upper and lower case are the same where only
            one type is meant. Default: all that the recognizer knows.

    Raises:
        VanerError: if the recognizer does not find a type, or if none is given.
        ArgumentError: if they are not names.
    """
    if types is None:
        return recognizer.types
    if not (names := list_types(types)):
        raise VanerError("types is empty; leave it out to find all types")
    known = recognizer.types
    requested = [match_name(name, known) or name for name in names]
    unknown = [name for name in dict.fromkeys(requested) if name not in known]
    if unknown and not recognizer.zero_shot:
        raise VanerError(
            f"the {recognizer.kind} does not find {', '.join(unknown)}; "
            f"it finds {', '.join(known)}{suggest_name(unknown[0], known)}"
        )
    return tuple(dict.fromkeys(requested))


def resolve_corpus(recognizer: RecognizerInfo, corpus: str | None) -> str | None:
    """Return the name of a training corpus that a user gives; upper and lower case are the same.

    Args:
        recognizer: the recognizer that will read texts like those of the corpus.
        corpus: the name of the corpus; None is returned unchanged.

    Raises:
        VanerError: if the recognizer knows no such corpus.
        ArgumentError: if it is not a name.
    """
    if not isinstance(corpus, str | None):
        raise ArgumentError(f"corpus is the name of one corpus, not {type(corpus).__name__}")
    known = list(recognizer.corpora)
    if corpus is None or (resolved := match_name(corpus, known)):
        return None if corpus is None else resolved
    raise VanerError(
        f"the {recognizer.kind} was not trained on a corpus called {corpus!r}; "
        f"it knows {', '.join(known) or 'none by name'}{suggest_name(corpus, known)}"
    )
