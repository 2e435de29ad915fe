"""JATS XML, the full texts of PubMed Central: title, abstracts, sections, figures and tables.

Every paragraph, heading, caption and table is a passage on a line (read only), and so are the lines
of a verse, code, and each term of a list of definitions with its definition. Their offsets, and
`section_type` and `type` as in PubMed Central's BioC files, are the passages of the metadata, so
that BioC files of the documents have them. References, footnotes and back matter are not read.
Inline markup is removed; the cells of a table row are separated by tabs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element

from vaner.formats.skipped_records import SkipCounts, warn_skipped_records
from vaner.formats.source import InputFile, MalformedError, OnError
from vaner.formats.xml import iter_children
from vaner.text.documents import Document

_ROOTS = {"article", "pmc-articleset", "articles"}
_BLOCKS = {
    "p", "title", "sec", "fig", "fig-group", "table-wrap", "table-wrap-group", "caption", "list",
    "list-item", "def-list", "def-item", "disp-quote", "boxed-text", "label", "table",
    "supplementary-material", "verse-group", "statement", "disp-formula-group", "speech", "media",
    "graphic",
}  # fmt: skip
"""Elements that contain or are passages."""

_SPACED = _BLOCKS | {
    "td", "th", "tr", "term", "def", "verse-line", "speaker", "attrib", "preformat", "disp-formula",
}  # fmt: skip
"""Elements with white space around them, if they are within a passage."""

_NO_SPACE_BEFORE = {".", ",", ";", ":", ")"}

_SKIPPED = {
    "ref-list", "fn-group", "fn", "xref-group", "object-id", "permissions", "tex-math",
    "alternatives-tex", "label", "table-wrap-foot", "inline-graphic", "processing-meta", "alt-text",
    "long-desc", "sec-meta",
}  # fmt: skip
_SECTIONS = (
    ("INTRO", r"intro|background|^objectives?$"),
    ("METHODS", r"method|material|patients|statistical|experimental (procedure|section)"),
    ("RESULTS", r"result|findings"),
    ("DISCUSS", r"discussion"),
    ("CONCL", r"conclusion|concluding"),
    ("CASE", r"case (report|presentation|description)"),
    ("SUPPL", r"supplement|supporting information"),
)
# Elements with text that are not read.
_UNREAD = {
    "fn": "a footnote", "ack": "acknowledgments", "app": "an appendix",
    "sub-article": "a sub-article", "response": "a response", "trans-abstract":
    "a translated abstract",
}  # fmt: skip
_FORMULAS = ("disp-formula", "inline-formula")
_WHITE_SPACE = re.compile(r"\s+")
_IDS = ("pmcid", "pmc", "pmid", "doi", "publisher-id")


class Passage(NamedTuple):
    """A paragraph, heading, caption or table.

    Args:
        text: its text on one line; the rows of a table have one each.
        section: type of the section, such as ``INTRO``.
        kind: type of the passage, such as ``paragraph``.
        heading: title of the section.
    """

    text: str
    section: str
    kind: str
    heading: str = ""


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Read each article of a file. Its id is the PMC id, else the PMID or DOI, or the file's name.

    Args:
        path: the file: an article, or a set of articles.
        encoding: encoding of the file. XML declares its encoding itself.
        on_error: see `vaner.formats.read`.

    Raises:
        FormatError: if the file is not an article or a set of articles, or is broken.
    """
    file, parts, line, number = InputFile(path, on_error), Element("article"), 1, 0
    skipped = SkipCounts()
    for root, element, end_line in iter_children(file, encoding):
        line = end_line
        if _get_name(root) not in _ROOTS:
            raise file.error(f"the root is <{root}>, expected <article>", line)
        if _get_name(root) == "article":
            parts.append(element)
        elif _get_name(element.tag) == "article":
            number += 1
            with file.guard(line):
                yield _to_document(element, f"{file.stem}-{number}")
                skipped.update(_count_unread(element))
    if len(parts):
        with file.guard(line):
            yield _to_document(parts, file.stem)
            skipped.update(_count_unread(parts))
    warn_skipped_records(file, skipped)


def _count_unread(article: Element) -> dict[str, int]:
    """Count the parts of an article that are not read."""
    numbers = {part: sum(1 for _ in _find_all(article, name)) for name, part in _UNREAD.items()}
    formulas = (formula for name in _FORMULAS for formula in _find_all(article, name))
    numbers["a formula without text"] = sum(not _flatten(formula) for formula in formulas)
    return {part: number for part, number in numbers.items() if number}


def _to_document(article: Element, default_id: str) -> Document:
    passages = [passage for passage in _read_article(article) if passage.text]
    if not passages:
        raise MalformedError("an article without text")
    text, units = "", list[dict[str, Any]]()
    for passage in passages:
        text += "\n" if text else ""
        infons = {"section_type": passage.section, "type": passage.kind}
        infons |= {"section": passage.heading} if passage.heading else {}
        units.append({"offset": len(text), "length": len(passage.text), "infons": infons})
        text += passage.text
    id = _read_id(article) or default_id
    return Document(id, text, (), {"bioc": {"passages": tuple(units)}})


def _read_id(article: Element) -> str:
    ids = {
        element.get("pub-id-type", ""): _flatten(element)
        for element in _find_all(article, "article-id")
    }
    name = next((kind for kind in _IDS if ids.get(kind)), "")
    if not name:
        return next(filter(None, ids.values()), "")
    is_number = name in ("pmc", "pmcid") and ids[name].isdigit()
    return f"PMC{ids[name]}" if is_number else ids[name]


def _read_article(article: Element) -> Iterator[Passage]:
    for front in (e for e in article if _get_name(e.tag) in ("front", "front-stub")):
        title = next(_find_all(front, "article-title"), None)
        if title is not None:
            yield Passage(_flatten(title), "TITLE", "front")
        for group in _find_all(front, "title-group"):
            for subtitle in (e for e in group if _get_name(e.tag) == "subtitle"):
                yield Passage(_flatten(subtitle), "TITLE", "front")
        for abstract in _find_all(front, "abstract"):
            yield from _read_section(abstract, "ABSTRACT", "", "abstract", 0)
    for body in (e for e in article if _get_name(e.tag) == "body"):
        yield from _read_section(body, "", "", "", 0)
    for floats in (e for e in article if _get_name(e.tag) == "floats-group"):
        yield from _read_section(floats, "", "", "", 0)


def _read_section(
    element: Element, section: str, heading: str, prefix: str, depth: int
) -> Iterator[Passage]:
    """Yield the passages of a section, and of those in it.

    Args:
        element: the section, or what contains passages.
        section: its type; that of its heading if empty.
        heading: its title.
        prefix: begins the types of its passages, for those of the abstract.
        depth: of the section; that of a body is 0.
    """
    for child in element:
        name = _get_name(child.tag)
        if name == "title":
            kind = f"{prefix}_title_{depth or 1}" if prefix else f"title_{depth or 1}"
            yield Passage(_flatten(child), section, kind, heading)
        elif name == "sec":
            title = next((_flatten(e) for e in child if _get_name(e.tag) == "title"), "")
            type = section or _find_section_type(child.get("sec-type") or "", title)
            yield from _read_section(child, type, title or heading, prefix, depth + 1)
        elif name == "fig":
            yield from _read_caption(child, "FIG", "fig", heading)
        elif name == "table-wrap":
            yield from _read_caption(child, "TABLE", "table", heading)
        elif name == "table":
            yield Passage(_flatten_table(child), "TABLE", "table", heading)
        elif name == "def-item":
            parts = filter(None, map(_flatten, child))
            yield Passage("\t".join(parts), section or "OTHER", prefix or "paragraph", heading)
        elif name in _BLOCKS - _SKIPPED - {"p"} and not _has_text_outside_children(child):
            yield from _read_section(child, section, heading, prefix, depth)
        elif name not in _SKIPPED:
            yield from _read_paragraph(child, section, heading, prefix or "paragraph", depth)


def _has_text_outside_children(element: Element) -> bool:
    """Return whether an element has text outside its children."""
    texts = (element.text, *(child.tail for child in element))
    return any(text and text.strip() for text in texts)


def _read_paragraph(
    element: Element, section: str, heading: str, kind: str, depth: int
) -> Iterator[Passage]:
    """Yield a paragraph, and after it the figures, tables and lists that are in it."""
    blocks = [child for child in element if _get_name(child.tag) in _BLOCKS - {"label"}]
    yield Passage(_flatten(element, blocks), section or "OTHER", kind, heading)
    inner = Element("sec")
    inner.extend(blocks)
    prefix = kind if kind == "abstract" else ""
    yield from _read_section(inner, section, heading, prefix, depth)


def _read_caption(element: Element, section: str, kind: str, heading: str) -> Iterator[Passage]:
    """Yield the label with the title of a figure or table, its caption, and what else is in it."""
    label = next((_flatten(e) for e in element if _get_name(e.tag) == "label"), "")
    for caption in (e for e in element if _get_name(e.tag) == "caption"):
        for child in caption:
            text = " ".join(part for part in (label, _flatten(child)) if part)
            label = ""
            yield Passage(text, section, f"{kind}_caption", heading)
    if label:
        yield Passage(label, section, f"{kind}_caption", heading)
    inner = Element("sec")
    for child in (e for e in element if _get_name(e.tag) != "caption"):
        tables = list(_find_all(child, "table"))
        inner.extend(tables or [child])
    yield from _read_section(inner, section, heading, "", 0)


def _find_section_type(given: str, title: str) -> str:
    """Return the type of a section from its attribute or its title, as PMC's BioC files do."""
    for text in (given.replace("|", " "), title):
        for type, pattern in _SECTIONS:
            if re.search(pattern, text, re.I):
                return type
    return "OTHER"


def _flatten_table(table: Element) -> str:
    rows = []
    for row in _find_all(table, "tr"):
        cells = (_flatten(cell) for cell in row if _get_name(cell.tag) in ("td", "th"))
        rows.append("\t".join(cells).strip())
    return "\n".join(row for row in rows if row)


def _flatten(element: Element, without: list[Element] | None = None) -> str:
    """Return the text of an element with single spaces, without some of its children."""
    return _WHITE_SPACE.sub(" ", "".join(_iterate_text(element, without or []))).strip()


def _iterate_text(element: Element, without: list[Element]) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        name, tail = _get_name(child.tag), child.tail or ""
        if name == "break":
            yield " "
        elif name not in _SKIPPED and not any(child is other for other in without):
            yield " " if name in _SPACED else ""
            yield from _iterate_text(child, without)
        # The spaces of several parts are reduced to one.
        yield " " if name in _SPACED - _SKIPPED and tail[:1] not in _NO_SPACE_BEFORE else ""
        yield tail


def _find_all(element: Element, name: str) -> Iterator[Element]:
    return (e for e in element.iter() if isinstance(e.tag, str) and _get_name(e.tag) == name)


def _get_name(tag: str) -> str:
    """Return the name of an element without its namespace."""
    return tag.rpartition("}")[2]
