"""Skipped records: records that the file itself excludes, e.g. rejected annotations."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping
from typing import Any

from vaner.formats.source import FormatWarning, InputFile

SkipCounts = Counter[str]
"""Reason -> number of records that were skipped for it."""


_MAX_FIELDS = 8
_MAX_NAME_LENGTH = 40


def count_field(name: str, value: Any, owner: str, counts: SkipCounts) -> None:
    """Count a field that is not read, unless it is empty.

    Args:
        name: its name. A message names a few of them, and counts the others together.
        value: its value.
        owner: what has the field, such as a mention.
        counts: the counts to update.
    """
    if value in (None, "", [], {}, ()):
        return
    start, end = "field ", f" of a {owner}"
    reason = f"{start}{name[:_MAX_NAME_LENGTH]}{end}"
    named = sum(key.startswith(start) and key.endswith(end) for key in counts)
    if reason not in counts and named >= _MAX_FIELDS:
        reason = f"another field of a {owner}"
    counts[reason] += 1


class SkippedRecordsWarning(FormatWarning):
    """Records were skipped as the file demands. Nothing is wrong with the file."""


def warn_skipped_records(file: InputFile, counts: Mapping[str, int]) -> None:
    """Warn about all skipped records of a file in a single message."""
    if counts:
        reasons = "; ".join(f"{reason} ({number:,})" for reason, number in counts.items())
        warnings.warn(f"{file.name}: left out: {reasons}", SkippedRecordsWarning, stacklevel=2)
