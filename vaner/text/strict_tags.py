"""Strict decoding of tags: only mentions that are complete in the tag scheme.

The meaning of strict is that of seqeval (``mode="strict"``): in BIOES a mention is S, or B, any
number of I, and E, all of one type. ``B I S`` is therefore one mention, and ``B I`` is none. A tag
that is not a part of a complete mention counts as O.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

from vaner.text.tags import OUTSIDE, Chunk, split_tag


class StrictScheme(StrEnum):
    """Tag schemes of tag sequences. BILOU and BMES are BIOES with other letters."""

    BIO = "BIO"
    BIOES = "BIOES"
    IOE2 = "IOE2"
    IO = "IO"


_PATTERNS = {
    StrictScheme.BIO: re.compile("BI*"),
    StrictScheme.BIOES: re.compile("S|BI*E"),
    StrictScheme.IOE2: re.compile("I*E"),
    StrictScheme.IO: re.compile("I+"),
}
"""The prefixes of a mention, by scheme."""

SCHEME_NAMES = {
    **{scheme.value: scheme for scheme in StrictScheme},
    "IOB2": StrictScheme.BIO, "IOB": StrictScheme.BIO, "IOBES": StrictScheme.BIOES,
    "BILOU": StrictScheme.BIOES, "BMES": StrictScheme.BIOES, "BMESO": StrictScheme.BIOES,
    "BMEOW": StrictScheme.BIOES,
}  # fmt: skip
"""Name -> scheme, with the names that other programs use."""


def detect_scheme(sequences: Iterable[Sequence[str]]) -> StrictScheme | None:
    """Return the tag scheme of a corpus, or None if all its tags are O.

    Tags with B and I are BIO, unless E or S occurs. Only I is IO; only I and E is IOE2.

    Raises:
        ValueError: if a string is not a tag.

    >>> detect_scheme([["B-Gene", "I-Gene"], ["S-Gene"]]).value
    'BIOES'
    """
    prefixes = {split_tag(tag)[0] for tags in sequences for tag in tags} - {OUTSIDE}
    if not prefixes:
        return None
    if prefixes & {"E", "S"}:
        return StrictScheme.BIOES if prefixes & {"B", "S"} else StrictScheme.IOE2
    return StrictScheme.BIO if "B" in prefixes else StrictScheme.IO


def decode_strictly(tags: Sequence[str], scheme: StrictScheme) -> list[Chunk]:
    """Convert tags to the mentions that are complete in a scheme.

    Args:
        tags: a tag per word.
        scheme: their scheme. The prefixes of BILOU and BMES are read as those of BIOES.

    Raises:
        ValueError: if a string is not a tag.

    >>> decode_strictly(["B-Gene", "I-Gene", "S-Gene"], StrictScheme.BIOES)
    [Chunk(start=2, end=3, type='Gene')]
    """
    return [
        Chunk(start + match.start(), start + match.end(), type)
        for start, type, prefixes in _split_by_type(tags)
        for match in _PATTERNS[scheme].finditer(prefixes)
    ]


def _split_by_type(tags: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """Yield the stretches of tags of one type: position of the first, type, and prefixes."""
    start, type, prefixes = 0, "", ""
    for position, tag in enumerate(tags):
        prefix, tag_type = split_tag(tag)
        if prefixes and tag_type != type:
            yield start, type, prefixes
            prefixes = ""
        if not prefixes:
            start, type = position, tag_type
        prefixes += prefix
    if prefixes:
        yield start, type, prefixes
