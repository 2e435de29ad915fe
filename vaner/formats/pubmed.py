"""PubMed and MEDLINE XML: title and abstract of every article, one article in memory at a time.

The text is title, line break, abstract; the sections of a structured abstract stand one after
the other behind their labels, joined by spaces, as PubTator has them. Inline markup (italics,
sub- and superscripts, MathML) is flattened to its text, no character of which is lost. Abstracts
in other languages and records of deletion are passed over. Read only.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from vaner.formats.source import InputFile, MalformedError, OnError
from vaner.formats.xml import iter_children
from vaner.text.documents import Document

_ROOTS = {"PubmedArticleSet", "MedlineCitationSet", "PubmedBookArticleSet"}
_ARTICLES = {"PubmedArticle", "MedlineCitation", "PubmedBookArticle"}
# The label NLM gives to a section that has none.
_NO_LABEL = {"", "UNLABELLED"}


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """One document an article, its PMID as id."""
    place = InputFile(path, on_error)
    for root, element, line in iter_children(place, encoding):
        if root not in _ROOTS:
            raise place.error(f"the root is <{root}>, expected <PubmedArticleSet>", line)
        if element.tag in _ARTICLES:
            with place.guard(line):
                yield _document(element)


def _document(article: Element) -> Document:
    # The first PMID in document order is the article's own; those of references come later.
    pmid = next((_flat(e) for e in article.iter("PMID")), "").strip()
    if not pmid:
        raise MalformedError("an article without PMID")
    title = _flat(_first(article, ("ArticleTitle", "BookTitle", "VernacularTitle")))
    abstract = next(article.iter("Abstract"), None)
    sections = abstract.findall("AbstractText") if abstract is not None else []
    body = " ".join(text for text in map(_section, sections) if text)
    return Document(pmid, "\n".join(part for part in (title, body) if part))


def _first(article: Element, tags: tuple[str, ...]) -> Element | None:
    found = (element for tag in tags for element in article.iter(tag))
    return next((element for element in found if _flat(element)), None)


def _section(element: Element) -> str:
    label, text = element.get("Label", ""), _flat(element)
    return text if label in _NO_LABEL or not text else f"{label}: {text}"


def _flat(element: Element | None) -> str:
    return "" if element is None else "".join(element.itertext()).strip()
