"""Mapping from MeSH trees and UMLS semantic types to entity types, read from TOML files."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def _load(name: str) -> dict[str, Any]:
    return tomllib.loads((files("vaner.knowledge.sources") / name).read_text("utf-8"))


def umls_types() -> Mapping[str, str]:
    """Return UMLS semantic type (TUI) -> entity type.

    >>> umls_types()["T047"]
    'Disease'
    """
    return _load("umls_types.toml")


def mesh_types(tree_numbers: Iterable[str]) -> list[str]:
    """Return the entity types of a MeSH descriptor, sorted; empty if it has none.

    >>> mesh_types(["C04.588.180", "C17.800.090.500"]), mesh_types(["D12.776.124", "D23.529.374"])
    (['Disease'], ['Gene'])
    """
    types = {_tree_type(number) for number in tree_numbers} - {""}
    for type, replaced_types in _load("mesh_types.toml")["over"].items():
        if type in types:
            types -= set(replaced_types)
    return sorted(types)


def mesh_supplementary_type(record_class: str) -> str:
    """Return the entity type of a class of MeSH supplementary records; empty if it has none."""
    return str(_load("mesh_types.toml")["supplementary"].get(record_class, ""))


def _tree_type(number: str) -> str:
    trees: dict[str, str] = _load("mesh_types.toml")["trees"]
    levels = number.split(".")
    for depth in range(len(levels), 0, -1):
        prefix = ".".join(levels[:depth])
        if prefix in trees:
            return trees[prefix]
    return trees.get(number[:1], "")
