"""The name of the corpus that a model is given when it is evaluated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from vaner.evaluation.evaluate import evaluate
from vaner.text.documents import Corpus, Document, Span


class Listener:
    """A recognizer that finds nothing and remembers the corpus it was given."""

    kind = "model"
    types = ("Gene",)
    zero_shot = False
    calibration = None

    def __init__(self, corpora: Mapping[str, Sequence[str]]) -> None:
        self.corpora = corpora
        self.given: list[str | None] = []

    def annotate(
        self, documents: Iterable[Document], types: Any, *, corpus: str | None = None
    ) -> Iterator[Document]:
        self.given.append(corpus)
        yield from documents

    def unreachable(self, document: Document, types: Sequence[str]) -> Counter[str]:
        return Counter()


@pytest.mark.parametrize(
    ("trained_on", "corpus", "expected"),
    [
        ("BioRED", "BioRED", "BioRED"),
        ("BioRED", "BioRED-Gene", "BioRED"),  # a view reads the files of its base corpus
        ("JNLPBA-Gene", "JNLPBA-Gene", "JNLPBA-Gene"),  # unless the model was trained on the view
        ("BioRED", "letters", None),  # a corpus that it was not trained on has no name
    ],
)
def test_a_view_goes_by_the_name_the_model_knows(
    trained_on: str, corpus: str, expected: str | None
) -> None:
    model = Listener({trained_on: ["Gene"]})
    gold = Corpus(corpus, "devel", (Document("1", "p53 acts.", (Span(0, 3, "Gene"),)),))
    evaluate(model, gold, bootstrap=0)  # type: ignore[arg-type]
    evaluate(model, gold, bootstrap=0, name_corpus=False)  # type: ignore[arg-type]
    assert model.given == [expected, None]
