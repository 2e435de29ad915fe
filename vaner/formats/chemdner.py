"""BioCreative CHEMDNER, ChemProt, DrugProt: abstracts, and a file of their mentions (read only).

Abstracts: ``ID<tab>title<tab>abstract`` in ``NAME.abstracts.txt``. Mentions: ``ID<tab>T or A<tab>
start<tab>end<tab>mention<tab>type`` in ``NAME.annotations.txt`` of the same folder, whose offsets
count from the start of the title (T) or of the abstract (A). ChemProt and DrugProt have mentions
``ID<tab>T1<tab>type<tab>start<tab>end<tab>mention`` in ``NAME_entities.tsv``, whose offsets count
from the start of the title, and a character between title and abstract. The file of mentions is
read with the file of abstracts, and contains no document itself.
"""

from __future__ import annotations

import re
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from vaner.formats.signatures import describe_tags
from vaner.formats.source import (
    FormatWarning,
    InputFile,
    MalformedError,
    OnError,
    read_nonempty_lines,
)
from vaner.formats.spans import OFFSET, make_span
from vaner.text.documents import Document

_ID = r"\d{5,}|[A-Z]{2}\d{5,}[A-Z]?\d?"  # patents have ids such as US20090306132

TYPICAL_ABSTRACT = re.compile(rf"(?:{_ID})\t[^\t]*\t[^\t]*")
"""A line by which a file of abstracts is recognized."""

TYPICAL_MENTION = re.compile(rf"(?:{_ID})\t(?:[TA]|T\d+\t[\w-]+)\t\d+\t\d+\t[^\t]*(?:\t[^\t]+)?")
"""A line by which a file of mentions is recognized."""

_ABSTRACT = re.compile(r"([^\t]+)\t([^\t]*)\t([^\t]*)")
_MENTION = re.compile(rf"([^\t]+)\t([TA])\t({OFFSET})\t({OFFSET})\t([^\t]*)\t([^\t]+?)\s*")
_ENTITY = re.compile(rf"([^\t]+)\tT\d+\t([^\t]+)\t({OFFSET})\t({OFFSET})\t([^\t]*?)\s*")
_PARTS = (
    ("abstracts", "annotations"), ("abstract", "annotation"), ("text", "annotations"),
    ("abstracts", "entities"), ("abstracs", "entities"),  # as DrugProt spells it
)  # fmt: skip

Mentions = dict[str, list[tuple[int, bool, int, int, str, str]]]
"""Id -> line, whether it is in the abstract, start, end, text and type of each mention."""


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Read the abstracts with their mentions. The text is title, line break, abstract.

    Args:
        path: the file of abstracts.
        encoding: encoding of both files.
        on_error: see `vaner.formats.read`.

    Raises:
        FormatError: if the file has mentions, and there is no file of their abstracts.

    Warns:
        FormatWarning: if there is no file of mentions, or it has mentions of other abstracts, or
            the file itself has the mentions.
    """
    file = InputFile(path, on_error)
    if _has_mentions(file, encoding):
        _skip_mentions(file)
        return
    annotations = _find_partner(file, _PARTS)
    mentions_file = InputFile(annotations, on_error) if annotations else file
    mentions = read_mentions(mentions_file, encoding) if annotations else Mentions()
    if annotations is None:
        message = f"{file.name}: without mentions, there is no file of annotations with its name"
        warnings.warn(message, FormatWarning, stacklevel=2)
    yield from read_abstracts(file, mentions, mentions_file, encoding)
    if count := sum(map(len, mentions.values())):
        message = f"{mentions_file.name}: mentions of abstracts that are not in {file.name}"
        warnings.warn(f"{message}: {count:,}", FormatWarning, stacklevel=2)


def _has_mentions(file: InputFile, encoding: str) -> bool:
    """Return whether a file begins with a mention instead of an abstract."""
    if file.is_stdin or file.is_pipe:  # can be read only once
        return False
    _, line = next(read_nonempty_lines(file, encoding), (0, ""))
    return TYPICAL_MENTION.fullmatch(line) is not None


def _skip_mentions(file: InputFile) -> None:
    """Warn that the mentions of a file belong to another one; raise an error if it is missing."""
    abstracts = _find_partner(file, [(other, part) for part, other in _PARTS])
    if abstracts is None:
        raise file.error("has mentions without their texts; give the file of abstracts")
    message = f"{file.name}: contains no text; its mentions belong to {abstracts.name}"
    warnings.warn(message, FormatWarning, stacklevel=3)


def _find_partner(file: InputFile, parts: Iterable[tuple[str, str]]) -> Path | None:
    """Return the file of mentions of a file of abstracts, or the reverse.

    Args:
        file: one of the files.
        parts: part of its name -> the same part in the name of the other file.
    """
    if file.data is not None or file.is_stdin:
        return None
    names = [file.path.name.replace(part, other) for part, other in parts if part in file.path.name]
    paths = [file.path.with_name(name) for name in names]
    paths += [path.with_suffix(".tsv") for path in paths]
    return next((path for path in paths if path.is_file()), None)


def read_mentions(file: InputFile, encoding: str = "utf-8") -> Mentions:
    """Read all mentions of a file into memory."""
    mentions: Mentions = defaultdict(list)
    for number, line in read_nonempty_lines(file, encoding):
        match = _MENTION.fullmatch(line)
        if match:
            id, part, start, end, text, type = match.groups()
            mentions[id].append((number, part == "A", int(start), int(end), text, type))
        elif match := _ENTITY.fullmatch(line):
            id, type, start, end, text = match.groups()
            mentions[id].append((number, False, int(start), int(end), text, type))
        else:
            file.report("expected ID, T or A, start, end, mention and type", number)
    return mentions


def read_abstracts(
    file: InputFile, mentions: Mentions, mentions_file: InputFile, encoding: str = "utf-8"
) -> Iterator[Document]:
    """Yield the abstracts of a file, and remove their mentions from `mentions`.

    Args:
        file: the file of abstracts.
        mentions: the mentions of all abstracts.
        mentions_file: the file they were read from, for errors.
        encoding: encoding of the file of abstracts.
    """
    tags: str | None = None
    for number, line in read_nonempty_lines(file, encoding):
        tags = tags or describe_tags(line)  # as in the first release of NCBI-disease
        with file.guard(number):
            match = _ABSTRACT.fullmatch(line)
            if not match:
                raise MalformedError("expected ID, title and abstract, separated by tabs")
            entries = mentions.pop(match[1], [])
            yield _to_document(match[1], match[2], match[3], entries, mentions_file)
    if tags:
        warnings.warn(f"{file.name}: {tags}", FormatWarning, stacklevel=3)


def _to_document(
    id: str,
    title: str,
    abstract: str,
    mentions: list[tuple[int, bool, int, int, str, str]],
    file: InputFile,
) -> Document:
    text, spans = f"{title}\n{abstract}" if abstract else title, []
    for line, is_in_abstract, start, end, quoted, type in mentions:
        shift = len(title) + 1 if is_in_abstract else 0
        with file.guard(line, id):
            spans.append(make_span(text, [(start + shift, end + shift)], type, quoted=quoted))
    return Document(id, text, tuple(spans))
