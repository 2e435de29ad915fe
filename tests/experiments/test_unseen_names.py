"""Recall of names in sentences."""

from __future__ import annotations

import pytest

from experiments.unseen_names.run import FIGURES, SENTENCES, compare, make_documents, write_table
from tests.linking.bases import mark
from vaner.text.documents import Document, Span


def test_names_are_the_only_mentions() -> None:
    documents = make_documents({type: ["XYZ 1"] * 8 for type in SENTENCES})
    assert {len(of_type) for of_type in documents.values()} == {8}
    for type, of_type in documents.items():
        for document in of_type:
            assert [(document.mention(s), s.type) for s in document.spans] == [("XYZ 1", type)]


@pytest.mark.parametrize(
    ("spans", "outcome"),
    [
        ([Span(3, 15, "Disease")], "found"),
        ([Span(3, 15, "Gene"), Span(10, 15, "Disease")], "overlap"),
        ([Span(0, 15, "Gene")], "other"),
        ([Span(16, 20, "Disease")], "none"),
        ([], "none"),
    ],
)
def test_outcomes(spans: list[Span], outcome: str) -> None:
    gold = mark("A  Lyme disease here", "Lyme disease")
    assert compare(gold, Document("1", gold.text, tuple(spans))) == outcome


def test_the_table_has_a_row_for_each_type() -> None:
    shares = dict.fromkeys(FIGURES, 0.125)
    *_, row = write_table([{"model": "m", "types": {"Gene": shares}}])
    assert row == "| m | Gene | 12.5 | 12.5 | 12.5 |"
