"""Temperatures, calibration errors and thresholds against naive computations; the stored file."""

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
score_lists = st.lists(st.tuples(st.sampled_from([0.0, 0.2, 0.5, 0.8, 0.95, 1.0]), st.booleans()))


@given(probabilities, probabilities, temperatures)
def test_temperature_keeps_order(first: float, second: float, temperature: float) -> None:
    low, high = sorted((first, second))
    assert 0 <= scale_probability(low, temperature) <= scale_probability(high, temperature) <= 1


@given(st.floats(0.001, 0.999), temperatures)
def test_inverse_temperature_restores_probability(probability: float, temperature: float) -> None:
    scaled = scale_probability(probability, temperature)
    if 1e-5 < scaled < 1 - 1e-5:
        assert scale_probability(scaled, 1 / temperature) == pytest.approx(probability, abs=1e-6)
    assert (scaled - 0.5) * (probability - 0.5) >= 0  # on the same side of one half


@settings(deadline=None)
@given(score_lists.filter(len))
def test_fitted_temperature_is_most_likely(pairs: list[tuple[float, bool]]) -> None:
    positives = sum(right for _, right in pairs)
    negatives = len(pairs) - positives

    def log_likelihood(temperature: float) -> float:
        total = 0.0
        for score, right in pairs:
            target = (positives + 1) / (positives + 2) if right else 1 / (negatives + 2)
            p = min(max(scale_probability(score, temperature), 1e-300), 1 - 1e-16)
            total += target * math.log(p) + (1 - target) * math.log1p(-p)
        return total

    fitted = fit_temperature(*zip(*pairs, strict=True))
    assert LOWEST <= fitted <= HIGHEST
    best = max(log_likelihood(float(t)) for t in np.geomspace(LOWEST, HIGHEST, 60))
    assert log_likelihood(fitted) >= best - 1e-6 * max(1, abs(best))


def naive_error(scores: Sequence[float], right: Sequence[bool], bins: int) -> float:
    """Return the error by its definition, for scores without duplicates."""
    ranked = sorted(zip(scores, right, strict=True))
    total = 0.0
    for i in range(bins):
        part = ranked[len(ranked) * i // bins : len(ranked) * (i + 1) // bins]
        mean = sum(score for score, _ in part) / len(part)
        total += len(part) * abs(mean - sum(true for _, true in part) / len(part))
    return total / len(ranked)


@settings(deadline=None)
@given(st.integers(40, 500), st.integers(0, 10_000))
def test_calibration_error_matches_definition(number: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.permutation(np.linspace(0.01, 0.99, number))
    right = rng.random(number) < scores**2
    result = bin_probabilities(scores, right)
    assert len(result.bins) == min(BINS, number // 20)
    assert result.error == pytest.approx(naive_error(list(scores), list(right), len(result.bins)))
    assert max(b.mentions for b in result.bins) - min(b.mentions for b in result.bins) <= 1


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0.2, 0.5, 0.9]), st.booleans()), min_size=40))
def test_bins_ignore_order_of_equal_scores(pairs: list[tuple[float, bool]]) -> None:
    scores, right = map(np.array, zip(*pairs, strict=True))
    result = bin_probabilities(scores, right)
    assert result == bin_probabilities(scores[::-1], right[::-1])
    assert sum(bin.mentions for bin in result.bins) == len(pairs)
    assert all(a.high < b.low for a, b in zip(result.bins, result.bins[1:], strict=False))


def overconfident(
    type: str, number: int, temperature: float, seed: int
) -> list[list[LabeledMention]]:
    """Return documents of one mention each, calibrated at the given temperature."""
    rng = Random(seed)
    documents: list[list[LabeledMention]] = []
    for _ in range(number):
        score = rng.uniform(0.4, 0.999)
        documents.append(
            [(Span(0, 1, type, score), rng.random() < scale_probability(score, temperature))]
        )
    return documents


def test_type_with_enough_mentions_gets_specific_temperature() -> None:
    documents = overconfident("Gene", 2000, 3.0, 1) + overconfident("Disease", 2000, 1.0, 2)
    calibration = fit_calibration([*documents, *overconfident("Species", 20, 1.0, 3)])
    assert calibration.types["Gene"].temperature == pytest.approx(3.0, rel=0.15)
    assert calibration.types["Disease"].temperature == pytest.approx(1.0, rel=0.15)
    assert calibration.types["Gene"].calibrated_error < 0.04 < 0.1 < calibration.types["Gene"].error
    assert calibration.types["Gene"].is_type_specific
    assert not calibration.types["Species"].is_type_specific
    assert (
        calibration.temperature("Species")
        == calibration.temperature("unheard of")
        == calibration.all_types.temperature
    )


def test_apply_changes_only_scores_and_undo_restores_them() -> None:
    calibration = fit_calibration(overconfident("Gene", 500, 2.0, 1))
    spans = (Span(0, 3, "Gene", 0.9, ("X:1",)), Span(0, 3, "Disease"))
    document = Document("1", "one", spans, {"source": "a"})
    other = calibration.apply(document)
    assert other.spans == document.spans and other.metadata == document.metadata
    assert other.spans[0].identifiers == ("X:1",) and other.spans[1].score is None
    assert other.spans[0].score == scale_probability(0.9, calibration.temperature("Gene"))
    assert calibration.undo(other).spans[0].score == pytest.approx(0.9)


@pytest.mark.parametrize("wanted", [0.0, 0.75, 0.8, 0.9])
def test_threshold_reaches_requested_precision(wanted: float) -> None:
    documents = overconfident("Gene", 3000, 2.0, 5)
    calibration = fit_calibration(documents)
    threshold = calibration.thresholds(["Gene"], wanted)["Gene"]
    scored = [
        (scale_probability(s.score or 0, calibration.temperature("Gene")), r)
        for [(s, r)] in documents
    ]
    above = [right for score, right in scored if score >= threshold]
    assert sum(above) / len(above) >= wanted
    if wanted == 0.0:
        assert threshold == 0.0 and len(above) == 3000
    else:  # a much lower threshold does not reach it
        lower = [right for score, right in scored if score >= 0.97 * threshold]
        assert sum(lower) / len(lower) < wanted + 0.005


def mentions_of(
    type: str, scores: Sequence[float], correct: float, seed: int
) -> list[LabeledMention]:
    """Return a mention for each score, of which a share is correct."""
    rng = Random(seed)
    return [(Span(0, 1, type, score), rng.random() < correct) for score in scores]


def test_min_score_is_the_threshold_with_the_best_f1() -> None:
    rng = Random(1)
    documents = [
        mentions_of("Variant", [rng.uniform(0.5, 1)] * 4, 0.9, number)
        + mentions_of("Variant", [rng.uniform(0.05, 0.3)] * 2, 0.05, number)
        + mentions_of("Gene", [rng.uniform(0.2, 1)] * 4, 0.8, number)
        for number in range(300)
    ]
    gold = [{"Variant": 4, "Gene": 4}] * 300
    calibration = fit_calibration(documents, gold=gold)
    assert set(calibration.min_scores) == {"Variant"}  # every threshold lowers F1 of Gene
    threshold = calibration.types["Variant"].min_score
    assert threshold <= 0.5

    def f1(threshold: float) -> float:
        mentions = [
            correct
            for document in documents
            for span, correct in document
            if span.type == "Variant" and calibration.score("Variant", span.score or 0) >= threshold
        ]
        return 2 * sum(mentions) / (len(mentions) + 4 * 300)

    assert f1(threshold) == max(f1(step / 20) for step in range(11)) > f1(0) + 0.1
    assert not fit_calibration(documents).min_scores  # without the number of gold mentions


def alternating(
    even: Sequence[tuple[float, bool]], odd: Sequence[tuple[float, bool]], number: int = 50
) -> list[list[LabeledMention]]:
    """Return documents with mentions of two halves: their scores, and whether they are right."""
    return [
        [(Span(0, 1, "Gene", score), is_correct) for score, is_correct in mentions]
        for _ in range(number)
        for mentions in (even, odd)
    ]


def fit_min_score(documents: Sequence[Sequence[LabeledMention]], gold: int) -> float:
    """Return the minimum score of the type, with this number of gold mentions in each document."""
    fitted = fit_calibration(documents, gold=[{"Gene": gold}] * len(documents))
    return fitted.types["Gene"].min_score


def test_min_score_must_help_both_halves_of_the_documents() -> None:
    """Documents alternate between the halves: a gain in one half alone is chance."""
    good, bad = [(0.9, True)] * 4, (0.1, False)
    assert fit_min_score(alternating([*good, *[bad] * 3], [*good, bad]), 4) > 0
    # F1 of both halves together rises here too
    assert fit_min_score(alternating([*good, *[bad] * 3], [*good, (0.1, True)]), 5) == 0


def test_min_score_must_gain_half_a_point() -> None:
    for wrong, is_chosen in ((1, False), (2, True)):  # gains of 0.497 and 0.99 points
        mentions = [(0.95, True)] * 100 + [(0.1, False)] * wrong
        assert (fit_min_score(alternating(mentions, mentions), 100) > 0) == is_chosen


def test_min_score_is_at_most_one_half() -> None:
    """A higher one may be best for F1, but would drop mentions that are probably right."""
    for score, is_chosen in ((0.6, False), (0.4, True)):  # a temperature keeps the side of 0.5
        mentions = [(0.95, True)] * 4 + [(score, False)] * 4
        assert (fit_min_score(alternating(mentions, mentions), 4) > 0) == is_chosen


@pytest.mark.parametrize("number", [1, 2, 3])
def test_min_score_of_few_documents(number: int) -> None:
    """One half may have neither gold mentions nor predictions."""
    mentions = [(0.9, True)] * 60 + [(0.1, False)] * 60
    documents = [[(Span(0, 1, "Gene", score), right) for score, right in mentions]] + [[]] * (
        number - 1
    )
    gold = [{"Gene": 60}] + [dict[str, int]()] * (number - 1)
    assert fit_calibration(documents, gold=gold).types["Gene"].min_score == 0  # in one half only


def test_unreached_precision_raises_error() -> None:
    calibration = fit_calibration(overconfident("Gene", 3000, 2.0, 5))
    message = r"precision 0.999 was not reached on the dev set for Gene \(at most 0.9\d+\)"
    with pytest.raises(VanerError, match=message):
        calibration.thresholds(["Gene"], 0.999)
    assert calibration.unreached_types(["Gene", "Virus"], 0.7) == {"Virus": None}
    assert calibration.threshold("Virus", 0.7) is None
    for types in (["Gene", "Virus"], ["Virus"]):
        with pytest.raises(VanerError) as error:
            calibration.thresholds(types, 0.1)
        assert str(error.value) == (
            "the dev set has too few mentions to measure the precision of Virus; calibrate on more "
            "documents, or choose other types"
        )
    with pytest.raises(VanerError) as error:
        calibration.thresholds(["Gene", "Virus"], 0.999)
    assert "for Gene (at most 0.9" in str(error.value)
    assert str(error.value).endswith(
        "the precision of Virus; choose a lower precision, or calibrate on more documents, or "
        "choose other types"
    )


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        ([], "no predicted mention has a score"),
        ([[(Span(0, 1, "Gene"), True)]], "no predicted mention has a score"),
        ([[(Span(0, 1, "Gene", 0.5), False)]], "the only mention is wrong"),
        ([[(Span(0, 1, "Gene", 0.5), True)]] * 3, "all 3 predicted mentions are correct"),
    ],
)
def test_unusable_labels_raise_error(documents: list[list[LabeledMention]], message: str) -> None:
    with pytest.raises(VanerError, match=message):
        fit_calibration(documents)


def test_file_roundtrip(tmp_path: Path) -> None:
    assert read_calibration(tmp_path) is None
    record = {"fitted_on": [{"corpus": "mine", "split": "devel"}]}
    calibration = fit_calibration(overconfident("Gene", 500, 2.0, 1), record)
    write_calibration(calibration, tmp_path)
    assert read_calibration(tmp_path) == calibration
    assert read_calibration(tmp_path).record == record  # type: ignore[union-attr]
    path = tmp_path / CALIBRATION_FILE  # files of earlier versions have no minimum scores
    content = json.loads(path.read_text())
    for fit in (content["all"], *content["types"].values()):
        del fit["min_score"]
    path.write_text(json.dumps(content))
    assert read_calibration(tmp_path) == calibration


def damaged_files(calibration: Calibration) -> list[str]:
    content = calibration.to_dict()
    minimum = {**content, "types": {"Gene": {**content["types"]["Gene"], "min_score": 2}}}
    hot = {**content, "all": {**content["all"], "temperature": 1e9}}
    cold = {**content, "types": {"Gene": {**content["types"]["Gene"], "temperature": math.nan}}}
    less = {key: value for key, value in content.items() if key != "types"}
    return ["", "[]", "{}", "{" + "[" * 10, *map(json.dumps, (hot, cold, less, minimum))]


def test_damaged_file_raises_error(tmp_path: Path) -> None:
    for text in damaged_files(fit_calibration(overconfident("Gene", 500, 2.0, 1))):
        (tmp_path / CALIBRATION_FILE).write_text(text)
        with pytest.raises(ModelError, match="not a readable calibration"):
            read_calibration(tmp_path)


def test_unwritable_file_raises_error(tmp_path: Path) -> None:
    calibration = fit_calibration(overconfident("Gene", 500, 2.0, 1))
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match="cannot be written"):
        write_calibration(replace(calibration), tmp_path / "file")
    (tmp_path / "model" / CALIBRATION_FILE).mkdir(parents=True)
    with pytest.raises(ModelError, match="cannot be written"):
        write_calibration(calibration, tmp_path / "model")
    assert [file.name for file in (tmp_path / "model").iterdir()] == [CALIBRATION_FILE]


def test_stored_field_names_are_unchanged() -> None:
    content = fit_calibration(overconfident("Gene", 500, 2.0, 1)).to_dict()
    names = "temperature own mentions precision error calibrated_error bins steps min_score"
    assert set(content["types"]["Gene"]) == set(content["all"]) == set(names.split())
