"""How well do the shipped models read clinical notes? python -m experiments.clinical_notes.run

Scores models on the notes in notes.txt, which were written for this experiment, and writes
results.json and the table in README.md. The first half of the notes is the devel split.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import regex

from experiments.clinical_notes.make_notes import read_vocabulary
from experiments.model_rows import make_parser, update_rows
from vaner.annotator import Annotator
from vaner.evaluation.evaluate import evaluate
from vaner.text.documents import Corpus, Document, Span
from vaner.utils.provenance import collect_provenance

HERE = Path(__file__).resolve().parent
MODELS = ("biomedical",)
SEEN = {"seen": "R, in the vocabulary", "unseen": "R, not in it"}
"""Figure of an evaluation -> heading. The vocabulary is that of make_notes.py."""

_MENTION = regex.compile(r"\[(?P<text>[^\[\]]+)\]\((?P<type>\w+)\)")


def main() -> None:
    arguments = make_parser("clinical_notes", MODELS, None).parse_args()
    update_rows(HERE, arguments, measure, scores="F1", render_table=render_table, part="notes")


def read_notes() -> dict[str, Corpus]:
    """Return split -> its notes; a line of ``---`` separates notes in the file."""
    _, content = (HERE / "notes.txt").read_text("utf-8").split("\n\n", 1)  # a comment comes first
    notes = [parse_note(str(n), text) for n, text in enumerate(content.split("\n---\n"), 1)]
    half = len(notes) // 2
    return {
        split: Corpus("clinical notes", split, tuple(documents))
        for split, documents in (("devel", notes[:half]), ("test", notes[half:]))
    }


def parse_note(identifier: str, marked: str) -> Document:
    """Return a note in which a mention is ``[text](type)``.

    >>> parse_note("1", "PMH: [HTN](Disease)").text
    'PMH: HTN'
    """
    text, spans, end = "", list[Span](), 0
    for mention in _MENTION.finditer(marked):
        text += marked[end : mention.start()]
        spans.append(Span(len(text), len(text) + len(mention["text"]), mention["type"]))
        text += mention["text"]
        end = mention.end()
    return Document(identifier, text + marked[end:], tuple(spans))


def measure(model: str, _root: Path | None, limit: int | None) -> list[dict[str, Any]]:
    """Return a row for each split: the figures of each type, and of names in the vocabulary."""
    annotator = Annotator.from_pretrained(model, form="pytorch")
    known = [
        Document("", entry.text, (Span(0, len(entry.text), entry.type),))
        for entries in read_vocabulary().values()
        for entry in entries
        if entry.type
    ]
    rows = []
    for split, corpus in read_notes().items():
        result = evaluate(annotator, corpus, train=known, name_corpus=False, limit=limit)
        rows.append({"model": Path(model).name, **result.to_dict(), **collect_provenance()})
        print(f"{model}, {split}: {rows[-1]['micro']}")
    return rows


def render_table(rows: Sequence[dict[str, Any]]) -> str:
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


if __name__ == "__main__":
    main()
