"""Skipped records: records that the file itself excludes, e.g. rejected annotations."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping

from vaner.formats.source import FormatWarning, InputFile

SkipCounts = Counter[str]
"""Reason -> number of records that were skipped for it."""


class SkippedRecordsWarning(FormatWarning):
    """Records were skipped as the file demands. Nothing is wrong with the file."""


def warn_skipped_records(file: InputFile, counts: Mapping[str, int]) -> None:
    """Warn about all skipped records of a file in a single message."""
    if counts:
        reasons = "; ".join(f"{reason} ({number:,})" for reason, number in counts.items())
        warnings.warn(f"{file.name}: left out: {reasons}", SkippedRecordsWarning, stacklevel=2)
