"""Read OWL ontologies in RDF/XML, as obolibrary.org publishes them.

The file is streamed with defusedxml. Only labels, synonyms, parents and the deprecated flag are
read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element

from vaner.formats.source import OnError
from vaner.formats.xml import iter_children
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.ontology import (
    DEFAULT_SCOPES,
    SCOPES,
    Term,
    convert_terms,
    iri_to_curie,
)
from vaner.knowledge.sources.source_file import SourceFile

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
    """Read the classes of an OWL file that are not deprecated.

    The arguments are those of `obo.read`.

    Raises:
        FormatError: with the line, for XML that is broken or declares entities, and for a file
            that is not RDF/XML.
    """
    file = SourceFile(path, source, on_error)
    return convert_terms(
        file, read_terms(file), type=type, prefixes=prefixes, scopes=scopes, under=under
    )


def read_terms(file: SourceFile) -> Iterator[Term]:
    """Yield the named classes of a file.

    Raises:
        FormatError: if it is not OWL in RDF/XML.
    """
    for root, element, line in iter_children(file):
        if root != f"{_RDF}RDF":
            raise file.error(f"<{root.rpartition('}')[2]}>: not OWL in RDF/XML")
        identifier = iri_to_curie(element.get(f"{_RDF}about", ""))
        if element.tag == f"{_OWL}Class" and identifier:
            yield _make_term(element, identifier, line)


def _make_term(element: Element, identifier: str, line: int) -> Term:
    term = Term(line, identifier)
    for child in element:
        text = (child.text or "").strip()
        if child.tag == f"{_RDFS}label":
            # Prefer English if there are labels in several languages.
            if text and (term.name is None or child.get(_LANGUAGE) == "en"):
                term.name = text
        elif scope := _SYNONYMS.get(child.tag):
            term.synonyms.append((text, scope, ""))
        elif child.tag == f"{_RDFS}subClassOf":
            if parent := iri_to_curie(child.get(f"{_RDF}resource", "")):
                term.parents.append(parent)
        elif child.tag == f"{_OWL}deprecated":
            term.obsolete = text in ("true", "1")
    return term
