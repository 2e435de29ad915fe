"""Entity types of MeSH records, read from ``mesh_types.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def _mapping() -> dict[str, Any]:
    text = (files("vaner.knowledge.sources") / "mesh_types.toml").read_text("utf-8")
    return tomllib.loads(text)


def types_of(tree_numbers: Iterable[str]) -> list[str]:
    """Entity types of a descriptor, sorted; none where it is nothing that corpora annotate.

    >>> types_of(["C04.588.180", "C17.800.090.500"]), types_of(["D12.776.124", "D23.529.374"])
    (['Disease'], ['Gene'])
    """
    found = {_type_of(number) for number in tree_numbers} - {""}
    for type, beaten in _mapping()["over"].items():
        if type in found:
            found -= set(beaten)
    return sorted(found)


def supplementary_type(record_class: str) -> str:
    """Entity type of a supplementary record's class; empty if there is none."""
    return str(_mapping()["supplementary"].get(record_class, ""))


def _type_of(number: str) -> str:
    trees: dict[str, str] = _mapping()["trees"]
    levels = number.split(".")
    for depth in range(len(levels), 0, -1):
        prefix = ".".join(levels[:depth])
        if prefix in trees:
            return trees[prefix]
    return trees.get(number[:1], "")
