"""The XML of GENIA, whose mentions are elements in the text.

``<article>`` has the sentences of a title and an abstract, such as ``<sentence><cons
sem="G#protein_molecule">IL-2</cons> rises.</sentence>``. Mentions may be nested. A coordination has
its types in the form ``(AND G#protein_molecule G#protein_molecule)``; its parts have no type, and
are no mentions.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from vaner.formats.skipped_records import SkipCounts
from vaner.formats.source import InputFile, MalformedError
from vaner.formats.spans import make_span
from vaner.formats.title_abstract import mark_passages
from vaner.text.documents import Document, Span

OF_SEVERAL_TYPES = "mention of several types"

_TYPE = re.compile(r"G#([^\s()]+)")
_MAX_DEPTH = 100

Entries = list[tuple[int, int, str]]
"""Start, end and the attribute ``sem`` of each mention."""


def read_article(
    article: Element, default_id: str, file: InputFile, line: int, skipped: SkipCounts
) -> Document:
    """Return an article as a document: title, line break, and abstract, sentences after a space.

    Args:
        article: the element.
        default_id: id of the document if the article has none.
        file, line: for errors in single mentions.
        skipped: counts the coordinations of several types, which are left out.

    Raises:
        MalformedError: if elements are nested deeper than 100.
    """
    text, entries, extents, parts = "", Entries(), list[tuple[int, int]](), dict[str, str]()
    for part in ("title", "abstract"):
        start = len(text) + bool(text)
        for number, sentence in enumerate(article.iterfind(f"{part}//sentence")):
            text += (" " if number else "\n") if text else ""
            extents.append((len(text), len(text)))
            text += _read_element(sentence, len(text), entries)
            extents[-1] = (extents[-1][0], len(text))
        parts[part] = text[start:]
    id = article.findtext(".//bibliomisc", "").rpartition(":")[2].strip() or default_id
    spans = list[Span]()
    for start, end, sem in entries:
        types = dict.fromkeys(_TYPE.findall(sem)) or {sem: None}
        if len(types) > 1:
            skipped[OF_SEVERAL_TYPES] += 1
            continue
        with file.guard(line, id):
            spans.append(make_span(text, [(start, end)], *types))
    metadata = mark_passages(parts["title"], parts["abstract"]) | {"sentences": tuple(extents)}
    return Document(id, text, tuple(spans), metadata)


def _read_element(element: Element, start: int, entries: Entries, depth: int = 0) -> str:
    """Return the text of an element that begins at an offset, and add its mentions to `entries`."""
    if depth > _MAX_DEPTH:
        raise MalformedError(f"elements are nested deeper than {_MAX_DEPTH}")
    text = element.text or ""
    for child in element:
        text += _read_element(child, start + len(text), entries, depth + 1) + (child.tail or "")
    if element.tag == "cons" and element.get("sem"):
        entries.append((start, start + len(text), element.get("sem", "")))
    return text
