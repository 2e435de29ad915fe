"""Predicted mentions with the labels that a calibration is fitted to."""

from __future__ import annotations

from vaner.text.documents import Span

LabeledMention = tuple[Span, bool]
"""A predicted mention, and whether it is correct by the strict criterion."""
