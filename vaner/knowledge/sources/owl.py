"""OWL ontologies in RDF/XML, as obolibrary.org publishes them beside the OBO files.

Read as a stream with defusedxml: only labels, synonyms, parents and the mark of obsolete terms.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element

from vaner.formats.source import InputFile, OnError
from vaner.formats.xml import iter_children
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources import ontology
from vaner.knowledge.sources.ontology import DEFAULT_SCOPES, SCOPES, Term, curie

_OWL = "{http://www.w3.org/2002/07/owl#}"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_RDFS = "{http://www.w3.org/2000/01/rdf-schema#}"
_OIO = "{http://www.geneontology.org/formats/oboInOwl#}"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_SYNONYMS = {f"{_OIO}has{scope.title()}Synonym": scope for scope in SCOPES}


def read(
    path: str | Path,
    *,
    type: str,
    source: str = "",
    prefixes: Collection[str] | None = None,
    scopes: Sequence[str] = DEFAULT_SCOPES,
    under: Collection[str] | None = None,
    on_error: OnError | None = None,
) -> Iterator[Concept]:
    """Read the classes of an OWL file, those that are not deprecated. See `obo.read`.

    Raises:
        FormatError: with the line, for XML that is broken or declares entities, and for a file
            that is no RDF/XML.
    """
    place = InputFile(path, on_error)
    return ontology.concepts(
        place, terms(place), type=type, source=source, prefixes=prefixes, scopes=scopes,
        under=under,
    )  # fmt: skip


def terms(place: InputFile) -> Iterator[Term]:
    """The named classes of a file."""
    for root, element, line in iter_children(place):
        if root != f"{_RDF}RDF":
            raise place.error(f"<{root.rpartition('}')[2]}>: not OWL in RDF/XML")
        identifier = curie(element.get(f"{_RDF}about", ""))
        if element.tag == f"{_OWL}Class" and identifier:
            yield _term(element, identifier, line)


def _term(element: Element, identifier: str, line: int) -> Term:
    term = Term(line, identifier)
    for child in element:
        text = (child.text or "").strip()
        if child.tag == f"{_RDFS}label":
            # English where a label stands in several languages.
            if term.name is None or child.get(_LANGUAGE) == "en":
                term.name = text
        elif scope := _SYNONYMS.get(child.tag):
            term.synonyms.append((text, scope, ""))
        elif child.tag == f"{_RDFS}subClassOf":
            if parent := curie(child.get(f"{_RDF}resource", "")):
                term.parents.append(parent)
        elif child.tag == f"{_OWL}deprecated":
            term.obsolete = text in ("true", "1")
    return term
