"""brat standoff: ``ID.txt`` with the text and ``ID.ann`` with the annotations, in a folder.

The corpora of BioNLP's shared tasks have ``ID.a1`` and ``ID.a2`` in place of the latter.

``T1<tab>Type 0 5;10 15<tab>mention``. Lines that are no mention (R, E, A, #, N, …) are kept in
the metadata and written back. ``N`` references give mentions their identifiers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Predicate
from typing_extensions import TypedDict

from vaner.errors import FormatError
from vaner.formats.roundtrip_metadata import Line, get_roundtrip_metadata
from vaner.formats.source import InputFile, MalformedError, OnError, read_lines, read_text
from vaner.formats.spans import (
    DANGLING,
    NAME,
    OFFSET,
    Losses,
    count_scores,
    encode_file_start,
    make_span,
    recall,
    remember,
    replace_forbidden,
    replace_line_breaks,
    replace_surrogates,
)
from vaner.text.documents import Document, Span

RENAMED = "document id changed for a file name"
_MENTION = re.compile(r"(T[^\t]*)\t(\S+) ([^\t]*)\t?(.*)", re.DOTALL)
_PIECE = f"-?{OFFSET} -?{OFFSET}"
_OFFSETS = re.compile(f"{_PIECE}(?:;{_PIECE})*")
_REFERENCE = re.compile(r"N[^\t]*\tReference (\S+) ([^\t]+?)(?:\t.*)?")
ANNOTATION_SUFFIXES = (".ann", ".a1", ".a2")
_KINDS = "TREAMN#*"  # what a line may begin with
_OF_ONE = "AMN#"  # attributes, identifiers and notes: what they are about stands behind their type
_UNSAFE = re.compile('[/\\\\:*?"<>|\x00-\x1f\x7f\ud800-\udfff]|^[. ]|[. ]$')
_MAX_NAME = 200  # bytes; file systems hold 255, and a suffix has to fit


def _is_id(name: str) -> bool:
    return name.startswith("T") and "\t" not in name


def _is_other(line: str) -> bool:
    return line[:1] in set(_KINDS) - {"T"}


class Kept(TypedDict, total=False):
    """What is kept of a document: lines that are no mention, ids of those that are."""

    lines: Sequence[Annotated[Line, Predicate(_is_other)]]
    ids: Mapping[str, Sequence[Annotated[Line, Predicate(_is_id)]]]


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Documents of a folder in order of name, or of one ``.txt`` or ``.ann`` file.

    A text without ``.ann`` file has no mentions; an ``.ann`` file without text is an error.
    """
    place = InputFile(path, on_error)
    if place.disk_path.is_dir():
        files = (f for f in place.path.iterdir() if not f.name.startswith("."))  # as macOS leaves
        stems = {f.with_suffix("") for f in files if f.suffix in {".txt", *ANNOTATION_SUFFIXES}}
        texts = sorted(stem.with_name(stem.name + ".txt") for stem in stems)
    else:
        texts = [place.path.with_suffix(".txt")]
    for text in texts:
        try:
            yield _document(text, encoding, on_error)
        except FormatError as problem:
            if on_error is None:
                raise
            on_error(problem)


def _document(path: Path, encoding: str, on_error: OnError | None) -> Document:
    text = read_text(InputFile(path), encoding)
    spans, ids, others, references = list[Span](), list[str](), list[str](), dict[str, list[str]]()
    known = set[str]()
    places = [InputFile(path.with_suffix(suffix), on_error) for suffix in ANNOTATION_SUFFIXES]
    lines = [
        (place, number, line)
        for place in places
        if place.path.exists()
        for number, line in read_lines(place, encoding)
        if line.strip()
    ]
    for _, _, line in lines:
        if match := _REFERENCE.fullmatch(line):
            references.setdefault(match[1], []).append(match[2])
    for place, number, line in lines:
        with place.guard(number):
            if line[0] not in _KINDS:
                raise MalformedError(f"begins with none of {' '.join(_KINDS)}")
            if not line.startswith("T"):
                others.append(line)
                continue
            id, span = _mention(text, line, references)
            if id in known:
                raise MalformedError(f"there is another {id} before it")
            known.add(id)
            spans.append(span)
            ids.append(id)
    kept: dict[str, Any] = {"lines": tuple(others)} if others else {}
    if others or ids != [f"T{i}" for i in range(1, len(ids) + 1)]:
        kept["ids"] = remember(spans, ids)
    return Document(path.stem, text, tuple(spans), {"brat": kept} if kept else {})


def _mention(text: str, line: str, references: Mapping[str, Sequence[str]]) -> tuple[str, Span]:
    match = _MENTION.fullmatch(line)
    if not match or not _OFFSETS.fullmatch(match[3]):
        raise MalformedError("expected T1, tab, type, start and end, tab, mention")
    pairs = [piece.split(" ") for piece in match[3].split(";")]
    pieces = [(int(start), int(end)) for start, end in pairs]
    identifiers = references.get(match[1], ())
    return match[1], make_span(text, pieces, match[2], quoted=match[4], identifiers=identifiers)


def write_folder(documents: Iterable[Document], folder: Path, lost: Losses) -> Iterator[Document]:
    """Write each document as two files and hand it on.

    The annotations are put down last: a text without them is one that was not finished.
    """
    folder.mkdir(parents=True, exist_ok=True)
    used: set[str] = set()
    for document in documents:
        name = _file_name(document.id, used)
        lost[RENAMED] += name != document.id
        text = encode_file_start(replace_surrogates(document.text, lost), lost)
        (folder / f"{name}.txt").write_text(text, encoding="utf-8", newline="")
        lines = "".join(f"{line}\n" for line in _lines(replace(document, text=text), lost))
        (folder / f"{name}.ann").write_text(lines, encoding="utf-8", newline="")
        yield document


def _file_name(id: str, used: set[str]) -> str:
    """A file name for a document id that no other document of this run has."""
    base = _UNSAFE.sub("_", id).encode()[:_MAX_NAME].decode(errors="ignore") or "_"
    name, number = base, 1
    while name.casefold() in used:  # some file systems do not tell Ab from aB
        number += 1
        name = f"{base}-{number}"
    used.add(name.casefold())
    return name


def count_unsupported(document: Document) -> int:
    """Number of lines kept of a document that are neither mention nor identifier."""
    lines = get_roundtrip_metadata(document, "brat", Kept, Losses()).get("lines", ())
    return sum(not _REFERENCE.fullmatch(line) for line in lines)


def _lines(document: Document, lost: Losses) -> Iterator[str]:
    kept = get_roundtrip_metadata(document, "brat", Kept, lost)
    given = recall(document.spans, kept.get("ids", {}))
    others = [line for line in kept.get("lines", ()) if line]
    # An id of a mention that is gone is not used again: kept lines may still name it.
    taken = {id for values in kept.get("ids", {}).values() for id in values}
    fresh = (f"T{i}" for i in range(1, len(given) + len(taken) + 1) if f"T{i}" not in taken)
    first = {id: i for i, id in reversed(list(enumerate(given)))}  # damage may name one twice
    ids = [id if id and first[id] == i else next(fresh) for i, id in enumerate(given)]
    count_scores(document.spans, lost)
    for id, span in zip(ids, document.spans, strict=True):
        offsets = ";".join(f"{start} {end}" for start, end in span.pieces)
        mention = _mention_column(document, span)
        lost[NAME] += not span.type
        yield f"{id}\t{replace_forbidden(span.type, lost) or '_'} {offsets}\t{mention}"
    spans = zip(ids, document.spans, strict=True)
    current = {(id, identifier) for id, span in spans for identifier in span.identifiers}
    alive = [line for line in _alive(others, taken - set(ids)) if _current(line, current)]
    lost[DANGLING] += len(others) - len(alive)
    yield from alive
    yield from _references(document, ids, alive, lost)


def _mention_column(document: Document, span: Span) -> str:
    """The mention on one line; nothing is lost by it, since the text holds it as it is."""
    return replace_line_breaks(document.mention(span), Losses())


def _current(line: str, references: set[tuple[str, str]]) -> bool:
    """Whether a line, if it gives a mention an identifier, gives one the mention still has."""
    match = _REFERENCE.fullmatch(line)
    return not match or (match[1], match[2]) in references or not match[1].startswith("T")


def _alive(lines: Sequence[str], gone: Set[str]) -> list[str]:
    """Lines that name none of these mentions, nor a line that does, however far off."""
    alive = list(lines)
    while dead := [line for line in alive if _named(line) & gone]:
        alive = [line for line in alive if not _named(line) & gone]
        gone = gone | {line.partition("\t")[0] for line in dead}
    return alive


def _named(line: str) -> set[str]:
    """Ids of the mentions and lines that a line is about; values and texts are none."""
    words = line.split("\t")[1].split() if "\t" in line else []
    about = words if line.startswith("E") else words[1:2] if line[0] in _OF_ONE else words[1:]
    return {replace_forbidden.rpartition(":")[2] for replace_forbidden in about}


def _references(
    document: Document, ids: Sequence[str], lines: Sequence[str], lost: Losses
) -> Iterator[str]:
    """``N`` lines for identifiers that the kept lines do not give."""
    there = {(m[1], m[2]) for m in map(_REFERENCE.fullmatch, lines) if m}
    used = {line.partition("\t")[0] for line in lines}
    number = 0
    for id, span in zip(ids, document.spans, strict=True):
        for identifier in span.identifiers:
            if (id, identifier) in there:
                continue
            number += 1
            while f"N{number}" in used:
                number += 1
            mention = _mention_column(document, span)
            reference = replace_forbidden(identifier, lost)
            yield f"N{number}\tReference {id} {reference}\t{mention}"
