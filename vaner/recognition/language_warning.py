"""The warning about texts that a model of English should not read."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

from vaner.text.documents import Document
from vaner.text.language import is_not_english

logger = logging.getLogger(__name__)


class LanguageWarning:
    """Passes documents on, and warns about the first one that does not seem to be English.

    Args:
        is_enabled: whether the model reads English only.
    """

    def __init__(self, is_enabled: bool = False) -> None:
        self.is_enabled = is_enabled

    def watch(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Yield the documents unchanged."""
        for document in documents:
            if self.is_enabled and is_not_english(document.text):
                self.is_enabled = False
                logger.warning(
                    "document %s: the text does not seem to be English, the language of the "
                    "model; its mentions are unreliable", document.id,
                )  # fmt: skip
            yield document
