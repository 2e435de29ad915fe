"""The names of numeric tags, which programs store in another file, or around the records.

`datasets` describes them in ``dataset_info.json`` or in the head of ``README.md``; other programs
write ``label.json`` or ``id2label.json``, or fields such as ``label_names`` around the records.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from vaner.formats.dialects.fields import TAG_FIELDS, find_tag_field
from vaner.formats.json_values import is_integer
from vaner.formats.source import InputFile

Classes = Mapping[str, Sequence[str]]
"""Field with tags -> names of its classes."""

_DESCRIPTIONS = ("dataset_info.json", "dataset_infos.json", "README.md")
_LISTS = tuple(
    f"{name}.json" for name in ("label", "labels", "id2label", "label2id", "label_names", "tags")
)
_FIELDS = ("label_names", "tag_names", "id2label", "label2id", "label_list", "tag2id", "id2tag")
_MAX_SIZE = 1 << 20


def find_classes(file: InputFile) -> Classes:
    """Return the names of the tags of a file, from the files in its folder; empty if none has them.

    Args:
        file: the file.
    """
    if file.data is not None or file.is_stdin:
        return {}
    for name in _DESCRIPTIONS:
        if classes := _find_features(_load(file.path.with_name(name))):
            return classes
    for name in _LISTS:
        path = file.path.with_name(name)
        if path != file.path and (names := read_names(_load(path))):
            return dict.fromkeys(TAG_FIELDS, names)
    return {}


def describes_classes(path: Path) -> bool:
    """Return whether a file has no records, but describes those of other files of its folder."""
    if path.suffix == ".json" and path.name in _DESCRIPTIONS:
        return True
    return path.name in _LISTS and bool(read_names(_load(path)))


def name_tags(record: Any, container: Mapping[str, Any]) -> Any:
    """Return a record with names instead of numeric tags, if the object around it has the names."""
    field = find_tag_field(record) if isinstance(record, dict) else None
    names = next((n for key in _FIELDS if (n := read_names(container.get(key)))), ())
    if field is not None and not names and "features" in container:
        names = _find_features({"features": container["features"]}).get(field, ())
    if (
        field is None
        or not names
        or not all(is_integer(t) and 0 <= t < len(names) for t in record[field])
    ):
        return record
    return {**record, field: [names[tag] for tag in record[field]]}


def read_names(value: Any) -> Sequence[str]:
    """Return the names of classes by their numbers; none if a value is something else.

    >>> read_names({"O": 0, "B-Disease": 1}), read_names({"1": "B-Disease", "0": "O"})
    (['O', 'B-Disease'], ['O', 'B-Disease'])
    """
    if isinstance(value, dict):
        pairs = [(k, v) if is_integer(v) else (v, k) for k, v in value.items()]
        if not all(isinstance(name, str) and str(number).isdecimal() for name, number in pairs):
            return []
        value = [name for name, _ in sorted(pairs, key=lambda pair: int(pair[1]))]
        if sorted(int(number) for _, number in pairs) != list(range(len(value))):
            return []
    is_list = isinstance(value, list) and all(isinstance(name, str) for name in value)
    return value if is_list and "O" in value else []


def _load(path: Path) -> Any:
    """Return the content of a JSON file, or of the head of a page; None if there is none."""
    try:
        if not path.is_file() or path.stat().st_size > _MAX_SIZE:
            return None
        text = path.read_text("utf-8")
        return yaml.safe_load(text.split("---")[1]) if path.suffix == ".md" else json.loads(text)
    except (OSError, ValueError, IndexError, RecursionError, yaml.YAMLError):
        return None  # the file describes something else


def _find_features(description: Any) -> dict[str, Sequence[str]]:
    """Return the names of the classes of each field in a description of a data set."""
    if isinstance(description, list):
        listed = [_find_features(item) for item in description]
        return {field: names for classes in listed for field, names in classes.items()}
    if not isinstance(description, dict):
        return {}
    features = description.get("features")
    if isinstance(features, list):
        features = {f.get("name"): f for f in features if isinstance(f, dict)}
    if isinstance(features, dict):
        pairs = [(name, _find_names(feature)) for name, feature in features.items()]
        return {str(field): names for field, names in pairs if names}
    others = [v for v in description.values() if isinstance(v, dict | list)]
    return _find_features(others) if others else {}


def get_item_feature(feature: Any) -> Any:
    """Return the feature of the items of a list, or the feature itself if it is not a list.

    >>> get_item_feature([{"names": ["O"]}]) == get_item_feature({"feature": {"names": ["O"]}})
    True
    """
    if isinstance(feature, list) and len(feature) == 1:  # of `datasets` before version 4
        return get_item_feature(feature[0])
    is_list = isinstance(feature, dict) and "feature" in feature
    return get_item_feature(feature["feature"]) if is_list else feature


def _find_names(feature: Any) -> Sequence[str]:
    """Return the names of a class label, which may be the feature of a list."""
    feature = get_item_feature(feature)
    if not isinstance(feature, dict):
        return ()
    for key in ("sequence", "list", "class_label", "type"):
        if names := _find_names(feature.get(key)):
            return names
    return read_names(feature.get("names"))
