"""Reading a file as text without changing a character, and saying where it is wrong.

Every reader goes through here for compression, encoding, line numbers and errors.
"""

from __future__ import annotations

import codecs
import gzip
import io
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from vaner.errors import FormatError
from vaner.text.documents import SpanError

OnError = Callable[[FormatError], None]

STDIN = "-"
LINE_ENDS = "lines end in a carriage return alone, as on an old Macintosh; end them in a line feed"
_CHUNK = 1 << 16
_LONGEST = 300  # characters of a message
_GZIP_MAGIC = b"\x1f\x8b"


class FormatWarning(UserWarning):
    """Something in a file that was read in the only sensible way, and that its owner may mend."""


class MalformedError(Exception):
    """A part of a file that breaks the format; `Place.guard` adds the file, and the line."""

    def __init__(self, message: str, line: int | None = None) -> None:
        self.line = line
        super().__init__(message)


class InMemoryFile(str):
    """A file that is held in memory: its name, with its bytes beside it.

    Readers take it wherever they take a path, and nothing of that name is looked for on the disk.

    >>> content = Content("notes.txt", b"Asthma.")
    >>> read_text(Place(content))
    'Asthma.'
    """

    data: bytes

    def __new__(cls, name: str, data: bytes) -> InMemoryFile:
        """A name that has bytes."""
        content = super().__new__(cls, name)
        content.data = data
        return content


def get_suffix(file: Path) -> str:
    """What the name of a file ends in, in small letters; a ``.gz`` is passed over."""
    return Path(file.name.removesuffix(".gz")).suffix.lower()


class InputFile:
    """A file being read and what to do with its errors.

    Args:
        path: the file, or ``"-"`` for standard input.
        on_error: called with each error, after which the reader leaves the bad part out and goes
            on; None raises the error.
    """

    def __init__(self, path: str | Path, on_error: OnError | None = None) -> None:
        self.path = Path(path)
        self.data = path.data if isinstance(path, InMemoryFile) else None
        self.is_stdin = self.data is None and str(path) == STDIN
        self.name = "<stdin>" if self.is_stdin else str(path)
        self.on_error = on_error

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder, which neither what is in memory nor standard input is."""
        return self.data is None and not self.is_stdin and self.path.is_dir()

    @property
    def is_pipe(self) -> bool:
        """Whether it is a pipe under a name, which can be read once."""
        return self.data is None and not self.is_stdin and self.path.is_fifo()

    @property
    def disk_path(self) -> Path:
        """The path, for a reader that looks for other files beside it.

        Raises:
            FormatError: for what is in memory and has nothing beside it.
        """
        if self.data is not None:
            raise self.error("is of a format that is read from a folder", argument="format")
        return self.path

    @property
    def stem(self) -> str:
        """Name of the file without suffixes, from which documents without a name get theirs."""
        if self.is_stdin:
            return "stdin"
        return Path(self.path.name.removesuffix(".gz")).stem

    def error(
        self, message: str, line: int | None = None, *, argument: str | None = None
    ) -> FormatError:
        """An error at a line, told in one line however much of the file it quotes."""
        message = " ".join(message.splitlines())
        if len(message) > _LONGEST:
            message = message[:_LONGEST] + "…"
        return FormatError(message, self.name, line, argument=argument)

    def report(self, message: str, line: int | None = None) -> None:
        """Raise an error, or hand it to the caller and go on."""
        if self.on_error is None:
            raise self.error(message, line)
        self.on_error(self.error(message, line))

    @contextmanager
    def guard(self, line: int | None = None) -> Iterator[None]:
        """Report what is wrong in the block with its place."""
        try:
            yield
        except MalformedError as problem:
            self.report(str(problem), problem.line or line)
        except SpanError as problem:
            self.report(str(problem), line)
        except RecursionError:
            self.report("is nested too deeply", line)


@contextmanager
def open_bytes(place: InputFile) -> Iterator[BinaryIO]:
    """The bytes of a file, decompressed if they are gzip, whatever the file is called.

    Raises:
        FormatError: for a file that cannot be opened or whose compression is broken.
    """
    try:
        raw = _opened(place)
        # What is in memory, or stands in for standard input, may not know how to peek.
        buffered = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(raw)  # type: ignore[type-var]
        try:
            if buffered.peek(2)[:2] == _GZIP_MAGIC:
                yield cast(BinaryIO, gzip.GzipFile(fileobj=buffered))
            else:
                yield buffered
        finally:
            if not place.is_stdin:
                buffered.close()
    except (EOFError, gzip.BadGzipFile, zlib.error) as problem:
        raise place.error(f"broken gzip file: {problem}") from None
    except OSError as problem:
        raise place.error(f"cannot be read: {problem.strerror or problem}") from None


def _opened(place: InputFile) -> BinaryIO:
    if place.data is not None:
        return io.BytesIO(place.data)
    return sys.stdin.buffer if place.is_stdin else place.path.open("rb")


def read_chunks(place: InputFile, encoding: str = "utf-8") -> Iterator[str]:
    """The text of a file in pieces; a byte order mark is not part of it.

    Raises:
        FormatError: naming line and byte of the first byte that is not in the encoding.
    """
    try:
        # UTF-8 with and without a byte order mark.
        found = codecs.lookup(encoding)
        if not found._is_text_encoding:  # base64, zlib, rot13 …
            raise LookupError
        name = "utf-8-sig" if found.name == "utf-8" else found.name
        decoder = codecs.getincrementaldecoder(name)()
    except LookupError:
        raise place.error(f"no encoding is called {encoding!r}") from None
    done, line, begun = 0, 1, False
    with open_bytes(place) as stream:
        while True:
            # read1 hands on what a pipe has, so that standard input streams.
            chunk = cast(io.BufferedReader, stream).read1(_CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as problem:
                position = done + len(chunk) - len(problem.object) + problem.start
                line += problem.object[: problem.start].count(b"\n")
                raise place.error(
                    f"byte {position} is not {encoding}; name the file's encoding",
                    line,
                    argument="encoding",
                ) from None
            except UnicodeError as problem:  # idna and punycode tell no position
                raise place.error(f"is not {encoding}: {problem}", line) from None
            done += len(chunk)
            line += text.count("\n")
            if text and not begun:
                begun, text = True, text.removeprefix("\ufeff")  # as utf-16-le, say, leaves it
            if text:
                yield text
            if not chunk:
                return


def read_text(place: InputFile, encoding: str = "utf-8") -> str:
    """The whole text of a file, line ends untouched."""
    return "".join(read_chunks(place, encoding))


def read_lines(place: InputFile, encoding: str = "utf-8") -> Iterator[tuple[int, str]]:
    r"""Numbered lines, from 1, without their ``\n`` or ``\r\n``.

    Only these two end a line: a lone carriage return or U+2028 belongs to the text.
    """
    number, parts = 0, list[str]()
    for chunk in read_chunks(place, encoding):
        first, *rest = chunk.split("\n")
        parts.append(first)
        for following in rest:
            number += 1
            yield number, "".join(parts).removesuffix("\r")
            parts = [following]
    if any(parts):
        yield number + 1, "".join(parts).removesuffix("\r")


def read_nonempty_lines(place: InputFile, encoding: str = "utf-8") -> Iterator[tuple[int, str]]:
    """Numbered lines, from 1, without those that have nothing but white space in them."""
    return ((number, line) for number, line in read_lines(place, encoding) if line.strip())
