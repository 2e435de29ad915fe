"""Records that a file itself says are not to be used: rejected, skipped, judged in part."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping

from vaner.formats.source import FormatWarning, InputFile

SkipCounts = Counter[str]
"""Reason -> number of records of a file that are no documents because of it."""


class SkippedRecordsWarning(FormatWarning):
    """Records were left out as their file wants it: nothing is wrong with it."""


def warn_skipped_records(place: InputFile, left_out: Mapping[str, int]) -> None:
    """Warn once, at the end of a file, of what was left out of it."""
    if left_out:
        reasons = "; ".join(f"{reason} ({number:,})" for reason, number in left_out.items())
        warnings.warn(f"{place.name}: left out: {reasons}", SkippedRecordsWarning, stacklevel=2)
