"""The look of each entity type: a color and a line style, the same wherever mentions are shown.

``type_looks.toml`` lists colors and types. The look of any other type depends only on its name, so
that it is the same in every document and session; two such types may look alike.
"""

from __future__ import annotations

import re
import tomllib
import zlib
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

STYLES = ("solid", "double", "dashed", "dotted")
"""Line styles, which distinguish types of the same color."""

_DISPLACY_SHARES = (45, 28, 60, 16)  # percent of the line's color behind a mention, by line style


class Color(NamedTuple):
    """A color for lines and a color for text on a tint of it, on a light and on a dark page."""

    line: str
    text: str
    dark_line: str
    dark_text: str


def find_look(type: str) -> int:
    """Return the look of an entity type, in ``range(len(COLORS) * len(STYLES))``.

    Its color is ``COLORS[look % len(COLORS)]``, its line ``STYLES[look // len(COLORS)]``.

    >>> find_look("Disease") == find_look("DISEASE") != find_look("Chemical")
    True
    """
    return _find_look(_simplify(type))


def displacy_colors(types: Iterable[str] = ()) -> dict[str, str]:
    """Return colors for spaCy's displaCy, which looks up labels in upper case.

    They are tints of the same colors, because displaCy fills the background of a mention. spaCy
    finds those of the listed types without this function.

    Args:
        types: further types, in any case.

    >>> displacy_colors(["Ward"])["WARD"][0]
    '#'
    """
    listed = {name.upper(): look for name, look in _read_listed().items()}
    others = {type.upper(): find_look(type) for type in types}
    return {name: _tint(look) for name, look in (listed | others).items()}


@lru_cache(maxsize=4096)
def _find_look(name: str) -> int:
    listed = _read_simple_names()
    if name in listed:
        return listed[name]
    free = [look for look in range(len(COLORS) * len(STYLES)) if look not in _read_reserved()]
    return free[zlib.crc32(name.encode("utf-8", "surrogatepass")) % len(free)]


def _simplify(type: str) -> str:
    return re.sub(r"[\W_]", "", type.casefold()) or type


def _tint(look: int) -> str:
    """Return a color that is light enough for black text."""
    share = _DISPLACY_SHARES[look // len(COLORS)] / 100
    line = COLORS[look % len(COLORS)].line
    parts = (int(line[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 + (part - 255) * share):02x}" for part in parts)


@cache
def _read_data() -> dict[str, Any]:
    return tomllib.loads((files(__package__) / "type_looks.toml").read_text("utf-8"))


COLORS = tuple(Color(**color) for color in _read_data()["colors"].values())
"""The colors, in the order of the data file."""


def _number_look(entry: dict[str, Any]) -> int:
    color = list(_read_data()["colors"]).index(entry["color"])
    return STYLES.index(entry["line"]) * len(COLORS) + color


@cache
def _read_listed() -> dict[str, int]:
    entries = _read_data()["types"]
    return {name: _number_look(entry) for entry in entries for name in entry["names"]}


@cache
def _read_simple_names() -> dict[str, int]:
    return {_simplify(name): look for name, look in _read_listed().items()}


@cache
def _read_reserved() -> frozenset[int]:
    entries = _read_data()["types"]
    return frozenset(_number_look(entry) for entry in entries if entry.get("reserved"))
