"""Round-trip metadata: what a format stores of a file, to write the document back unchanged.

Each format uses a different metadata key. Another program may use the same key for something else,
and users may edit the metadata. So it is used only if it has the expected type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from annotated_types import Predicate

from vaner.formats.losses import Losses
from vaner.text.documents import Document
from vaner.utils.validated_json import validation_error

SHAPE = "metadata under the name of the format left out, it does not have the expected fields"


def _is_one_line(text: str) -> bool:
    return not any(end in text for end in "\r\n")


Line = Annotated[str, Predicate(_is_one_line)]
"""A string without a line break."""


def get_roundtrip_metadata(
    document: Document, key: str, expected_type: type, losses: Losses
) -> Mapping[str, Any]:
    """Return what a format has stored of a document; an empty mapping if there is nothing.

    Args:
        document: the document.
        key: metadata key of the format.
        expected_type: a typed dictionary of what the format stores.
        losses: counts metadata that does not have the type.
    """
    stored = document.metadata.get(key)
    if stored is None:
        return {}
    if not isinstance(stored, Mapping) or validation_error(stored, expected_type):
        losses[SHAPE] += 1
        return {}
    return stored


def with_roundtrip_metadata(document: Document, key: str, stored: Mapping[str, Any]) -> Document:
    """Return the document with other round-trip metadata of a format, without empty fields."""
    others = {name: value for name, value in document.metadata.items() if name != key}
    filled = {name: value for name, value in stored.items() if value}
    return replace(document, metadata=others | ({key: filled} if filled else {}))
