"""What the tags of a CoNLL file reveal about its scheme."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field

from vaner.formats.source import FormatWarning, MalformedError
from vaner.text.tags import OUTSIDE, PREFIX_LETTERS, find_violations, is_tag, split_tag

_SEVERAL = re.compile(rf"[|,;/][{PREFIX_LETTERS}]-")
_NAME = re.compile(r"[^\W\d][\w #./]{0,39}")
_TABLE = (
    "if the first line names the columns of a table, give --input-format csv --text-column NAME"
)
_MIN_TOKENS = 2
"""Tokens from which a file of numbers alone is suspicious."""


@dataclass
class TagStatistics:
    """Counts of tags and tokens, updated sentence by sentence.

    Args:
        may_be_table: whether the first row may name the columns of a table.
    """

    may_be_table: bool = False
    valid_tags: set[str] = field(default_factory=set)
    b_starts: int = 0
    i_starts: int = 0
    first_line: int | None = None
    tokens: int = 0
    numbers: int = 0

    def count_tokens(self, tokens: Sequence[str]) -> None:
        """Count the tokens, and those that are numbers."""
        self.tokens += len(tokens)
        self.numbers += sum(token.isdecimal() for token in tokens)

    def check(self, tags: Sequence[str], line: int) -> None:
        """Raise `MalformedError` for the first string that is not a tag."""
        for tag in dict.fromkeys(tags):
            if tag in self.valid_tags:
                continue
            try:
                split_tag(tag)
            except ValueError as error:
                is_first = not self.valid_tags and tags[0] == tag
                message = f"{error}; {_TABLE}" if self.may_be_table and is_first else str(error)
                raise MalformedError(message, line + tags.index(tag)) from None
            if _SEVERAL.search(tag):
                message = f"{tag!r} has several tags; write one, or a column for each"
                raise MalformedError(message, line + tags.index(tag))
            self.valid_tags.add(tag)

    def update(self, tags: Sequence[str], line: int) -> None:
        """Count mentions that begin with B where IOB1 has I, and with I where IOB2 has B."""
        violations = find_violations(tags)
        if violations and self.first_line is None:
            self.first_line = line + violations[0]
        self.i_starts += len(violations)
        previous = OUTSIDE
        for tag in tags:
            self.b_starts += split_tag(tag)[0] in "BS" and tag[1:] != previous[1:]
            previous = tag

    def warn_plain_types(self, name: str) -> None:
        """Warn that tags have no prefix, so that mentions of a type side by side are one."""
        warnings.warn(
            f"{name}: tags are types without B- and I-; adjacent tokens of a type are one mention",
            FormatWarning,
            stacklevel=2,
        )

    def warn(self, name: str) -> None:
        """Warn if tags are consistent with neither IOB1 nor IOB2, or if all tokens are numbers."""
        if self.numbers == self.tokens >= _MIN_TOKENS:
            warnings.warn(
                f"{name}: every token is a number; name the columns, such as "
                "--columns token=2,tag=3",
                FormatWarning,
                stacklevel=2,
            )
        if self.b_starts and self.i_starts:
            warnings.warn(
                f"{name}:{self.first_line}: {self.i_starts} tags continue a mention that has not "
                "started; each was read as the beginning of one",
                FormatWarning,
                stacklevel=2,
            )


def may_be_header(row: Sequence[str]) -> bool:
    """Return whether a row may name the columns of a table, and has no tag at its end.

    >>> may_be_header(["patient", "comment"]), may_be_header(["Gout", "O"])
    (True, False)
    """
    is_named = all(_NAME.fullmatch(cell.strip(' "')) for cell in row)
    return len(row) == len(set(row)) > 1 and is_named and not is_tag(row[-1])


def warn_further_tags(name: str, further: Sequence[int], token: int, tag: int) -> None:
    """Warn that columns with tags are not read, and name the option that reads them.

    Args:
        name: name of the file.
        further: numbers of these columns, from 1.
        token, tag: numbers of the columns that are read.
    """
    everything = "+".join(map(str, sorted({*further, tag})))
    warnings.warn(
        f"{name}: tags in column {', '.join(map(str, further))} are not read; to read those of "
        f"another column, give --columns token={token},tag={further[0]}, and of several ones, such "
        f"as those of nested mentions, tag={everything}",
        FormatWarning,
        stacklevel=3,
    )
