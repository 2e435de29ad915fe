"""Relations, attributes and notes that a file had besides mentions, and a format has no place for.

vaner reads mentions. What else a file says about its text is carried along by the format that read
it, which can write it again; written as another format it is lost, and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping

from vaner.formats.bioc.metadata import count_unsupported as of_bioc
from vaner.formats.brat import count_unsupported as of_brat
from vaner.formats.pubtator import count_unsupported as of_pubtator
from vaner.formats.spans import Losses
from vaner.text.documents import Document

BESIDES = "relation, attribute or note has no place in the format"

_NUMBERS: Mapping[str, Callable[[Document], int]] = {
    "bioc": of_bioc,
    "brat": of_brat,
    "pubtator": of_pubtator,
}

ALL = tuple(_NUMBERS)
"""Names of the metadata that such things are kept in."""


def count_unsupported_annotations(
    documents: Iterable[Document], written: Container[str], lost: Losses
) -> Iterator[Document]:
    """Documents on their way into a format, and a count of what they will not hold there.

    Args:
        documents: the documents.
        written: of `ALL`, what the format writes.
        lost: the count.
    """
    for document in documents:
        for name, number in _NUMBERS.items():
            if name not in written:
                lost[BESIDES] += number(document)
        yield document
