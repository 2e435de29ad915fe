"""Unusual bases and mentions: no candidate, or none that is probable, or one clear line."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.command_line import Run
from tests.linking.bases import build, link, mark
from vaner.errors import KnowledgeError, VanerError
from vaner.formats import write
from vaner.knowledge.base import KnowledgeBase
from vaner.knowledge.concepts import Concept
from vaner.linking import name_index
from vaner.linking.linker import Linker
from vaner.linking.name_index import open_index
from vaner.linking.options import MIN_SCORE
from vaner.linking.queries import make_queries
from vaner.text.documents import Document, Span


def make_linker(folder: Path, *names: str) -> Linker:
    concepts = [Concept(f"X:{n}", name, "Disease", (), "mine") for n, name in enumerate(names)]
    return Linker(open_index(build(folder / "mine.parquet", *concepts), cache=False))


@pytest.mark.parametrize(
    ("name", "mention"),
    [
        ("Type 2 diabetes", "type 1 diabetes"),
        ("Hepatitis C", "hepatitis B"),
        ("Hypotension", "hypertension"),
        ("Hypoglycemia", "hyperglycemia"),
        ("Acute leukemia", "chronic leukemia"),
        ("Lung cancer", "kidney cancer"),
        ("Nephroblastoma", "neuroblastoma"),
        ("Glaucoma type II", "glaucoma type I"),
        ("Asthma", "plasma"),
        ("Gout", "gouge"),
        ("Insulin-dependent diabetes", "non-insulin-dependent diabetes"),
    ],
)
def test_a_base_with_one_name_links_no_other_disease(
    tmp_path: Path, name: str, mention: str
) -> None:
    linker = make_linker(tmp_path, name)
    [candidates] = linker.rank(mark(f"Severe {mention}.", mention))
    assert all(candidate.score < MIN_SCORE for candidate in candidates), candidates
    assert link(linker, mark(f"Mild {name}.", name)) == [("X:0",)]


@pytest.mark.parametrize(
    "mention", ["-", "?!", "\u200b\u200b", "'", "β", "\ud800", "x" * 100_000, "no gout " * 9_000]
)
def test_unusual_mentions_have_no_concept(tmp_path: Path, mention: str) -> None:
    linker = make_linker(tmp_path, "Gout", "Gouty arthritis of the toe")
    document = Document("1", f"{mention}.", (Span(0, len(mention), "Disease"),))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert link(linker, document) == [()]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_score": 7}, "min_score is 7; it must be from 0 to 1"),
        ({"min_score": float("nan")}, "min_score is nan; it must be from 0 to 1"),
        ({"max_candidates": -1}, "max_candidates is -1; it must be at least 0"),
    ],
)
def test_options_outside_their_limits_are_errors(
    tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    base = build(tmp_path / "mine.parquet", Concept("X:1", "Gout", "Disease", (), "mine"))
    with pytest.raises(VanerError, match=message):
        Linker.from_name(str(base.path), **options)


def test_lone_surrogates_are_replaced(tmp_path: Path) -> None:
    linker = make_linker(tmp_path, "Gouty arthritis of the toe", "Gout\udfff")
    mention = "Gouty arthri\udfffis of the toe"
    document = mark(f"A {mention}.", mention)
    assert linker.rank(document)[0][0].identifier == "X:0"
    [query] = make_queries(document, species="")
    assert query.name == "gouty arthri\ufffdis of the toe"  # an encoder embeds it, too


def test_names_without_letters_are_left_out(tmp_path: Path) -> None:
    concept = Concept("X:1", "Gout", "Disease", ("-", "—", " ", "\u200b"), "mine")
    index = open_index(build(tmp_path / "mine.parquet", concept), cache=False)
    assert index.get_names(np.arange(len(index))) == ["gout"]


def test_a_base_of_names_without_letters_links_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VANER_CACHE", str(tmp_path / "cache"))
    base = build(tmp_path / "mine.parquet", Concept("X:1", "---", "Disease", (), "mine"))
    for _ in range(2):
        assert link(Linker(open_index(base)), mark("A gout.", "gout")) == [()]


def test_an_index_of_another_version_is_built_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VANER_CACHE", str(tmp_path / "cache"))
    base = build(tmp_path / "mine.parquet", Concept("X:1", "Gout", "Disease", (), "mine"))
    open_index(base)
    [folder] = (tmp_path / "cache" / "linkers").iterdir()
    about = json.loads((folder / "about.json").read_text())
    about["about"]["version"] = 0
    (folder / "about.json").write_text(json.dumps(about))
    assert link(Linker(open_index(base)), mark("A gout.", "gout")) == [("X:1",)]
    assert json.loads((folder / "about.json").read_text())["about"]["version"] > 0


@pytest.mark.parametrize("damage", [b"", b"damaged", b"\x93NUMPY" + b"\0" * 100])
@pytest.mark.parametrize("name", ["posting_names", "norms", "name_bytes", "idf"])
def test_a_damaged_index_is_built_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, damage: bytes
) -> None:
    monkeypatch.setenv("VANER_CACHE", str(tmp_path / "cache"))
    base = build(tmp_path / "mine.parquet", Concept("X:1", "Gout", "Disease", (), "mine"))
    open_index(base)
    [folder] = (tmp_path / "cache" / "linkers").iterdir()
    (folder / f"{name}.npy").write_bytes(damage)
    assert link(Linker(open_index(base)), mark("A gout.", "gout")) == [("X:1",)]


def test_a_damaged_base_is_an_error_in_one_line(tmp_path: Path, run: Run) -> None:
    path, source = tmp_path / "mine.parquet", tmp_path / "in.jsonl"
    write([mark("A gout.", "gout")], source)
    path.write_bytes(b"PAR1 damaged")
    with pytest.raises(KnowledgeError, match="not a knowledge base"):
        Linker.from_name(str(path))
    result = run("kb", "link", source, "--kb", path)
    assert result.code == 2 and result.err.count("\n") == 1 and "not a knowledge base" in result.err


def test_the_search_finds_what_an_exhaustive_one_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    parts = "renal lung cell tumor acute syndrome hereditary of chronic".split()
    names = {" ".join(rng.choice(parts, rng.integers(1, 6))) for _ in range(400)}
    concepts = [Concept(f"X:{n}", t, "Disease", (), "mine") for n, t in enumerate(sorted(names))]
    base: KnowledgeBase = build(tmp_path / "mine.parquet", *concepts)
    index = open_index(base, cache=False)
    queries = ["renal cell tumors", "hereditary lung syndrome type 2", "acut"]
    limited = index.search(queries, ["Disease"] * 3, 5)
    monkeypatch.setattr(name_index, "_MAX_POSTINGS", 10**9)
    monkeypatch.setattr(name_index, "_COMPARED", 10**6)
    for hits, expected in zip(limited, index.search(queries, ["Disease"] * 3, 5), strict=True):
        assert hits.names.tolist() == expected.names.tolist()
        assert hits.similarities == pytest.approx(expected.similarities, abs=1e-5)
        assert all(0 <= s <= 1.0001 for s in hits.similarities)


@pytest.mark.parametrize("values", [[0, 0, 0], [1, 1, 1], [0.9, 0, 2e-4, 1e-4], [0.5, 0.4, 0.1]])
def test_the_greatest_values_are_found(values: list[float]) -> None:
    for limit in (1, 2, 4):
        positions = name_index._find_greatest(np.array(values, np.float32), limit)
        expected = sorted(values, reverse=True)[:limit]
        assert sorted((values[p] for p in positions.tolist()), reverse=True) == expected
