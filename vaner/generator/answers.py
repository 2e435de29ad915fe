r"""What a model answers about a text: one marked copy of it for each type that occurs.

The published form (arXiv 2510.08902) has a line for each type, two spaces after the colon::

    protein:  [[CD28] antibody] bound to T cells
    cell_type:  CD28 antibody bound to [T cells]

Here backslashes in front of a type's own colons and line breaks keep a line a line, and a text
with no entity of any type has the answer ``[]``, which is no line of any type and no copy of any
text. The other form asks for one type at a time, and the answer is the marked copy alone; with
no entity it is the plain copy.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from vaner.generator import markup
from vaner.generator.markup import Decoded, InexpressibleReason
from vaner.generator.repairs import Repair, RepairKind
from vaner.text.documents import Span

EMPTY_ANSWER = "[]"
SEPARATOR = ":  "

_ESCAPE = str.maketrans({":": r"\:", "\\": r"\\", "\n": r"\n", "\r": r"\r"})
_HEADING = re.compile(r"((?:[^\\:]|\\.)*+)" + SEPARATOR)
_COLON = re.compile("([:：]) {0,2}")
_DECORATION = re.compile(r"^[\s*•`-]*(?:\d+[.)]\s+)?[\s*`]*|[\s*`]+$")


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer about a text and the mentions that it does not express exactly."""

    answer: str
    inexpressible: tuple[tuple[Span, InexpressibleReason], ...] = ()


@dataclass(frozen=True, slots=True)
class Answers:
    """An answer for each type that was asked for, and the mentions they do not express exactly."""

    answers: Mapping[str, str]
    inexpressible: tuple[tuple[Span, InexpressibleReason], ...] = ()


def escape_heading(type: str) -> str:
    r"""A type as it stands before the colon of its line.

    >>> print(escape_heading("cell_type"), escape_heading("CL:0000084"))
    cell_type CL\:0000084
    """
    return type.translate(_ESCAPE)


def encode(text: str, spans: Iterable[Span], types: Sequence[str]) -> Answer:
    """The answer about a text in which these are the mentions.

    Args:
        text: the text.
        spans: mentions of any types; those of a type that is not asked for are told, not given.
        types: the types that are asked for, in the order of the instruction.

    Raises:
        SpanError: for a mention outside the text or of white space only.

    >>> encode("Aspirin helps.", [Span(0, 7, "Chemical")], ["Disease", "Chemical"]).answer
    'Chemical:  [Aspirin] helps.'
    """
    each = encode_each(text, spans, types)
    plain = markup.escape(text)
    lines = [
        escape_heading(type) + SEPARATOR + copy
        for type, copy in each.answers.items()
        if copy != plain
    ]
    return Answer("\n".join(lines) or EMPTY_ANSWER, each.inexpressible)


def encode_each(text: str, spans: Iterable[Span], types: Sequence[str]) -> Answers:
    """The answers about a text where each type is asked for by itself.

    Raises:
        SpanError: for a mention outside the text or of white space only.

    >>> encode_each("Aspirin helps.", [Span(0, 7, "Chemical")], ["Disease", "Chemical"]).answers
    {'Disease': 'Aspirin helps.', 'Chemical': '[Aspirin] helps.'}
    """
    of_type: dict[str, list[Span]] = {type: [] for type in types}
    lost: list[tuple[Span, InexpressibleReason]] = []
    for span in spans:
        if span.type in of_type:
            of_type[span.type].append(span)
        else:
            lost.append((span, InexpressibleReason.UNASKED))
    answers = {}
    for type, own in of_type.items():
        encoded = markup.encode(text, own)
        answers[type] = encoded.markup
        lost += encoded.inexpressible
    return Answers(answers, tuple(sorted(lost)))


def decode(answer: str, text: str, types: Sequence[str]) -> Decoded:
    r"""Read the mentions off an answer, whatever the string is.

    Of a line only what belongs to a type that was asked for is read. Types are known again in
    another case, with ``_``, ``-`` or a space between their words, behind a bullet or a number,
    and before any kind of colon, as long as no other type could be meant. Empty lines and lines
    that mark nothing say nothing. The spans of two lines of one type are put together, so that
    these can cross.

    Args:
        answer: what was generated.
        text: the source.
        types: the types that were asked for.

    >>> spans, repairs = decode("chemical: [Aspirin] helps.", "Aspirin helps.", ["Chemical"])
    >>> spans[0].type, repairs[0].kind.name
    ('Chemical', 'HEADING')
    """
    if answer.strip() == EMPTY_ANSWER:
        return Decoded(())
    if not answer.strip():
        return Decoded((), (Repair(0, RepairKind.SILENT, ""),))
    headings = _Headings(types)
    spans: dict[Span, None] = {}
    repairs: list[Repair] = []
    read: set[str] = set()
    for at, line in _lines(answer):
        type, start, problem = headings.read(line)
        if problem:
            repairs.append(Repair(at, problem, line[:start]))
        if type is None:
            continue
        if type in read:
            repairs.append(Repair(at, RepairKind.REPEATED_TYPE, line[:start]))
        read.add(type)
        found, put_right = markup.decode(line[start:], text, type)
        spans |= dict.fromkeys(found)
        repairs += (repair._replace(at=at + start + repair.at) for repair in put_right)
    return Decoded(tuple(sorted(spans)), tuple(sorted(repairs)))


def decode_each(answers: Mapping[str, str], text: str) -> dict[str, Decoded]:
    """Read the mentions off the answers that were given about each type by itself.

    >>> decode_each({"Chemical": "[Aspirin] helps."}, "Aspirin helps.")["Chemical"].spans[0].end
    7
    """
    return {type: markup.decode(answer, text, type) for type, answer in answers.items()}


def _lines(answer: str) -> Iterator[tuple[int, str]]:
    """Lines that are not empty, with their places. Only a line feed ends one."""
    at = 0
    for line in answer.split("\n"):
        if line.strip():
            yield at, line
        at += len(line) + 1


class _Headings:
    """How the lines of the types that were asked for begin."""

    def __init__(self, types: Sequence[str]) -> None:
        self.exact = {escape_heading(type): type for type in types}
        meant = Counter(map(_plain, self.exact.values()))
        self.plain = {_plain(t): t for t in self.exact.values() if meant[_plain(t)] == 1}
        self.plain.pop("", None)
        # Decoration makes a heading somewhat longer than its type; a sentence is no heading.
        self.longest = 2 * max(map(len, self.exact), default=0) + 16

    def read(self, line: str) -> tuple[str | None, int, RepairKind | None]:
        """Type of a line if it is known, where its sentence begins, and what is wrong with it."""
        found = _HEADING.match(line)
        if found and found[1] in self.exact:
            return self.exact[found[1]], found.end(), None
        colons = list(_COLON.finditer(line, 0, self.longest + 3))
        for colon in reversed(colons):
            if type := self.plain.get(_plain(line[: colon.start()])):
                return type, colon.end(), RepairKind.HEADING
        if found or colons:
            end = found.end(1) if found else colons[0].start()
            return None, end, RepairKind.UNKNOWN_TYPE
        return None, self.longest, RepairKind.UNTYPED


def _plain(name: str) -> str:
    """What of a type's name tells it from others: neither case nor decoration.

    >>> _plain("**Cell-Type** "), _plain("2. cell_type")
    ('cell type', 'cell type')
    """
    bare = _DECORATION.sub("", unicodedata.normalize("NFKC", name))
    return " ".join(re.split(r"[\s_-]+", bare.casefold())).strip()
