"""Tests of the metric module: it loads without network access and agrees with the scorer."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from seqeval.metrics import f1_score
from seqeval.scheme import BILOU, IOB2, IOBES, IOE2

import vaner.integrations
from vaner.errors import VanerError
from vaner.evaluation import score
from vaner.text.documents import Document, Span
from vaner.text.tags import decode_tags

FOLDER = Path(vaner.integrations.__file__).parent / "entity_f1"


@pytest.fixture(scope="module")
def metric(tmp_path_factory: pytest.TempPathFactory) -> Any:
    patch = pytest.MonkeyPatch()
    cache = tmp_path_factory.mktemp("evaluate")
    patch.setenv("HF_HUB_OFFLINE", "1")
    import evaluate

    patch.setattr(evaluate.config, "HF_MODULES_CACHE", cache / "modules", raising=False)
    yield evaluate.load(str(FOLDER), cache_dir=str(cache))
    patch.undo()


def sequences(seed: int) -> list[list[str]]:
    rng = random.Random(seed)
    return [rng.choices(["O", "O", "B-A", "I-A", "B-B", "I-B"], k=3 + i % 9) for i in range(60)]


def test_folder_and_file_both_load(metric: Any, tmp_path: Path) -> None:
    import evaluate

    by_file = evaluate.load(str(FOLDER / "entity_f1.py"), cache_dir=str(tmp_path))
    tags = [["B-A", "I-A", "O", "B-B"]]
    assert by_file.compute(predictions=tags, references=tags)["f1"] == 1.0
    assert metric.compute(predictions=tags, references=tags)["macro_f1"] == 1.0


def test_agrees_with_the_scorer_and_seqeval(metric: Any) -> None:
    gold, predicted = sequences(0), sequences(1)
    for side in (gold, predicted):  # some mentions are correct, some are not
        side[::2] = gold[::2]
    result = metric.compute(predictions=predicted, references=gold, bootstrap=50, seed=3)
    sides = [
        [
            Document(str(i), "w" * len(t), tuple(Span(*c) for c in decode_tags(t, repair=False)))
            for i, t in enumerate(side)
        ]
        for side in (gold, predicted)
    ]
    ours = score(*sides, bootstrap=50, seed=3)
    assert result["report"] == ours.to_dict()
    assert result["f1"] == ours.micro.f1
    theirs = f1_score(gold, predicted, mode="strict", scheme=IOB2, zero_division=0)
    assert result["f1"] == pytest.approx(theirs)
    assert 0.3 < result["f1"] < 1.0


@pytest.mark.parametrize(
    ("name", "scheme", "letters"),
    [("BIOES", IOBES, "BIES"), ("BILOU", BILOU, "BILU"), ("IOE2", IOE2, "IE"), ("BIO", IOB2, "BI")],
)
def test_strict_means_what_it_means_in_seqeval(
    metric: Any, name: str, scheme: Any, letters: str
) -> None:
    tags = ["O", *(f"{letter}-{type}" for letter in letters for type in "AB")]
    rng = random.Random(name)
    gold, predicted = ([rng.choices(tags, k=1 + i % 7) for i in range(300)] for _ in range(2))
    predicted[::2] = gold[::2]
    theirs = f1_score(gold, predicted, mode="strict", scheme=scheme, zero_division=0)
    for options in ({}, {"scheme": name}):
        result = metric.compute(predictions=predicted, references=gold, **options)
        assert result["f1"] == pytest.approx(theirs)
    assert 0.3 < theirs < 1.0


@pytest.mark.parametrize(
    ("reference", "prediction", "f1"),
    [
        ("B E S", "B I S", 2 / 3),  # B I is not complete
        ("B E S", "B E S", 1.0),
        ("B M E S", "B M E S", 1.0),
        ("B L U", "B I U", 2 / 3),
        ("B I E O", "I I E O", 0.0),
        ("B E O O", "B E B O", 1.0),
    ],
)
def test_mentions_that_are_not_complete_do_not_count(
    metric: Any, caplog: pytest.LogCaptureFixture, reference: str, prediction: str, f1: float
) -> None:
    sides = [[[tag if tag == "O" else f"{tag}-A" for tag in side.split()]]
             for side in (reference, prediction)]  # fmt: skip
    result = metric.compute(references=sides[0], predictions=sides[1])
    assert result["f1"] == pytest.approx(f1)
    is_reported = "predictions: 1 entities are not complete in BIOES" in caplog.text
    assert is_reported == (reference != prediction)


def test_io_is_read_as_io_or_reported(metric: Any, caplog: pytest.LogCaptureFixture) -> None:
    io, bio = [["I-A", "I-A", "O", "I-B"]], [["B-A", "I-A", "O", "B-B"]]
    assert metric.compute(references=io, predictions=io, scheme="IO")["f1"] == 1.0
    assert not caplog.text
    assert metric.compute(references=io, predictions=bio)["f1"] == 1.0
    assert "references have no B tags and are read as IO" in caplog.text
    assert metric.compute(references=bio, predictions=io)["f1"] == 0.0
    assert "predictions: 2 entities are not complete in BIO and left out" in caplog.text
    assert metric.compute(references=bio, predictions=io, repair=True)["f1"] == 1.0
    with pytest.raises(VanerError, match="unknown scheme 'X'; use one of BIO, BIOES"):
        metric.compute(references=io, predictions=io, scheme="X")


def test_bioes_and_bio_encode_the_same_mentions(metric: Any) -> None:
    bio = [["B-A", "I-A", "I-A", "B-B", "O"]]
    bioes = [["B-A", "I-A", "E-A", "S-B", "O"]]
    assert metric.compute(predictions=bioes, references=bio)["f1"] == 1.0


def test_tags_without_a_type_have_one_type(metric: Any) -> None:
    result = metric.compute(predictions=[["B", "I", "O"]], references=[["B", "I", "B"]])
    assert result["recall"] == 0.5
    assert list(result["report"]["types"]) == ["entity"]


def test_invalid_tags_are_repaired_only_on_request(metric: Any) -> None:
    tags = {"predictions": [["I-A", "I-A", "O"]], "references": [["B-A", "I-A", "O"]]}
    assert metric.compute(**tags)["recall"] == 0.0
    assert metric.compute(**tags, repair=True)["recall"] == 1.0


def test_errors_name_the_sequence(metric: Any) -> None:
    with pytest.raises(VanerError, match="sequence 1 has 2 reference tags but 1 predicted"):
        metric.compute(predictions=[["O"], ["O"]], references=[["O"], ["O", "O"]])
    with pytest.raises(VanerError, match="sequence 0: 'Z-A' is not a tag"):
        metric.compute(predictions=[["Z-A"]], references=[["O"]])
