"""PubMed and MEDLINE XML: title and abstract of each article. Read only.

The text is title, line break, abstract. The sections of a structured abstract follow each other
after their labels, joined by spaces, as in PubTator. Inline markup (italics, sub- and superscripts,
MathML) is reduced to its text, and a line break to a space. An article without an abstract has the
text of its first other abstract, in English if there is one; the metadata then contains its type
and language as `other_abstract`. Further abstracts are counted, and deletion records skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from vaner.formats.skipped_records import SkipCounts, warn_skipped_records
from vaner.formats.source import InputFile, MalformedError, OnError
from vaner.formats.title_abstract import mark_passages
from vaner.formats.xml import iter_children
from vaner.text.documents import Document

FURTHER_ABSTRACT = "a further abstract of an article"
_ROOTS = {"PubmedArticleSet", "MedlineCitationSet", "PubmedBookArticleSet"}
_ARTICLES = {"PubmedArticle", "MedlineCitation", "PubmedBookArticle"}
# NLM's label of a section without a label.
_NO_LABEL = {"", "UNLABELLED"}
_NO_TITLE = "[Not Available]"
_LINE_BREAK = re.compile(r"(?<![ \t])[ \t]*\n\s*")


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Read each article as a document with its PMID as id, one article in memory at a time.

    Args:
        path: the file.
        encoding: overrides the encoding in the XML declaration, unless it is UTF-8.
        on_error: see `vaner.formats.read`.

    Raises:
        FormatError: if the file has no articles of PubMed, or is broken.
    """
    file, skipped = InputFile(path, on_error), SkipCounts()
    for root, element, line in iter_children(file, encoding, ignores_namespace=True):
        if root not in _ROOTS:
            raise file.error(f"the root is <{root}>, expected <PubmedArticleSet>", line)
        if element.tag in _ARTICLES:
            with file.guard(line):
                yield _to_document(element, skipped)
    warn_skipped_records(file, skipped)


def _to_document(article: Element, skipped: SkipCounts) -> Document:
    # The first PMID is that of the article. Those of its references come later.
    pmid = next((_get_text(element) for element in article.iter("PMID")), "").strip()
    if not pmid:
        raise MalformedError("an article without PMID")
    title = _get_title(article)
    body, metadata = _get_abstract(next(article.iter("Abstract"), None)), dict[str, Any]()
    others = [other for other in article.iter("OtherAbstract") if _get_abstract(other)]
    if others and not body:
        others.sort(key=lambda other: other.get("Language", "eng") != "eng")  # keeps their order
        other = others.pop(0)
        body = _get_abstract(other)
        properties = {"type": other.get("Type"), "language": other.get("Language")}
        metadata["other_abstract"] = {key: value for key, value in properties.items() if value}
    skipped.update({FURTHER_ABSTRACT: len(others)} if others else {})
    metadata |= mark_passages(title, body)
    return Document(pmid, "\n".join(part for part in (title, body) if part), (), metadata)


def _get_title(article: Element) -> str:
    """Return the title, in the original language if there is no English one."""
    title = _get_text(_find_first(article, ("ArticleTitle", "BookTitle", "VernacularTitle")))
    if says_no_title(title):
        return _get_text(_find_first(article, ("VernacularTitle",)))
    return title


def says_no_title(title: str) -> bool:
    """Return whether a title is the one that PubMed gives to articles without an English title."""
    return title.rstrip(".").casefold() == _NO_TITLE.casefold()


def _get_abstract(abstract: Element | None) -> str:
    sections = abstract.findall("AbstractText") if abstract is not None else []
    return " ".join(text for text in map(_get_section, sections) if text)


def _find_first(article: Element, tags: tuple[str, ...]) -> Element | None:
    elements = (element for tag in tags for element in article.iter(tag))
    return next((element for element in elements if _get_text(element)), None)


def _get_section(element: Element) -> str:
    label, text = element.get("Label", ""), _get_text(element)
    return text if label in _NO_LABEL or not text else f"{label}: {text}"


def _get_text(element: Element | None) -> str:
    """Return the text of an element on one line."""
    text = "" if element is None else "".join(element.itertext())
    return _LINE_BREAK.sub(" ", text.strip())
