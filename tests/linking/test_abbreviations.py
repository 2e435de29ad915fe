"""Abbreviations that a text defines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.growth import assert_linear
from vaner.linking.abbreviations import find_abbreviations


def pairs(text: str) -> list[tuple[str, str]]:
    return [(text[a:b], text[c:d]) for a, b, c, d in find_abbreviations(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Heat shock transfer factor (HSF) acts", [("HSF", "Heat shock transfer factor")]),
        ("We saw gout flares (GFs) often.", [("GFs", "gout flares")]),
        ("HSF (heat shock factor) acts.", [("HSF", "heat shock factor")]),
        ("tumour necrosis factor alpha (TNF-α) rose", []),  # α is not written in the long form
        ("tumour necrosis factor-α (TNF-α) rose", [("TNF-α", "tumour necrosis factor-α")]),
        ("nerve growth factor [NGF] binds", [("NGF", "nerve growth factor")]),
        ("chronic gout (CG; stage 2) hurts", [("CG", "chronic gout")]),
        ("patients (n = 12) and mice (see below)", []),
        ("in 1998 (1999) it rose", []),
        ("a very long story about nothing at all and more things (AB)", []),
        ("the gene p53 (p53) acts", []),
        ("(CKD) begins a text", []),
        ("Asthma\n\n(AST)", []),
        ("fever (F)", []),
        ("risk [odds ratio (OR) 2, confidence interval (CI) 1-3]",
         [("OR", "odds ratio"), ("CI", "confidence interval")]),
        ("either higher (e.g. in mice, or i.e.)", []),
        ("emergency drugs (eg, adrenaline), infected eyes (ie, red)", []),
        ("area under curve (AUC), 1.5 mg (1.5 mg)", [("AUC", "area under curve")]),
        ("(AB123), all other genes (AB4)", []),  # from one bracket to the next
        ("a case of respiratory distress (OR: 2)", []),
        ("wells and bars with drugs (a,b,d)", []),
        ("CCAAT (a motif) protein (CAP)", [("CAP", "CCAAT (a motif) protein")]),
    ],
)  # fmt: skip
def test_definitions(text: str, expected: list[tuple[str, str]]) -> None:
    assert pairs(text) == expected


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Chronic kidney/disease (CKD) is common.", [("CKD", "Chronic kidney/disease")]),
        ("Chronic kidney disease/(CKD) is common.", [("CKD", "Chronic kidney disease")]),
        ("Chronic kidney disease (CKD/) is common.", [("CKD", "Chronic kidney disease")]),
        ("T2DM (type 2/diabetes mellitus) is common.", [("T2DM", "type 2/diabetes mellitus")]),
        ("Chronic kidney//disease (CKD) is common.", []),
        ("T2DM (type 2//diabetes mellitus) is common.", []),
        ("Chronic gout/- asthma/- dyspnea (CGAD)", []),
        ("1. Chronic gout/2. Dialysis (CGD)", []),
        ("Coronary artery disease/Diabetes (CAD)", []),
        ("cough/high fever/asthma (CFA)", []),
        ("HTN/Gout (hypertension)", []),
    ],
)  # fmt: skip
def test_definitions_continue_in_wrapped_lines_only(
    text: str, expected: list[tuple[str, str]], line_end: str
) -> None:
    wrapped = [(short, long.replace("/", line_end)) for short, long in expected]
    assert pairs(text.replace("/", line_end)) == wrapped


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("chronic gout (\u200bCG\u200b)", [("CG", "chronic gout")]),
        ("chro\u00adnic gout (C\u00adG)", [("C\u00adG", "chro\u00adnic gout")]),
        ("chronic gout (“CG”)", [("CG", "chronic gout")]),
        ('"chronic gout" (CG)', [("CG", "chronic gout")]),
        ("«CG» ( 'chronic gout' )", [("CG", "chronic gout")]),
        ('chronic gout ("")', []),
    ],
)
def test_invisible_characters_and_quotation_marks_do_not_matter(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert pairs(text) == expected


def test_time_is_in_proportion_to_the_length() -> None:
    def write(lines: int) -> str:
        return "chronic kidney\ndisease (CKD) hurts.\n- gout\n" * lines

    find_abbreviations(write(10))
    assert_linear(find_abbreviations, write(100), write(1000), 10)


@given(st.text(st.sampled_from("ab A1(α)[] \n;,ß\u0130\u00ad“'"), max_size=60))
def test_offsets_are_in_the_text(text: str) -> None:
    for definition in find_abbreviations(text):
        assert 0 <= definition.short_start < definition.short_end <= len(text)
        assert 0 <= definition.long_start < definition.long_end <= len(text)
        assert text[definition.short_start : definition.short_end].strip()
