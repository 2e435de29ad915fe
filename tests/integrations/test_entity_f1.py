"""Tests of the metric module: it loads without network access and agrees with the scorer."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from seqeval.metrics import f1_score
from seqeval.scheme import IOB2

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
