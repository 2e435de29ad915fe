"""The errors a user can mend.

Everything raised on purpose for a user derives from `VanerError`; the command line prints its
one line and exits with code 2. Any other exception is a defect of ours and keeps its traceback.
"""

from __future__ import annotations

from pathlib import Path


class VanerError(Exception):
    """A problem that the user can mend, told in one line that says what to do next.

    Args:
        message: the line.
        argument: what the caller could have given to prevent it, by its name in Python, such as
            ``format``. The command line tells its own option for it.
    """

    def __init__(self, message: str, *, argument: str | None = None) -> None:
        self.argument = argument
        super().__init__(message)


class FormatError(VanerError):
    """A document file that does not keep to its format.

    Args:
        message: what is wrong, without the place.
        path: the file (or a name such as ``<stdin>``).
        line: line number in the file, counted from 1, or None where lines mean nothing.
        argument: as in `VanerError`.
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
        place = f"{path}:{line}" if line is not None else str(path)
        super().__init__(f"{place}: {message}", argument=argument)


class CorpusError(VanerError):
    """A corpus or a split that is not known or not to be found."""


class RecipeError(VanerError):
    """A training recipe with a wrong or misspelt field."""


class ModelError(VanerError):
    """A model folder that is missing, incomplete, or does not fit its own config."""


class KnowledgeError(VanerError):
    """A knowledge base, or a source of one, that cannot be read or used."""


def summarize_error(problem: BaseException) -> str:
    r"""What somebody else's error says, to be part of a line of ours; its kind if it says nothing.

    >>> first_line(ValueError("not found.\nHere is what to do: …")), first_line(TimeoutError())
    ('not found', 'TimeoutError')
    """
    return str(problem).strip().partition("\n")[0].rstrip(".") or type(problem).__name__
