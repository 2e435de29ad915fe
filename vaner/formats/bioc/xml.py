"""BioC XML, read document by document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape, quoteattr

from vaner.formats.bioc.infons import to_string
from vaner.formats.bioc.reader import to_document
from vaner.formats.bioc.unread_fields import UnreadFields, warn_unread_fields
from vaner.formats.bioc.writer import split_collection, to_record
from vaner.formats.losses import CHARACTER, Losses
from vaner.formats.source import InputFile, OnError
from vaner.formats.trailer import with_trailer
from vaner.formats.xml import iter_children
from vaner.text.documents import Document

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE collection SYSTEM "BioC.dtd">\n'
_LIST_TAGS = {"passage", "sentence", "annotation", "relation", "location", "node"}
# Characters that XML 1.0 cannot represent, escaped or not.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Read the documents of a BioC collection, each with the fields of the collection.

    Args:
        path: the file.
        encoding: overrides the encoding in the XML declaration, unless it is UTF-8.
        on_error: see `vaner.formats.read`.

    Raises:
        FormatError: if the file is not a BioC collection, or if a document is not valid.
    """
    file, collection, number = InputFile(path, on_error), dict[str, Any](), 0
    unread = UnreadFields()
    for root, element, line in iter_children(file, encoding, ignores_namespace=True):
        if root != "collection":
            raise file.error(f"the root is <{root}>, expected <collection>", line)
        if element.tag == "document":
            number += 1
            with file.guard(line, element.findtext("id")):
                record = _parse_element(element)
                yield to_document(record, f"{file.stem}-{number}", collection, file, line, unread)
        elif element.tag == "infon":
            collection["infons"] = {**collection.get("infons", {}), **_parse_infon(element)}
        elif element.text:
            collection[element.tag] = element.text
    warn_unread_fields(file, unread)


def _parse_infon(element: Element) -> dict[str, str]:
    return {element.get("key", ""): "".join(element.itertext())}


def _parse_element(element: Element) -> dict[str, Any]:
    """Return an element in the shape of BioC JSON."""
    record: dict[str, Any] = dict(element.attrib)
    for child in element:
        if child.tag == "infon":
            record["infons"] = {**record.get("infons", {}), **_parse_infon(child)}
        elif child.tag in _LIST_TAGS:
            record.setdefault(f"{child.tag}s", []).append(_parse_element(child))
        else:
            record[child.tag] = "".join(child.itertext())
    return record


def render(documents: Iterable[Document], losses: Losses) -> Iterator[str]:
    """Yield a collection. It is closed after an error too."""
    collection, documents = split_collection(documents)
    head = [
        _write_element(tag, collection.get(tag, ""), losses) for tag in ("source", "date", "key")
    ]
    yield "".join((_HEAD, "<collection>\n", *head, *_write_infons(collection, losses)))
    parts = (_write_document(to_record(document, losses), losses) for document in documents)
    yield from with_trailer(parts, "</collection>\n")


def _write_document(record: Mapping[str, Any], losses: Losses) -> str:
    # The DTD allows annotations only in passages. The first one gets those without location.
    passages = [dict(p) for p in record["passages"]]
    passages[0]["annotations"] = [*record["annotations"], *passages[0]["annotations"]]
    parts = [_write_element("id", record["id"], losses), *_write_infons(record, losses)]
    parts += [_write_unit("passage", passage, losses) for passage in passages]
    parts += [_write_relation(relation, losses) for relation in record["relations"]]
    return "".join(("<document>\n", *parts, "</document>\n"))


def _write_unit(tag: str, unit: Mapping[str, Any], losses: Losses) -> str:
    offset = _write_element("offset", str(unit["offset"]), losses)
    parts = [*_write_infons(unit, losses), offset]
    if unit["sentences"]:
        parts += [_write_unit("sentence", sentence, losses) for sentence in unit["sentences"]]
    else:
        parts.append(_write_element("text", unit["text"], losses))
    parts += [_write_annotation(annotation, losses) for annotation in unit["annotations"]]
    parts += [_write_relation(relation, losses) for relation in unit["relations"]]
    return "".join((f"<{tag}>\n", *parts, f"</{tag}>\n"))


def _write_annotation(annotation: Mapping[str, Any], losses: Losses) -> str:
    locations = [
        f'<location offset="{location["offset"]}" length="{location["length"]}"/>\n'
        for location in annotation["locations"]
    ]
    text = _write_element("text", annotation["text"], losses)
    parts = (*_write_infons(annotation, losses), *locations, text)
    return "".join((_open_tag("annotation", annotation, losses), *parts, "</annotation>\n"))


def _write_relation(relation: Mapping[str, Any], losses: Losses) -> str:
    nodes = [
        f"<node refid={_quote(node['refid'], losses)} role={_quote(node['role'], losses)}/>\n"
        for node in relation["nodes"]
    ]
    parts = (*_write_infons(relation, losses), *nodes)
    return "".join((_open_tag("relation", relation, losses), *parts, "</relation>\n"))


def _open_tag(tag: str, record: Mapping[str, Any], losses: Losses) -> str:
    return f"<{tag} id={_quote(record['id'], losses)}>\n" if record.get("id") else f"<{tag}>\n"


def _write_infons(record: Mapping[str, Any], losses: Losses) -> Iterator[str]:
    for name, value in record.get("infons", {}).items():
        yield f"<infon key={_quote(name, losses)}>{_escape(value, losses)}</infon>\n"


def _write_element(tag: str, value: Any, losses: Losses) -> str:
    return f"<{tag}>{_escape(value, losses)}</{tag}>\n"


def _replace_characters(value: Any, losses: Losses) -> str:
    clean, count = _FORBIDDEN.subn("\ufffd", to_string(value))
    losses[CHARACTER] += count
    return clean


def _escape(value: Any, losses: Losses) -> str:
    # A parser would convert an unescaped carriage return to a line feed.
    return escape(_replace_characters(value, losses), {"\r": "&#13;"})


def _quote(text: str, losses: Losses) -> str:
    return quoteattr(_replace_characters(text, losses))
