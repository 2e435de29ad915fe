"""Arguments of the annotator: what is meant is done, and everything else is one clear error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.tiny_model import SENTENCES
from vaner.annotator import Annotator
from vaner.errors import ModelError, VanerError
from vaner.evaluation.evaluate import evaluate
from vaner.evaluation.predictions import evaluate_predictions
from vaner.text.documents import Corpus, Document

TEXT = " ".join(SENTENCES)


@pytest.fixture(scope="module")
def annotator(tiny_model: Path) -> Annotator:
    return Annotator.from_pretrained(tiny_model, device="cpu")


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("one text", r"this is one str: call the annotator with it, annotator\(text\)"),
        (Document("1", "one text"), "this is one Document"),
        (None, "not NoneType"),
        (b"bytes", "not bytes"),
        (7, "not int"),
        ({"text": "a"}, "not dict"),
        ([["a", "b"]], "text 0 is of type list; texts are strings or documents"),
        (["a", None], "text 1 is None"),
        ([b"bytes"], "text 0 is of type bytes"),
        ([float("nan")], "text 0 is of type float"),
        ([Path("notes.txt")], "text 0 is of type PosixPath"),
    ],
)
def test_texts_of_a_wrong_type(annotator: Annotator, texts: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        list(annotator.annotate(texts))


def test_a_wrong_argument_is_an_error_before_the_first_document(annotator: Annotator) -> None:
    with pytest.raises(TypeError, match="one str"):
        annotator.annotate("one text")


@pytest.mark.parametrize(
    ("text", "message"), [(None, "the text is None"), ([TEXT], "of type list"), (b"a", "bytes")]
)
def test_one_text_of_a_wrong_type(annotator: Annotator, text: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        annotator(text)


def test_one_text_with_the_options_of_many(annotator: Annotator) -> None:
    highest = max(span.score or 0 for span in annotator(TEXT).spans)
    [expected] = annotator.annotate([TEXT], "Disease", min_score=highest)
    assert annotator(TEXT, "Disease", min_score=highest) == expected
    with pytest.raises(VanerError, match="min_score is 2"):
        annotator(TEXT, min_score=2)


@pytest.mark.parametrize("types", ["Disease", "disease", ["DISEASE"], ("disease", "Disease")])
def test_a_type_in_any_case_alone_or_in_a_list(annotator: Annotator, types: Any) -> None:
    assert annotator(TEXT, types).spans == annotator(TEXT, ["Disease"]).spans != ()


@pytest.mark.parametrize(
    ("types", "error", "message"),
    [
        ("Diseases", VanerError, "it finds Chemical, Disease. Did you mean Disease?"),
        ([], VanerError, "types is empty; leave it out to find all types"),
        (3, VanerError, "types is of type int; give names, as in"),
        ([1], VanerError, "types are names"),
        ([["Disease"]], TypeError, "types are names"),
    ],
)
def test_types_that_mean_nothing(
    annotator: Annotator, types: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message.replace("?", r"\?")):
        annotator(TEXT, types)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"min_score": 50}, VanerError, "min_score is 50; it must be from 0 to 1"),
        ({"min_score": float("nan")}, VanerError, "min_score is nan"),
        ({"min_score": "0.5"}, TypeError, "min_score is a number, not '0.5'"),
        ({"min_precision": -1}, VanerError, "min_precision is -1"),
        ({"overlaps": "Best"}, VanerError, "overlaps is 'Best'; choose keep or best"),
        ({"min_score": True}, TypeError, "min_score is a number, not True"),
        ({"consistency": "no"}, TypeError, "consistency is True or False, not 'no'"),
        ({"batch_size": 2.5}, TypeError, "batch_size is an integer, not 2.5"),
        ({"batch_size": 0}, VanerError, "batch_size is 0; it must be at least 1"),
        ({"corpus": "no-such"}, VanerError, "not trained on a corpus called 'no-such'"),
        ({"threshold": 0.5}, TypeError, "threshold"),
    ],
)
def test_options_outside_their_limits(
    annotator: Annotator, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        annotator.annotate([TEXT], **options)


def test_arguments_of_other_methods(annotator: Annotator) -> None:
    documents: Any = [Document("1", "one text")]
    wrong: Any = "x"
    for corpus, kind in ((documents, "of type list"), (None, "None")):
        with pytest.raises(VanerError, match=f"corpus is {kind}; make one of documents"):
            evaluate(annotator, corpus)
        with pytest.raises(VanerError, match=f"corpus is {kind}; make one of documents"):
            evaluate_predictions(corpus, [])
    with pytest.raises(VanerError, match="types is empty; leave it out to score all types"):
        evaluate(annotator, Corpus("c", "test", documents, ("Disease",)), types=[])
    with pytest.raises(VanerError, match="precision is of type str; give a number from 0 to 1"):
        annotator.thresholds("Disease", wrong)
    with pytest.raises(VanerError, match="None cannot be a repository"):
        annotator.push_to_hub(None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="this is one str"):
        annotator.recognizer.annotate(wrong)


def test_no_device_is_the_default(annotator: Annotator, tiny_model: Path) -> None:
    loaded = Annotator.from_pretrained(tiny_model, device=None)
    assert loaded(TEXT).spans == annotator(TEXT).spans
    with pytest.raises(VanerError, match=r"unknown device 3\.5"):
        Annotator.from_pretrained(tiny_model, device=3.5)  # type: ignore[arg-type]


def test_numbers_of_numpy(annotator: Annotator) -> None:
    options: dict[str, Any] = {"min_score": np.float32(0), "batch_size": np.int64(2)}
    assert list(annotator.annotate([TEXT], **options)) == list(annotator.annotate([TEXT]))


def test_types_may_be_a_generator(annotator: Annotator) -> None:
    types = ("Disease" for _ in range(1))
    with pytest.raises(VanerError, match="has no calibration"):
        annotator.annotate([TEXT], types=types, min_precision=0.5)  # type: ignore[arg-type]


def test_a_corpus_in_any_case(annotator: Annotator) -> None:
    with pytest.raises(TypeError, match="corpus is the name of one corpus, not int"):
        annotator.annotate([TEXT], corpus=3)  # type: ignore[arg-type]
    [name] = annotator.corpora
    [first], [second] = (annotator.annotate([TEXT], corpus=c) for c in (name, name.upper()))
    assert first == second


def test_models_by_name() -> None:
    with pytest.raises(ModelError, match=r"unknown model 'biomedcal'. Did you mean biomedical\?"):
        Annotator.from_pretrained("biomedcal")
    with pytest.raises(TypeError, match=r"use Annotator.from_pretrained\('biomedical'\)"):
        Annotator("biomedical")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"linker is str; use .*Linker.from_name"):
        Annotator.from_pretrained(linker="open")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a model is a name or a folder, not list"):
        Annotator.from_pretrained(["biomedical"])  # type: ignore[arg-type]
    with pytest.raises(VanerError, match="batch_size is 0"):
        Annotator.from_pretrained(batch_size=0)
    with pytest.raises(ModelError, match="the name of the model is empty"):
        Annotator.from_pretrained(" ")
