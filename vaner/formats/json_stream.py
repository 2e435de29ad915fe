"""JSON as a stream: read the records of a long list one at a time, and write one per line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vaner.errors import FormatError
from vaner.formats.losses import CHARACTER, Losses
from vaner.formats.source import InputFile

SEPARATORS = " \t\r\n,"
"""Characters that may separate two records."""

_SURROGATE_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


class Buffer:
    """The part of a text that has been read but not parsed, and the line it begins on.

    Args:
        chunks: chunks of the text.
    """

    def __init__(self, chunks: Iterator[str]) -> None:
        self.chunks, self.text, self.line, self.is_at_end = chunks, "", 1, False

    def read_more(self) -> None:
        """Read at least as much as the buffer holds, so that the total time stays linear."""
        parts, remaining = [self.text], max(len(self.text), 1)
        while remaining > 0 and not self.is_at_end:
            chunk = next(self.chunks, None)
            self.is_at_end = chunk is None
            parts.append(chunk or "")
            remaining -= len(chunk or "")
        self.text = "".join(parts)

    def drop(self, count: int) -> None:
        """Remove the first `count` characters."""
        self.line += self.text.count("\n", 0, count)
        self.text = self.text[count:]

    def drop_leading(self, characters: str) -> None:
        """Remove these characters from the beginning of the text."""
        self.drop(len(self.text) - len(self.text.lstrip(characters)))


def read_list(buffer: Buffer, file: InputFile) -> Iterator[tuple[Any, int]]:
    """Yield each record of a list with its first line.

    The opening bracket has been dropped by the caller. The closing bracket is dropped here.

    Raises:
        FormatError: if the JSON is broken, with its line.
    """
    while has_more(buffer):
        if buffer.text.startswith("]"):
            buffer.drop(1)
            return
        yield read_record(buffer, file)
    raise file.error("broken JSON: the list has no end", buffer.line)


def read_record(buffer: Buffer, file: InputFile) -> tuple[Any, int]:
    """Read the record at the beginning of the buffer, and return it with its first line.

    Raises:
        FormatError: if the JSON is broken, with its line.
    """
    decoder, line = json.JSONDecoder(), buffer.line
    while True:
        try:
            record, end = decoder.raw_decode(buffer.text)
        except RecursionError:
            raise file.error("JSON nested too deeply", line) from None
        except ValueError as error:
            if buffer.is_at_end:
                raise make_json_error(error, line, file) from None
            buffer.read_more()
        else:
            buffer.drop(end)
            return record, line


def has_more(buffer: Buffer, separators: str = SEPARATORS) -> bool:
    """Drop separators, and return whether the file has anything else left."""
    while True:
        buffer.drop_leading(separators)
        if buffer.text or buffer.is_at_end:
            return bool(buffer.text)
        buffer.read_more()


def write_elements(records: Iterable[str]) -> Iterator[str]:
    """Yield records as the elements of an open list, one per line.

    >>> print("[", *write_elements(["{}", "{}"]), sep="")
    [
    {},
    {}
    """
    for number, record in enumerate(records):
        yield f",\n{record}" if number else f"\n{record}"


def make_json_error(error: Exception, line: int, file: InputFile) -> FormatError:
    """Return the error of a JSON text that begins on a line of a file."""
    if isinstance(error, json.JSONDecodeError):
        return file.error(f"broken JSON: {error.msg}", line + error.lineno - 1)
    return file.error(f"broken JSON: {error}", line)


def replace_surrogate_pairs(text: str, losses: Losses) -> str:
    """Return text without adjacent surrogates, which a JSON parser would join to one character."""
    clean, count = _SURROGATE_PAIR.subn("\ufffd\ufffd", text)
    losses[CHARACTER] += 2 * count
    return clean


def dump_line(record: Mapping[str, Any], losses: Losses) -> str:
    """Return a record as a line of JSON that UTF-8 can hold."""
    # An escaped surrogate pair would be read as one character and shift the offsets after it.
    line = replace_surrogate_pairs(json.dumps(record, ensure_ascii=False), losses)
    try:
        line.encode()
    except UnicodeEncodeError:  # JSON can escape a lone surrogate, UTF-8 cannot hold it
        return json.dumps(json.loads(line))
    return line
