"""XML as a stream: one element at a time, nothing external fetched, no entity expanded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from vaner.formats.source import Place, open_bytes

_CHUNK = 1 << 16
_DECLARED = "declares or uses entities of its own, which is refused: they can fetch files or fill memory"


def stream(place: Place, encoding: str = "utf-8") -> Iterator[tuple[Element, Element, int]]:
    """Every child of the root that is not empty of meaning, when it has been read.

    Args:
        place: the file.
        encoding: used only where it is not UTF-8, and then above what the file declares.

    Yields:
        The root (its attributes; no children), the child, the line on which the child ended. The
        child is forgotten afterwards, so memory is bounded by one child.

    Raises:
        FormatError: with the parser's line, for XML that is broken, cut off or declares entities.
    """
    given = None if encoding.lower().replace("_", "-") in {"utf-8", "utf8"} else encoding
    events: list[tuple[str, Element]] = []
    builder = _Builder(events)
    parser = DefusedXMLParser(target=builder, encoding=given, forbid_external=True)
    with open_bytes(place) as source:
        depth, root = 0, None
        while True:
            chunk = source.read(_CHUNK)
            try:
                parser.feed(chunk) if chunk else parser.close()
            except ParseError as problem:
                raise place.error(f"broken XML: {problem}", problem.position[0]) from None
            except DefusedXmlException:
                raise place.error(_DECLARED, parser.parser.CurrentLineNumber) from None
            except (LookupError, ValueError) as problem:
                raise place.error(f"broken XML: {problem}") from None
            line = parser.parser.CurrentLineNumber if hasattr(parser, "parser") else 0
            for event, element in events:
                depth += 1 if event == "start" else -1
                root = element if root is None else root
                if event == "end" and depth == 1:
                    yield root, element, line
                    root.clear()
            events.clear()
            if not chunk:
                return


class _Builder:
    """Placeholder."""
