"""Canonical forms: which spellings are equal, which are not, and the offsets of a text."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.knowledge.canonical_text import canonical_text
from vaner.knowledge.name_forms import canonicalize, greek_variants

# Including lone surrogates, which a broken file can leave in a text.
TEXTS = st.text(st.characters(categories=None) | st.sampled_from(" -‐–\u00adé̈ßﬁ²αΣİ糖を\u0e33'’½"))


@pytest.mark.parametrize(
    "spellings",
    [
        ["beta-blocker", "beta - blocker", "Beta blocker", "beta\u2011blocker", "beta–\n blocker"],
        ["(vWf)", "( vWF )", " (\u00a0VWF)"],
        ["Ménière's disease", "Me\u0301nie\u0300re’s disease", "meniere ' s  disease"],
        ["ＣＤ４", "CD4", "cd⁴"],
        ["oesophagitis", "œsophagitis"],
        ["2,4-dinitro-phenol", "2 , 4 - dinitro phenol"],
        ["糖尿病", "糖 尿 病"],
        ["TGF-β", "tgf ϐ", "TGF − Β"],
        ["soft\u00adhyphen", "softhyphen"],
        ["Aspirin®", "aspirin"],
    ],
)
def test_spelling_variants_are_equal(spellings: list[str]) -> None:
    assert len({canonicalize(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [("IL 2", "IL2"), ("5 μg", "5 mg"), ("が", "か"), ("½", "1/2"), ("a.b", "a b"), ("-", " x")],
)
def test_different_names_are_not_equal(first: str, second: str) -> None:
    assert canonicalize(first) != canonicalize(second)


def test_case_is_preserved_on_request() -> None:
    assert canonicalize("Straße-ÉCLAIR ﬁ", case=True) == "Strasse ECLAIR fi"
    assert canonicalize("-") == canonicalize("") == ""


def test_greek_letters_and_their_names_are_variants() -> None:
    assert list(greek_variants(canonicalize("Interferon-alpha 2b"))) == [
        "interferon α 2b",
        "interferonα 2b",
    ]
    assert list(greek_variants(canonicalize("TNFα"))) == ["tnfalpha"]
    assert list(greek_variants("alphabet")) == list(greek_variants("epidermis")) == []


@settings(max_examples=300, deadline=None)
@given(TEXTS)
@example("ΑΣ Σ")
@example("e\u0301\u0302")
@example("\u0301 \u0301")
@example("\U000e0020\U0002f801가가")
def test_texts_and_names_have_equal_forms(text: str) -> None:
    canonical = canonical_text(text)
    for case in (False, True):
        assert canonical.text(case=case) == canonicalize(text, case=case)
        assert canonicalize(canonical.text(case=case), case=case) == canonical.text(case=case)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_offsets_of_canonical_characters(text: str) -> None:
    canonical = canonical_text(text)
    starts, ends = canonical.starts.tolist(), canonical.ends.tolist()
    assert starts == sorted(starts) and ends == sorted(ends)
    for char, start, end in zip(canonical.text(case=True), starts, ends, strict=True):
        assert 0 <= start < end <= len(text)
        assert char == " " or char in canonicalize(f"x{text[start:end]}", case=True)
