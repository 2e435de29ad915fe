"""Copies of sentences with names of knowledge bases."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from experiments.distilled_biomedical.other_names import (
    RECENT_NAMES,
    RECENT_SHARE,
    add_recent_names,
    insert_names,
    list_names,
)
from experiments.distilled_biomedical.short_texts import (
    NOTE_DISEASES,
    PATTERNS,
    make_short_texts,
)
from tests.linking.bases import build, mark
from vaner.knowledge.concepts import Concept


def test_names_replace_mentions_and_are_annotated() -> None:
    document = mark("No mention. Gout and gout, of BRAF. BRAF only.", "Gout", "gout")
    names, texts = {"Disease": ["Rabies", "measles"]}, set()
    for seed in range(30):
        for copy in insert_names([document], names, Random(seed)):
            assert " and ".join(copy.mention(span) for span in copy.spans) in copy.text
            assert [span.type for span in copy.spans] == ["Disease", "Disease"]
            texts.add(copy.text)
    others = {"Rabies", "rabies", "measles"}
    pairs = {(a, b) for a in {"Gout", *others} for b in {"gout", *others}} - {("Gout", "gout")}
    assert len(texts) > 8 and texts <= {f"{a} and {b}, of BRAF." for a, b in pairs}
    assert not list(insert_names([document], {"Gene": ["TP53"]}, Random(1)))


def test_short_texts_have_names_with_their_types() -> None:
    names = {"Disease": ["Gout"], "Chemical": ["iron"], "Gene": ["TP53"], "Species": ["E. coli"]}
    names["Variant"] = ["V600E"]
    texts = list(make_short_texts(names, 2, Random(1)))
    assert len(texts) == 2 * len(PATTERNS)
    of_type = {name: type for type, [name] in names.items()} | {"gout": "Disease"}
    for document in texts:
        assert not set(document.text) & set("{}")
        for span in document.spans:
            name = document.mention(span)
            assert of_type.get(name, "Disease") == span.type
            assert name in of_type or name in NOTE_DISEASES


def test_names_of_other_types_and_in_the_style_of_a_catalog_are_left_out(tmp_path: Path) -> None:
    names = ("Gout", "Anemia, Sickle Cell", "Gout (disease)", "Chronic Pain of the Lower Back")
    concepts = [
        Concept(f"X:{number}", name, "Disease", (), "mine") for number, name in enumerate(names)
    ]
    species = [Concept("X:8", "Homo sapiens", "Species", ("Homo sp. 4b", "human"), "mine")]
    base = build(tmp_path / "base.parquet", *concepts, *species)
    assert list_names(base, "Disease") == ["Gout"]
    assert list_names(base, "Species") == ["Homo sapiens"]


def test_recent_names_are_a_share_of_the_names() -> None:
    names = {"Disease": [f"disease {number}" for number in range(2000)], "Variant": ["V600E"]}
    extended = add_recent_names(names)
    share = sum(name in RECENT_NAMES["Disease"] for name in extended["Disease"]) / 2000
    assert share == pytest.approx(RECENT_SHARE, rel=0.3)
    assert extended["Variant"] == ["V600E"]
