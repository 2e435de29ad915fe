"""Errors that the user can fix.

Each error that is raised for the user derives from `VanerError`. The command line prints its
message in one line and exits with code 2. Any other exception is a bug and is shown with its
traceback.
"""

from __future__ import annotations

from pathlib import Path


class VanerError(Exception):
    """A problem that the user can fix.

    Args:
        message: what is wrong, where, and what to do, in one line.
        argument: name of the Python argument that would prevent the error, such as ``format``. The
            command line adds the corresponding option to the message.
    """

    def __init__(self, message: str, *, argument: str | None = None) -> None:
        self.argument = argument
        super().__init__(message)


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
        self.message, self.path, self.line = message, str(path), line
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
    r"""Return the first line of an error message, or the error's class name if it has no message.

    Use it to quote an error of another library in a message of ours.

    >>> summarize_error(ValueError("not found.\nDo this: …")), summarize_error(TimeoutError())
    ('not found', 'TimeoutError')
    """
    return str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__
