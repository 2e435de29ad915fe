"""BioC as XML, read document by document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape, quoteattr

from vaner.formats.bioc.infons import told
from vaner.formats.bioc.reader import to_document
from vaner.formats.bioc.writer import collection, to_record
from vaner.formats.source import InputFile, OnError
from vaner.formats.spans import CHARACTER, Losses
from vaner.formats.trailer import with_trailer
from vaner.formats.xml import iter_children
from vaner.text.documents import Document

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE collection SYSTEM "BioC.dtd">\n'
_LISTS = {"passage", "sentence", "annotation", "relation", "location", "node"}
# Characters that XML 1.0 has no way to write, escaped or not.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Documents of a BioC collection, each with what the collection says about itself."""
    place, shared, number = InputFile(path, on_error), dict[str, Any](), 0
    for root, element, line in iter_children(place, encoding):
        if root != "collection":
            raise place.error(f"the root is <{root}>, expected <collection>", line)
        if element.tag == "document":
            number += 1
            with place.guard(line):
                yield to_document(_record(element), f"{place.stem}-{number}", shared, place, line)
        elif element.tag == "infon":
            shared["infons"] = {**shared.get("infons", {}), **_infon(element)}
        elif element.text:
            shared[element.tag] = element.text


def _infon(element: Element) -> dict[str, str]:
    return {element.get("key", ""): "".join(element.itertext())}


def _record(element: Element) -> dict[str, Any]:
    """An element in the shape of BioC JSON."""
    record: dict[str, Any] = dict(element.attrib)
    for child in element:
        if child.tag == "infon":
            record["infons"] = {**record.get("infons", {}), **_infon(child)}
        elif child.tag in _LISTS:
            record.setdefault(f"{child.tag}s", []).append(_record(child))
        else:
            record[child.tag] = "".join(child.itertext())
    return record


def render(documents: Iterable[Document], lost: Losses) -> Iterator[str]:
    """A collection; closed properly even where the documents end in an error."""
    shared, documents = collection(documents)
    head = [_element(tag, shared.get(tag, ""), lost) for tag in ("source", "date", "key")]
    yield "".join((_HEAD, "<collection>\n", *head, *_infons(shared, lost)))
    parts = (_document(to_record(document, lost), lost) for document in documents)
    yield from with_trailer(parts, "</collection>\n")


def _document(record: Mapping[str, Any], lost: Losses) -> str:
    # The DTD has annotations in passages only; one without a place goes to the first of them.
    passages = [dict(p) for p in record["passages"]]
    passages[0]["annotations"] = [*record["annotations"], *passages[0]["annotations"]]
    parts = [_element("id", record["id"], lost), *_infons(record, lost)]
    parts += [_unit("passage", passage, lost) for passage in passages]
    parts += [_relation(relation, lost) for relation in record["relations"]]
    return "".join(("<document>\n", *parts, "</document>\n"))


def _unit(tag: str, unit: Mapping[str, Any], lost: Losses) -> str:
    parts = [*_infons(unit, lost), _element("offset", str(unit["offset"]), lost)]
    if unit["sentences"]:
        parts += [_unit("sentence", sentence, lost) for sentence in unit["sentences"]]
    else:
        parts.append(_element("text", unit["text"], lost))
    parts += [_annotation(annotation, lost) for annotation in unit["annotations"]]
    parts += [_relation(relation, lost) for relation in unit["relations"]]
    return "".join((f"<{tag}>\n", *parts, f"</{tag}>\n"))


def _annotation(annotation: Mapping[str, Any], lost: Losses) -> str:
    places = [
        f'<location offset="{place["offset"]}" length="{place["length"]}"/>\n'
        for place in annotation["locations"]
    ]
    text = _element("text", annotation["text"], lost)
    parts = (*_infons(annotation, lost), *places, text)
    return "".join((_open("annotation", annotation, lost), *parts, "</annotation>\n"))


def _relation(relation: Mapping[str, Any], lost: Losses) -> str:
    nodes = [
        f"<node refid={_quoted(node['refid'], lost)} role={_quoted(node['role'], lost)}/>\n"
        for node in relation["nodes"]
    ]
    parts = (*_infons(relation, lost), *nodes)
    return "".join((_open("relation", relation, lost), *parts, "</relation>\n"))


def _open(tag: str, record: Mapping[str, Any], lost: Losses) -> str:
    return f"<{tag} id={_quoted(record['id'], lost)}>\n" if record.get("id") else f"<{tag}>\n"


def _infons(record: Mapping[str, Any], lost: Losses) -> Iterator[str]:
    for name, value in record.get("infons", {}).items():
        yield f"<infon key={_quoted(name, lost)}>{_escaped(value, lost)}</infon>\n"


def _element(tag: str, value: Any, lost: Losses) -> str:
    return f"<{tag}>{_escaped(value, lost)}</{tag}>\n"


def _clean(value: Any, lost: Losses) -> str:
    clean, count = _FORBIDDEN.subn("\ufffd", told(value))
    lost[CHARACTER] += count
    return clean


def _escaped(value: Any, lost: Losses) -> str:
    # A parser turns a naked carriage return into a line feed.
    return escape(_clean(value, lost), {"\r": "&#13;"})


def _quoted(text: str, lost: Losses) -> str:
    return quoteattr(_clean(text, lost))
