"""Copies of sentences with other variants."""

from __future__ import annotations

import re
from random import Random

import pytest

from experiments.distilled_biomedical.other_variants import vary_name, vary_variants
from vaner.text.documents import Document, Span


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("V600E", r"[A-Z]\d{2,4}[A-Z]"),
        ("p.(V600E)", r"p\.\([A-Z]\d{2,4}[A-Z]\)"),
        ("C677T", r"[ACGT]\d{2,4}[ACGT]"),
        ("Gln266His", r"[A-Z][a-z]{2}\d{2,4}[A-Z][a-z]{2}"),
        ("p.Arg58fs", r"p\.[A-Z][a-z]{2}\d{1,3}fs"),
        ("c.463-6T>G", r"c\.\d{2,4}-\d[ACGT]>[ACGT]"),
        ("rs2073162", r"rs\d{7}"),
        ("histidine 626-to-arginine", r"[a-z ]+ \d{2,4}-to-[a-z ]+"),
    ],
)
def test_other_variant_has_the_same_form(name: str, form: str) -> None:
    others = {vary_name(name, Random(seed)) for seed in range(20)}
    assert len(others) > 15
    assert all(re.fullmatch(form, other) for other in others), others


def test_only_sentences_with_variants_are_copied() -> None:
    text = "No mention. BRAF V600E, and V600E again. BRAF only."
    spans = (
        Span(12, 16, "Gene"),
        Span(17, 22, "Variant"),
        Span(28, 33, "Variant"),
        Span(41, 45, "Gene"),
    )
    document = Document("7", text, spans)
    first, second = vary_variants([document], "Variant", 2, Random(1))
    assert first.id != second.id and first.text != second.text
    for copy in (first, second):
        assert [span.type for span in copy.spans] == ["Gene", "Variant", "Variant"]
        assert copy.mention(copy.spans[0]) == "BRAF"
        assert copy.text.startswith("BRAF ") and copy.text.endswith(" again.")
        assert "V600E" not in copy.text
