"""Relations, attributes and notes that a file had besides mentions, and a format has no place for.

vaner reads mentions. What else a file says about its text is carried along by the format that read
it, which can write it again; written as another format it is lost, and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from vaner.documents import Document
from vaner.formats import bioc, brat, pubtator
from vaner.formats.spans import Lost, own_metadata

BESIDES = "relation, attribute or note has no place in the format"

# Metadata that a format reads -> how many such things there are in it.
_NUMBERS: Mapping[str, Callable[[Mapping[str, Any]], int]] = {
    "bioc": bioc.besides,
    "brat": brat.besides,
    "pubtator": pubtator.besides,
}

# Format -> the metadata that it writes; those that are not named write none of it.
_WRITTEN: Mapping[str, tuple[str, ...]] = {
    "bioc_json": ("bioc",),
    "bioc_xml": ("bioc",),
    "brat": ("brat",),
    "jsonl": tuple(_NUMBERS),
    "parquet": tuple(_NUMBERS),
    "pubtator": ("pubtator",),
}


def watched(documents: Iterable[Document], format: str, lost: Lost) -> Iterator[Document]:
    """Documents on their way into a format, and a count of what they will not hold there."""
    for document in documents:
        for name in _NUMBERS.keys() - _WRITTEN.get(format, ()):
            lost[BESIDES] += _NUMBERS[name](own_metadata(document, name))
        yield document
