"""OBO flat files (format 1.2 and 1.4, https://owlcollab.github.io/oboformat/doc/).

A small tolerant reader of what a knowledge base needs. pronto would build the whole graph of
objects and refuses files that curators publish, such as unescaped quotes and unknown tags.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from vaner.formats.source import InputFile, MalformedError, OnError, read_lines
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources import ontology
from vaner.knowledge.sources.ontology import DEFAULT_SCOPES, SCOPES, Term

_STANZA = re.compile(r"\[([^\]]+)\]")
_TAG = re.compile(r"([A-Za-z_][\w\-]*):\s*(.*)")
_SYNONYM = re.compile(r'"((?:[^"\\]|\\.)*)"\s*([^\[{!]*)')
_MODIFIERS = re.compile(r'\s+\{\s*[\w:\-]+\s*=\s*"[^{}]*\}\s*$')
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "t": "\t", "W": " "}
# Tags of OBO 1.0, in which the scope was part of the tag.
_OLD = {f"{scope.lower()}_synonym": scope for scope in SCOPES}


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
    """Read the terms of an OBO file, those that are not obsolete.

    Args:
        path: the file, plain or gzipped.
        type: entity type of its terms.
        source: name of the source.
        prefixes: only terms of these ontologies, e.g. ``{"HP"}``; all if None.
        scopes: synonym scopes that are kept; see `ontology.DEFAULT_SCOPES` for why these.
        under: only these terms and their kinds, e.g. ``{"HP:0000118"}``; all if None.
        on_error: called with what is broken, which is then left out; None raises it.

    Raises:
        FormatError: with the line, for a line that is no tag, a synonym without quotes, or a
            term without identifier.
    """
    place = InputFile(path, on_error)
    return ontology.concepts(
        place, terms(place), type=type, source=source, prefixes=prefixes, scopes=scopes,
        under=under,
    )  # fmt: skip


def terms(place: InputFile) -> Iterator[Term]:
    """The term stanzas of a file; types of relations and instances are left out."""
    term: Term | None = None
    seen = False
    for number, line in read_lines(place):
        line = line.strip()
        if not line or line.startswith("!"):
            continue
        stanza = _STANZA.fullmatch(line)
        if stanza:
            yield from _finished(place, term)
            term, seen = Term(number) if stanza[1] == "Term" else None, True
            continue
        with place.guard(number):
            tag = _TAG.match(line)
            if tag is None:
                raise MalformedError(f"{line!r} is neither a [Stanza] nor a tag: value")
            if term is not None:
                _take(term, tag[1], tag[2])
    yield from _finished(place, term)
    if not seen:
        raise place.error("no [Term] in it: not an OBO file")


def _finished(place: InputFile, term: Term | None) -> Iterator[Term]:
    if term is None:
        return
    if term.identifier:
        yield term
    else:
        place.report("[Term] without an id", term.line)


def _take(term: Term, tag: str, value: str) -> None:
    """Put the value of a tag into its term; tags that are of no use here pass."""
    if tag == "id":
        term.identifier = _word(value, tag)
    elif tag == "name":
        term.name = _unescaped(_MODIFIERS.sub("", value))
    elif tag == "is_a":
        term.parents.append(_word(value, tag))
    elif tag == "is_obsolete":
        term.obsolete = value.split()[:1] == ["true"]
    elif tag == "synonym":
        term.synonyms.append(_synonym(value, None))
    elif tag in _OLD:
        term.synonyms.append(_synonym(value, _OLD[tag]))


def _synonym(value: str, scope: str | None) -> tuple[str, str, str]:
    found = _SYNONYM.match(value)
    if found is None:
        raise MalformedError(f"synonym {value!r} is not in double quotes")
    words = found[2].split()
    if scope is None:
        scope = words.pop(0) if words and words[0] in SCOPES else "RELATED"
    return _unescaped(found[1]), scope, words[0] if words else ""


def _word(value: str, tag: str) -> str:
    words = value.split()
    if not words:
        raise MalformedError(f"{tag} has no value")
    return _unescaped(words[0])


def _unescaped(value: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), value)
