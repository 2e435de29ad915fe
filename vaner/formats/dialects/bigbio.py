"""BigBIO's `bigbio_kb` rows: passages and entities with lists of texts and offsets.

Offsets count from the start of the document. A gap between two passages is filled as in BioC, so
that the offsets of the row are those of the document. Relations, events and coreferences are not
read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vaner.formats.bioc.layout import fill_gap
from vaner.formats.dialects.mentions import normalize_mention
from vaner.formats.json_values import check_type, get_list, is_integer
from vaner.formats.skipped_records import SkipCounts
from vaner.formats.source import MalformedError

_MAX_GAP = 1_000_000
_NOT_READ = ("relations", "events", "coreferences")


def matches(record: Any) -> bool:
    """Return whether a record has the passages of BigBIO, whose texts are lists."""
    if not isinstance(record, dict) or not isinstance(record.get("passages"), list):
        return False
    first = next(iter(record["passages"]), None)
    if first is None:
        return isinstance(record.get("entities"), list)
    return isinstance(first, dict) and isinstance(first.get("offsets"), list)


def convert(record: Mapping[str, Any], skipped: SkipCounts) -> Iterator[dict[str, Any]]:
    """Yield the row as a record of our JSON Lines.

    Raises:
        MalformedError: if its passages overlap, or are far from each other.
    """
    text, passages = "", []
    for passage in record["passages"]:
        for part, start in _read_parts(passage):
            if start < len(text):
                raise MalformedError(f"the passage at {start} overlaps the one before it")
            if start > len(text) + _MAX_GAP:
                raise MalformedError(f"the passage at {start} is far behind the end of the text")
            text += fill_gap(len(text), start) + part
            infons = {"type": str(passage.get("type") or "")}
            passages.append({"offset": start, "length": len(part), "infons": infons})
    entities = get_list(record, "entities")
    spans = [span for entity in entities for span in normalize_mention(entity, skipped)]
    metadata = {"bioc": {"passages": passages}} if len(passages) > 1 else {}
    skipped.update({name: len(get_list(record, name)) for name in _NOT_READ if record.get(name)})
    name = record.get("document_id") or record.get("id")
    yield {"id": name, "text": text, "spans": spans, "metadata": metadata}


def _read_parts(passage: Any) -> Iterator[tuple[str, int]]:
    """Yield the texts of a passage, each with its offset."""
    passage = check_type(passage, dict, "a passage")
    texts, offsets = passage.get("text"), passage.get("offsets")
    texts = [texts] if isinstance(texts, str) else texts
    if not isinstance(texts, list) or not isinstance(offsets, list) or len(texts) != len(offsets):
        raise MalformedError("a passage needs as many offsets as texts")
    for text, pair in zip(texts, offsets, strict=True):
        is_pair = isinstance(pair, list) and len(pair) == 2 and all(map(is_integer, pair))
        if not isinstance(text, str) or not is_pair:
            raise MalformedError("a passage needs a text and its offsets [start, end]")
        yield text, pair[0]
