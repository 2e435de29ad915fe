"""Load the splits that a recipe names, each once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from vaner.corpora import load
from vaner.text.documents import Corpus

LoadCorpus = Callable[..., Corpus]
"""A function that loads a split: name of the corpus, name of the split -> its documents. Keyword
arguments are those of `vaner.corpora.load`."""


def make_corpus_loader(corpora_root: str | Path | None = None) -> LoadCorpus:
    """Return a function that loads splits and remembers them.

    Args:
        corpora_root: folder of the corpora; ``VANER_CORPORA`` if None.
    """

    @cache
    def load_corpus(name: str, split: str, **options: str) -> Corpus:
        return load(name, split, root=corpora_root, **options)  # type: ignore[arg-type]

    return load_corpus
