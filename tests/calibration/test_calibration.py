"""Temperatures, calibration errors and thresholds against naive ones; the file that keeps them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaner.calibration.calibration import (
    CALIBRATION_FILE,
    Calibration,
    read_calibration,
    write_calibration,
)
from vaner.calibration.fit import fit_calibration
from vaner.calibration.labels import LabeledMention
from vaner.calibration.reliability import BINS, bin_probabilities
from vaner.calibration.temperature import HIGHEST, LOWEST, fit_temperature, scale_probability
from vaner.errors import ModelError, VanerError
from vaner.text.documents import Document, Span

probabilities = st.floats(0, 1)
temperatures = st.floats(LOWEST, HIGHEST)
answers = st.lists(st.tuples(st.sampled_from([0.0, 0.2, 0.5, 0.8, 0.95, 1.0]), st.booleans()))


@given(probabilities, probabilities, temperatures)
def test_a_temperature_keeps_the_order(one: float, other: float, temperature: float) -> None:
    low, high = sorted((one, other))
    assert 0 <= scale_probability(low, temperature) <= scale_probability(high, temperature) <= 1


@given(st.floats(0.001, 0.999), temperatures)
def test_a_temperature_can_be_undone(probability: float, temperature: float) -> None:
    there = scale_probability(probability, temperature)
    if 1e-5 < there < 1 - 1e-5:
        assert scale_probability(there, 1 / temperature) == pytest.approx(probability, abs=1e-6)
    assert (there - 0.5) * (probability - 0.5) >= 0  # on the same side of one half


@settings(deadline=None)
@given(answers.filter(len))
def test_the_temperature_is_the_most_likely_one(pairs: list[tuple[float, bool]]) -> None:
    ups = sum(right for _, right in pairs)
    downs = len(pairs) - ups

    def log_likelihood(temperature: float) -> float:
        total = 0.0
        for score, right in pairs:
            target = (ups + 1) / (ups + 2) if right else 1 / (downs + 2)
            p = min(max(scale_probability(score, temperature), 1e-300), 1 - 1e-16)
            total += target * math.log(p) + (1 - target) * math.log1p(-p)
        return total

    found = fit_temperature(*zip(*pairs, strict=True))
    assert LOWEST <= found <= HIGHEST
    best = max(log_likelihood(float(t)) for t in np.geomspace(LOWEST, HIGHEST, 60))
    assert log_likelihood(found) >= best - 1e-6 * max(1, abs(best))


def naive_error(scores: Sequence[float], right: Sequence[bool], bins: int) -> float:
    """By the definition, where no two scores are the same."""
    ranked = sorted(zip(scores, right, strict=True))
    total = 0.0
    for i in range(bins):
        some = ranked[len(ranked) * i // bins : len(ranked) * (i + 1) // bins]
        mean = sum(score for score, _ in some) / len(some)
        total += len(some) * abs(mean - sum(true for _, true in some) / len(some))
    return total / len(ranked)


@settings(deadline=None)
@given(st.integers(40, 500), st.integers(0, 10_000))
def test_the_calibration_error_is_what_its_definition_says(number: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.permutation(np.linspace(0.01, 0.99, number))
    right = rng.random(number) < scores**2
    found = bin_probabilities(scores, right)
    assert len(found.bins) == min(BINS, number // 20)
    assert found.error == pytest.approx(naive_error(list(scores), list(right), len(found.bins)))
    assert max(b.mentions for b in found.bins) - min(b.mentions for b in found.bins) <= 1


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0.2, 0.5, 0.9]), st.booleans()), min_size=40))
def test_bins_do_not_depend_on_the_order_of_equal_scores(pairs: list[tuple[float, bool]]) -> None:
    scores, right = map(np.array, zip(*pairs, strict=True))
    found = bin_probabilities(scores, right)
    assert found == bin_probabilities(scores[::-1], right[::-1])
    assert sum(one.mentions for one in found.bins) == len(pairs)
    assert all(a.high < b.low for a, b in zip(found.bins, found.bins[1:], strict=False))


def overconfident(
    type: str, number: int, temperature: float, seed: int
) -> list[list[LabeledMention]]:
    """Documents of one mention each, as right as their scores are at a temperature."""
    draw = Random(seed)
    found: list[list[LabeledMention]] = []
    for _ in range(number):
        score = draw.uniform(0.4, 0.999)
        found.append(
            [(Span(0, 1, type, score), draw.random() < scale_probability(score, temperature))]
        )
    return found


def test_every_type_with_enough_mentions_has_its_own_temperature() -> None:
    documents = overconfident("Gene", 2000, 3.0, 1) + overconfident("Disease", 2000, 1.0, 2)
    found = fit_calibration([*documents, *overconfident("Species", 20, 1.0, 3)])
    assert found.types["Gene"].temperature == pytest.approx(3.0, rel=0.15)
    assert found.types["Disease"].temperature == pytest.approx(1.0, rel=0.15)
    assert found.types["Gene"].calibrated_error < 0.04 < 0.1 < found.types["Gene"].error
    assert found.types["Gene"].own and not found.types["Species"].own
    assert (
        found.temperature("Species") == found.temperature("unheard of") == found.every.temperature
    )


def test_only_scores_change_and_can_be_had_back() -> None:
    found = fit_calibration(overconfident("Gene", 500, 2.0, 1))
    spans = (Span(0, 3, "Gene", 0.9, ("X:1",)), Span(0, 3, "Disease"))
    document = Document("1", "one", spans, {"source": "a"})
    other = found.apply(document)
    assert other.spans == document.spans and other.metadata == document.metadata
    assert other.spans[0].identifiers == ("X:1",) and other.spans[1].score is None
    assert other.spans[0].score == scale_probability(0.9, found.temperature("Gene"))
    assert found.undo(other).spans[0].score == pytest.approx(0.9)


@pytest.mark.parametrize("wanted", [0.0, 0.75, 0.8, 0.9])
def test_a_threshold_has_the_precision_it_was_asked_for(wanted: float) -> None:
    documents = overconfident("Gene", 3000, 2.0, 5)
    found = fit_calibration(documents)
    threshold = found.thresholds(["Gene"], wanted)["Gene"]
    scored = [
        (scale_probability(s.score or 0, found.temperature("Gene")), r) for [(s, r)] in documents
    ]
    kept = [right for score, right in scored if score >= threshold]
    assert sum(kept) / len(kept) >= wanted
    if wanted == 0.0:
        assert threshold == 0.0 and len(kept) == 3000
    else:  # and none that is much lower has it
        lower = [right for score, right in scored if score >= 0.97 * threshold]
        assert sum(lower) / len(lower) < wanted + 0.005


def test_what_no_threshold_reached_is_told() -> None:
    found = fit_calibration(overconfident("Gene", 3000, 2.0, 5))
    told = r"precision 0.999 was not reached on devel for Gene \(at most 0.9\d+\)"
    with pytest.raises(VanerError, match=told):
        found.thresholds(["Gene"], 0.999)
    assert found.too_much(["Gene"], 0.7) == "" and found.threshold("Virus", 0.7) is None
    with pytest.raises(VanerError, match=r"for Virus \(too few mentions there\)"):
        found.thresholds(["Gene", "Virus"], 0.7)


@pytest.mark.parametrize(
    ("documents", "told"),
    [
        ([], "no mention that was found has a score"),
        ([[(Span(0, 1, "Gene"), True)]], "no mention that was found has a score"),
        ([[(Span(0, 1, "Gene", 0.5), True)]] * 3, "all 3 mentions found are right"),
        ([[(Span(0, 1, "Gene", 0.5), False)]], "all 1 mentions found are wrong"),
    ],
)
def test_what_cannot_be_calibrated_by(documents: list[list[LabeledMention]], told: str) -> None:
    with pytest.raises(VanerError, match=told):
        fit_calibration(documents)


def test_the_file_gives_back_what_was_kept(tmp_path: Path) -> None:
    assert read_calibration(tmp_path) is None
    record = {"fitted_on": [{"corpus": "mine", "split": "devel"}]}
    found = fit_calibration(overconfident("Gene", 500, 2.0, 1), record)
    write_calibration(found, tmp_path)
    assert read_calibration(tmp_path) == found
    assert read_calibration(tmp_path).record == record  # type: ignore[union-attr]


def broken(found: Calibration) -> list[str]:
    content = found.to_dict()
    hot = {**content, "all": {**content["all"], "temperature": 1e9}}
    cold = {**content, "types": {"Gene": {**content["types"]["Gene"], "temperature": math.nan}}}
    less = {key: value for key, value in content.items() if key != "types"}
    return ["", "[]", "{}", "{" + "[" * 10, *map(json.dumps, (hot, cold, less))]


def test_a_broken_file_is_told_and_not_passed_over(tmp_path: Path) -> None:
    for text in broken(fit_calibration(overconfident("Gene", 500, 2.0, 1))):
        (tmp_path / CALIBRATION_FILE).write_text(text)
        with pytest.raises(ModelError, match="not a readable calibration"):
            read_calibration(tmp_path)


def test_where_it_cannot_be_written(tmp_path: Path) -> None:
    found = fit_calibration(overconfident("Gene", 500, 2.0, 1))
    with pytest.raises(ModelError, match="cannot be written"):
        write_calibration(replace(found), tmp_path / "missing")
    (tmp_path / "model" / CALIBRATION_FILE).mkdir(parents=True)
    with pytest.raises(ModelError, match="cannot be written"):
        write_calibration(found, tmp_path / "model")
    assert [file.name for file in (tmp_path / "model").iterdir()] == [CALIBRATION_FILE]
