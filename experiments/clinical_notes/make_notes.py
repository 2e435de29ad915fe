"""Clinical notes with annotations, made from templates and a vocabulary.

They teach a model the abbreviations of notes (HTN, SOB), that procedures (CABG) are no mentions,
and that the value of a laboratory test is not a part of its name.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from random import Random

from experiments.templates import Entry, fill_template, read_vocabulary
from vaner.text.documents import Document, Span

TYPES = ("Disease", "Chemical", "Gene", "CellType")
"""Types that the notes annotate. The others are unknown: "patient" is Species in some corpora."""

TEMPLATES = Path(__file__).with_name("templates.txt").read_text("utf-8").splitlines()
"""Lines of notes. A name in braces is a part of the vocabulary; `result` is any laboratory test."""

VOCABULARY = Path(__file__).with_name("vocabulary.toml")

_VALUES = 200  # different numbers of laboratory tests


def make_notes(number: int, random: Random) -> Iterator[Document]:
    """Yield notes of one to four lines, each made from a template.

    Args:
        number: number of notes.
        random: source of random numbers.
    """
    slots = read_slots()
    for note in range(number):
        text, spans = "", list[Span]()
        for template in random.sample(TEMPLATES, random.randint(1, 4)):
            text += "\n" if text else ""
            line, mentions = fill_template(
                template, lambda slot: random.choice(slots[slot]), start=len(text)
            )
            text += capitalize(line)
            spans += mentions
        yield Document(f"note-{note}", text, tuple(spans))


def capitalize(text: str) -> str:
    """Return a text with a capital letter, if its first word has none; "pH" stays.

    >>> capitalize("chest pain"), capitalize("pH")
    ('Chest pain', 'pH')
    """
    return text[:1].upper() + text[1:] if text.split(" ")[0].islower() else text


def read_slots() -> dict[str, list[Entry]]:
    """Return slot -> its texts; `result` has the laboratory tests, and `value` some numbers.

    >>> Entry("HTN", "Disease") in read_slots()["disease"]
    True
    """
    slots = read_vocabulary(VOCABULARY)
    results = tomllib.loads(VOCABULARY.read_text("utf-8"))["results"]
    slots["result"] = [
        Entry(text, group["type"]) for group in results.values() for text in group["texts"]
    ]
    numbers = Random(1)
    slots["value"] = [
        Entry(f"{numbers.uniform(0.1, 15):.1f}" if n % 2 else str(numbers.randint(10, 400)))
        for n in range(_VALUES)
    ]
    return slots
