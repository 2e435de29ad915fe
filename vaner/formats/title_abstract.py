"""The title and the abstract of a text, which BioC writes as passages."""

from __future__ import annotations

from typing import Any


def mark_passages(title: str, abstract: str) -> dict[str, Any]:
    """Return metadata with the passages of a text: a title and an abstract, joined by a line break.

    Args:
        title: the title; empty if there is none, and no line break precedes the abstract.
        abstract: the abstract; empty if there is none.

    >>> mark_passages("", "Rats.")
    {'bioc': {'passages': ({'offset': 0, 'length': 5, 'infons': {'type': 'abstract'}},)}}
    """
    passages, offset = list[dict[str, Any]](), 0
    for type, text in (("title", title), ("abstract", abstract)):
        if text:
            passages.append({"offset": offset, "length": len(text), "infons": {"type": type}})
            offset += len(text) + 1
    return {"bioc": {"passages": tuple(passages)}} if passages else {}
