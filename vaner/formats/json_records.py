"""Records of a JSON file: one per line, in a list, or one after another over several lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

from vaner.formats.json_stream import Buffer, has_more, read_list, read_record
from vaner.formats.json_values import parse_json
from vaner.formats.source import InputFile, MalformedError, read_chunks, split_lines

_WHITE_SPACE = " \t\r\n"


class JsonRecord(NamedTuple):
    """A record and its position.

    Args:
        value: parsed JSON.
        line: the line on which the record begins.
        number: number of the record in a list, or of its line; documents without an id get it.
        is_item: whether the record is in a list, all of which may be one line.
    """

    value: Any
    line: int
    number: int
    is_item: bool = False


def read_json_records(file: InputFile, encoding: str = "utf-8") -> Iterator[JsonRecord]:
    """Yield the records of a file, one in memory at a time.

    A line of JSON Lines that is broken is reported, and the next one is read. A list, or an object
    over several lines, cannot be read further than its first error.

    Raises:
        FormatError: if the JSON is broken, with its line.
    """
    return parse_json_records(read_chunks(file, encoding), file)


def parse_json_records(chunks: Iterator[str], file: InputFile) -> Iterator[JsonRecord]:
    """Yield the records of a text that comes in chunks; see `read_json_records`."""
    head, start = "", ""
    for chunk in chunks:
        head += chunk
        start = head.lstrip(_WHITE_SPACE)
        if len(start) > 1 and (start[0] != "[" or start[1:].strip()):
            break
    remaining = chain([head], chunks)
    if start.startswith("["):
        yield from _parse_values(Buffer(remaining), file, expand_lists=is_list_of_records(start))
    else:
        yield from _parse_lines_or_objects(remaining, file)


def is_list_of_records(start: str) -> bool:
    """Return whether JSON begins with a list of records, not with a record that is a list.

    Such a record is a text with its annotations.

    >>> is_list_of_records('[{"text": "Gout."}]'), is_list_of_records('["Gout.", {"entities": []}]')
    (True, False)
    """
    return start.startswith("[") and not start[1:].lstrip(_WHITE_SPACE).startswith('"')


def _parse_values(buffer: Buffer, file: InputFile, *, expand_lists: bool) -> Iterator[JsonRecord]:
    """Yield the values that follow each other, over any number of lines, or the items of lists."""
    number = 0
    while has_more(buffer):
        is_list = expand_lists and buffer.text.startswith("[")
        if is_list:
            buffer.drop(1)
        for value, line in read_list(buffer, file) if is_list else [read_record(buffer, file)]:
            number += 1
            yield JsonRecord(value, line, number, is_list)


def _parse_lines_or_objects(chunks: Iterable[str], file: InputFile) -> Iterator[JsonRecord]:
    """Yield the objects in lines, or those that extend over several lines.

    The first line decides: if it is not complete and the next one does not begin an object either,
    the objects extend over lines.
    """
    lines = split_lines(chunks)
    filled = ((number, line) for number, line in lines if line.strip())
    first = next(filled, None)
    if first is None:
        return
    second = None if _is_json(first[1]) else next(filled, None)
    is_object = first[1].lstrip().startswith("{")
    if (
        second is not None
        and is_object
        and (first[1].strip() == "{" or second[1].lstrip()[:1] != "{")
    ):
        padding = "\n" * (first[0] - 1)
        gap = "\n" * (second[0] - first[0])
        rest = (f"\n{line}" for _, line in lines)
        buffer = Buffer(chain([padding, first[1], gap, second[1]], rest))
        yield from _parse_values(buffer, file, expand_lists=False)
        return
    for number, line in chain([first], [second] if second else [], filled):
        with file.guard(number):
            yield JsonRecord(parse_json(line), number, number)


def _is_json(line: str) -> bool:
    try:
        parse_json(line)
    except MalformedError:
        return False
    return True
