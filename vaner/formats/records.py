"""A record of JSON Lines, or a row of a table, as a document: the dialects of corpora.

Besides our own form there are ``text`` with ``entities`` in characters, ``tokens`` with
``entities`` in tokens, and ``tokens`` with a tag for each (``ner_tags``, ``tags`` or ``labels``),
beside which ``text`` may stand. Tags are strings, or numbers: of classes that are named, else 0 for
O, 1 for B and 2 for I. A first token with spaces in it, which has no tag, is an instruction.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from vaner.formats.json_values import frozen, integer, pair, probability, reaching, typed
from vaner.formats.source import FormatWarning, InputFile, MalformedError
from vaner.formats.spans import Losses, make_span
from vaner.text.documents import Document, Span
from vaner.text.tags import decode_tags, find_violations

TAGS = ("ner_tags", "tags", "labels")
MENTIONS = ("spans", "entities")
KNOWN = ("id", "text", "tokens", "metadata", *MENTIONS)

_INTEGER_TAGS = ("O", "B", "I")
_PLACES = {"start", "begin", "offset", "offsets", "start_offset", "start_char", "span", "position"}
_KINDS = {"type", "label", "labels", "entity", "entity_type", "entity_group", "class", "category"}

Guard = Callable[[], AbstractContextManager[None]]
"""Reports what is wrong in a block, with its place."""


def to_document(
    record: Mapping[str, Any],
    name: str,
    guard: Guard,
    unread: Losses,
    classes: Mapping[str, Sequence[str]] | None = None,
) -> Document:
    """The document that a record is.

    Args:
        record: by field; what is not of ours goes to the metadata.
        name: of the document, where the record has no ``id``.
        guard: for each mention: a wrong one is left out and the others stay.
        unread: counts what looks like mentions and is not read as such.
        classes: names of the numbers in a field of tags, by the field.

    Raises:
        MalformedError: where there is neither text nor tokens, or they do not fit their tags.
    """
    field = _tag_field(record)
    known = {*KNOWN, field}
    metadata = {k: frozen(v) for k, v in record.items() if k not in known}
    metadata |= frozen(typed(record.get("metadata") or {}, dict, "metadata"))
    if "text" in record:
        text = typed(record["text"], str, "text")
        tokens = _placed(_words(record, field)[0], text) if field else None
    elif "tokens" in record:
        words, instruction = _words(record, field)
        metadata |= {"instruction": instruction} if instruction is not None else {}
        text, tokens = _joined(words, metadata)
    else:
        raise MalformedError("the record has neither text nor tokens")
    _count_unread(record, field, unread)
    spans = []
    for entry in _entries(record, field, (classes or {}).get(field or "", _INTEGER_TAGS)):
        with guard():
            spans.append(_span(text, entry, tokens))
    given = record.get("id")
    return Document(name if given is None else str(given), text, tuple(spans), metadata)


def warn_unread_fields(place: InputFile, unread: Losses) -> None:
    """Warn once, at the end of a file, of what looks like mentions in it and was not read."""
    if names := [name for name, count in unread.items() if count]:
        told = f"{place.name}: not read as mentions: {', '.join(names)}"
        warnings.warn(told, FormatWarning, stacklevel=2)


def _tag_field(record: Mapping[str, Any]) -> str | None:
    """The field with the tags; a list under another name than ours is of tags beside tokens."""
    if record.get("ner_tags") is not None:
        return "ner_tags"
    tokens = record.get("tokens")
    others = [] if tokens is None else [name for name in TAGS if _flat(record.get(name))]
    return others[0] if others else None


def _flat(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) or integer(one) for one in value)


def _count_unread(record: Mapping[str, Any], field: str | None, unread: Losses) -> None:
    used = field or next((name for name in MENTIONS if record.get(name)), None)
    for name, value in record.items():
        if name == used or name == "metadata" or not isinstance(value, list) or not value:
            continue
        unread[name] += name in MENTIONS or _like_mention(value[0])


def _like_mention(entry: Any) -> bool:
    """Whether an entry of a list has a place and a type; one of sentences has no type."""
    return isinstance(entry, dict) and bool(_PLACES & entry.keys() and _KINDS & entry.keys())


def _words(record: Mapping[str, Any], field: str | None) -> tuple[list[str], str | None]:
    """Tokens of a record without the instruction, and the instruction if there is one."""
    words = [typed(token, str, "a token") for token in typed(record.get("tokens"), list, "tokens")]
    if field is None or len(typed(record[field], list, field)) == len(words):
        return words, None
    if len(record[field]) != len(words) - 1 or " " not in words[0]:
        raise MalformedError(f"{len(words)} tokens but {len(record[field])} {field}")
    return words[1:], words[0]


def _placed(words: Sequence[str], text: str) -> list[tuple[int, int]]:
    """Offsets of the tokens of a text, between which there is nothing but white space."""
    tokens, end = [], 0
    for word in words:
        start = text.find(word, end)
        if start < 0 or text[end:start].strip():
            raise MalformedError(f"token {word!r} does not stand in the text where it should")
        end = start + len(word)
        tokens.append((start, end))
    return tokens


def _joined(words: Sequence[str], metadata: dict[str, Any]) -> tuple[str, list[tuple[int, int]]]:
    """Text of the tokens, joined by spaces, and their offsets."""
    tokens, start = [], 0
    for token in words:
        tokens.append((start, start + len(token)))
        start += len(token) + 1
    text = " ".join(words)
    metadata |= {"pretokenized": True, "sentences": ((0, len(text)),)}
    if text.split() != list(words):
        metadata["tokens"] = tuple(tokens)
    return text, tokens


def _entries(record: Mapping[str, Any], field: str | None, classes: Sequence[str]) -> list[Any]:
    """Mentions of a record as it gives them, tags turned into token offsets."""
    if field is None:
        given: Any = next((record[name] for name in MENTIONS if record.get(name)), [])
        return list(typed(given, list, "spans"))
    tags = [_named(tag, classes) for tag in record[field]]
    try:
        found = [{"start": c.start, "end": c.end, "type": c.type} for c in decode_tags(tags)]
    except ValueError as problem:
        raise MalformedError(str(problem)) from None
    bare = classes is _INTEGER_TAGS and any(map(integer, record[field]))
    if bare and (wrong := find_violations(tags)):
        raise MalformedError(
            f"tag {record[field][wrong[0]]} continues no mention: if the numbers are classes of "
            "their own, write their names, such as B-Disease"
        )
    return found


def _named(tag: Any, classes: Sequence[str]) -> str:
    if not isinstance(tag, int) or isinstance(tag, bool):
        return str(tag)
    if not 0 <= tag < len(classes):
        raise MalformedError(
            f"tag {tag} is a number without a name (0, 1 and 2 are O, B and I); write the names of "
            "the tags, such as B-Disease"
        )
    return classes[tag]


def _span(text: str, entry: Any, tokens: Sequence[tuple[int, int]] | None) -> Span:
    entry = typed(entry, dict, "a span")
    type = typed(entry.get("type") or entry.get("label") or "", str, "type")
    given = entry.get("fragments") or [(entry.get("start"), entry.get("end"))]
    pieces = [pair(piece) for piece in typed(given, list, "fragments")]
    if tokens is not None:
        pieces = [_characters(tokens, start, end, type) for start, end in pieces]
    quoted = entry.get("text")
    span = make_span(
        text,
        pieces,
        type,
        quoted=None if quoted is None else typed(quoted, str, "text of a span"),
        score=probability(entry.get("score")),
        identifiers=[str(i) for i in typed(entry.get("identifiers") or [], list, "identifiers")],
    )
    return span if tokens is not None else reaching(span, entry)


def _characters(
    tokens: Sequence[tuple[int, int]], start: int, end: int, type: str
) -> tuple[int, int]:
    if not 0 <= start < end <= len(tokens):
        raise MalformedError(
            f"mention {start}:{end} ({type}) does not lie in the {len(tokens)} tokens"
        )
    return tokens[start][0], tokens[end - 1][1]
