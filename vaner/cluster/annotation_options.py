"""How mentions are found, as one value: by the command itself, and by each of many workers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from vaner.errors import VanerError
from vaner.formats.label_studio import with_model_name
from vaner.text.documents import Document, Overlaps

if TYPE_CHECKING:
    from vaner.annotator import Annotator
    from vaner.knowledge.matcher import Matcher

Find = Callable[[Iterable[Document]], Iterator[Document]]
"""Documents in, the same documents with other mentions out, as a stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A model and its options; what it is loaded into comes from `open`.

    Args:
        model: embedded name, folder or Hub id; the embedded default if None.
        selector: folder or Hub id of a selector to put behind it.
        kb: knowledge base whose identifiers mentions get that are names in it.
        types: to find; all that are known if None.
        dataset: corpus that the texts are from.
        overlaps, min_score, min_precision: which mentions are kept: see `Annotator.annotate`.
        batch_size, device, quantization: see `Annotator.from_pretrained`.
    """

    model: str | None = None
    selector: str | None = None
    kb: str | None = None
    types: tuple[str, ...] | None = None
    dataset: str | None = None
    overlaps: Overlaps = "keep"
    min_score: float = 0.0
    min_precision: float | None = None
    batch_size: int = 32
    device: str = "auto"
    quantization: Literal["nf4"] | None = None

    @property
    def model_name(self) -> str:
        """What the model is called where its name is written down."""
        from vaner.models.locate import DEFAULT_MODEL

        return self.model or DEFAULT_MODEL

    def open(self, writing: str) -> Find:
        """Load all that is needed, which takes seconds.

        Args:
            writing: name of the format that the documents go to.

        Raises:
            VanerError: for what is not there, or what the model does not know.
        """
        from vaner.annotator import Annotator

        matcher = self._matcher()
        annotator = Annotator.from_pretrained(
            self.model, selector=self.selector, device=self.device, batch_size=self.batch_size,
            quantization=self.quantization,
        )  # fmt: skip
        _check_dataset(annotator, self.dataset)
        if self.min_precision is not None:
            annotator.thresholds(self.types, self.min_precision)  # told before the work

        def find(documents: Iterable[Document]) -> Iterator[Document]:
            found = annotator.annotate(
                documents, self.types, corpus=self.dataset, overlaps=self.overlaps,
                min_score=self.min_score, min_precision=self.min_precision,
            )  # fmt: skip
            found = found if matcher is None else matcher.identify(found)
            # The one format that says whose mentions they are.
            return with_model_name(found, self.model_name) if writing == "label_studio" else found

        return find

    def _matcher(self) -> Matcher | None:
        from vaner.knowledge.matcher import Matcher

        return None if self.kb is None else Matcher.named(self.kb)


def _check_dataset(annotator: Annotator, dataset: str | None) -> None:
    known = list(annotator.datasets)
    if dataset is not None and dataset not in known:
        raise VanerError(
            f"the model was not trained on a corpus called {dataset!r}; "
            f"it knows {', '.join(known) or 'none by name'}"
        )
