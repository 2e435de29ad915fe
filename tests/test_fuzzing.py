"""Damaged files of every kind: a result, or one line. More inputs: python -m benchmarks.fuzzing"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.fuzz_inputs import KINDS
from benchmarks.fuzzing import run_attempt, run_kind

pytestmark = pytest.mark.heavy

NUMBERS = {
    "recipes": 150, "records": 150, "knowledge bases": 100, "manifests": 100, "documents": 150,
    "exported forms": 30, "taggers": 25, "selectors": 15, "generators": 15,
    "runs": 8,
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_are_read_or_refused_in_one_line(kind: str, tmp_path: Path) -> None:
    attempt = KINDS[kind](tmp_path)
    outcomes = [run_attempt(attempt, seed) for seed in range(NUMBERS[kind])]
    wrong = [(seed, *o) for seed, o in enumerate(outcomes) if o[0] not in ("read", "refused")]
    assert not wrong, wrong[0]
    assert {"read", "refused"} == {outcome for outcome, _ in outcomes}


def test_a_crash_is_reported_and_the_next_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    import os
    import random

    def make(_: Path) -> object:
        def attempt(rng: random.Random) -> None:
            if rng.random() == random.Random(1).random():
                os._exit(7)

        return attempt

    monkeypatch.setitem(KINDS, "recipes", make)  # type: ignore[arg-type]
    outcomes: Sequence[tuple[int, str, str]] = list(run_kind("recipes", range(3)))
    assert [(seed, outcome) for seed, outcome, _ in outcomes] == [
        (0, "read"), (1, "crash"), (2, "read"),
    ]  # fmt: skip
