"""Minimum scores of an annotator, with and without a selector."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vaner.annotator import Annotator
from vaner.calibration.calibration import Calibration, Fit
from vaner.evaluation.evaluate import evaluate
from vaner.text.documents import Corpus, Document, Span

TEXT = "V600E gout INS"
MENTIONS = (Span(0, 5, "Variant", 0.3), Span(6, 10, "Disease", 0.3), Span(11, 14, "Gene", 0.3))


def calibrate(min_scores: Mapping[str, float]) -> Calibration:
    fit = Fit(1.0, True, 100, 0.9, 0.0, 0.0, 1, ())
    types = {
        type: Fit(1.0, True, 100, 0.9, 0.0, 0.0, 1, (), score) for type, score in min_scores.items()
    }
    return Calibration(types, fit)


class Recognizer:
    """Finds the same mentions in every text."""

    kind, types, zero_shot, form = "model", ("Disease", "Gene", "Variant"), False, None
    corpora: Mapping[str, list[str]] = {}
    calibration = None

    def annotate(self, texts: Iterable[Any], types: Any, **_: Any) -> Iterator[Document]:
        for text in texts:
            document = text if isinstance(text, Document) else Document("0", text)
            yield document.with_spans(span for span in MENTIONS if span.type in types)

    def unreachable(self, document: Document, types: Any) -> Mapping[str, int]:
        return {}


class Selector:
    """Gives a score to diseases, and no other mention."""

    types, corpora = ("Disease",), ()

    def __init__(self, calibration: Calibration | None) -> None:
        self.calibration = calibration

    def select(self, documents: Iterable[Document]) -> Iterator[Document]:
        yield from documents


def read_types(annotator: Annotator, **options: Any) -> list[str]:
    return [span.type for span in annotator(TEXT, **options).spans]


def make(selector: Selector | None = None) -> Annotator:
    calibration = calibrate({"Variant": 0.5, "Disease": 0.4, "Gene": 0.0})
    return Annotator(Recognizer(), selector, calibration)  # type: ignore[arg-type]


def test_names_below_the_minimum_score_are_dropped_unless_another_is_given() -> None:
    annotator = make()
    assert annotator.min_scores == {"Variant": 0.5, "Disease": 0.4}
    for consistency in (True, False):
        assert read_types(annotator, consistency=consistency) == ["Gene"]
        everything = read_types(annotator, consistency=consistency, min_score=0)
        assert everything == ["Variant", "Disease", "Gene"]
    assert read_types(annotator, min_score=0.31) == []
    assert Annotator(Recognizer()).min_scores == {}  # type: ignore[arg-type]


def test_a_selector_has_minimum_scores_for_the_types_that_it_scores() -> None:
    for calibration, expected in (
        (calibrate({"Disease": 0.2}), ["Disease", "Gene"]),
        (calibrate({"Disease": 0.35}), ["Gene"]),
        (None, ["Disease", "Gene"]),
    ):
        assert read_types(make(Selector(calibration))) == expected


def test_scores_of_an_evaluation_are_those_of_the_threshold_that_is_given() -> None:
    gold = Corpus("mine", "devel", (Document("1", TEXT, MENTIONS),))
    for selector in (None, Selector(None)):
        for min_score, number in ((None, 2 if selector else 1), (0, 3), ({"Gene": 0.4}, 2)):
            result = evaluate(make(selector), gold, min_score=min_score, bootstrap=0)
            assert sum(len(document.spans) for document in result.predicted) == number
