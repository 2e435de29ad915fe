"""Read Medical Subject Headings: descriptors and supplementary records, as XML or ASCII.

Layouts: https://www.nlm.nih.gov/mesh/xml_data_elements.html (descYYYY.xml, suppYYYY.xml) and
https://www.nlm.nih.gov/mesh/dtype.html, …/ctype.html (dYYYY.bin, cYYYY.bin).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from vaner.formats.source import MalformedError, OnError, open_bytes
from vaner.formats.xml import iter_children
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.entity_types import mesh_supplementary_type, mesh_types, umls_types
from vaner.knowledge.sources.name_cleanup import with_natural_order
from vaner.knowledge.sources.source_file import SourceFile

# Entity type of a semantic type -> class of a supplementary record; all others are chemicals.
_CLASSES = {"Disease": "3", "Species": "4"}
_RECORD_NAMES = {
    "DescriptorRecordSet": "Descriptor",
    "SupplementalRecordSet": "SupplementalRecord",
}


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
            type = mesh_supplementary_type(self.record_class)
            return [type] if type else []
        return mesh_types(self.trees)


def read(
    path: str | Path, *, source: str = "", on_error: OnError | None = None
) -> Iterator[Concept]:
    """Read the MeSH records whose tree number or class corresponds to an entity type.

    The mapping is in ``mesh_types.toml``. Names in index order also get their natural order.

    Args:
        path: ``desc2026.xml``, ``supp2026.xml``, ``d2026.bin`` or ``c2026.bin``, plain or gzipped.
        source: name of the source.
        on_error: see `SourceFile`.

    Raises:
        FormatError: with the line, for broken XML or ASCII and for a record without identifier.
    """
    file = SourceFile(path, source, on_error)
    with open_bytes(file) as stream:
        is_xml = stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")

    def convert(record: _Record) -> Iterator[Concept]:
        if not record.identifier:
            raise MalformedError(f"record {record.names[:1]} has no identifier")
        names = with_natural_order(record.names)
        for type in record.types:
            yield file.make_concept(f"MESH:{record.identifier}", names, type)

    return file.make_concepts(_read_xml(file) if is_xml else _read_ascii(file), convert)


def _read_xml(file: SourceFile) -> Iterator[tuple[int, _Record]]:
    for root, element, line in iter_children(file):
        kind = _RECORD_NAMES.get(root)
        if kind is None:
            raise file.error(f"<{root}>: not MeSH descriptors or supplementary records")
        record = _Record(element.findtext(f"{kind}UI", ""))
        record.names = [
            element.findtext(f"{kind}Name/String", ""),
            *_get_texts(element, "ConceptList/Concept/TermList/Term/String"),
        ]
        record.trees = _get_texts(element, "TreeNumberList/TreeNumber")
        if kind == "SupplementalRecord":
            record.record_class = element.get("SCRClass", "1")
        yield line, record


def _get_texts(element: Element, path: str) -> list[str]:
    return [child.text or "" for child in element.iterfind(path)]


def _read_ascii(file: SourceFile) -> Iterator[tuple[int, _Record]]:
    record, first_line = _Record(), 0
    for number, line in file.read_lines():
        if line == "*NEWRECORD":
            if first_line:
                yield first_line, record
            record, first_line = _Record(), number
            continue
        with file.guard(number):
            element, equals, value = line.partition(" = ")
            if not equals or not first_line:
                raise MalformedError(f"{line!r} is neither *NEWRECORD nor ELEMENT = value")
            _add_element(record, element, value)
    if not first_line:
        raise file.error("no *NEWRECORD: not MeSH in ASCII format")
    yield first_line, record


def _add_element(record: _Record, element: str, value: str) -> None:
    """Add an element to an ASCII record. The properties of an entry follow after bars."""
    if element == "UI":
        record.identifier = value
    elif element == "MN":
        record.trees.append(value)
    elif element in ("MH", "NM"):
        record.names.insert(0, value)
    elif element in ("ENTRY", "PRINT ENTRY", "SY"):
        record.names.append(value.partition("|")[0])
    elif element == "RECTYPE" and value == "C":
        record.record_class = "1"
    elif element == "ST" and record.record_class:
        # Only the XML has the class. In ASCII, it follows from the UMLS semantic type.
        record.record_class = _CLASSES.get(umls_types().get(value, ""), record.record_class)
