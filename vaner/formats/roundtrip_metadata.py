"""What a format keeps of a file in the metadata under its own name, so that it can be written back.

Metadata may come from others, for whom the name says something else, or have been changed by hand:
it is used where it has the shape that the format gives it, and left out where it has not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from annotated_types import Predicate

from vaner.formats.spans import Losses
from vaner.text.documents import Document
from vaner.utils.validated_json import validation_error

SHAPE = "metadata under the name of the format left out, it is not of its shape"


def _on_one_line(text: str) -> bool:
    return not any(end in text for end in "\r\n")


Line = Annotated[str, Predicate(_on_one_line)]
"""A string without a line break."""


def get_roundtrip_metadata(
    document: Document, name: str, shape: type, lost: Losses
) -> Mapping[str, Any]:
    """What a format kept of a document; nothing where it kept none.

    Args:
        document: the document.
        name: name of the format in the metadata.
        shape: a typed dictionary, what the format keeps.
        lost: counts what is not of that shape.
    """
    found = document.metadata.get(name)
    if found is None:
        return {}
    if not isinstance(found, Mapping) or validation_error(found, shape):
        lost[SHAPE] += 1
        return {}
    return found
