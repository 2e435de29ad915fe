"""JSON as a stream: the records of a long list one at a time, and each written on a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vaner.errors import FormatError
from vaner.formats.source import InputFile
from vaner.formats.spans import CHARACTER, Losses

SEPARATORS = " \t\r\n,"
"""What may stand between two records."""

_SPLIT_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


class Buffer:
    """Text read so far and not yet used, and the line it begins on.

    Args:
        chunks: the text of a file in pieces.
    """

    def __init__(self, chunks: Iterator[str]) -> None:
        self.chunks, self.text, self.line, self.ended = chunks, "", 1, False

    def more(self) -> None:
        """Read on, at least as much as is held, so that retries stay linear in sum."""
        parts, wanted = [self.text], max(len(self.text), 1)
        while wanted > 0 and not self.ended:
            part = next(self.chunks, None)
            self.ended = part is None
            parts.append(part or "")
            wanted -= len(part or "")
        self.text = "".join(parts)

    def drop(self, count: int) -> None:
        """Leave out what has been used."""
        self.line += self.text.count("\n", 0, count)
        self.text = self.text[count:]


def items(buffer: Buffer, place: InputFile) -> Iterator[tuple[Any, int]]:
    """The records of a list whose bracket has been dropped, each with the line it begins on.

    The bracket at its end is dropped too.

    Raises:
        FormatError: for broken JSON, with its line.
    """
    while True:
        buffer.drop(len(buffer.text) - len(buffer.text.lstrip(SEPARATORS)))
        if buffer.text.startswith("]"):
            buffer.drop(1)
            return
        yield record(buffer, place)


def record(buffer: Buffer, place: InputFile) -> tuple[Any, int]:
    """The record that the text begins with, which is dropped, and the line it begins on.

    Raises:
        FormatError: for broken JSON, with its line.
    """
    decoder, line = json.JSONDecoder(), buffer.line
    while True:
        try:
            found, end = decoder.raw_decode(buffer.text)
        except RecursionError:
            raise place.error("JSON nested too deeply", line) from None
        except ValueError as problem:
            if buffer.ended:
                raise broken(problem, line, place) from None
            buffer.more()
        else:
            buffer.drop(end)
            return found, line


def follows(buffer: Buffer, between: str = SEPARATORS) -> bool:
    """Whether there is anything but these characters, which are dropped, in the rest of a file."""
    while True:
        buffer.drop(len(buffer.text) - len(buffer.text.lstrip(between)))
        if buffer.text or buffer.ended:
            return bool(buffer.text)
        buffer.more()


def elements(records: Iterable[str]) -> Iterator[str]:
    """Records as the elements of a list whose bracket is open, one a line.

    >>> print("[", *elements(["{}", "{}"]), sep="")
    [
    {},
    {}
    """
    for number, record in enumerate(records):
        yield f",\n{record}" if number else f"\n{record}"


def broken(problem: Exception, line: int, place: InputFile) -> FormatError:
    """The error of a JSON text that begins on a line of a file."""
    if isinstance(problem, json.JSONDecodeError):
        return place.error(f"broken JSON: {problem.msg}", line + problem.lineno - 1)
    return place.error(f"broken JSON: {problem}", line)


def unpaired(text: str, lost: Losses) -> str:
    """Text without two halves of a character side by side, which JSON would read as one."""
    sound, count = _SPLIT_PAIR.subn("\ufffd\ufffd", text)
    lost[CHARACTER] += 2 * count
    return sound


def dump(record: Mapping[str, Any], lost: Losses) -> str:
    """A record on one line, in characters that UTF-8 can hold."""
    line = json.dumps(record, ensure_ascii=False)
    # An escaped surrogate pair would come back as one character and move the offsets behind it.
    line = unpaired(line, lost)
    try:
        line.encode()
    except UnicodeEncodeError:  # a lone surrogate, which JSON can escape and UTF-8 cannot hold
        return json.dumps(json.loads(line))
    return line
