"""Mentions under the field names of other programs, as entries of our JSON Lines.

>>> normalize_mention([0, 4, "Disease"])
[{'start': 0, 'end': 4, 'type': 'Disease'}]
>>> normalize_mention({"begin": 0, "end": 4, "entity_group": "Disease", "score": 0.9})
[{'start': 0, 'end': 4, 'score': 0.9, 'type': 'Disease'}]
>>> normalize_mention({"span": {"begin": 0, "end": 4}, "labels": ["Disease", "Finding"]})
[{'start': 0, 'end': 4, 'type': 'Disease'}, {'start': 0, 'end': 4, 'type': 'Finding'}]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from vaner.formats.identifiers import is_identifier_field, read_identifiers, without_identifiers
from vaner.formats.json_values import is_integer
from vaner.formats.skipped_records import SkipCounts, count_field

START_END = (
    ("start", "end"),
    ("begin", "end"),
    ("start_offset", "end_offset"),
    ("startOffset", "endOffset"),
    ("start_char", "end_char"),
    ("char_start", "char_end"),
    ("start_index", "end_index"),
    ("start_pos", "end_pos"),
    ("start_idx", "end_idx"),
    ("startIndex", "endIndex"),
    ("start_position", "end_position"),
    ("begin_offset", "end_offset"),
    ("beginOffset", "endOffset"),
    ("BeginOffset", "EndOffset"),
    ("characterOffsetBegin", "characterOffsetEnd"),
    ("start_span", "end_span"),
    ("off0", "off1"),
    ("start", "stop"),
)
"""Names of the fields with the start and the end of a mention."""

NESTED = (
    "span", "offsets", "offset", "position", "location", "locations", "pos", "indices", "char_span",
)  # fmt: skip
"""Names of a field that contains start and end."""

TYPES = (
    "type",
    "label",
    "entity_group",
    "entity_type",
    "entity",
    "obj",
    "tag_name",
    "category",
    "class",
    "entity_class",
    "tag",
    "labels",
    "types",
    "label_",
    "label_name",
    "entityType",
    "entity_label",
    "ent_type",
    "label_type",
    "ner_label",
    "semantic_type",
    "semtypes",
    "entityLabel",
    "Type",
    "Category",
    "kind",
    "entity-type",
)
"""Names of the field with the type of a mention, or with a list of its types."""

FURTHER_VALUE = "a further value of a mention"

_OFFSET_NAMES = {*NESTED, *(name for names in START_END for name in names)} - {"end", "stop"}
_OUR_FIELDS = {
    "start", "end", "type", "text", "score", "identifiers", "fragments", "candidates", "context",
}  # fmt: skip
_STARTS = ("offset", "start", "begin")
_QUOTES = ("text", "mention", "Text")
_SCORES = ("score", "prob", "confidence", "probability", "Score", "confidenceScore")
# Fields that say again what others say: the number of a mention, its text, its tokens.
_REDUNDANT = {
    "id", "word", "index", "token_start", "token_end", "start_token", "end_token", "length",
    "surface", "surface_form", "match", "form", "input_hash", "source_value",
}  # fmt: skip
_DETAILS = ("candidates", "context")
_READ = _OFFSET_NAMES | _OUR_FIELDS | _REDUNDANT | {*_QUOTES, *_SCORES, "end", "stop", "infons"}


def is_mention(entry: Any) -> bool:
    """Return whether an entry of a list has a position and a type, in any known form."""
    if is_triple(entry):
        return True
    return isinstance(entry, dict) and find_pieces(entry) is not None and bool(find_types(entry))


def looks_like_mention(entry: Any) -> bool:
    """Return whether an entry of a list may be or contain a mention, also an incomplete one.

    Sentences, e.g., have offsets and no type. A list may contain the mentions of a sentence, and an
    object those of a type or of a program.
    """
    if isinstance(entry, dict):
        parts = [entry, *(value for value in entry.values() if isinstance(value, dict))]
        is_located = any(_OFFSET_NAMES & part.keys() for part in parts)
        is_located = is_located or any(_is_pairs([value]) for value in entry.values())
        if is_located and entry.keys() & {*TYPES, "infons"}:
            return True
        inner = (value for value in entry.values() if isinstance(value, list | dict))
        return any(map(looks_like_mention, inner))
    return is_triple(entry) or (isinstance(entry, list) and any(map(looks_like_mention, entry)))


def is_triple(entry: Any) -> bool:
    """Return whether an entry is ``[start, end, type]`` or ``[type, start, end]``.

    More may follow.
    """
    if not isinstance(entry, list | tuple) or len(entry) < 3:
        return False
    first, second, third = entry[:3]
    if not is_integer(second):
        return False
    return (is_integer(first) and isinstance(third, str)) or (
        isinstance(first, str) and is_integer(third)
    )


def normalize_mention(entry: Any, skipped: SkipCounts | None = None) -> list[Any]:
    """Return the entries of our JSON Lines for a mention, one for each of its types.

    An entry without a position is returned unchanged: the reader reports what is wrong with it.

    Args:
        entry: the mention.
        skipped: counts the fields of the mention that are not read.
    """
    if skipped is not None:
        count_other_fields(entry, skipped)
    if is_triple(entry):
        start, end, type = sorted(entry[:3], key=lambda value: isinstance(value, str))
        return [{"start": start, "end": end, "type": type}]
    if not isinstance(entry, dict) or _is_ours(entry) or (pieces := find_pieces(entry)) is None:
        return [entry]
    fields: dict[str, Any] = {"start": pieces[0][0], "end": pieces[-1][1]}
    fields |= {"fragments": pieces} if len(pieces) > 1 else {}
    quoted = next((entry[name] for name in _QUOTES if entry.get(name) is not None), None)
    if quoted is not None:
        fields["text"] = " ".join(quoted) if _is_strings(quoted) else quoted
    score = next((entry[name] for name in _SCORES if entry.get(name) is not None), None)
    fields |= {"score": score} if score is not None else {}
    if identifiers := find_identifiers(entry):
        fields["identifiers"] = identifiers
    fields |= {name: entry[name] for name in _DETAILS if isinstance(entry.get(name), list)}
    return [{**fields, "type": type} for type in find_types(entry) or [_find_class(entry)]]


def name_quote(entry: Mapping[str, Any], text: str) -> Mapping[str, Any]:
    """Return a mention whose text is under another name, such as ``entity``, with it as ``text``.

    A string is the text of the mention if it is at the offsets, with or without the last character.

    >>> name_quote({"start_idx": 0, "end_idx": 3, "type": "D", "entity": "Gout"}, "Gout.")["text"]
    'Gout'
    """
    pieces = None if entry.keys() & {*_QUOTES, "fragments"} else find_pieces(entry)
    if not pieces or len(pieces) > 1:
        return entry
    (start, end), type_name = pieces[0], next((n for n in TYPES if _get_names(entry.get(n))), "")
    quotes = {text[start:end], text[start : end + 1]} if 0 <= start < end else set()
    for name, value in entry.items():
        is_quote = isinstance(value, str) and value in quotes
        if is_quote and name != type_name and not is_identifier_field(name):
            others = {key: item for key, item in entry.items() if key != name}
            return {**others, "text": value}
    return entry


def _find_class(entry: Mapping[str, Any]) -> Any:
    """Return the number of a class instead of a type, for the reader to report; empty if none."""
    return next((entry[name] for name in TYPES if is_integer(entry.get(name))), "")


def count_other_fields(entry: Any, skipped: SkipCounts, read: Iterable[str] = ()) -> None:
    """Count the fields of a mention that are not read, and have a value.

    Args:
        entry: the mention.
        skipped: the counts to update.
        read: names of further fields that are read.
    """
    if is_triple(entry):
        skipped.update({FURTHER_VALUE: len(entry) - 3} if len(entry) > 3 else {})
    if not isinstance(entry, dict) or entry.keys() <= _OUR_FIELDS:
        return
    infons = entry.get("infons")
    fields = {**(infons if isinstance(infons, dict) else {}), **entry}
    types = find_types(fields)
    for name, value in without_identifiers(fields).items():
        is_type = name in TYPES and _get_names(value) == types
        is_read = name in _READ and not (name in _DETAILS and isinstance(value, str))
        if not is_read and name not in read and not is_type:
            count_field(str(name), value, "mention", skipped)


def _is_ours(entry: Mapping[str, Any]) -> bool:
    """Return whether an entry has the fields of our JSON Lines, which the reader checks."""
    return entry.keys() <= _OUR_FIELDS or (bool(entry.get("fragments")) and "type" in entry)


def find_pieces(entry: Mapping[str, Any]) -> list[Any] | None:
    """Return the ``[start, end]`` pairs of a mention, or None if it has no position."""
    if entry.get("fragments"):
        return sorted(entry["fragments"]) if _is_pairs(entry["fragments"]) else None
    for start, end in START_END:
        if is_integer(entry.get(start)) and is_integer(entry.get(end)):
            return [[entry[start], entry[end]]]
    offset = next((entry[name] for name in _STARTS if is_integer(entry.get(name))), None)
    if offset is not None and is_integer(entry.get("length")):
        return [[offset, offset + entry["length"]]]
    for name in NESTED:
        value = entry.get(name)
        if isinstance(value, dict) and (pieces := find_pieces(value)):
            return pieces
        if _is_pairs([value]):
            return [list(value)]  # type: ignore[arg-type]
        if isinstance(value, list | tuple) and value and _is_pairs(value):
            return sorted(list(pair) for pair in value)
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            nested = [find_pieces(item) for item in value]
            if all(nested):
                return sorted(pair for pieces in nested for pair in pieces or ())
    return None


def has_no_type(entry: Any) -> bool:
    """Return whether an entry has no field for its type, but others that are unknown."""
    return (
        isinstance(entry, dict)
        and not entry.keys() & {*TYPES, "infons"}
        and not entry.keys() <= _OUR_FIELDS
    )


def find_types(entry: Mapping[str, Any]) -> list[str]:
    """Return the types of a mention; none if no field contains a type."""
    for name in TYPES:
        if names := _get_names(entry.get(name)):
            return names
    infons = entry.get("infons")  # of BioC
    return find_types(infons) if isinstance(infons, dict) else []


def _get_names(value: Any) -> list[str]:
    """Return the types in a field: a name, a list of names, the labels of flair, or an object."""
    if isinstance(value, dict):
        value = value.get("name")
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        value = [item.get("value") for item in value]
    names = [value] if isinstance(value, str) and value else value
    return list(dict.fromkeys(names)) if _is_strings(names) else []


def find_identifiers(entry: Mapping[str, Any]) -> list[str]:
    """Return the concept identifiers of a mention."""
    given = entry.get("identifiers")
    if _is_strings(given):
        return list(given)  # type: ignore[arg-type]
    infons = entry.get("infons")  # of BioC
    return [*read_identifiers({**(infons if isinstance(infons, dict) else {}), **entry})]


def _is_pairs(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(
        isinstance(pair, list | tuple) and len(pair) == 2 and all(map(is_integer, pair))
        for pair in value
    )


def _is_strings(value: Any) -> bool:
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and bool(value)
        and all(isinstance(item, str) for item in value)
    )
