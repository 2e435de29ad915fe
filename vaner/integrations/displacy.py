"""The colors of entity types for spaCy's displaCy, which finds them as an entry point."""

from __future__ import annotations

from vaner.display.type_looks import displacy_colors

COLORS = displacy_colors()
"""Label in capitals -> color, for all listed types."""
