"""Experiments that score models on texts which were written and annotated for them.

A file has a comment, an empty line and the texts, separated by lines of ``---``; a mention is
``[text](type)``. The first half of the texts is the devel split.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import regex

from experiments.templates import Entry
from vaner.annotator import Annotator
from vaner.evaluation.evaluate import evaluate
from vaner.text.documents import Corpus, Document, Span
from vaner.utils.provenance import collect_provenance

Row = dict[str, Any]

SEEN = {"seen": "R, in the vocabulary", "unseen": "R, not in it"}
"""Figure of an evaluation -> heading. The vocabulary is that of the training texts."""

_MENTION = regex.compile(r"\[(?P<text>[^\[\]]+)\]\((?P<type>\w+)\)")


def read_texts(path: Path, name: str) -> dict[str, Corpus]:
    """Return split -> the texts of a file.

    Args:
        path: the file.
        name: name of the corpus.
    """
    _, content = path.read_text("utf-8").split("\n\n", 1)  # a comment comes first
    texts = [parse_text(str(n), text) for n, text in enumerate(content.split("\n---\n"), 1)]
    half = len(texts) // 2
    return {
        split: Corpus(name, split, tuple(documents))
        for split, documents in (("devel", texts[:half]), ("test", texts[half:]))
    }


def parse_text(identifier: str, marked: str) -> Document:
    """Return a text in which a mention is ``[text](type)``.

    >>> parse_text("1", "PMH: [HTN](Disease)").text
    'PMH: HTN'
    """
    text, spans, end = "", list[Span](), 0
    for mention in _MENTION.finditer(marked):
        text += marked[end : mention.start()]
        spans.append(Span(len(text), len(text) + len(mention["text"]), mention["type"]))
        text += mention["text"]
        end = mention.end()
    return Document(identifier, text + marked[end:], tuple(spans))


def measure_texts(
    model: str, splits: Iterable[Corpus], vocabulary: Iterable[Entry], limit: int | None
) -> list[Row]:
    """Return a row for each split: the figures of each type, and of names in the vocabulary.

    Args:
        model: name or folder of a model.
        splits: the texts.
        vocabulary: the vocabulary of the training texts.
        limit: number of texts of each split; all if None.
    """
    annotator = Annotator.from_pretrained(model, form="pytorch")
    known = [
        Document("", entry.text, (Span(0, len(entry.text), entry.type),))
        for entry in vocabulary
        if entry.type
    ]
    rows = []
    for corpus in splits:
        result = evaluate(annotator, corpus, train=known, name_corpus=False, limit=limit)
        rows.append({"model": Path(model).name, **result.to_dict(), **collect_provenance()})
        print(f"{model}, {corpus.split}: {rows[-1]['micro']}")
    return rows


def render_table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table in percent, a split of a model a row."""
    types = [type for type in rows[0]["types"] if all(type in row["types"] for row in rows)]
    headings = ["P", "R", "F1", *(f"F1 of {type}" for type in types), *SEEN.values()]
    lines = [f"| model | split | {' | '.join(headings)} |", "|---|---|" + "--:|" * len(headings)]
    for row in rows:
        micro = row["micro"]
        figures = [micro["precision"], micro["recall"], micro["f1"]]
        figures += [row["types"][type]["f1"] for type in types]
        figures += [row[name]["recall"] for name in SEEN]
        cells = " | ".join(f"{100 * figure:.1f}" for figure in figures)
        lines.append(f"| {row['model']} | {row['split']} | {cells} |")
    return "\n".join(lines)
