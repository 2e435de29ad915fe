"""Errors that the user can fix.

Each error that is raised for the user derives from `VanerError`. The command line prints its
message in one line and exits with code 2. Any other exception is a bug and is shown with its
traceback.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY_ADVICE = "close other programs, or use a smaller batch or model"

_LONGEST_SUMMARY = 300
_OUT_OF_MEMORY = re.compile(
    "out of memory|can't allocate memory|cannot allocate memory|bad_alloc|bad allocation"
    "|failed to allocate memory",
    re.I,
)
_LINE_BREAKS = re.compile(r"\s*[\t-\r\x85\u2028\u2029]\s*")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def escape_control_characters(text: str, *, keep: str = "") -> str:
    r"""Return a text whose control characters are written as escapes, such as ``\\x1b``.

    A terminal obeys control characters: a file name or an entity type could change its title or
    hide what follows. Characters that reverse the order of a text are escaped too.

    Args:
        text: any text from a file.
        keep: characters that stay as they are, such as a line break.

    >>> escape_control_characters("a\x1b[31m\nb", keep="\n")
    'a\\x1b[31m\nb'
    """
    return _CONTROL.sub(lambda match: match[0] if match[0] in keep else ascii(match[0])[1:-1], text)


def to_single_line(message: object) -> str:
    r"""Return a message on one line, without control characters.

    >>> to_single_line("size mismatch for:\n\tcrf.start\x07")
    'size mismatch for: crf.start\\x07'
    """
    return escape_control_characters(_LINE_BREAKS.sub(" ", str(message).strip()))


class VanerError(Exception):
    """A problem that the user can fix.

    Args:
        message: what is wrong, where, and what to do, in one line.
        argument: name of the Python argument that would prevent the error, such as ``format``. The
            command line adds the corresponding option to the message.
    """

    def __init__(self, message: str, *, argument: str | None = None) -> None:
        self.argument = argument
        super().__init__(to_single_line(message))


class ArgumentError(VanerError, TypeError):
    """An argument of a wrong type."""


def check_argument(
    name: str, value: object, expected: type | tuple[type, ...], advice: str
) -> None:
    """Check the type of an argument that a caller gives in Python.

    Args:
        name: name of the argument.
        value: its value.
        expected: its type, or several.
        advice: what to give instead, for the message.

    Raises:
        ArgumentError: if it has another type.

    >>> check_argument("types", 3, (str, list), "give names, as in ['Disease']")
    Traceback (most recent call last):
    vaner.errors.ArgumentError: types is of type int; give names, as in ['Disease']
    """
    if not isinstance(value, expected):
        kind = "None" if value is None else f"of type {type(value).__name__}"
        raise ArgumentError(f"{name} is {kind}; {advice}")


class FormatError(VanerError):
    """A document file that does not follow its format.

    Args:
        message: what is wrong, without file and line.
        path: the file, or a name such as ``<stdin>``.
        line: line number, starting at 1, or None if the format has no lines.
        argument: see `VanerError`.
    """

    def __init__(
        self,
        message: str,
        path: str | Path,
        line: int | None = None,
        *,
        argument: str | None = None,
    ) -> None:
        self.message, self.path, self.line = to_single_line(message), str(path), line
        location = f"{path}:{line}" if line is not None else str(path)
        super().__init__(f"{location}: {message}", argument=argument)


class CorpusError(VanerError):
    """A corpus or a split that is unknown or missing."""


class RecipeError(VanerError):
    """A training recipe with a wrong or misspelled field."""


class ModelError(VanerError):
    """A model folder that is missing, incomplete, or inconsistent with its config."""


class KnowledgeError(VanerError):
    """A knowledge base, or a source of one, that cannot be read or used."""


def summarize_error(error: BaseException) -> str:
    r"""Return what an error of another library says, in one short line.

    This is the first line of its message, and the second where the first ends in a colon. An error
    without a message is described by its class.

    >>> summarize_error(ValueError("not found.\nDo this: …")), summarize_error(TimeoutError())
    ('not found', 'TimeoutError')
    >>> summarize_error(KeyError("types"))
    "'types' is missing"
    """
    if is_out_of_memory(error):
        return "out of memory"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, KeyError) and error.args:
        return f"{error.args[0]!r} is missing"
    lines = [line for line in map(to_single_line, str(error).splitlines()) if line]
    if not lines:
        return type(error).__name__
    message = " ".join(lines[: 2 if lines[0].endswith(":") else 1]).rstrip(".")
    return message if len(message) <= _LONGEST_SUMMARY else f"{message[:_LONGEST_SUMMARY]} …"


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that memory could not be allocated, in RAM or on a GPU.

    Libraries have an exception class or only a message for it.
    """
    return isinstance(error, MemoryError) or (
        isinstance(error, (RuntimeError, OSError))
        and bool(_OUT_OF_MEMORY.search(str(error)[:2000]))
    )


@contextmanager
def library_errors(
    where: object,
    problem: str,
    advice: str = "",
    *,
    error_class: type[VanerError] = VanerError,
) -> Iterator[None]:
    """Turn whatever a library raises while it reads a file into one line of ours.

    Libraries raise many kinds of errors for a damaged file, and document few of them. Each kind of
    input has one such boundary. An error of ours gets the file, if it does not name it already.

    Args:
        where: the file or folder that is read.
        problem: what is wrong with it: ``not a readable config``.
        advice: what to do: ``copy it again``.
        error_class: class of the error to raise.

    Raises:
        VanerError: of that class, with the reason that the library gives.

    >>> with library_errors("a.json", "not a readable config", "copy it again"):
    ...     {}["types"]
    Traceback (most recent call last):
    vaner.errors.VanerError: a.json: not a readable config ('types' is missing); copy it again
    """
    try:
        yield
    except NameError:  # a defect of the code, whatever the file
        raise
    except VanerError as error:
        if to_single_line(where) in str(error):
            raise
        raise error_class(f"{where}: {error}", argument=error.argument) from error
    except Exception as error:
        if is_out_of_memory(error):
            raise error_class(f"{where}: out of memory; {MEMORY_ADVICE}") from error
        end = f"; {advice}" if advice else ""
        raise error_class(f"{where}: {problem} ({summarize_error(error)}){end}") from error
