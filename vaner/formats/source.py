"""Input files: text without a changed character, and errors with file and line.

All readers use this module for compression, encoding, line numbers and errors.
"""

from __future__ import annotations

import codecs
import io
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from vaner.errors import FormatError
from vaner.formats.compression import ERRORS as COMPRESSION_ERRORS
from vaner.formats.compression import CompressionError, decompress, remove_suffix
from vaner.formats.signatures import describe_binary, is_binary
from vaner.text.documents import SpanError

OnError = Callable[[FormatError], None]

STDIN = "-"
CARRIAGE_RETURNS = (
    "lines end in a carriage return alone, as on an old Macintosh; convert them to line feeds"
)
_CHUNK_SIZE = 1 << 16
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MAX_MESSAGE_LENGTH = 300


class FormatWarning(UserWarning):
    """An irregularity in a file that has only one sensible reading."""


class MalformedError(Exception):
    """A part of a file that breaks the format. `InputFile.guard` adds file and line."""

    def __init__(self, message: str, line: int | None = None) -> None:
        self.line = line
        super().__init__(message)


class InMemoryFile(str):
    """The name of a file together with its content in memory.

    Readers accept it wherever they accept a path, and do not look for the name on disk.

    >>> content = InMemoryFile("notes.txt", b"Asthma.")
    >>> read_text(InputFile(content))
    'Asthma.'
    """

    data: bytes

    def __new__(cls, name: str, data: bytes) -> InMemoryFile:
        """Create a name with content."""
        file = super().__new__(cls, name)
        file.data = data
        return file


def get_suffix(path: Path) -> str:
    """Return the suffix of a file name in lower case, without that of its compression."""
    return Path(remove_suffix(path.name)).suffix.lower()


class InputFile:
    """A file that is being read, and what to do about errors in it.

    Args:
        path: the file, or ``"-"`` for standard input.
        on_error: called with each error. The reader then skips the bad part and continues. If None,
            errors are raised.

    Attributes:
        ENCODING_ADVICE: what to do about a file in another encoding.
    """

    ENCODING_ADVICE = "name the file's encoding"

    def __init__(self, path: str | Path, on_error: OnError | None = None) -> None:
        self.path = Path(path)
        self.data = path.data if isinstance(path, InMemoryFile) else None
        self.is_stdin = self.data is None and str(path) == STDIN
        self.name = "<stdin>" if self.is_stdin else str(path)
        self.on_error = on_error

    @property
    def is_folder(self) -> bool:
        """Whether the path is a folder."""
        return self.data is None and not self.is_stdin and self.path.is_dir()

    @property
    def is_pipe(self) -> bool:
        """Whether the path is a named pipe, which can be read only once."""
        return self.data is None and not self.is_stdin and self.path.is_fifo()

    @property
    def disk_path(self) -> Path:
        """The path, for readers that need other files of the same folder.

        Raises:
            FormatError: if the file is in memory, or standard input.
        """
        if self.is_stdin:
            raise self.error("this format cannot be read from standard input; give a file")
        if self.data is not None:
            raise self.error("this format can only be read from a folder", argument="format")
        return self.path

    @property
    def stem(self) -> str:
        """Name of the file without suffixes, used to name documents without an id."""
        if self.is_stdin:
            return "stdin"
        return Path(remove_suffix(self.path.name)).stem

    def error(
        self, message: str, line: int | None = None, *, argument: str | None = None
    ) -> FormatError:
        """Return an error at a line. Long messages are cut, and line breaks removed."""
        message = " ".join(message.splitlines())
        if len(message) > _MAX_MESSAGE_LENGTH:
            message = message[:_MAX_MESSAGE_LENGTH] + "…"
        return FormatError(message, self.name, line, argument=argument)

    def report(self, message: str, line: int | None = None) -> None:
        """Raise an error, or pass it to `on_error`."""
        if self.on_error is None:
            raise self.error(message, line)
        self.on_error(self.error(message, line))

    @contextmanager
    def guard(
        self, line: int | None = None, document: object = None, *, location: str = ""
    ) -> Iterator[None]:
        """Report errors of the block with file, line and id of the document, if known.

        Args:
            line: the line.
            document: id of the document.
            location: where in a file without lines, such as ``row 3``.
        """
        prefix = f"{location}: " if location else ""
        prefix += f"document {document}: " if document not in (None, "") else ""
        try:
            yield
        except MalformedError as error:
            self.report(f"{prefix}{error}", error.line or line)
        except SpanError as error:
            self.report(f"{prefix}{error}", line)
        except RecursionError:
            self.report(f"{prefix}is nested too deeply", line)


@contextmanager
def open_bytes(file: InputFile) -> Iterator[BinaryIO]:
    """Open a file as bytes. Its compression is detected from the content.

    Raises:
        FormatError: if the file cannot be opened, or its compression is broken.
    """
    try:
        raw = open_raw(file)
        # In-memory files, and replacements of standard input, may not support peek().
        buffered = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(raw)  # type: ignore[type-var]
        try:
            yield decompress(buffered)
        finally:
            if not file.is_stdin:
                buffered.close()
    except COMPRESSION_ERRORS as error:
        raise file.error(f"the compression is broken: {error}") from None
    except CompressionError as error:
        raise file.error(str(error)) from None
    except OSError as error:
        raise file.error(f"cannot be read: {error.strerror or error}") from None


def read_bytes(file: InputFile, length: int = -1) -> bytes:
    """Return the content of a binary file as it is, or only its first bytes.

    Raises:
        FormatError: if the file cannot be read.
    """
    try:
        with open_raw(file) as stream:
            return stream.read(length)
    except OSError as error:
        raise file.error(f"cannot be read: {error.strerror or error}") from None


def open_raw(file: InputFile) -> BinaryIO:
    """Open a file as it is, without decompressing it."""
    if file.data is not None:
        return io.BytesIO(file.data)
    return sys.stdin.buffer if file.is_stdin else file.path.open("rb")


def is_utf8(encoding: str) -> bool:
    """Return whether a name of an encoding means UTF-8, the default."""
    return encoding.lower().replace("_", "-") in {"utf-8", "utf8"}


def _get_decoder(file: InputFile, encoding: str) -> codecs.IncrementalDecoder:
    """Return a decoder for a text encoding. UTF-8 may begin with a byte order mark."""
    try:
        codec = codecs.lookup(encoding)
        if not codec._is_text_encoding:  # e.g. base64, zlib, rot13
            raise LookupError
        name = "utf-8-sig" if codec.name == "utf-8" else codec.name
        return codecs.getincrementaldecoder(name)()
    except LookupError:
        raise file.error(f"unknown encoding {encoding!r}; try utf-8 or latin-1") from None


def read_chunks(file: InputFile, encoding: str = "utf-8") -> Iterator[str]:
    """Yield the text of a file in chunks, without a byte order mark.

    Raises:
        FormatError: at the first byte that is not valid in the encoding, naming line and byte.
    """
    decoder = _get_decoder(file, encoding)
    bytes_read, line, has_started = 0, 1, False
    with open_bytes(file) as stream:
        while True:
            # read1 returns what a pipe has, so that standard input is streamed.
            chunk = cast(io.BufferedReader, stream).read1(_CHUNK_SIZE)
            if not bytes_read and chunk.startswith(_UTF16_MARKS) and is_utf8(encoding):
                decoder = _get_decoder(file, "utf-16")  # as Excel writes "Unicode text"
            if not bytes_read and (kind := describe_binary(chunk)):
                raise file.error(f"is not a text file: it looks like {kind}")
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                check_is_text(file, chunk.decode("latin-1"), encoding)
                # The decoder may hold bytes of the previous chunk in front of this one.
                position = bytes_read + len(chunk) - len(error.object) + error.start
                line += error.object[: error.start].count(b"\n")
                raise file.error(
                    f"byte {position} is not {encoding}; {file.ENCODING_ADVICE}",
                    line,
                    argument="encoding",
                ) from None
            except UnicodeError as error:  # idna and punycode report no position
                raise file.error(f"is not {encoding}: {error}", line) from None
            bytes_read += len(chunk)
            line += text.count("\n")
            if text and not has_started:
                # Codecs with a fixed byte order, such as utf-16-le, leave the mark in the text.
                has_started, text = True, text.removeprefix("\ufeff")
            if text:
                yield text
            if not chunk:
                return


def check_is_text(file: InputFile, text: str, encoding: str) -> None:
    """Check that what was decoded of a file seems to be text.

    Raises:
        FormatError: if it has too many control characters.
    """
    if is_binary(text):
        message = f"is binary, or in another encoding than {encoding}; {file.ENCODING_ADVICE}"
        raise file.error(message, argument="encoding")


def read_text(file: InputFile, encoding: str = "utf-8") -> str:
    """Return the full text of a file, with its original line ends."""
    return "".join(read_chunks(file, encoding))


def read_lines(file: InputFile, encoding: str = "utf-8") -> Iterator[tuple[int, str]]:
    r"""Yield line numbers, starting at 1, and lines without ``\n`` or ``\r\n``.

    Nothing else ends a line: a lone carriage return or U+2028 belongs to the text.
    """
    return split_lines(read_chunks(file, encoding))


def split_lines(chunks: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield the numbered lines of a text that comes in chunks, as `read_lines` does."""
    number, parts = 0, list[str]()
    for chunk in chunks:
        first, *rest = chunk.split("\n")
        parts.append(first)
        for next_line in rest:
            number += 1
            yield number, "".join(parts).removesuffix("\r")
            parts = [next_line]
    if any(parts):
        yield number + 1, "".join(parts).removesuffix("\r")


def read_nonempty_lines(file: InputFile, encoding: str = "utf-8") -> Iterator[tuple[int, str]]:
    """Yield line numbers, starting at 1, and the lines that are not blank."""
    return ((number, line) for number, line in read_lines(file, encoding) if line.strip())
