"""Options of linking, in a file that imports nothing."""

MIN_SCORE = 0.5
"""Probability from which a concept becomes the identifier of a mention."""
