r"""Write and read the answer of a model about several entity types: one marked copy per type.

The published form (arXiv 2510.08902) has a line for each type, with two spaces after the colon::

    protein:  [[CD28] antibody] bound to T cells
    cell_type:  CD28 antibody bound to [T cells]

Here the colons and line breaks of a type's name are escaped with a backslash, so that a line stays
one line. The answer about a text without entities is ``[]``, which is neither a line of a type nor
a copy of a text.

In the other form each type is requested separately, and the answer is only the marked copy:
`vaner.generator.markup`.
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
"""The answer about a text without entities."""

SEPARATOR = ":  "
"""Separator of the type and the marked copy in a line."""

_ESCAPES = str.maketrans({":": r"\:", "\\": r"\\", "\n": r"\n", "\r": r"\r"})
_HEADING = re.compile(r"((?:[^\\:]|\\.)*+)" + SEPARATOR)
_COLON = re.compile("([:：]) {0,2}")
_DECORATION = re.compile(r"^[\s*•`-]*(?:\d+[.)]\s+)?[\s*`]*|[\s*`]+$")


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer about a text.

    Args:
        answer: The answer, with a line for each type that occurs.
        inexpressible: Mentions that the answer does not represent exactly, each with the reason.
    """

    answer: str
    inexpressible: tuple[tuple[Span, InexpressibleReason], ...] = ()


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers about a text if each type is requested separately.

    Args:
        answers: Marked copy of each type.
        inexpressible: Mentions that the answers do not represent exactly, each with the reason.
    """

    answers: Mapping[str, str]
    inexpressible: tuple[tuple[Span, InexpressibleReason], ...] = ()


def escape_heading(type: str) -> str:
    r"""Return a type as it is written before the colon of its line.

    >>> print(escape_heading("cell_type"), escape_heading("CL:0000084"))
    cell_type CL\:0000084
    """
    return type.translate(_ESCAPES)


def encode(text: str, spans: Iterable[Span], types: Sequence[str]) -> Answer:
    """Return the answer about a text with these mentions.

    Args:
        text: The text.
        spans: Mentions of any types. Those of types that are not requested are inexpressible.
        types: The requested types, in the order of the instruction.

    Raises:
        SpanError: If a mention is outside the text or covers only white space.

    >>> encode("Aspirin helps.", [Span(0, 7, "Chemical")], ["Disease", "Chemical"]).answer
    'Chemical:  [Aspirin] helps.'
    """
    by_type = encode_each(text, spans, types)
    plain = markup.escape(text)
    lines = [
        escape_heading(type) + SEPARATOR + copy
        for type, copy in by_type.answers.items()
        if copy != plain
    ]
    return Answer("\n".join(lines) or EMPTY_ANSWER, by_type.inexpressible)


def encode_each(text: str, spans: Iterable[Span], types: Sequence[str]) -> Answers:
    """Return the answers about a text if each type is requested separately.

    Args:
        text: The text.
        spans: Mentions of any types. Those of types that are not requested are inexpressible.
        types: The requested types.

    Raises:
        SpanError: If a mention is outside the text or covers only white space.

    >>> encode_each("Aspirin helps.", [Span(0, 7, "Chemical")], ["Disease", "Chemical"]).answers
    {'Disease': 'Aspirin helps.', 'Chemical': '[Aspirin] helps.'}
    """
    by_type: dict[str, list[Span]] = {type: [] for type in types}
    inexpressible: list[tuple[Span, InexpressibleReason]] = []
    for span in spans:
        if span.type in by_type:
            by_type[span.type].append(span)
        else:
            inexpressible.append((span, InexpressibleReason.NOT_REQUESTED))
    answers = {}
    for type, spans_of_type in by_type.items():
        encoded = markup.encode(text, spans_of_type)
        answers[type] = encoded.markup
        inexpressible += encoded.inexpressible
    return Answers(answers, tuple(sorted(inexpressible)))


def decode(answer: str, text: str, types: Sequence[str]) -> Decoded:
    r"""Read the mentions from an answer; every string can be read.

    Only lines of requested types are read. A type is recognized in another case, with ``_``, ``-``
    or a space between its words, after a bullet or a number, and before any kind of colon, if no
    other type is possible. Empty lines and lines without brackets have no effect. The spans of two
    lines of one type are merged, so spans of one type can cross.

    Args:
        answer: Generated text.
        text: Source.
        types: The requested types.

    >>> spans, repairs = decode("chemical: [Aspirin] helps.", "Aspirin helps.", ["Chemical"])
    >>> spans[0].type, repairs[0].kind.name
    ('Chemical', 'HEADING')
    """
    if answer.strip() == EMPTY_ANSWER:
        return Decoded(())
    if not answer.strip():
        return Decoded((), (Repair(0, RepairKind.SILENT, ""),))
    parser = _HeadingParser(types)
    spans: dict[Span, None] = {}
    repairs: list[Repair] = []
    types_seen: set[str] = set()
    for offset, line in _split_lines(answer):
        type, start, defect = parser.parse(line)
        if defect:
            repairs.append(Repair(offset, defect, line[:start]))
        if type is None:
            continue
        if type in types_seen:
            repairs.append(Repair(offset, RepairKind.REPEATED_TYPE, line[:start]))
        types_seen.add(type)
        line_spans, line_repairs = markup.decode(line[start:], text, type)
        spans |= dict.fromkeys(line_spans)
        for repair in line_repairs:
            repairs.append(repair._replace(offset=offset + start + repair.offset))
    return Decoded(tuple(sorted(spans)), tuple(sorted(repairs)))


def _split_lines(answer: str) -> Iterator[tuple[int, str]]:
    """Yield the nonempty lines with their offsets. Only a line feed ends a line."""
    offset = 0
    for line in answer.split("\n"):
        if line.strip():
            yield offset, line
        offset += len(line) + 1


class _HeadingParser:
    """Parser of the types at the beginning of lines.

    Args:
        types: The requested types.
    """

    def __init__(self, types: Sequence[str]) -> None:
        self.exact = {escape_heading(type): type for type in types}
        counts = Counter(map(_normalize, self.exact.values()))
        self.normalized = {
            _normalize(type): type for type in self.exact.values() if counts[_normalize(type)] == 1
        }
        self.normalized.pop("", None)
        # Decoration makes a heading longer than its type; a long text is a sentence, no heading.
        self.max_length = 2 * max(map(len, self.exact), default=0) + 16

    def parse(self, line: str) -> tuple[str | None, int, RepairKind | None]:
        """Return the type of a line, the offset of its sentence, and the defect, if any."""
        heading = _HEADING.match(line)
        if heading and heading[1] in self.exact:
            return self.exact[heading[1]], heading.end(), None
        colons = list(_COLON.finditer(line, 0, self.max_length + 3))
        for colon in reversed(colons):
            if type := self.normalized.get(_normalize(line[: colon.start()])):
                return type, colon.end(), RepairKind.HEADING
        if heading or colons:
            end = heading.end(1) if heading else colons[0].start()
            return None, end, RepairKind.UNKNOWN_TYPE
        return None, self.max_length, RepairKind.UNTYPED


def _normalize(name: str) -> str:
    """Return a type's name without case and decoration.

    >>> _normalize("**Cell-Type** "), _normalize("2. cell_type")
    ('cell type', 'cell type')
    """
    bare = _DECORATION.sub("", unicodedata.normalize("NFKC", name))
    return " ".join(re.split(r"[\s_-]+", bare.casefold())).strip()
