"""Check whether a knowledge base contains held-out annotations of a corpus.

The published data of VANER does: it has names such as "von Willebrand factor ( vWf ) deficiency",
which occur only in tokenized test annotations. There are two checks:

*Files*: no source of a base may be a file of a corpus.

*Tokenization*: vocabularies do not print names with the spaces of a tokenizer. If a base contains
a held-out mention with such spaces that does not occur in train, the name comes from the
annotation or from text that was tokenized in the same way. Random pieces of the same sentences
with such spaces are the control: a base with names from running text would contain these equally
often.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from math import comb
from random import Random
from typing import Any

from vaner.knowledge.concepts import Source
from vaner.text.documents import Corpus
from vaner.text.normalize import normalize

# White space on both sides of a sign, or inside a bracket, as only a tokenizer inserts it.
_TOKENIZATION = re.compile(r"\s[^\w\s&+=<>–—|]\s|[(\[]\s|\s[)\],.;:%]")
_JSON_NAMES = {"leaked": "found", "controls_in_base": "controls_found"}
MAX_P_VALUE = 1e-4
"""A p-value below this is taken as a leak. It allows for tests on several corpora."""


@dataclass(frozen=True, slots=True)
class LeakCheck:
    """Result of the tokenization check of a base and one held-out split.

    Args:
        corpus: name of the corpus.
        split: the held-out split.
        mentions: number of different held-out mentions with tokenizer spaces that are not in train.
        leaked: number of these mentions in the base, ignoring case.
        controls: number of random pieces of the same sentences with tokenizer spaces that are not
            mentions.
        controls_in_base: number of these pieces in the base.
        p_value: probability of at least `leaked` mentions if the base is independent of the
            annotation (Fisher's exact test, one-sided).
        examples: some of the mentions in the base.
    """

    corpus: str
    split: str
    mentions: int
    leaked: int
    controls: int
    controls_in_base: int
    p_value: float
    examples: tuple[str, ...]

    @property
    def is_suspicious(self) -> bool:
        """Whether the base probably contains held-out annotations."""
        return self.p_value < MAX_P_VALUE

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        values = asdict(self) | {"suspicious": self.is_suspicious}
        return {_JSON_NAMES.get(name, name): value for name, value in values.items()}

    def __str__(self) -> str:
        if not self.mentions:  # the corpus is not tokenized
            return f"{self.corpus} {self.split}: no mention with tokenizer spaces to check"
        verdict = "LEAK: names come from its annotation" if self.is_suspicious else "no leak"
        return (
            f"{self.corpus} {self.split}: {self.leaked} of {self.mentions} tokenized mentions, "
            f"{self.controls_in_base} of {self.controls} controls, "
            f"p = {self.p_value:.1g}: {verdict}"
        )


def check_annotations(
    names: Iterable[str], train: Corpus, held_out: Corpus, *, controls: int = 2000, seed: int = 0
) -> LeakCheck:
    """Check whether names contain held-out annotations.

    Args:
        names: names of a base, spelled as in its sources.
        train: the train split, whose mentions a base may contain.
        held_out: a tokenized dev or test split, with spaces around punctuation.
        controls: number of random pieces for the control.
        seed: random seed of the pieces.
    """
    known = _fold_mentions(train)
    mentions = {m for m in _fold_mentions(held_out) - known if _TOKENIZATION.search(m)}
    pieces = _draw_pieces(held_out, mentions | known, controls, Random(seed))
    checked = mentions | pieces
    in_base = {name for name in map(_fold, names) if name in checked}
    leaked, accidental = mentions & in_base, pieces & in_base
    return LeakCheck(
        corpus=held_out.name,
        split=held_out.split,
        mentions=len(mentions),
        leaked=len(leaked),
        controls=len(pieces),
        controls_in_base=len(accidental),
        p_value=_fisher_exact(len(leaked), len(mentions), len(accidental), len(pieces)),
        examples=tuple(sorted(leaked)[:5]),
    )


def find_corpus_files(
    sources: Iterable[Source], held_out_files: Mapping[str, str]
) -> Iterator[str]:
    """Yield one line for each source that is a held-out file of a corpus.

    Args:
        sources: sources of a base.
        held_out_files: SHA-256, in hex, of each available dev and test file -> description.
    """
    for source in sources:
        if source.checksum and source.checksum in held_out_files:
            yield f"source {source.name} is {held_out_files[source.checksum]}"


def _fold_mentions(corpus: Corpus) -> set[str]:
    return {_fold(document.mention(s)) for document in corpus for s in document.spans}


def _fold(text: str) -> str:
    return normalize(text).strip().casefold()


def _draw_pieces(corpus: Corpus, excluded: Collection[str], count: int, rng: Random) -> set[str]:
    """Draw random runs of two to eight tokens with tokenizer spaces that are not mentions."""
    texts = [tokens for d in corpus if len(tokens := d.text.split()) > 2]
    pieces: set[str] = set()
    for _ in range(50 * count if texts else 0):  # a small corpus may have fewer than `count`
        tokens = rng.choice(texts)
        length = rng.randint(2, min(8, len(tokens)))
        start = rng.randint(0, len(tokens) - length)
        piece = _fold(" ".join(tokens[start : start + length]))
        if _TOKENIZATION.search(piece) and piece not in excluded:
            pieces.add(piece)
            if len(pieces) == count:
                break
    return pieces


def _fisher_exact(leaked: int, mentions: int, accidental: int, controls: int) -> float:
    """Return the p-value: P(at least `leaked` of the hits are mentions) if hits are random."""
    hits, total = leaked + accidental, mentions + controls
    if not leaked:
        return 1.0
    ways = sum(
        comb(mentions, k) * comb(controls, hits - k) for k in range(leaked, min(hits, mentions) + 1)
    )
    return ways / comb(total, hits)
