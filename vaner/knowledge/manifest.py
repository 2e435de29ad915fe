"""Manifests: the sources of a knowledge base, where to get them, and their licenses."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from vaner.errors import KnowledgeError, library_errors
from vaner.knowledge.sources.readers import READERS
from vaner.utils.deprecation import renamed_fields, warn_renamed
from vaner.utils.names import is_file_name, suggest_name

_OLD_FIELDS = {
    "licence": "license",
    "home": "homepage",
    "address": "url",
    "how": "instructions",
    "also": "companion_files",
}


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """One source of a knowledge base, a ``[[sources]]`` table of the manifest.

    Args:
        name: name of the source, stored with each of its concepts.
        reader: name of the reader, one of `READERS`.
        file: alternative file names or patterns, in the user's folder or in the installed package.
        license: license of the source, as its owner states it.
        homepage: URL of the home page.
        url: where the file is published, if that is not the home page.
        instructions: how to get the file, in one line.
        package: name of the PyPI package that contains the file; empty for a downloaded file.
        module: name under which that package is imported.
        companion_files: further files that must be in the same folder.
        checksum: required SHA-256 of the file, in hex; empty to accept any version.
        optional: whether the base can be built without this source if another one exists.
        options: arguments of the reader.
    """

    name: str
    reader: str
    file: tuple[str, ...]
    license: str
    homepage: str
    url: str = ""
    instructions: str = ""
    package: str = ""
    module: str = ""
    companion_files: tuple[str, ...] = ()
    checksum: str = ""
    optional: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A description of how to build a knowledge base.

    Args:
        name: name of the base and of its file.
        description: one line about its content.
        sources: at least one.
        path: the file of the manifest.
        species: species of its genes, such as ``human``; empty if they are of several.
    """

    name: str
    description: str
    sources: tuple[SourceEntry, ...]
    path: Path
    species: str = ""


def shipped_names() -> tuple[str, ...]:
    """Return the names of the manifests that are included in vaner, sorted."""
    return tuple(sorted(_shipped_paths()))


def load(name_or_path: str | Path) -> Manifest:
    """Load a manifest.

    Args:
        name_or_path: name of an included manifest, or path of a TOML file.

    Raises:
        KnowledgeError: for an unknown name, and for a wrong or missing field.

    >>> load("hgnc").sources[0].reader
    'hgnc'
    """
    text = str(name_or_path)
    path = _shipped_paths().get(text.lower())
    if path is None and text.endswith(".toml"):
        path = Path(text)
    if path is None:
        raise KnowledgeError(
            f"unknown knowledge base {text!r}; known: {', '.join(shipped_names())}, "
            f"or give the path of a manifest (.toml){suggest_name(text, shipped_names())}"
        )
    try:
        content = path.read_text("utf-8")
    except OSError as error:
        raise KnowledgeError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise KnowledgeError(f"{path}: not a manifest: {error}") from None
    with library_errors(path, "not a manifest", error_class=KnowledgeError):
        return _parse_manifest(tomllib.loads(content), path)


@cache
def _shipped_paths() -> dict[str, Path]:
    folder = Path(str(files("vaner") / "knowledge_bases"))
    return {path.stem: path for path in folder.glob("*.toml")}


def _parse_manifest(content: Mapping[str, Any], path: Path) -> Manifest:
    entries = content.get("sources")
    if not isinstance(entries, list) or not entries:
        raise KnowledgeError(f"{path}: a manifest needs at least one [[sources]] table")
    known = {"name", "description", "species", "sources"}
    if unknown := sorted(set(content) - known):
        suggestion = suggest_name(unknown[0], known)
        raise KnowledgeError(f"{path}: unknown field {', '.join(unknown)}{suggestion}")
    name = content.get("name", path.stem)
    if not isinstance(name, str) or not is_file_name(name):
        raise KnowledgeError(f"{path}: name {name!r} is not a valid file name")
    sources = tuple(_parse_entry(entry, path) for entry in entries)
    names = [source.name for source in sources]
    if duplicates := sorted({name for name in names if names.count(name) > 1}):
        raise KnowledgeError(f"{path}: several sources have the name {', '.join(duplicates)}")
    description, species = (str(content.get(name, "")) for name in ("description", "species"))
    return Manifest(name, description, sources, path, species)


def _parse_entry(entry: Mapping[str, Any], path: Path) -> SourceEntry:
    known = {f.name: f for f in fields(SourceEntry)}
    where = f"{path}: source {entry.get('name', '?')}"
    entry = _rename_old_fields(entry, where)
    if unknown := sorted(set(entry) - set(known)):
        suggestion = suggest_name(unknown[0], known)
        raise KnowledgeError(f"{where}: unknown field {', '.join(unknown)}{suggestion}")
    required = (n for n, f in known.items() if f.default is f.default_factory is MISSING)
    if missing := [name for name in required if name not in entry]:
        raise KnowledgeError(f"{where}: missing field {', '.join(missing)}")
    values = {name: _parse_value(name, value, where) for name, value in entry.items()}
    if values["reader"] not in READERS:
        raise KnowledgeError(
            f"{where}: unknown reader {values['reader']!r}; readers: {', '.join(READERS)}"
            f"{suggest_name(values['reader'], READERS)}"
        )
    return SourceEntry(**values)


def _rename_old_fields(entry: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return an entry with the current names of its fields, warning about old ones."""
    for name in entry:
        if name in _OLD_FIELDS:
            warn_renamed(f"{where}: field {name}", _OLD_FIELDS[name])
    return renamed_fields(entry, _OLD_FIELDS)


_FIELD_TYPES: Mapping[str, type] = {
    "optional": bool,
    "options": dict,
    "file": tuple,
    "companion_files": tuple,
}


def _parse_value(name: str, value: Any, where: str) -> Any:
    """Return a field with its declared type; a single string may replace a list."""
    expected = _FIELD_TYPES.get(name, str)
    if expected is tuple and isinstance(value, str | list):
        value = (value,) if isinstance(value, str) else tuple(map(str, value))
    if not isinstance(value, expected):
        raise KnowledgeError(f"{where}: {name} cannot be {value!r}")
    return value


def load_shipped() -> Iterator[Manifest]:
    """Load every manifest that is included in vaner."""
    for name in shipped_names():
        yield load(name)
