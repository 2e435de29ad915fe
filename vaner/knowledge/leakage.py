"""Does a knowledge base hold the annotations it is going to be tested on?

The published data of VANER did: strings that only a tokenised test annotation has, such as
"von Willebrand factor ( vWf ) deficiency", stood in it as names. Two checks:

*By provenance*: no source of a base is a corpus, and no file it was built from is a corpus file.

*By the tell-tale*: nobody prints a name with the spaces of a tokeniser in it, so a held-out mention
with such spaces, absent from train, that stands in a base letter by letter was taken from the
annotation, or from text tokenised the same way. Random pieces of the same sentences, with the same
kind of spaces, are the control: names taken from running text would hold those just as often.
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

# White space on both sides of a sign, or inside a bracket: a tokeniser's, hardly a writer's.
_ARTEFACT = re.compile(r"\s[^\w\s&+=<>–—|]\s|[(\[]\s|\s[)\],.;:%]")
SURE = 1e-4  # a p-value below this, on a handful of corpora, is no accident


@dataclass(frozen=True, slots=True)
class TellTale:
    """What the tell-tale says about a base and one held-out split.

    Args:
        corpus: name of the corpus.
        split: the held-out split.
        mentions: different held-out mentions with a tokeniser's spaces that train does not have.
        found: how many of them the base holds, letter by letter (case aside).
        controls: random pieces of the same sentences with such spaces that are no mention.
        controls_found: how many of those the base holds.
        p_value: probability of so many mentions by chance if base and annotation had nothing to
            do with each other (Fisher's exact test, one-sided).
        examples: some of the mentions found.
    """

    corpus: str
    split: str
    mentions: int
    found: int
    controls: int
    controls_found: int
    p_value: float
    examples: tuple[str, ...]

    @property
    def suspicious(self) -> bool:
        """Whether the base must be taken to hold held-out annotations."""
        return self.p_value < SURE

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "suspicious": self.suspicious}

    def __str__(self) -> str:
        if not self.mentions:  # as in a corpus that is not tokenised
            return f"{self.corpus} {self.split}: no mention in it that would tell"
        verdict = "LEAK: names come from its annotation" if self.suspicious else "nothing found"
        return (
            f"{self.corpus} {self.split}: {self.found} of {self.mentions} tell-tale mentions, "
            f"{self.controls_found} of {self.controls} controls, p = {self.p_value:.1g}: {verdict}"
        )


def telltale(
    names: Iterable[str], train: Corpus, held_out: Corpus, *, controls: int = 2000, seed: int = 0
) -> TellTale:
    """Look for held-out annotations among names.

    Args:
        names: names of a base as its source spells them.
        train: what a base may well share with the corpus.
        held_out: a dev or test split, tokenised (its texts with spaces round punctuation).
        controls: number of random pieces to compare with.
        seed: of the random pieces.
    """
    known = _mentions(train)
    mentions = {m for m in _mentions(held_out) - known if _ARTEFACT.search(m)}
    pieces = _pieces(held_out, mentions | known, controls, Random(seed))
    wanted = mentions | pieces
    present = {name for name in map(_folded, names) if name in wanted}
    found, accidental = mentions & present, pieces & present
    return TellTale(
        held_out.name, held_out.split, len(mentions), len(found), len(pieces), len(accidental),
        _fisher(len(found), len(mentions), len(accidental), len(pieces)),
        tuple(sorted(found)[:5]),
    )  # fmt: skip


def of_a_corpus(sources: Iterable[Source], held_out_files: Mapping[str, str]) -> Iterator[str]:
    """Sources that are held-out files of a corpus, a line for each.

    Args:
        sources: of a base.
        held_out_files: SHA-256 in hex of every dev and test file at hand -> what it is.
    """
    for source in sources:
        if source.checksum and source.checksum in held_out_files:
            yield f"source {source.name} is {held_out_files[source.checksum]}"


def _mentions(corpus: Corpus) -> set[str]:
    return {_folded(document.mention(s)) for document in corpus for s in document.spans}


def _folded(text: str) -> str:
    return text.strip().casefold()


def _pieces(corpus: Corpus, taken: Collection[str], count: int, draw: Random) -> set[str]:
    """Random runs of two to eight tokens with a tokeniser's spaces that are no mention."""
    texts = [tokens for d in corpus if len(tokens := d.text.split()) > 2]
    pieces: set[str] = set()
    for _ in range(50 * count if texts else 0):  # a small corpus has not so many
        tokens = draw.choice(texts)
        length = draw.randint(2, min(8, len(tokens)))
        start = draw.randint(0, len(tokens) - length)
        piece = _folded(" ".join(tokens[start : start + length]))
        if _ARTEFACT.search(piece) and piece not in taken:
            pieces.add(piece)
            if len(pieces) == count:
                break
    return pieces


def _fisher(found: int, mentions: int, accidental: int, controls: int) -> float:
    """P(so many or more of the hits are mentions), hits being spread over both by chance."""
    hits, everything = found + accidental, mentions + controls
    if not found:
        return 1.0
    ways = sum(
        comb(mentions, k) * comb(controls, hits - k) for k in range(found, min(hits, mentions) + 1)
    )
    return ways / comb(everything, hits)
