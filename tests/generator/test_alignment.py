"""Tests of the alignment of two texts, and of its running time."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaner.generator.alignment import Gap, align_texts, fold_text

TEXTS = st.text(alphabet=st.sampled_from("ab cé[。\n\U0001f600"), max_size=40)


@given(TEXTS, TEXTS)
def test_texts_agree_between_the_gaps(left: str, right: str) -> None:
    a = b = 0
    for gap in [*align_texts(left, right), Gap(len(left), len(left), len(right), len(right))]:
        assert _spaced(left[a : gap.a_start]) == _spaced(right[b : gap.b_start])
        assert gap.a_start <= gap.a_end and gap.b_start <= gap.b_end
        a, b = gap.a_end, gap.b_end
    assert (a, b) == (len(left), len(right))


def _spaced(text: str) -> str:
    return text.replace("\n", " ")  # all white space is equivalent


@given(st.text())
def test_equal_texts_have_no_gaps(text: str) -> None:
    assert align_texts(text, text) == []


@given(st.text("ab \n", max_size=20), st.text("ab \n", max_size=20))
def test_deletion_and_insertion_are_found(before: str, after: str) -> None:
    complete = f"{before}<+>{after}"
    (gap,) = align_texts(before + after, complete)
    assert complete[gap.b_start : gap.b_end].strip() == "<+>" and gap.a_start == gap.a_end
    (gap,) = align_texts(complete, before + after)
    assert complete[gap.a_start : gap.a_end].strip() == "<+>" and gap.b_start == gap.b_end


def test_missing_clause_does_not_affect_its_neighbors() -> None:
    first, second, third = (
        "Serum ferritin was low in all the infants. ",
        "Their mothers had been given iron as of the second month of pregnancy, and folate. ",
        "None of the infants was given any.",
    )
    (gap,) = align_texts(first + third, first + second + third)
    assert (first + second + third)[gap.b_start : gap.b_end].strip() == second.strip()
    (gap,) = align_texts(first, first + second + third)
    assert gap.a_start == gap.b_start == len(first)


@given(st.text())
def test_fold_text_preserves_offsets(text: str) -> None:
    assert len(fold_text(text)) == len(text)


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        ("β-Catenin", "Β–catenin"),
        ("５％，", "5%,"),
        ("‘5′", "'5′"),
        ("a\u00a0b\tc", "a b c"),
        ("naïve", "naive"),
        ("“x”", '"x"'),
    ],
)
def test_fold_text_unifies_variants(variant: str, expected: str) -> None:
    assert fold_text(variant) == fold_text(expected)


@pytest.mark.parametrize("pair", ["ﬁ:f", "각:가", "½:1", "´: "])
def test_fold_text_leaves_compound_characters(pair: str) -> None:
    character, other = pair.split(":")
    assert fold_text(character) != fold_text(other)


N = 50_000
HARD = {
    "one letter": ("a" * N, "a" * (N - 1) + "b"),
    "one letter, a difference in the middle": (f"y{'a' * N}", f"{'a' * (N // 2)}x{'a' * N}"),
    "out of step": ("ab" * (N // 2), "ba" * (N // 2)),
    "nothing in common": ("ab" * (N // 2), "cd" * (N // 2)),
    "white space": (" " * N + "a", "\n".join("a" * (N // 2))),
    "every piece twice": (f"x{'abaababaabaab' * 4000}", f"{'abaababaabaab' * 4000}y"),
    "back to front": (" ".join(map(str, range(9000))), " ".join(map(str, range(9000, 0, -1)))),
}


@pytest.mark.parametrize("name", HARD)
def test_worst_cases_are_not_quadratic(name: str) -> None:
    """Takes tenths of a second; a quadratic algorithm would take minutes."""
    start = time.process_time()
    align_texts(*HARD[name])
    assert time.process_time() - start < 10
