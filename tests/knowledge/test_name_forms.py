"""Canonical names and texts: what agrees, what does not, and the way back to the original."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vaner.knowledge.name_forms import canonical, canonical_text, variants

# Surrogates too: what a broken file leaves in a text.
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
def test_spellings_that_agree(spellings: list[str]) -> None:
    assert len({canonical(each) for each in spellings}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("IL 2", "IL2"), ("5 μg", "5 mg"), ("が", "か"), ("½", "1/2"), ("a.b", "a b"), ("-", " x")],
)
def test_spellings_that_do_not(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


def test_case_is_kept_where_asked_for() -> None:
    assert canonical("Straße-ÉCLAIR ﬁ", case=True) == "Strasse ECLAIR fi"
    assert canonical("-") == canonical("") == ""


def test_greek() -> None:
    assert list(variants(canonical("Interferon-alpha 2b"))) == [
        "interferon α 2b",
        "interferonα 2b",
    ]
    assert list(variants(canonical("TNFα"))) == ["tnfalpha"]
    assert list(variants("alphabet")) == list(variants("epidermis")) == []


@settings(max_examples=300, deadline=None)
@given(TEXTS)
@example("ΑΣ Σ")
@example("e\u0301\u0302")
@example("\u0301 \u0301")
@example("\U000e0020\U0002f801가가")
def test_text_and_name_agree(text: str) -> None:
    found = canonical_text(text)
    for case in (False, True):
        assert found.text(case=case) == canonical(text, case=case)
        assert canonical(found.text(case=case), case=case) == found.text(case=case)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_the_way_back(text: str) -> None:
    found = canonical_text(text)
    starts, ends = found.starts.tolist(), found.ends.tolist()
    assert starts == sorted(starts) and ends == sorted(ends)
    for char, start, end in zip(found.text(case=True), starts, ends, strict=True):
        assert 0 <= start < end <= len(text)
        assert char == " " or char in canonical(f"x{text[start:end]}", case=True)
