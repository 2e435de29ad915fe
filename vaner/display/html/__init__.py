"""Mentions as one HTML page that needs nothing else: no script, no font, no server.

A mention is a line under its text, in the colour of its type, with the type behind it: nested and
crossing mentions have lines at different depths, inner ones nearer to the text, so that all of
them can be seen and read. `notebook` has one document for a page of somebody else's.
"""

from vaner.display.html.page import render

__all__ = ["render"]
