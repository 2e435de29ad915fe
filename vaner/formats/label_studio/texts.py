"""The texts of a task: the data fields that the mentions are in.

A project may have several Text tags, such as title and abstract. Their texts become one document,
joined by a line break. An export contains the names of the tags, but not the data fields that they
show: usually the names are the same, else the mentions that the export repeats show the field.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from vaner.formats.json_values import check_type
from vaner.formats.label_studio.regions import Region, agree
from vaner.formats.source import MalformedError

TEXT = "text"
_TITLE_AND_ABSTRACT = ("title", "abstract")


def assign_regions(
    data: Mapping[str, Any], regions: Sequence[Region], given: Sequence[str] = ()
) -> dict[str, list[Region]]:
    """Return the data fields with the texts of a document, in order, and their regions.

    Args:
        data: data of the task.
        regions: its mentions.
        given: names of the fields from the user; empty if they are not given.

    Raises:
        MalformedError: if it is not clear which field contains the text.
    """
    for name in given:
        if name not in data:
            raise MalformedError(f"the data has no field {name!r}; it has {', '.join(data)}")
        check_type(data[name], str, name)
    if not given and TEXT in data:
        check_type(data[TEXT], str, TEXT)
    strings = {key: value for key, value in data.items() if isinstance(value, str) and key != "id"}
    texts = {name: data[name] for name in given} or strings
    if not texts:
        raise _make_error(data)
    by_target: dict[object, list[Region]] = {}
    for number, region in enumerate(regions):  # JSON-MIN does not name the tag
        by_target.setdefault(number if region.target is None else region.target, []).append(region)
    fields = dict.fromkeys(given or _find_default_fields(strings))
    assigned: dict[str, list[Region]] = {}
    for same_target in by_target.values():
        field = _find_field(texts, same_target, fields)
        assigned.setdefault(field, []).extend(same_target)
    names = given or [name for name in strings if name in assigned or name in fields]
    if not names:
        raise _make_error(data)
    return {name: assigned.get(name, []) for name in names}


def _find_default_fields(strings: Mapping[str, str]) -> Iterable[str]:
    """Return the fields that contain text even if there are no mentions in them."""
    if TEXT in strings:
        return (TEXT,)
    if all(name in strings for name in _TITLE_AND_ABSTRACT):
        return _TITLE_AND_ABSTRACT
    return strings if len(strings) == 1 else ()


def _find_field(
    texts: Mapping[str, str], regions: Sequence[Region], defaults: Iterable[str]
) -> str:
    """Return the field of the regions of a Text tag."""
    if len(texts) == 1:
        return next(iter(texts))
    target = regions[0].target
    matching = [name for name, text in texts.items() if agree(text, regions)]
    candidates = matching or list(texts)
    default = next((name for name in defaults if name in candidates), None)
    if target in candidates:
        return str(target)
    if len(matching) == 1:
        return matching[0]
    if default is None:
        raise _make_error(texts)
    return default


def _make_error(data: Mapping[str, Any]) -> MalformedError:
    names = ", ".join(data)
    return MalformedError(
        f"which field of the data is the text? There are {names}; name it with --text-field"
    )
