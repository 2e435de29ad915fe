"""Regions of Label Studio: the mentions of an answer, and what else it contains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from vaner.formats.json_values import check_pair, check_probability, check_quoted, check_type
from vaner.formats.label_studio.tasks import LABELS
from vaner.formats.offset_conventions import are_converted_without_texts
from vaner.formats.skipped_records import SkipCounts, count_field
from vaner.formats.source import MalformedError
from vaner.formats.spans import make_span
from vaner.formats.utf16 import get_unit_offsets, has_wide_characters, to_code_point
from vaner.text.documents import Span

UNLABELED = "a region without a label"
NOTE = "a note"
_OTHERS = {
    "relation": "a relation", "choices": "a choice", "textarea": NOTE, "taxonomy": "a choice",
    "rating": "a rating", "number": "a number", "datetime": "a date", "pairwise": "a comparison",
    "ranker": "a ranking",
}  # fmt: skip
_OTHER = "an answer of another type"
# Regions that are not in plain text, so that their offsets mean something else.
_UNSUPPORTED_REGIONS = {"hypertextlabels": "HTML", "paragraphlabels": "dialogue"}

_KNOWN_FIELDS = {
    "id", "from_name", "to_name", "type", "value", "score", "meta", "origin", "readonly", "hidden",
    "locked", "parentID", "lastUpdatedBy",
}  # fmt: skip
_KNOWN_VALUES = {"start", "end", "text", LABELS, "startOffset", "endOffset", "globalOffsets"}


class Region(NamedTuple):
    """A mention as in the file.

    Args:
        start: first offset in its text.
        end: end offset in its text.
        label: type of the mention.
        quoted: the mention as repeated in the file, or None.
        score: probability, or None.
        target: name of the Text tag of the text, or None.
        control: name of the Labels tag, or None.
    """

    start: int
    end: int
    label: str
    quoted: str | None
    score: float | None
    target: str | None
    control: str | None


def get_regions(result: Mapping[str, Any], skipped: SkipCounts) -> Iterator[Region]:
    """Yield a mention for each label of a result.

    Args:
        result: a result of an answer.
        skipped: counts other results: relations, choices, notes, and regions without a label.

    Raises:
        MalformedError: if the region is not in plain text.
    """
    kind = result.get("type", LABELS)
    if isinstance(kind, str) and kind in _UNSUPPORTED_REGIONS:
        raise MalformedError(
            f"a mention in {_UNSUPPORTED_REGIONS[kind]}; only those in plain text are read"
        )
    value = result.get("value")
    if kind != LABELS or not isinstance(value, dict):
        skipped[_OTHERS.get(kind, _OTHER) if isinstance(kind, str) else _OTHER] += 1
        return
    _count_other_fields(result, value, skipped)
    start, end = check_pair((value.get("start"), value.get("end")))
    quoted = check_quoted(value, "text of a mention")
    labels = check_type(value.get(LABELS) or [], list, LABELS)
    if not labels:
        skipped[UNLABELED] += 1
    target, control = (_get_name(result, key) for key in ("to_name", "from_name"))
    for label in labels:
        score = check_probability(result.get("score"))
        type = check_type(label, str, "a label")
        yield Region(start, end, type, quoted, score, target, control)


def _count_other_fields(
    result: Mapping[str, Any], value: Mapping[str, Any], skipped: SkipCounts
) -> None:
    """Count the note of a region, and its fields that are not read."""
    meta = result.get("meta")
    fields = dict(meta) if isinstance(meta, dict) else {"meta": meta}
    if fields.pop("text", None):
        skipped[NOTE] += 1
    fields |= {name: content for name, content in result.items() if name not in _KNOWN_FIELDS}
    fields |= {name: content for name, content in value.items() if name not in _KNOWN_VALUES}
    for name, content in fields.items():
        count_field(name, content, "mention", skipped)


def _get_name(result: Mapping[str, Any], key: str) -> str | None:
    name = result.get(key)
    return name if isinstance(name, str) else None


def agree(text: str, regions: Sequence[Region]) -> bool:
    """Return whether regions repeat their mentions, and all of these are there in the text."""
    quoted = [region for region in regions if region.quoted is not None]
    if not quoted:
        return False
    mentions = (text[region.start : region.end] for region in quoted)
    pairs = zip(mentions, quoted, strict=True)
    is_same = all(region.quoted in (m, m.replace("\n", "\\n")) for m, region in pairs)
    return is_same or counts_utf16_units(text, quoted)


def counts_utf16_units(text: str, regions: Sequence[Region]) -> bool:
    """Return whether the offsets agree with the repeated mentions only as UTF-16 units.

    If no mention is repeated: whether they cut words, and none as UTF-16 units.
    """
    if not has_wide_characters(text):
        return False
    quoted = [region for region in regions if region.quoted is not None]
    if not quoted:
        return are_converted_without_texts(text, [[(r.start, r.end)] for r in regions])
    if all(text[r.start : r.end] == r.quoted for r in quoted):
        return False
    units = text.encode("utf-16-le", "surrogatepass")
    return all(
        units[2 * r.start : 2 * r.end].decode("utf-16-le", "surrogatepass") == r.quoted
        for r in quoted
    )


class SpanMaker:
    """Makes the spans of a text from its regions.

    Args:
        text: the text.
        regions: all its regions, which show what the offsets count.
        shift: offset of the text in the document.

    Attributes:
        is_converted_by_words: whether UTF-16 units are converted although no mention is repeated.
    """

    def __init__(self, text: str, regions: Sequence[Region], shift: int) -> None:
        self.text, self.shift = text, shift
        is_quoted = any(region.quoted is not None for region in regions)
        self.unit_offsets = get_unit_offsets(text) if counts_utf16_units(text, regions) else None
        self.is_converted_by_words = self.unit_offsets is not None and not is_quoted

    def make(self, region: Region) -> Span:
        """Return the span of a region in the document.

        Raises:
            SpanError: if the region disagrees with the text.
            MalformedError: if an offset is inside a character.
        """
        start, end = region.start, region.end
        if self.unit_offsets is not None:
            start, end = (to_code_point(self.unit_offsets, unit) for unit in (start, end))
        quoted = _restore_line_breaks(self.text[start:end], region.quoted)
        span = make_span(self.text, [(start, end)], region.label, quoted=quoted, score=region.score)
        return replace(span, start=span.start + self.shift, end=span.end + self.shift)


def _restore_line_breaks(mention: str, quoted: str | None) -> str | None:
    r"""Return a repeated mention with line breaks, if they were written as the letters ``\n``."""
    if quoted is None or mention == quoted:
        return quoted
    return quoted.replace("\\n", "\n")
