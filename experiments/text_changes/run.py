"""Scores on texts that are written in another way than the corpora.

    python -m experiments.text_changes.run

Changes the texts of dev sets, such as their capital letters, line breaks and invisible characters,
moves the annotated mentions along, and scores the models without the name of the corpus. Writes
results.json and the table in README.md.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import Any

from experiments.model_rows import Row, make_parser, update_rows
from vaner.annotator import Annotator
from vaner.corpora import load
from vaner.evaluation.evaluate import evaluate
from vaner.text.documents import Corpus, Document
from vaner.utils.provenance import collect_provenance

HERE = Path(__file__).resolve().parent
CORPORA = ("BioRED", "NLM-Gene", "tmVar3")
MODELS = ("biomedical",)
LINE_LENGTH = 60

Change = Callable[[str], Sequence[str]]
"""Return what is written for each character of a text."""


def change_characters(change: Callable[[str], str]) -> Change:
    """Return a change of each character, of those whose changed form is one character."""
    return lambda text: [new if len(new := change(c)) == 1 else c for c in text]


def replace_characters(new: Mapping[str, str]) -> Change:
    """Return a change of some characters."""
    return lambda text: [new.get(character, character) for character in text]


def break_lines(text: str) -> list[str]:
    """Write a line break for the first space after every `LINE_LENGTH` characters."""
    written, start = list(text), 0
    for i, character in enumerate(text):
        if character == " " and i - start >= LINE_LENGTH:
            written[i], start = "\n", i
    return written


def write_in_words(addition: str, distance: int) -> Change:
    """Return a change that writes an addition within a word after every `distance` characters.

    The words are those with two small letters before and after the addition.
    """

    def change(text: str) -> list[str]:
        written, start = list(text), 0
        for i in range(1, len(text) - 2):
            around = text[i - 1 : i + 3]
            if i - start >= distance and around.isalpha() and around.islower():
                written[i] += addition
                start = i
        return written

    return change


CHANGES: Mapping[str, Change] = {
    "unchanged": list,
    "lower case": change_characters(str.lower),
    "upper case": change_characters(str.upper),
    "lines of 60 characters": break_lines,
    "tabs in place of spaces": replace_characters({" ": "\t"}),
    "no-break spaces": replace_characters({" ": "\u00a0"}),
    "no-break hyphens": replace_characters({"-": "\u2011"}),
    "en dashes in place of hyphens": replace_characters({"-": "\u2013"}),
    "character references (&amp;lt;)": replace_characters({"<": "&lt;", ">": "&gt;", "&": "&amp;"}),
    "accents as characters (NFD)": lambda text: [unicodedata.normalize("NFD", c) for c in text],
    "soft hyphens in words": write_in_words("\u00ad", 15),
    "zero-width spaces in words": write_in_words("\u200b", 15),
    "words divided at line ends": write_in_words("-\n", LINE_LENGTH),
}
"""Name of a change -> what it does."""


def change_document(document: Document, change: Change) -> Document:
    """Return a changed document, with its mentions at their new places.

    >>> from vaner.text.documents import Span
    >>> document = Document("1", "mild asthma", (Span(5, 11, "Disease"),))
    >>> changed = change_document(document, write_in_words("-", 7))
    >>> changed.text, changed.mention(changed.spans[0])
    ('mild ast-hma', 'ast-hma')
    """
    written = change(document.text)
    starts = [0, *accumulate(map(len, written))]
    # What is written after the last character of a mention is not a part of it.
    ends = [start + len(new.rstrip("-\n")) for start, new in zip(starts, written, strict=False)]
    spans = [
        replace(span, start=starts[span.start], end=max(ends[span.end - 1], starts[span.start] + 1))
        for span in document.spans
    ]
    return Document(document.id, "".join(written), tuple(spans))


def measure(model: str, root: Path | None, limit: int | None) -> Iterator[Row]:
    """Yield a row for each change: strict micro F1 over the dev sets."""
    annotator = Annotator.from_pretrained(model, form="pytorch")
    for name, change in CHANGES.items():
        correct = total = 0
        for corpus in (load(corpus, "devel", root=root) for corpus in CORPORA):
            documents = tuple(change_document(document, change) for document in corpus)
            changed = Corpus(corpus.name, corpus.split, documents, corpus.types)
            report = evaluate(annotator, changed, limit=limit, name_corpus=False, bootstrap=0)
            counts = report.report.to_dict()["micro"]
            correct += 2 * counts["tp"]
            total += 2 * counts["tp"] + counts["fp"] + counts["fn"]
        row: dict[str, Any] = {"model": Path(model).name, "change": name}
        yield {**row, "f1": round(correct / total, 4), **collect_provenance()}
        print(f"{model}, {name}: {100 * correct / total:.2f}", flush=True)


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table, a change a row and a model a column."""
    models = list(dict.fromkeys(row["model"] for row in rows))
    scores = {(row["change"], row["model"]): f"{100 * row['f1']:.2f}" for row in rows}
    lines = [f"| text | {' | '.join(models)} |", "|---|" + "--:|" * len(models)]
    for change in CHANGES:
        cells = (scores.get((change, model), "") for model in models)
        lines.append(f"| {change} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    update_rows(
        HERE, make_parser(HERE.name, MODELS, None).parse_args(), measure,
        scores="strict, from 0 to 1", render_table=table, part="changes",
    )  # fmt: skip
