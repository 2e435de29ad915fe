"""Predicted mentions with the label that a calibration is fitted to."""

from __future__ import annotations

from vaner.text.documents import Span

LabeledMention = tuple[Span, bool]
"""A predicted mention, and whether it is right by the strict criterion."""
