"""XML as a stream: one record at a time, nothing external fetched, no entity expanded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from vaner.formats.source import InputFile, open_bytes

_CHUNK = 1 << 16
_REFUSED = "declares entities of its own or uses external ones, which is refused"


class _Children:
    """Parser target that collects the finished children of the root and the line of each end."""

    def __init__(self) -> None:
        self.builder, self.depth, self.root = TreeBuilder(), 0, Element("none")
        self.done: list[tuple[str, Element, int]] = []
        self.line: Callable[[], int] = int

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        element = self.builder.start(tag, attributes)
        self.root = element if self.depth == 0 else self.root
        self.depth += 1

    def end(self, tag: str) -> None:
        element = self.builder.end(tag)
        self.depth -= 1
        if self.depth == 1:
            self.done.append((self.root.tag, element, self.line()))
            del self.root[:]

    def data(self, text: str) -> None:
        self.builder.data(text)

    def close(self) -> None:
        pass


def iter_children(place: InputFile, encoding: str = "utf-8") -> Iterator[tuple[str, Element, int]]:
    """The children of the root, each as soon as it has been read and then forgotten.

    Memory is bounded by one child.

    Args:
        place: the file.
        encoding: UTF-8 leaves it to the XML declaration, anything else overrules that.

    Yields:
        Name of the root, the child, and the line on which the child ends.

    Raises:
        FormatError: with the parser's line, for XML that is broken, cut off or declares entities.
            A plain ``<!DOCTYPE collection SYSTEM "BioC.dtd">`` is accepted and not fetched.
    """
    given = None if encoding.lower().replace("_", "-") in {"utf-8", "utf8"} else encoding
    target = _Children()
    parser = DefusedXMLParser(target=target, encoding=given)
    expat = parser.parser
    target.line = lambda: int(expat.CurrentLineNumber)
    with open_bytes(place) as source:
        while True:
            chunk = source.read(_CHUNK)
            try:
                if chunk:
                    parser.feed(chunk)
                else:
                    parser.close()
            except ParseError as problem:
                yield from target.done
                raise place.error(f"broken XML: {problem}", problem.position[0]) from None
            except DefusedXmlException:
                raise place.error(_REFUSED, expat.CurrentLineNumber) from None
            except (LookupError, ValueError) as problem:
                raise place.error(f"broken XML: {problem}") from None
            yield from target.done
            target.done.clear()
            if not chunk:
                return
