"""Data frames of pandas: a text per row in, a mention per row out."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from vaner.errors import VanerError
from vaner.formats.csv_table import IDS, TEXTS
from vaner.formats.losses import Losses
from vaner.formats.mention_rows import MENTIONS, list_rows
from vaner.text.documents import Document
from vaner.utils.names import suggest_name

if TYPE_CHECKING:
    import pandas as pd


class FrameAnnotator:
    """The method of `vaner.annotator.Annotator` for data frames."""

    def annotate_frame(
        self, frame: pd.DataFrame, *, text: str | None = None, id: str | None = None, **options: Any
    ) -> pd.DataFrame:
        """Annotate the texts of a pandas data frame, and return a data frame of their mentions.

        Args:
            frame: a data frame with a text per row; rows without a text have no mentions.
            text: name of the column with the text. Default: by its usual names.
            id: name of the column that identifies the rows. Default: by its usual names, or else
                the index.
            options: for `annotate`, such as ``types`` or ``min_score``.

        Returns:
            A row for each mention, with the columns ``document``, ``start``, ``end``, ``type``,
            ``text``, ``score``, ``identifiers`` and ``context``.

        Raises:
            VanerError: if there is no such column, and for the same reasons as `annotate`.
            TypeError: if it is not a data frame, or if a value of the column is not a text.
        """
        documents, keys = read_frame(frame, text, id)
        annotated: Iterator[Document] = self.annotate(documents, **options)  # type: ignore[attr-defined]
        return to_frame(annotated, keys)


def read_frame(
    frame: pd.DataFrame, text: str | None = None, id: str | None = None
) -> tuple[list[Document], list[Hashable]]:
    """Return the texts of a data frame as documents, and what identifies their rows.

    Args:
        frame: a data frame with a text per row. Rows without a text have an empty document.
        text: name of the column with the text. Default: by its usual names.
        id: name of the column that identifies the rows. Default: by its usual names, or else the
            index.

    Raises:
        VanerError: if there is no such column, or if no column looks like that of the text.
        TypeError: if it is not a data frame, or if a value of the column is not a text.
    """
    if not hasattr(frame, "columns"):
        raise TypeError(f"this is of type {type(frame).__name__}, not a data frame with columns")
    text = _find_column(frame, text, TEXTS, "text")
    if text is None:
        listed = ", ".join(map(str, frame.columns))
        raise VanerError(f"which column is the text? There are {listed}; name it with text=…")
    id = _find_column(frame, id, IDS, "id")
    keys: list[Hashable] = list(frame.index if id is None else frame[id])
    for column in {text, id} - {None}:
        if (number := list(frame.columns).count(column)) > 1:
            raise VanerError(f"{number} columns are called {column!r}; rename or remove some")
    documents = []
    for key, value, is_missing in zip(keys, frame[text], frame[text].isna(), strict=True):
        if not is_missing and not isinstance(value, str):
            raise TypeError(f"column {text!r}, row {key}: {value!r} is not a text")
        documents.append(Document(str(key), "" if is_missing else value))
    return documents, keys


def to_frame(documents: Iterable[Document], keys: Iterable[Hashable] | None = None) -> pd.DataFrame:
    """Return the mentions of documents as a data frame with a row for each.

    Args:
        documents: the documents.
        keys: what the column `document` has for each document. Default: its id.

    Returns:
        The columns ``document``, ``start``, ``end``, ``type``, ``text``, ``score``, and the tuples
        ``identifiers`` and ``context``.
    """
    import pandas as pd

    annotated, losses = list(documents), Losses()
    names = [document.id for document in annotated] if keys is None else list(keys)
    rows: list[tuple[Any, ...]] = [
        (name, *row[1:])
        for name, document in zip(names, annotated, strict=True)
        for row in list_rows(document, losses)
    ]
    frame = pd.DataFrame(rows, columns=list(MENTIONS.columns))
    return frame.astype({"start": "int64", "end": "int64", "score": "float64"})


def _find_column(
    frame: pd.DataFrame, given: str | None, usual: Iterable[str], argument: str
) -> str | None:
    """Return the name of a column: the given one, or one with a usual name; None if there is none.

    Raises:
        VanerError: if the frame does not have the given column.
    """
    columns = list(frame.columns)
    if given is not None:
        if given not in columns:
            suggestion = suggest_name(str(given), map(str, columns))
            listed = ", ".join(map(str, columns))
            raise VanerError(
                f"there is no column {given!r} for {argument}; there are {listed}{suggestion}"
            )
        return given
    folded = {str(column).casefold(): column for column in reversed(columns)}
    return next((folded[name] for name in usual if name in folded), None)
