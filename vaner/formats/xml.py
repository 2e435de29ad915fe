"""XML as a stream: one record at a time; entity declarations and external entities are rejected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from vaner.formats.source import InputFile, is_utf8, open_bytes

_CHUNK_SIZE = 1 << 16
_MAX_TAGS, _MAX_TAG_LENGTH = 6, 30
_ENTITIES = "declares entities or uses external ones, which is not allowed"


class _ChildCollector:
    """A parser target that collects the complete children of the root, with their last lines."""

    def __init__(self, ignores_namespace: bool) -> None:
        self.ignores_namespace, self.namespace = ignores_namespace, ""
        self.builder, self.depth, self.root = TreeBuilder(), 0, Element("none")
        self.children: list[tuple[str, Element, int]] = []
        self.open_tags, self.counts = list[str](), Counter[str]()
        self.get_line: Callable[[], int] = int

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self.depth == 0 and self.ignores_namespace and tag.startswith("{"):
            self.namespace = tag.partition("}")[0] + "}"
        tag = tag.removeprefix(self.namespace)
        element = self.builder.start(tag, attributes)
        self.root = element if self.depth == 0 else self.root
        self.depth += 1
        self.open_tags.append(tag)
        if self.depth == 2:
            self.counts[tag] += 1

    def end(self, tag: str) -> None:
        tag = tag.removeprefix(self.namespace)
        element = self.builder.end(tag)
        self.depth -= 1
        self.open_tags.pop()
        if self.depth == 1:
            self.children.append((self.root.tag, element, self.get_line()))
            del self.root[:]

    def data(self, text: str) -> None:
        self.builder.data(text)

    def close(self) -> None:
        pass

    def describe_location(self) -> str:
        """Return the elements that are open, the first ones with the number of the record."""
        tags = [tag.rpartition("}")[2][:_MAX_TAG_LENGTH] for tag in self.open_tags]
        if len(tags) > 1:
            tags[1] += f"[{self.counts[self.open_tags[1]]}]"
        shown = tags if len(tags) <= _MAX_TAGS else [*tags[:2], "…", *tags[-2:]]
        return f" in {'/'.join(shown)}" if tags else ""


def iter_children(
    file: InputFile, encoding: str = "utf-8", *, ignores_namespace: bool = False
) -> Iterator[tuple[str, Element, int]]:
    """Yield each child of the root element when it is complete, and then free its memory.

    Args:
        file: the file.
        encoding: UTF-8 means the encoding in the XML declaration. Other values override it.
        ignores_namespace: whether to remove the namespace of the root from the names of elements.

    Yields:
        Tag of the root, the child, and the line on which the child ends.

    Raises:
        FormatError: with the line, if the XML is broken, is cut off or declares entities. A plain
            ``<!DOCTYPE collection SYSTEM "BioC.dtd">`` is accepted and not fetched.
    """
    override = None if is_utf8(encoding) else encoding
    target = _ChildCollector(ignores_namespace)
    parser = DefusedXMLParser(target=target, encoding=override)
    expat = parser.parser
    target.get_line = lambda: int(expat.CurrentLineNumber)
    with open_bytes(file) as source:
        while True:
            chunk = source.read(_CHUNK_SIZE)
            try:
                if chunk:
                    parser.feed(chunk)
                else:
                    parser.close()
            except ParseError as error:
                yield from target.children
                location = target.describe_location()
                raise file.error(f"broken XML{location}: {error}", error.position[0]) from None
            except DefusedXmlException:
                raise file.error(_ENTITIES, expat.CurrentLineNumber) from None
            except (LookupError, ValueError) as error:
                location = target.describe_location()
                raise file.error(f"broken XML{location}: {error}") from None
            yield from target.children
            target.children.clear()
            if not chunk:
                return
