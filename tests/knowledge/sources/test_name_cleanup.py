"""Names in index order and OMIM titles: what is changed, and what is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaner.knowledge.sources.name_cleanup import clean, split_omim_title, to_natural_order


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
def test_names_in_index_order_are_reordered(name: str, natural: str | None) -> None:
    assert to_natural_order(name) == natural


def test_omim_titles_are_split() -> None:
    assert (
        split_omim_title("CAROTENOIDS, PLASMA LEVEL OF, INCLUDED")[0]
        == "CAROTENOIDS, PLASMA LEVEL OF"
    )
    assert split_omim_title("Stargardt disease 3") == ["Stargardt disease 3"]


@given(st.text())
def test_every_text_is_accepted(text: str) -> None:
    natural = to_natural_order(text)
    assert natural is None or sorted(natural.split()) == sorted(text.replace(",", "").split())
    assert all(name == " ".join(name.split()) for name in clean([text, *split_omim_title(text)]))
