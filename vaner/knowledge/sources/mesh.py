"""Medical Subject Headings: descriptors and supplementary records, as XML or as ASCII.

Layouts: https://www.nlm.nih.gov/mesh/xml_data_elements.html (descYYYY.xml, suppYYYY.xml) and
https://www.nlm.nih.gov/mesh/dtype.html, …/ctype.html (dYYYY.bin, cYYYY.bin).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from vaner.formats.source import InputFile, MalformedError, OnError, open_bytes, read_lines
from vaner.formats.xml import iter_children
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.mesh_types import supplementary_type, types_of
from vaner.knowledge.sources.name_cleanup import with_uninverted
from vaner.knowledge.sources.rows import concept, each
from vaner.knowledge.sources.umls import mapping


@dataclass(slots=True)
class _Record:
    """A descriptor or a supplementary record."""

    identifier: str = ""
    names: list[str] = field(default_factory=list)
    trees: list[str] = field(default_factory=list)
    record_class: str = ""

    @property
    def types(self) -> list[str]:
        if self.record_class:
            found = supplementary_type(self.record_class)
            return [found] if found else []
        return types_of(self.trees)


def read(
    path: str | Path, *, source: str = "", on_error: OnError | None = None
) -> Iterator[Concept]:
    """Read MeSH records whose tree number or class stands for an entity type.

    Which ones do, ``mesh_types.toml`` tells. Names in index order get their natural order beside
    them.

    Args:
        path: ``desc2026.xml``, ``supp2026.xml``, ``d2026.bin`` or ``c2026.bin``, plain or gzipped.
        source: name of the source.
        on_error: called with what is broken, which is then left out; None raises it.

    Raises:
        FormatError: with the line, for broken XML or ASCII and for a record without identifier.
    """
    place = InputFile(path, on_error)
    with open_bytes(place) as stream:
        xml = stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")

    def convert(record: _Record) -> Iterator[Concept]:
        if not record.identifier:
            raise MalformedError(f"record {record.names[:1]} has no identifier")
        for type in record.types:
            yield concept(f"MESH:{record.identifier}", with_uninverted(record.names), type, source)

    return each(place, _from_xml(place) if xml else _from_ascii(place), convert)


# Entity type of a semantic type -> class of a supplementary record; others are chemicals.
_CLASSES = {"Disease": "3", "Species": "4"}
_ROOTS = {"DescriptorRecordSet": "Descriptor", "SupplementalRecordSet": "SupplementalRecord"}


def _from_xml(place: InputFile) -> Iterator[tuple[int, _Record]]:
    for root, element, line in iter_children(place):
        kind = _ROOTS.get(root)
        if kind is None:
            raise place.error(f"<{root}>: not MeSH descriptors or supplementary records")
        record = _Record(element.findtext(f"{kind}UI", ""))
        record.names = [
            element.findtext(f"{kind}Name/String", ""),
            *_texts(element, "ConceptList/Concept/TermList/Term/String"),
        ]
        record.trees = _texts(element, "TreeNumberList/TreeNumber")
        if kind == "SupplementalRecord":
            record.record_class = element.get("SCRClass", "1")
        yield line, record


def _texts(element: Element, path: str) -> list[str]:
    return [found.text or "" for found in element.iterfind(path)]


def _from_ascii(place: InputFile) -> Iterator[tuple[int, _Record]]:
    record, begun, seen = _Record(), 0, False
    for number, line in read_lines(place):
        if line == "*NEWRECORD":
            if begun:
                yield begun, record
            record, begun, seen = _Record(), number, True
        elif line:
            with place.guard(number):
                tag, equals, value = line.partition(" = ")
                if not equals or not begun:
                    raise MalformedError(f"{line!r} is neither *NEWRECORD nor ELEMENT = value")
                _take(record, tag, value)
    if begun:
        yield begun, record
    if not seen:
        raise place.error("no *NEWRECORD in it: not MeSH in ASCII")


def _take(record: _Record, tag: str, value: str) -> None:
    """An element of an ASCII record; an entry carries its properties after bars."""
    if tag == "UI":
        record.identifier = value
    elif tag == "MN":
        record.trees.append(value)
    elif tag in ("MH", "NM"):
        record.names.insert(0, value)
    elif tag in ("ENTRY", "PRINT ENTRY", "SY"):
        record.names.append(value.partition("|")[0])
    elif tag == "RECTYPE" and value == "C":
        record.record_class = "1"
    elif tag == "ST" and record.record_class:
        # The class stands only in the XML; here the UMLS semantic type tells it.
        record.record_class = _CLASSES.get(mapping().get(value, ""), record.record_class)
