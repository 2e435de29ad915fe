"""Renders documents with highlighted mentions as a single HTML page, without scripts or fonts.

A mention is underlined in the color of its type, and followed by the type. Nested and crossing
mentions have lines at different depths, inner ones nearer to the text. `notebook` renders a
document as a fragment for another page.
"""

from vaner.display.html.page import render

__all__ = ["render"]
