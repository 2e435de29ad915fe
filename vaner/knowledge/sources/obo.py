"""Read ontologies in OBO format (1.2 and 1.4, https://owlcollab.github.io/oboformat/doc/).

This tolerant reader extracts only what a knowledge base needs. The library pronto builds the
complete object graph, and rejects published files with unescaped quotes or unknown tags.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from vaner.formats.source import MalformedError, OnError
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.ontology import DEFAULT_SCOPES, SCOPES, Term, convert_terms
from vaner.knowledge.sources.source_file import SourceFile

_STANZA = re.compile(r"\[([^\]]+)\]")
_TAG = re.compile(r"([A-Za-z_][\w\-]*):\s*(.*)")
_SYNONYM = re.compile(r'"((?:[^"\\]|\\.)*)"\s*([^\[{!]*)')
_TRAILING_MODIFIERS = re.compile(r'\s+\{\s*[\w:\-]+\s*=\s*"[^{}]*\}\s*$')
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "t": "\t", "W": " "}
# Tags of OBO 1.0, which contain the scope.
_OLD_SYNONYM_TAGS = {f"{scope.lower()}_synonym": scope for scope in SCOPES}


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
    """Read the terms of an OBO file that are not obsolete.

    Args:
        path: the file, plain or gzipped.
        type: entity type of the terms.
        source: name of the source.
        prefixes: only terms of these ontologies, e.g. ``{"HP"}``; all if None.
        scopes: synonym scopes to read; see `ontology.DEFAULT_SCOPES`.
        under: only these terms and their descendants, e.g. ``{"HP:0000118"}``; all if None.
        on_error: see `SourceFile`.

    Raises:
        FormatError: with the line, for a line that is not a tag, a synonym without quotes, or a
            term without identifier.
    """
    file = SourceFile(path, source, on_error)
    return convert_terms(
        file, read_terms(file), type=type, prefixes=prefixes, scopes=scopes, under=under
    )


def read_terms(file: SourceFile) -> Iterator[Term]:
    """Yield the terms of a file, without relation types and instances.

    Raises:
        FormatError: if it is not an OBO file, or a line is not valid.
    """
    term: Term | None = None
    has_stanza = False
    for number, line in file.read_lines():
        line = line.strip()
        if line.startswith("!"):
            continue
        stanza = _STANZA.fullmatch(line)
        if stanza:
            yield from _finish(file, term)
            term, has_stanza = Term(number) if stanza[1] == "Term" else None, True
            continue
        with file.guard(number):
            tag = _TAG.match(line)
            if tag is None:
                raise MalformedError(f"{line!r} is neither a [Stanza] nor a tag: value")
            if term is not None:
                _add_tag(term, tag[1], tag[2])
    yield from _finish(file, term)
    if not has_stanza:
        raise file.error("no [Term] stanza: not an OBO file")


def _finish(file: SourceFile, term: Term | None) -> Iterator[Term]:
    if term is None:
        return
    if term.identifier:
        yield term
    else:
        file.report("[Term] without an id", term.line)


def _add_tag(term: Term, tag: str, value: str) -> None:
    """Add the value of a tag to a term; unused tags are ignored."""
    if tag == "id":
        term.identifier = _first_word(value, tag)
    elif tag == "name":
        term.name = _unescape(_TRAILING_MODIFIERS.sub("", value))
    elif tag == "is_a":
        term.parents.append(_first_word(value, tag))
    elif tag == "is_obsolete":
        term.obsolete = value.split()[:1] == ["true"]
    elif tag == "synonym":
        term.synonyms.append(_parse_synonym(value, None))
    elif tag in _OLD_SYNONYM_TAGS:
        term.synonyms.append(_parse_synonym(value, _OLD_SYNONYM_TAGS[tag]))


def _parse_synonym(value: str, scope: str | None) -> tuple[str, str, str]:
    match = _SYNONYM.match(value)
    if match is None:
        raise MalformedError(f"synonym {value!r} is not in double quotes")
    words = match[2].split()
    if scope is None:
        scope = words.pop(0) if words and words[0] in SCOPES else "RELATED"
    return _unescape(match[1]), scope, words[0] if words else ""


def _first_word(value: str, tag: str) -> str:
    words = value.split()
    if not words:
        raise MalformedError(f"{tag} has no value")
    return _unescape(words[0])


def _unescape(value: str) -> str:
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), value)
