"""Texts with invisible characters at random places, and where their letters are."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from vaner.text.documents import Span

INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff\u200e\u200f\u061c\u034f\u202a\u202c\u2066\u2069"
SENTENCES = [
    "Asthma and gout followed metformin; a BRCA1 mutation (c. 68-69delAG) was found in Fig. 2.",
    "Given vit. D 5 mg, he had type 2\ndiabetes. E. coli and IL-2Rα rose to 3. 5 pg/ml.",
    "Sjögren’s syndrome – naïve CD4+ T cells.\n\nNF-κB was high! Low T-wave?",
    "患者发热、咳嗽三天。服用阿司匹林（ＩＬ－２）。Ménière’s disease 后。",
]


def insert(text: str, rng: Random, number: int = 20) -> tuple[str, list[int]]:
    """Return a text with invisible characters, and the new offset of each of its characters."""
    before = [""] * (len(text) + 1)
    for _ in range(number):
        before[rng.randrange(len(before))] += rng.choice(INVISIBLE)
    dirty, offsets = "", []
    for character, invisible in zip((*text, ""), before, strict=True):
        dirty += invisible
        offsets.append(len(dirty))
        dirty += character
    return dirty, offsets


def move(spans: Iterable[Span], offsets: list[int]) -> list[tuple[int, int, str]]:
    """Return mentions of a text in the text with invisible characters, first to last letter."""
    return [(offsets[s.start], offsets[s.end - 1] + 1, s.type) for s in spans]


def places(spans: Iterable[Span]) -> list[tuple[int, int, str]]:
    """Return the offsets and type of mentions."""
    return [(span.start, span.end, span.type) for span in spans]
