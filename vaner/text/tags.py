"""Spans to tags and tags to spans: BIO and BIOES, pure functions, one decoder for everybody.

The CRF's answers, the tags of a CoNLL file and the metric module all go through `decode_tags`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from vaner.text.documents import Span
from vaner.text.words import Word

OUTSIDE = "O"

# BILOU and IOBES name the same four positions; files use either.
_PREFIXES = {"B": "B", "I": "I", "E": "E", "L": "E", "S": "S", "U": "S"}


class TagScheme(StrEnum):
    """How a mention is spelt in tags."""

    BIO = "BIO"
    BIOES = "BIOES"


class UnreachableReason(StrEnum):
    """Why a mention cannot be spelt in tags exactly."""

    DISCONTINUOUS = "discontinuous"
    OVERLAPPING = "overlaps another mention"
    BOUNDARY = "boundary inside a word"


class Chunk(NamedTuple):
    """A mention in word indices, half-open; `type` is empty where the tags name none."""

    start: int
    end: int
    type: str


@dataclass(frozen=True, slots=True)
class EncodedTags:
    """Tags of one word sequence and the mentions they do not spell exactly."""

    tags: tuple[str, ...]
    unreachable: tuple[tuple[Span, UnreachableReason], ...] = ()


def encode_tags(
    words: Sequence[Word],
    spans: Iterable[Span],
    scheme: TagScheme = TagScheme.BIO,
    *,
    typed: bool = True,
) -> EncodedTags:
    """Spell mentions as one tag a word.

    A mention whose boundary falls inside a word is tagged on the whole word, so that training
    sees no false O, but counts as unreachable: its exact offsets cannot come back. Of mentions
    that share a word the longest is kept, the outermost where they nest; of equally long ones
    the most probable, then the leftmost, then the one whose type is first in the alphabet.

    Args:
        words: the words, in order.
        spans: mentions in the same offsets; those outside the words are the caller's error.
        scheme: BIO or BIOES.
        typed: tags carry the type (``B-Disease``), or not (``B``), where an instruction names it.

    >>> encode([Word(0, 4), Word(5, 11)], [Span(5, 11, "Disease")]).tags
    ('O', 'B-Disease')
    """
    tags = [OUTSIDE] * len(words)
    unreachable: list[tuple[Span, UnreachableReason]] = []
    starts, ends = [word.start for word in words], [word.end for word in words]
    for span in sorted(spans, key=lambda s: (-s.length, -(s.score or 0.0), s.start, s.type)):
        if span.is_discontinuous:
            unreachable.append((span, UnreachableReason.DISCONTINUOUS))
            continue
        first, last = bisect_right(ends, span.start), bisect_left(starts, span.end)
        if any(tag != OUTSIDE for tag in tags[first:last]):
            unreachable.append((span, UnreachableReason.OVERLAPPING))
            continue
        if first >= last or (starts[first], ends[last - 1]) != (span.start, span.end):
            unreachable.append((span, UnreachableReason.BOUNDARY))
        tags[first:last] = make_tags(last - first, scheme, span.type if typed else "")
    return EncodedTags(tuple(tags), tuple(sorted(unreachable)))


def make_tags(length: int, scheme: TagScheme, type: str = "") -> list[str]:
    """Tags of one mention of `length` words.

    >>> spell(3, Scheme.BIOES, "Gene")
    ['B-Gene', 'I-Gene', 'E-Gene']
    """
    if scheme is TagScheme.BIO:
        prefixes = ["B"] + ["I"] * (length - 1)
    else:
        prefixes = ["S"] if length == 1 else ["B"] + ["I"] * (length - 2) + ["E"]
    return [f"{prefix}-{type}" if type else prefix for prefix in prefixes[:length]]


def split_tag(tag: str) -> tuple[str, str]:
    """Prefix and type of a tag: ``("B", "Disease")``; ``("O", "")`` for outside.

    Raises:
        ValueError: for anything that is no tag of BIO, BIOES or BILOU.
    """
    if tag == OUTSIDE:
        return OUTSIDE, ""
    prefix, dash, type = tag.partition("-")
    if prefix not in _PREFIXES or (dash and not type):
        raise ValueError(f"{tag!r} is not a tag: expected O, or B, I, E, S with -TYPE")
    return _PREFIXES[prefix], type


def decode_tags(tags: Sequence[str], *, repair: bool = True) -> list[Chunk]:
    """Read the mentions off a tag sequence, whatever of IOB1, BIO, BIOES or BILOU it is in.

    Args:
        tags: one tag a word.
        repair: a mention that does not begin with B (or S) is taken as if it did, which also
            reads IOB1. Otherwise such a mention is left out, as seqeval's strict mode does.

    Raises:
        ValueError: for a string that is no tag.

    >>> decode(["B-Disease", "I-Disease", "O", "I-Gene"])
    [Chunk(start=0, end=2, type='Disease'), Chunk(start=3, end=4, type='Gene')]
    """
    chunks: list[Chunk] = []
    start, open_type, valid = -1, "", False
    closed = True
    for i, tag in enumerate((*tags, OUTSIDE)):
        prefix, type = split_tag(tag)
        begins = prefix in "BS" or (prefix in "IE" and (closed or type != open_type))
        if not closed and (begins or prefix == OUTSIDE):
            _close(chunks, start, i, open_type, valid or repair)
            closed = True
        if begins:
            start, open_type, valid, closed = i, type, prefix in "BS", False
        if prefix in "ES":
            _close(chunks, start, i + 1, open_type, valid or repair)
            closed = True
    return chunks


def _close(chunks: list[Chunk], start: int, end: int, type: str, keep: bool) -> None:
    if keep:
        chunks.append(Chunk(start, end, type))


def find_violations(tags: Sequence[str], scheme: TagScheme = TagScheme.BIO) -> list[int]:
    """Indices of tags that may not follow the one before under the scheme.

    >>> violations(["O", "I-Gene"])
    [1]
    """
    followed = zip((None, *tags), (*tags, None), strict=True)
    return [
        min(i, len(tags) - 1)
        for i, (left, right) in enumerate(followed)
        if not is_allowed_transition(left, right, scheme)
    ]


def is_allowed_transition(left: str | None, right: str | None, scheme: TagScheme) -> bool:
    """Whether `right` may come after `left`; None stands for the edge of the sequence."""
    before, before_type = split_tag(left) if left else (OUTSIDE, "")
    after, after_type = split_tag(right) if right else (OUTSIDE, "")
    continues = after in "IE" and after != OUTSIDE
    opened = before in ("BI" if scheme is TagScheme.BIOES else "BIES") and before != OUTSIDE
    if continues:
        return opened and before_type == after_type
    return scheme is TagScheme.BIO or not opened


@dataclass(frozen=True, slots=True)
class TagSet:
    """The tags a head scores, in the order of its outputs; O is always 0.

    Args:
        scheme: BIO or BIOES.
        types: types the tags carry, or empty where the instruction alone names the type.
    """

    scheme: TagScheme = TagScheme.BIO
    types: tuple[str, ...] = ()

    @property
    def tags(self) -> tuple[str, ...]:
        """All tags: ``("O", "B", "I")`` for BIO without types."""
        prefixes = "BI" if self.scheme is TagScheme.BIO else "BIES"
        names = [f"{p}-{t}" if t else p for t in (self.types or ("",)) for p in prefixes]
        return (OUTSIDE, *names)

    def __len__(self) -> int:
        return len(self.tags)

    def indices(self, tags: Iterable[str]) -> list[int]:
        """Output indices of tags."""
        order = {tag: i for i, tag in enumerate(self.tags)}
        return [order[tag] for tag in tags]

    def names(self, indices: Iterable[int]) -> list[str]:
        """Tags of output indices."""
        tags = self.tags
        return [tags[i] for i in indices]

    def allowed_transitions(self) -> list[list[bool]]:
        """Shape (C, C): whether tag j may follow tag i."""
        return [[is_allowed_transition(i, j, self.scheme) for j in self.tags] for i in self.tags]

    def allowed_start(self) -> list[bool]:
        """Shape (C,): whether a sequence may begin with the tag."""
        return [is_allowed_transition(None, tag, self.scheme) for tag in self.tags]

    def allowed_end(self) -> list[bool]:
        """Shape (C,): whether a sequence may end with the tag."""
        return [is_allowed_transition(tag, None, self.scheme) for tag in self.tags]
