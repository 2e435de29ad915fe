"""Common English words that are also names of a gene, a drug or a disease."""

from __future__ import annotations

from importlib.resources import files

COMMON_WORDS = frozenset((files("vaner.knowledge") / "common_words.txt").read_text("utf-8").split())
"""Function words, words of scientific writing, and names of general classes.

They are never biomedical entities. Words that may be entities (cancer, water, iron, mouse, patient,
pain) are not included.
"""
