"""brat standoff: a folder with ``ID.txt``, the text, and ``ID.ann``, the annotations.

The corpora of the BioNLP shared tasks have ``ID.a1`` and ``ID.a2`` instead of ``ID.ann``.

A mention is ``T1<tab>Type 0 5;10 15<tab>mention``. Other lines (R, E, A, #, N, …) are stored in the
metadata and written back. ``N`` lines (references) give mentions their identifiers, also in the
form of the corpus Bacteria Biotope.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Predicate
from typing_extensions import TypedDict

from vaner.formats.brat_config import AnnotationTypes
from vaner.formats.companions import read_each, warn_unread
from vaner.formats.file_names import RENAMED, find_file, is_readme, make_file_name
from vaner.formats.identifiers import join_identifiers, read_identifiers, split_identifiers
from vaner.formats.losses import (
    DANGLING,
    NAME,
    Losses,
    count_scores,
    replace_file_start,
    replace_forbidden,
    replace_line_breaks,
    replace_surrogates,
)
from vaner.formats.offset_conventions import Conversion, find_conversion
from vaner.formats.quotes import report_conversion
from vaner.formats.references import Entry, find_dangling
from vaner.formats.roundtrip_metadata import (
    Line,
    get_roundtrip_metadata,
    with_roundtrip_metadata,
)
from vaner.formats.source import (
    InputFile,
    MalformedError,
    OnError,
    read_lines,
    read_text,
)
from vaner.formats.spans import OFFSET, make_span, recall, remember, separate_removed
from vaner.text.documents import Document, Span

ANNOTATION_SUFFIXES = (".ann", ".a1", ".a2")
_PIECE = f"-?{OFFSET} -?{OFFSET}"
_MENTION = re.compile(r"(T[^\t]*)\t(\S+) ([^\t]*)\t?(.*)", re.DOTALL)
# Editors replace tabs by spaces, and programs spaces by tabs.
_OTHER_MENTION = re.compile(
    rf"(T\d+)[ \t]+([^\s\d]\S*)[ \t]+(-?{OFFSET})[ \t]+(-?{OFFSET})(?:[ \t]+(\S.*))?"
)
_OFFSETS = re.compile(f"{_PIECE}(?:;{_PIECE})*")
_REFERENCE = re.compile(r"N[^\t]*\tReference (\S+) ([^\t]+?)(?:\t.*)?")
# Of Bacteria Biotope: the database, the mention and the identifier.
_REFERENT = re.compile(r"N[^\t]*\t(\S+) Annotation:(\S+) Referent:(\S+)\s*")
_LINE_KINDS = "TREAMN#*"  # the possible first characters of a line
# Attributes, identifiers and notes: their target follows their type.
_KINDS_WITH_ONE_TARGET = "AMN#"

References = Mapping[str, Sequence[str]]
"""Mention id -> identifiers."""


def _is_mention_id(name: str) -> bool:
    return name.startswith("T") and "\t" not in name


def _is_other_line(line: str) -> bool:
    return line[:1] in set(_LINE_KINDS) - {"T"}


class Stored(TypedDict, total=False):
    """What is stored of a document: lines that are not mentions, and the ids of mentions."""

    lines: Sequence[Annotated[Line, Predicate(_is_other_line)]]
    ids: Mapping[str, Sequence[Annotated[Line, Predicate(_is_mention_id)]]]


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Read the documents of a folder, ordered by name, or of a single ``.txt`` or ``.ann`` file.

    A text without annotation file has no mentions. An annotation file without text is an error.

    Args:
        path: folder or file.
        encoding: encoding of the files.
        on_error: see `vaner.formats.read`.
    """
    file, suffixes = InputFile(path, on_error), (".txt", *ANNOTATION_SUFFIXES)
    if file.disk_path.is_dir():
        # macOS creates hidden files
        paths = (p for p in file.path.iterdir() if p.name[0] != "." and not is_readme(p))
        stems = {p.with_suffix("") for p in paths if p.suffix.lower() in suffixes}
        text_paths = sorted(stem.with_name(stem.name + ".txt") for stem in stems)
    else:
        text_paths = [file.path.with_suffix(".txt")]
    yield from read_each(
        text_paths, lambda path: _read_document(path, encoding, on_error), on_error
    )
    if file.is_folder:
        warn_unread(file, suffixes)


def _read_document(path: Path, encoding: str, on_error: OnError | None) -> Document:
    text = read_text(InputFile(find_file(path)), encoding)
    paths = [find_file(path.with_suffix(suffix)) for suffix in ANNOTATION_SUFFIXES]
    files = [InputFile(path, on_error) for path in paths]
    lines = [
        (file, number, _restore_separators(line))
        for file in files
        if file.path.exists()
        for number, line in read_lines(file, encoding)
        if line.strip()
    ]
    references: dict[str, list[str]] = {}
    for _, _, line in lines:
        if reference := _parse_reference(line):
            references.setdefault(reference[0], []).extend(reference[1])
    spans, others = dict[str, Span](), list[str]()
    conversion = _find_conversion(text, [line for _, _, line in lines])
    if conversion:
        report_conversion(conversion.description, path.stem)
    for file, number, line in lines:
        with file.guard(number):
            if line[0] not in _LINE_KINDS:
                raise MalformedError(f"begins with none of {' '.join(_LINE_KINDS)}")
            if not line.startswith("T"):
                others.append(line)
                continue
            id, span = _parse_mention(text, line, references, conversion)
            if id in spans:
                raise MalformedError(f"{id} occurs twice; each mention needs a different id")
            spans[id] = span
    stored: dict[str, Any] = {"lines": tuple(others)} if others else {}
    if others or list(spans) != [f"T{i}" for i in range(1, len(spans) + 1)]:
        stored["ids"] = remember(spans.values(), spans)
    return Document(path.stem, text, tuple(spans.values()), {"brat": stored} if stored else {})


def _parse_reference(line: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the id of a mention and its identifiers, or None for another line."""
    if match := _REFERENCE.fullmatch(line):
        return match[1], split_identifiers(match[2])
    if match := _REFERENT.fullmatch(line):
        return match[2], read_identifiers({"database": match[1], "db_id": match[3]})
    return None


def _restore_separators(line: str) -> str:
    """Return a mention line whose tabs or spaces were replaced with the separators of brat."""
    match = _MENTION.fullmatch(line)
    if not line.startswith("T") or (match and _OFFSETS.fullmatch(match[3])):
        return line
    other = _OTHER_MENTION.fullmatch(line)
    return f"{other[1]}\t{other[2]} {other[3]} {other[4]}\t{other[5] or ''}" if other else line


def _find_conversion(text: str, lines: Iterable[str]) -> Conversion | None:
    """Return the conversion of the offsets of the mention lines, if they need one."""
    matches = [match for line in lines if (match := _MENTION.fullmatch(line))]
    mentions = [(_parse_pieces(m[3]), m[4]) for m in matches if _OFFSETS.fullmatch(m[3])]
    return find_conversion(text, mentions)


def _parse_pieces(offsets: str) -> list[tuple[int, int]]:
    pairs = [piece.split(" ") for piece in offsets.split(";")]
    return [(int(start), int(end)) for start, end in pairs]


def _parse_mention(
    text: str, line: str, references: References, conversion: Conversion | None = None
) -> tuple[str, Span]:
    match = _MENTION.fullmatch(line)
    if not match or not _OFFSETS.fullmatch(match[3]):
        raise MalformedError("expected T1, tab, type, start and end, tab, mention")
    pieces = _parse_pieces(match[3])
    if conversion:
        pieces = conversion.apply(pieces)
    identifiers = references.get(match[1], ())
    quoted = match[4] or None  # some programs write no mention
    return match[1], make_span(text, pieces, match[2], quoted=quoted, identifiers=identifiers)


def write_folder(documents: Iterable[Document], folder: Path, losses: Losses) -> Iterator[Document]:
    """Write two files per document, and yield each document when both are written.

    The annotations are written last, so a text without annotations was not finished. At the end,
    brat's configuration with the types of the annotations is written, unless there is one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    used, types = set[str](), AnnotationTypes()
    for document in documents:
        name = make_file_name(document.id, used)
        losses[RENAMED] += name != document.id
        text = replace_file_start(replace_surrogates(document.text, losses), losses)
        (folder / f"{name}.txt").write_text(text, encoding="utf-8", newline="")
        lines = [*_make_lines(replace(document, text=text), losses)]
        types.add(lines)
        content = "".join(f"{line}\n" for line in lines)
        (folder / f"{name}.ann").write_text(content, encoding="utf-8", newline="")
        yield document
    types.write(folder)


def count_unsupported(document: Document) -> int:
    """Count the stored lines that are neither mentions nor references."""
    lines = get_roundtrip_metadata(document, "brat", Stored, Losses()).get("lines", ())
    return sum(not _parse_reference(line) for line in lines)


def drop_dangling(document: Document, losses: Losses) -> Document:
    """Return the document without lines about mentions and identifiers that no longer exist.

    Args:
        document: the document.
        losses: counts the lines that are left out.
    """
    stored = get_roundtrip_metadata(document, "brat", Stored, Losses())
    lines = [line for line in stored.get("lines", ()) if line]
    ids, removed = separate_removed(document.spans, stored.get("ids", {}))
    present = {id for values in ids.values() for id in values}
    references = {
        (id, identifier)
        for id, span in zip(
            _assign_ids(recall(document.spans, ids), present), document.spans, strict=True
        )
        for identifier in span.identifiers
    }
    remaining = _drop_dangling(lines, {*removed} - present)
    remaining = [line for line in remaining if _is_current(line, references)]
    if not removed and len(remaining) == len(lines):
        return document
    losses[DANGLING] += len(lines) - len(remaining)
    return with_roundtrip_metadata(document, "brat", {"lines": tuple(remaining), "ids": ids})


def _make_lines(document: Document, losses: Losses) -> Iterator[str]:
    stored = get_roundtrip_metadata(document, "brat", Stored, losses)
    others = [line for line in stored.get("lines", ()) if line]
    stored_ids = {id for values in stored.get("ids", {}).values() for id in values}
    ids = _assign_ids(recall(document.spans, stored.get("ids", {})), stored_ids)
    count_scores(document.spans, losses)
    for id, span in zip(ids, document.spans, strict=True):
        offsets = ";".join(f"{start} {end}" for start, end in span.pieces)
        losses[NAME] += not span.type
        type = replace_forbidden(span.type, losses) or "_"
        yield f"{id}\t{type} {offsets}\t{_make_mention_column(document, span)}"
    yield from others
    yield from _make_references(document, ids, others, losses)
    yield from _make_attributes(document, ids, others)


def _assign_ids(recalled: Sequence[str | None], stored_ids: Set[str]) -> list[str]:
    """Return an id for each mention: the one of its file, or a new one.

    The id of a removed mention is not used again, because stored lines may refer to it.
    """
    new_ids = (
        f"T{i}" for i in range(1, len(recalled) + len(stored_ids) + 1) if f"T{i}" not in stored_ids
    )
    # Edited metadata may contain an id twice. The first mention then gets it.
    first_index = {id: i for i, id in reversed(list(enumerate(recalled)))}
    return [id if id and first_index[id] == i else next(new_ids) for i, id in enumerate(recalled)]


def _make_mention_column(document: Document, span: Span) -> str:
    """Return the mention on one line. This loses nothing, as the text file has it unchanged."""
    return replace_line_breaks(document.mention(span), Losses())


def _is_current(line: str, references: set[tuple[str, str]]) -> bool:
    """Return whether a line is not a reference to an identifier that its mention no longer has."""
    reference = _parse_reference(line)
    if not reference or not reference[0].startswith("T"):
        return True
    return all((reference[0], name) in references for name in reference[1])


def _drop_dangling(lines: Sequence[str], removed_ids: Set[str]) -> list[str]:
    """Return the lines that do not refer to a removed mention, directly or through other lines."""
    entries = [Entry(line.partition("\t")[0], _get_targets(line)) for line in lines]
    dangling = find_dangling(entries, removed_ids)
    return [line for index, line in enumerate(lines) if index not in dangling]


def _get_targets(line: str) -> set[str]:
    """Return the ids of mentions and lines that a line refers to."""
    words = line.split("\t")[1].split() if "\t" in line else []
    if line[0] in _KINDS_WITH_ONE_TARGET:
        targets = words[1:2]
    else:  # in an event, the type has a target too: Type:T1
        targets = words if line.startswith("E") else words[1:]
    return {target.rpartition(":")[2] for target in targets}


def _make_references(
    document: Document, ids: Sequence[str], lines: Sequence[str], losses: Losses
) -> Iterator[str]:
    """Yield ``N`` lines for the identifiers that are not in the stored lines."""
    existing = {
        (id, name) for id, names in filter(None, map(_parse_reference, lines)) for name in names
    }
    used = {line.partition("\t")[0] for line in lines}
    number = 0
    for id, span in zip(ids, document.spans, strict=True):
        for identifier in span.identifiers:
            if (id, identifier) in existing:
                continue
            name = join_identifiers([identifier], losses, r"\s")
            if not name:
                continue
            number += 1
            while f"N{number}" in used:
                number += 1
            mention = _make_mention_column(document, span)
            yield f"N{number}\tReference {id} {name}\t{mention}"


def _make_attributes(document: Document, ids: Sequence[str], lines: Sequence[str]) -> Iterator[str]:
    """Yield an attribute for what is said about a mention, with a note about the words."""
    used = {line.partition("\t")[0] for line in lines}
    cues = [(id, cue) for id, s in zip(ids, document.spans, strict=True) for cue in s.context]
    numbers = range(1, len(cues) + len(lines) + 1)
    new_ids = (i for i in numbers if f"A{i}" not in used and f"#{i}" not in used)
    for (id, cue), number in zip(cues, new_ids, strict=False):
        words = replace_line_breaks(document.text[cue.start : cue.end], Losses())
        yield f"A{number}\t{cue.attribute} {id}"
        yield f"#{number}\tAnnotatorNotes A{number}\t{words} [{cue.start}:{cue.end}]"
