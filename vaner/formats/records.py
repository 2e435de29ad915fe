"""Records of JSON Lines and rows of tables as documents, in the common dialects of corpora.

In addition to the form that vaner writes, these are read: ``text`` with ``entities`` in
characters; ``tokens`` with ``entities`` in tokens; ``tokens`` with a tag for each (``ner_tags``,
``tags`` or ``labels``), optionally with the ``text``. Tags are strings or numbers. Numbers are
class indices if the classes have names; otherwise 0 is O, 1 is B and 2 is I. A first token that
contains spaces and has no tag is an instruction.

A file of JSON becomes documents in three steps: `vaner.formats.json_records` divides it into
records, `vaner.formats.dialects` converts those of other programs to our form, and this module
makes a document of each, with the checks of `vaner.formats.json_values`.
`vaner.formats.detect_json` detects the format of a file from its first records.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Any, Protocol

from vaner.formats.dialects import convert_record
from vaner.formats.dialects.fields import (
    MENTION_FIELDS,
    SOURCES,
    find_document_name,
    find_tag_field,
)
from vaner.formats.dialects.mentions import find_pieces, is_mention, looks_like_mention
from vaner.formats.json_values import (
    check_extent,
    check_pair,
    check_probability,
    check_quoted,
    check_type,
    freeze,
    is_integer,
)
from vaner.formats.losses import Losses
from vaner.formats.mention_details import read_details
from vaner.formats.offset_conventions import find_conversion
from vaner.formats.quotes import report_conversion
from vaner.formats.skipped_records import SkipCounts, warn_skipped_records
from vaner.formats.source import FormatWarning, InputFile, MalformedError
from vaner.formats.spans import make_span
from vaner.text.documents import Document, Span
from vaner.text.tags import OUTSIDE, decode_tags, find_violations, is_tag

KNOWN_FIELDS = ("id", "text", "tokens", "metadata", *MENTION_FIELDS)

_INTEGER_TAGS = ("O", "B", "I")
_UNAMBIGUOUS = {*MENTION_FIELDS, "ents", "mentions", "ner", "denotations", "entity_mentions"}
"""Names of a field that has mentions, whatever its entries look like."""

_PARTS = {*SOURCES, "sents", "sections", "paragraphs", "chunks", "lines", "blocks"}
"""Names of a field with parts of the text that are not mentions."""

_RECORDS = "the records, which are mentions and not documents"
_LISTED_FIELDS = 8
_CHECKED_ENTRIES = 10  # of a list that may contain mentions


class RecordReader:
    """Converts the records of a file to documents, and counts what is not read of them.

    Attributes:
        unread: fields that look like mentions and are not read as such.
        skipped: what the file itself excludes.
    """

    def __init__(self) -> None:
        self.unread, self.skipped = Counter[str](), SkipCounts()
        self._names, self._further = Counter[str](), 0

    def read(
        self,
        value: Any,
        prefix: str,
        number: int,
        guard: Guard,
        classes: Mapping[str, Sequence[str]] | None = None,
    ) -> Iterator[Document]:
        """Yield the documents of a record, in most cases one.

        A document without an id is named by its ``pmid`` or ``doc_id``, with ``-1`` for the second
        one of several, or else by its number.

        Args:
            value: the record, of any dialect.
            prefix: what precedes the number in the id of a document.
            number: number of the record. Further documents of a record count as well.
            guard: reports errors with their location.
            classes: field -> names of the classes, for fields with numeric tags.
        """
        with guard():
            for part, record in enumerate(convert_record(value, self.skipped, guard)):
                self._further += part > 0
                name = self._find_name(record) or f"{prefix}{number + self._further}"
                with guard(document=_get_id(record)):
                    yield to_document(record, name, guard, self.unread, classes)

    def _find_name(self, record: Any) -> str | None:
        """Return the name that a record without an id gives its document, with a number if used."""
        name = find_document_name(record) if isinstance(record, dict) else None
        if name is None:
            return None
        number = self._names[name]
        self._names[name] += 1
        return f"{name}-{number}" if number else name

    def warn(self, file: InputFile) -> None:
        """Warn once about unread fields, and once about what the file excludes."""
        if names := [name for name, count in self.unread.items() if count]:
            message = f"{file.name}: not read as mentions: {', '.join(names)}"
            warnings.warn(message, FormatWarning, stacklevel=2)
        warn_skipped_records(file, self.skipped)


class Guard(Protocol):
    """Returns a context manager that reports errors with their location."""

    def __call__(self, *, document: object = None) -> AbstractContextManager[None]:
        """Report the errors of a block, and the id of the document if it is known."""


def to_document(
    record: Mapping[str, Any],
    default_id: str,
    guard: Guard,
    unread: Losses,
    classes: Mapping[str, Sequence[str]] | None = None,
) -> Document:
    """Convert a record to a document.

    Args:
        record: field -> value. Unknown fields are stored in the metadata.
        default_id: id of the document if the record has no ``id``.
        guard: reports the errors of each mention, so that a bad mention does not affect others.
        unread: counts fields that look like mentions and are not read as such.
        classes: field -> names of the classes, for fields with numeric tags.

    Raises:
        MalformedError: if there is neither text nor tokens, or tags and tokens differ in number.
    """
    field = find_tag_field(record)
    known = {*KNOWN_FIELDS, field}
    metadata = {k: freeze(v) for k, v in record.items() if k not in known}
    metadata |= freeze(check_type(record.get("metadata") or {}, dict, "metadata"))
    if "text" in record:
        text = check_type(record["text"], str, "text")
        tokens = _align_tokens(_get_tokens(record, field)[0], text) if field else None
    elif "tokens" in record:
        words, instruction = _get_tokens(record, field)
        metadata |= {"instruction": instruction} if instruction is not None else {}
        text, tokens = _join_tokens(words, metadata)
    else:
        listed = ", ".join(str(name)[:40] for name in [*record][:_LISTED_FIELDS]) or "nothing"
        listed += ", …" if len(record) > _LISTED_FIELDS else ""
        raise MalformedError(f"the record has neither text nor tokens; it has {listed}")
    _count_unread(record, field, unread)
    given = record.get("id")
    id, spans = default_id if given is None else str(given), []
    entries = _get_entries(record, field, (classes or {}).get(field or "", _INTEGER_TAGS))
    for entry in entries if tokens is not None else _convert_offsets(record, text, entries, id):
        with guard(document=given):
            spans.append(_make_span(text, entry, tokens))
    return Document(id, text, tuple(spans), metadata)


def _convert_offsets(
    record: Mapping[str, Any], text: str, entries: list[Any], id: str
) -> list[Any]:
    """Return the mentions of a document with offsets in code points."""
    tokens: Sequence[tuple[int, int]] = ()
    with suppress(MalformedError):  # if there are none, or those of another text
        tokens = _align_tokens(_get_tokens(record, None)[0], text)
    pieces = [_find_pieces(entry) for entry in entries]
    quoted = [(p, entry.get("text")) for p, entry in zip(pieces, entries, strict=True) if p]
    mentions = [(p, quote) for p, quote in quoted if isinstance(quote, str | None)]
    conversion = find_conversion(text, mentions, tokens)
    if conversion is None:
        return entries
    report_conversion(conversion.description, id)
    converted = [conversion.apply(located) for located in pieces]
    return [
        {**entry, "start": new[0][0], "end": new[-1][1], "fragments": new if len(new) > 1 else []}
        if new
        else entry
        for entry, new in zip(entries, converted, strict=True)
    ]


def _find_pieces(entry: Any) -> list[tuple[int, int]]:
    """Return the pieces of a mention; none if it is malformed, which is reported later."""
    if not isinstance(entry, dict):
        return []
    fragments = entry.get("fragments") or [(entry.get("start"), entry.get("end"))]
    try:
        return sorted(check_pair(piece) for piece in check_type(fragments, list, "fragments"))
    except MalformedError:
        return []


def _get_id(record: Mapping[str, Any]) -> Any:
    id = record.get("id")
    return id if isinstance(id, str | int) else None


def _count_unread(record: Mapping[str, Any], field: str | None, unread: Losses) -> None:
    used = field or next((name for name in MENTION_FIELDS if record.get(name)), None)
    unread[_RECORDS] += used is None and _is_mention_with_text(record)
    for name, value in record.items():
        if isinstance(value, str) and value[:2] in ("O ", "B-", "S-", "U-"):
            value = value.split()
        if name == used or name == "metadata" or not isinstance(value, list | dict) or not value:
            continue
        entries = value[:_CHECKED_ENTRIES] if isinstance(value, list) else [value]
        is_tagged = used is None and name != "tokens" and _are_tags(entries)
        is_tagged = is_tagged and ("tokens" in record or OUTSIDE in entries)
        is_unread = name in _UNAMBIGUOUS or any(map(looks_like_mention, entries)) or is_tagged
        is_unread = is_unread or (name not in _PARTS and _are_quotes(entries, record.get("text")))
        unread[name] += is_unread


def _is_mention_with_text(record: Mapping[str, Any]) -> bool:
    """Return whether a record is a mention: its text is as long as its offsets say."""
    pieces = (find_pieces(record) if is_mention(record) else None) or []
    return bool(pieces) and len(record.get("text", "")) == pieces[-1][1] - pieces[0][0]


def _are_quotes(entries: Sequence[Any], text: Any) -> bool:
    """Return whether one of the entries has offsets in the text, and the text at these offsets."""
    located = ((entry, find_pieces(entry)) for entry in entries if isinstance(entry, dict))
    return isinstance(text, str) and any(
        entry.get("text") == text[pieces[0][0] : pieces[-1][1]] != ""
        for entry, pieces in located
        if pieces
    )


def _are_tags(values: Sequence[Any]) -> bool:
    """Return whether a list has tags with a type, such as ``B-Disease``, and O."""
    tags = [tag for tag in values if tag != OUTSIDE]
    return bool(tags) and all(isinstance(tag, str) and "-" in tag and is_tag(tag) for tag in tags)


def _get_tokens(record: Mapping[str, Any], field: str | None) -> tuple[list[str], str | None]:
    """Return the tokens of a record without the instruction, and the instruction or None."""
    if field is not None and record.get("tokens") is None:
        raise MalformedError(f"there are {field}, but no tokens")
    tokens = check_type(record.get("tokens"), list, "tokens")
    words = [check_type(token, str, "a token") for token in tokens]
    if field is None or len(check_type(record[field], list, field)) == len(words):
        return words, None
    if len(record[field]) != len(words) - 1 or " " not in words[0]:
        raise MalformedError(f"{len(words)} tokens but {len(record[field])} {field}")
    return words[1:], words[0]


def _align_tokens(words: Sequence[str], text: str) -> list[tuple[int, int]]:
    """Return the offsets of tokens in a text. Only white space may be between them."""
    tokens, end = [], 0
    for word in words:
        start = text.find(word, end)
        if start < 0 or text[end:start].strip():
            raise MalformedError(f"token {word!r} is not the next word of the text")
        end = start + len(word)
        tokens.append((start, end))
    return tokens


def _join_tokens(
    words: Sequence[str], metadata: dict[str, Any]
) -> tuple[str, list[tuple[int, int]]]:
    """Return the text of the tokens, joined by spaces, and their offsets."""
    tokens, start = [], 0
    for token in words:
        tokens.append((start, start + len(token)))
        start += len(token) + 1
    text = " ".join(words)
    metadata |= {"pretokenized": True, "sentences": ((0, len(text)),)}
    if text.split() != list(words):
        metadata["tokens"] = tuple(tokens)
    return text, tokens


def _get_entries(record: Mapping[str, Any], field: str | None, classes: Sequence[str]) -> list[Any]:
    """Return the mentions of a record as in the file, or converted from tags to token offsets."""
    if field is None:
        name = next((name for name in MENTION_FIELDS if record.get(name)), "spans")
        return list(check_type(record.get(name) or [], list, name))
    tags = [_name_tag(tag, classes) for tag in record[field]]
    try:
        chunks = decode_tags(tags)
    except ValueError as error:
        raise MalformedError(str(error)) from None
    has_unnamed_classes = classes is _INTEGER_TAGS and any(map(is_integer, record[field]))
    if has_unnamed_classes and (violations := find_violations(tags)):
        raise MalformedError(
            f"tag {record[field][violations[0]]} continues no mention: if the numbers are class "
            "indices, write the class names, such as B-Disease"
        )
    return [{"start": chunk.start, "end": chunk.end, "type": chunk.type} for chunk in chunks]


def _name_tag(tag: Any, classes: Sequence[str]) -> str:
    if not is_integer(tag):
        return str(tag)
    if not 0 <= tag < len(classes):
        raise MalformedError(
            f"tag {tag} is a number without a name (0, 1 and 2 are O, B and I); write the names of "
            "the tags, such as B-Disease"
        )
    return classes[tag]


def _make_span(text: str, entry: Any, tokens: Sequence[tuple[int, int]] | None) -> Span:
    entry = check_type(entry, dict, "a span")
    types = (entry[name] for name in ("type", "label") if entry.get(name) not in (None, ""))
    type = check_type(next(types, ""), str, "type")
    if not entry.keys() & {"start", "end", "fragments"}:
        listed = ", ".join(map(str, entry)) or "nothing"
        raise MalformedError(f"a mention needs start and end; this one has {listed}")
    fragments = entry.get("fragments") or [(entry.get("start"), entry.get("end"))]
    pieces = [check_pair(piece) for piece in check_type(fragments, list, "fragments")]
    if tokens is not None:
        pieces = [_to_characters(text, tokens, start, end, type) for start, end in pieces]
    identifiers = check_type(entry.get("identifiers") or [], list, "identifiers")
    read = make_span(
        text,
        pieces,
        type,
        quoted=check_quoted(entry, "text of a span"),
        score=check_probability(entry.get("score")),
        identifiers=map(str, identifiers),
    )
    span = read_details(read, entry, len(text))
    return span if tokens is not None else check_extent(span, entry)


def _to_characters(
    text: str, tokens: Sequence[tuple[int, int]], start: int, end: int, type: str
) -> tuple[int, int]:
    """Return the offsets of a mention from its first to its last token that is not blank."""
    if not 0 <= start < end <= len(tokens):
        raise MalformedError(f"mention {start}:{end} ({type}) is outside the {len(tokens)} tokens")
    inside = tokens[start:end]
    filled = [(first, last) for first, last in inside if text[first:last].strip()] or inside
    return filled[0][0], filled[-1][1]
