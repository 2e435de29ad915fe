"""Names in index order and with abbreviations: what is turned, and what is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaner.knowledge.sources.name_cleanup import clean, omim_names, uninverted


@pytest.mark.parametrize(
    ("name", "natural"),
    [
        ("Neoplasms, Breast", "Breast Neoplasms"),
        ("Leukemia, Myeloid, Acute", "Acute Myeloid Leukemia"),
        ("Diabetes Mellitus, Type 2", "Type 2 Diabetes Mellitus"),
        ("SPASTIC PARAPLEGIA 45, AUTOSOMAL RECESSIVE", "AUTOSOMAL RECESSIVE SPASTIC PARAPLEGIA 45"),
        ("Neoplasms", None),
        ("Tooth Agenesis, Selective, 6", None),
        ("Deafness, autosomal dominant 4", None),
        ("Heart, Liver, and Lungs", None),
        ("Short stature, with hearing loss", None),
        ("2,4-dinitrophenol", None),
        ("Hypericin, (Z)-", None),
        ("Carcinomas, Collecting Duct (Kidney)", None),
        ("Cleft palate, a long list of words", None),
        ("one, two, three, four", None),
        (", Breast", None),
        ("Breast, ", None),
    ],
)
def test_uninverted(name: str, natural: str | None) -> None:
    assert uninverted(name) == natural


def test_omim_titles() -> None:
    assert omim_names("CAROTENOIDS, PLASMA LEVEL OF, INCLUDED")[0] == "CAROTENOIDS, PLASMA LEVEL OF"
    assert omim_names("Stargardt disease 3") == ["Stargardt disease 3"]


@given(st.text())
def test_every_text_is_taken(text: str) -> None:
    turned = uninverted(text)
    assert turned is None or sorted(turned.split()) == sorted(text.replace(",", "").split())
    assert all(name == " ".join(name.split()) for name in clean([text, *omim_names(text)]))
