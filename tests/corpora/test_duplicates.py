"""Mentions annotated twice: check, statistics and scores count each once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vaner.corpora import load
from vaner.corpora.check import check_corpus
from vaner.corpora.statistics import compute_statistics
from vaner.evaluation.evaluate import evaluate
from vaner.text.documents import Document, Span


def write_corpus(path: Path) -> str:
    """Write a document in which a mention occurs twice, and one that contains it."""
    spans = [
        {"start": 0, "end": 6, "type": "Disease", "identifiers": ["D1"]},
        {"start": 0, "end": 6, "type": "Disease", "identifiers": ["D2"], "score": 0.5},
        {"start": 0, "end": 13, "type": "Disease"},
    ]
    path.write_text(json.dumps({"id": "1", "text": "Scurvy at sea", "spans": spans}) + "\n")
    return str(path)


def test_repeated_ids_are_noted(tmp_path: Path) -> None:
    lines = [json.dumps({"id": "1", "text": f"Scurvy {n}", "spans": []}) for n in (1, 2)]
    (tmp_path / "notes.jsonl").write_text("\n".join(lines))
    notes = check_corpus(str(tmp_path / "notes.jsonl")).notes
    assert "all: documents with the id of an earlier one: 1" in notes


def test_check_and_statistics_count_a_mention_once(tmp_path: Path) -> None:
    name = write_corpus(tmp_path / "notes.jsonl")
    counts = compute_statistics(load(name, "all"))
    assert (counts.mentions, counts.duplicates, counts.nested) == ({"Disease": 2}, 1, 1)
    notes = check_corpus(name).notes
    assert "all: mentions that repeat another one: 1; each counts once" in notes
    assert any("1 nested, 0 crossing" in note for note in notes)


class Echo:
    """A recognizer that finds one mention."""

    kind = "model"
    types = ("Disease",)
    zero_shot = False
    calibration = None
    corpora: Mapping[str, Sequence[str]] = {}

    def annotate(
        self, documents: Iterable[Document], types: Any, *, corpus: str | None = None
    ) -> Iterator[Document]:
        for document in documents:
            yield document.with_spans([Span(0, 6, "Disease")])

    def unreachable(self, document: Document, types: Sequence[str]) -> Counter[str]:
        return Counter({"overlaps another mention": len(document.spans) - 1})


def test_scores_count_a_mention_once(tmp_path: Path) -> None:
    gold = load(write_corpus(tmp_path / "notes.jsonl"), "all")
    evaluation = evaluate(Echo(), gold, bootstrap=0)  # type: ignore[arg-type]
    counts = evaluation.report.micro.counts
    assert counts is not None and (counts.gold, counts.tp, counts.fn) == (2, 1, 1)
    assert evaluation.duplicates == 1 and evaluation.to_dict()["duplicates"] == 1
    assert evaluation.unreachable == {"overlaps another mention": 1}
