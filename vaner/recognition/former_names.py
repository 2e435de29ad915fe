"""The former names of the annotator's attributes, which still work and print a notice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vaner.recognition.recognizer import Recognizer
from vaner.utils.deprecation import warn_renamed


class FormerNames:
    """Attributes of `vaner.annotator.Annotator` under their former names."""

    recognizer: Recognizer

    @classmethod
    def of(cls, *args: Any, **kwargs: Any) -> Any:
        """Deprecated: the old name of `from_model`."""
        warn_renamed("Annotator.of", "Annotator.from_model")
        return cls.from_model(*args, **kwargs)  # type: ignore[attr-defined]

    @property
    def proposer(self) -> Recognizer:
        """Deprecated: the old name of `recognizer`."""
        warn_renamed("Annotator.proposer", "Annotator.recognizer")
        return self.recognizer

    @property
    def learnt_from(self) -> frozenset[str]:
        """Deprecated: the old name of `training_corpora`."""
        warn_renamed("Annotator.learnt_from", "Annotator.training_corpora")
        corpora: frozenset[str] = self.training_corpora  # type: ignore[attr-defined]
        return corpora

    @property
    def datasets(self) -> Mapping[str, Sequence[str]]:
        """Deprecated: the old name of `corpora`."""
        warn_renamed("Annotator.datasets", "Annotator.corpora")
        return self.recognizer.corpora
