"""Conversion between spans and tags: BIO and BIOES, as pure functions.

CRF output, CoNLL files and the metrics module all use the same decoder, `decode_tags`.
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

# BILOU, BMEWO and BIOES use different letters for the same positions. Files contain any of them.
_PREFIXES = {"B": "B", "I": "I", "M": "I", "E": "E", "L": "E", "S": "S", "U": "S", "W": "S"}
PREFIX_LETTERS = "".join(_PREFIXES)
"""The letters with which a tag of a mention begins."""


class TagScheme(StrEnum):
    """Tag schemes."""

    BIO = "BIO"
    BIOES = "BIOES"


class UnreachableReason(StrEnum):
    """Reasons why tags cannot represent a mention exactly."""

    DISCONTINUOUS = "discontinuous"
    OVERLAPPING = "overlaps another mention"
    BOUNDARY = "boundary inside a word"


class Chunk(NamedTuple):
    """A mention in word indices, half-open. `type` is empty if the tags have no type."""

    start: int
    end: int
    type: str


@dataclass(frozen=True, slots=True)
class EncodedTags:
    """The tags of a word sequence, and the mentions that they do not represent exactly.

    Args:
        tags: a tag per word.
        unreachable: mentions with the reason.
    """

    tags: tuple[str, ...]
    unreachable: tuple[tuple[Span, UnreachableReason], ...] = ()


def encode_tags(
    words: Sequence[Word],
    spans: Iterable[Span],
    scheme: TagScheme = TagScheme.BIO,
    *,
    with_types: bool = True,
) -> EncodedTags:
    """Convert mentions to a tag per word.

    A mention with a boundary inside a word is extended to the full word, so that training sees no
    false O, but counts as unreachable: its exact offsets cannot be recovered. Of mentions that
    share a word, the longest is tagged, i.e. the outermost if they are nested. Ties go to the
    highest score, then to the leftmost, then to the first type in alphabetical order.

    Args:
        words: the words, in order.
        spans: mentions with offsets into the same text, all of them within the words.
        scheme: tag scheme.
        with_types: whether tags include the type (``B-Disease``) or not (``B``). Tags need no
            type if an instruction names it.

    >>> encode_tags([Word(0, 4), Word(5, 11)], [Span(5, 11, "Disease")]).tags
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
        tags[first:last] = make_tags(last - first, scheme, span.type if with_types else "")
    return EncodedTags(tuple(tags), tuple(sorted(unreachable)))


def make_tags(length: int, scheme: TagScheme, type: str = "") -> list[str]:
    """Return the tags of a mention of `length` words.

    >>> make_tags(3, TagScheme.BIOES, "Gene")
    ['B-Gene', 'I-Gene', 'E-Gene']
    """
    if scheme is TagScheme.BIO:
        prefixes = ["B"] + ["I"] * (length - 1)
    else:
        prefixes = ["S"] if length == 1 else ["B"] + ["I"] * (length - 2) + ["E"]
    return [f"{prefix}-{type}" if type else prefix for prefix in prefixes[:length]]


def split_tag(tag: str) -> tuple[str, str]:
    """Split a tag into prefix and type: ``("B", "Disease")``, or ``("O", "")`` for outside.

    Prefixes of BILOU, BMES and BMEWO are converted to BIOES.

    Raises:
        ValueError: if the string is not a tag of BIO, BIOES, BILOU, BMES or BMEWO.
    """
    if tag == OUTSIDE:
        return OUTSIDE, ""
    prefix, dash, type = tag.partition("-")
    if prefix not in _PREFIXES or (dash and not type):
        raise ValueError(f"{tag!r} is not a tag: expected O, or B, I, E, S with -TYPE")
    return _PREFIXES[prefix], type


def is_tag(text: str) -> bool:
    """Return whether a string is a tag of BIO, BIOES, BILOU, BMES or BMEWO.

    >>> is_tag("B-Disease"), is_tag("O"), is_tag("Disease")
    (True, True, False)
    """
    try:
        split_tag(text)
    except ValueError:
        return False
    return True


def decode_tags(tags: Sequence[str], *, repair: bool = True) -> list[Chunk]:
    """Convert tags in IOB1, BIO, BIOES, BILOU, BMES or BMEWO to mentions.

    Args:
        tags: a tag per word.
        repair: whether a mention that does not begin with B or S is read as if it did. This also
            reads IOB1. Otherwise such a mention is skipped, as in the strict mode of seqeval.

    Raises:
        ValueError: if a string is not a tag.

    >>> decode_tags(["B-Disease", "I-Disease", "O", "I-Gene"])
    [Chunk(start=0, end=2, type='Disease'), Chunk(start=3, end=4, type='Gene')]
    """
    chunks: list[Chunk] = []
    start, open_type, is_valid = -1, "", False
    is_open = False
    for i, tag in enumerate((*tags, OUTSIDE)):  # the last O closes a mention at the end
        prefix, type = split_tag(tag)
        begins = prefix in "BS" or (prefix in "IE" and (not is_open or type != open_type))
        if is_open and (begins or prefix == OUTSIDE):
            if is_valid or repair:
                chunks.append(Chunk(start, i, open_type))
            is_open = False
        if begins:
            start, open_type, is_valid, is_open = i, type, prefix in "BS", True
        if prefix in "ES":
            if is_valid or repair:
                chunks.append(Chunk(start, i + 1, open_type))
            is_open = False
    return chunks


def find_violations(tags: Sequence[str], scheme: TagScheme = TagScheme.BIO) -> list[int]:
    """Return the indices of tags that the scheme does not allow after the previous tag.

    >>> find_violations(["O", "I-Gene"])
    [1]
    """
    transitions = zip((None, *tags), (*tags, None), strict=True)
    return [
        min(i, len(tags) - 1)
        for i, (left, right) in enumerate(transitions)
        if not is_allowed_transition(left, right, scheme)
    ]


def is_allowed_transition(left: str | None, right: str | None, scheme: TagScheme) -> bool:
    """Return whether tag `right` may follow tag `left`.

    Args:
        left: a tag, or None at the start of the sequence.
        right: a tag, or None at the end of the sequence.
        scheme: tag scheme.
    """
    left_prefix, left_type = split_tag(left) if left else (OUTSIDE, "")
    right_prefix, right_type = split_tag(right) if right else (OUTSIDE, "")
    continues = right_prefix in "IE" and right_prefix != OUTSIDE
    open_prefixes = "BI" if scheme is TagScheme.BIOES else "BIES"
    is_open = left_prefix in open_prefixes and left_prefix != OUTSIDE
    if continues:
        return is_open and left_type == right_type
    return scheme is TagScheme.BIO or not is_open


@dataclass(frozen=True, slots=True)
class TagSet:
    """The tags that a classification head scores, in the order of its outputs. O is always 0.

    Args:
        scheme: tag scheme.
        types: types in the tags, or empty if only the instruction names the type.
    """

    scheme: TagScheme = TagScheme.BIO
    types: tuple[str, ...] = ()

    @property
    def tags(self) -> tuple[str, ...]:
        """All tags, e.g. ``("O", "B", "I")`` for BIO without types."""
        prefixes = "BI" if self.scheme is TagScheme.BIO else "BIES"
        names = [f"{p}-{t}" if t else p for t in (self.types or ("",)) for p in prefixes]
        return (OUTSIDE, *names)

    def __len__(self) -> int:
        return len(self.tags)

    def indices(self, tags: Iterable[str]) -> list[int]:
        """Convert tags to output indices."""
        index_by_tag = {tag: i for i, tag in enumerate(self.tags)}
        return [index_by_tag[tag] for tag in tags]

    def names(self, indices: Iterable[int]) -> list[str]:
        """Convert output indices to tags."""
        tags = self.tags
        return [tags[i] for i in indices]

    def allowed_transitions(self) -> list[list[bool]]:
        """Return whether tag j may follow tag i. *Shape:* (C, C)."""
        return [[is_allowed_transition(i, j, self.scheme) for j in self.tags] for i in self.tags]

    def allowed_start(self) -> list[bool]:
        """Return whether a sequence may begin with each tag. *Shape:* (C,)."""
        return [is_allowed_transition(None, tag, self.scheme) for tag in self.tags]

    def allowed_end(self) -> list[bool]:
        """Return whether a sequence may end with each tag. *Shape:* (C,)."""
        return [is_allowed_transition(tag, None, self.scheme) for tag in self.tags]
