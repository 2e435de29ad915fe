"""A knowledge base on disk: one Parquet file. Opening it reads only the footer."""

from __future__ import annotations

import json
import logging
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vaner.errors import KnowledgeError, library_errors
from vaner.knowledge.base_writer import (
    FOOTER_KEY,
    REVISION,
    ROWS_PER_GROUP,
    SCHEMA,
    SCHEMA_VERSION,
    write_rows,
)
from vaner.knowledge.concepts import Concept, Source
from vaner.knowledge.type_names import match_types
from vaner.utils.cache_folder import get_cache_folder
from vaner.utils.deprecation import renamed_fields
from vaner.utils.names import match_name, suggest_name
from vaner.utils.temporary_folder import temporary_folder

logger = logging.getLogger(__name__)

_OLD_SOURCE_FIELDS = {"licence": "license", "home": "homepage"}
_ADVICE = "build one from OBO, TSV or other files with: vaner kb build"
_FOOTER = ("name", "sources", "concepts", "names", "fingerprint")


class KnowledgeBase:
    """The concepts of a knowledge base, in the order in which they were built.

    The file is memory-mapped. Columns are read only when they are needed.

    Args:
        path: a ``.parquet`` file written by `write`.

    Raises:
        KnowledgeError: if it is missing, damaged, or has another schema version.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.exists():
            raise KnowledgeError(f"{path}: no such knowledge base")
        with library_errors(path, "not a knowledge base", _ADVICE, error_class=KnowledgeError):
            self._file = pq.ParquetFile(self.path, memory_map=True)
        about = _read_about((self._file.metadata.metadata or {}).get(FOOTER_KEY))
        if about is None:
            message = f"{path}: a Parquet file, but not a knowledge base of vaner"
            raise KnowledgeError(f"{message}; {_ADVICE}")
        self._about: dict[str, Any] = about
        if about.get("schema") != SCHEMA_VERSION:
            raise KnowledgeError(
                f"{path}: schema version {about.get('schema')} is not supported, only version "
                f"{SCHEMA_VERSION}; rebuild it with: vaner kb build {self.name}"
            )
        missing = [key for key in _FOOTER if key not in about]
        missing += [name for name in SCHEMA.names if name not in self._file.schema_arrow.names]
        if missing:
            raise KnowledgeError(f"{path}: damaged knowledge base without {', '.join(missing)}")
        with self._damage():  # a damaged description is reported now, not at its first use
            _ = self.sources, self.concept_counts, self.name_counts, len(self)
            _check_counts({**self.concept_counts, **self.name_counts})

    def _damage(self) -> AbstractContextManager[None]:
        """Return the boundary around everything that reads the file."""
        advice = f"rebuild it with: vaner kb build {self.name}"
        return library_errors(
            self.path, "damaged knowledge base", advice, error_class=KnowledgeError
        )

    @property
    def name(self) -> str:
        """Name of the base."""
        return str(self._about.get("name", self.path.stem))

    @property
    def is_outdated(self) -> bool:
        """Whether an older revision of the readers built it."""
        revision = self._about.get("revision", 1)
        return not isinstance(revision, int) or revision < REVISION

    @cached_property
    def sources(self) -> dict[str, Source]:
        """Name of a source -> its license, home page and version."""
        return {
            fields["name"]: Source(**renamed_fields(fields, _OLD_SOURCE_FIELDS))
            for fields in self._about["sources"]
        }

    @cached_property
    def concept_counts(self) -> Counter[str]:
        """Number of concepts of each type."""
        return Counter(self._about["concepts"])

    @cached_property
    def name_counts(self) -> Counter[str]:
        """Number of names of each type. A name of two concepts counts twice."""
        return Counter(self._about["names"])

    @property
    def types(self) -> tuple[str, ...]:
        """Entity types, sorted."""
        return tuple(sorted(self.concept_counts))

    @property
    def species(self) -> str:
        """The species of its genes, such as ``human``; empty if they are of several."""
        return str(self._about.get("species", ""))

    @property
    def fingerprint(self) -> str:
        """A hash of the content, part of the key of every cache made from the base."""
        return str(self._about["fingerprint"])

    def __len__(self) -> int:
        """Number of concepts."""
        return int(self._file.metadata.num_rows)

    def __iter__(self) -> Iterator[Concept]:
        for batch in self._batches(SCHEMA.names):
            with self._damage():
                concepts = [
                    Concept(
                        row["identifier"], row["name"], row["type"], tuple(row["synonyms"]),
                        row["source"],
                    )
                    for row in batch.to_pylist()
                ]  # fmt: skip
            yield from concepts

    def names(self, types: Sequence[str] | None = None) -> Iterator[tuple[str, str, str]]:
        """Yield every name with its type and the identifier of its concept.

        Args:
            types: only these types; all if None.

        Yields:
            ``(name, type, identifier)``, without duplicate names of a concept.

        Raises:
            KnowledgeError: for a type that the base does not have.
        """
        types = self.resolve_types(types)
        columns = ["identifier", "name", "synonyms", "type"]
        for batch in self._batches(columns):
            with self._damage():
                rows = list(zip(*(batch.column(c).to_pylist() for c in columns), strict=True))
            for identifier, name, synonyms, type in rows:
                if types is None or type in types:
                    for spelling in dict.fromkeys((name, *synonyms)):
                        yield spelling, type, identifier

    def _batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yield the rows in batches. Damage to the file is detected only here."""
        with self._damage():
            batches = self._file.iter_batches(ROWS_PER_GROUP, columns=list(columns))
        while True:
            with self._damage():
                batch = next(batches, None)
            if batch is None:
                return
            yield batch

    def resolve_types(self, types: Sequence[str] | None) -> list[str] | None:
        """Return the names of types that a user gives, in any case; None is returned unchanged.

        Raises:
            KnowledgeError: for a type that the base does not have.
        """
        return match_types(types, self.types, f"knowledge base {self.name}")


def default_path(name: str) -> Path:
    """Return the path in the cache folder where a base is built by default."""
    return get_cache_folder() / "knowledge" / f"{name}.parquet"


def open_base(name_or_path: str | Path) -> KnowledgeBase:
    """Open a base that has been built, with a warning in the log if it is outdated.

    Args:
        name_or_path: a name such as ``"open"``, or a ``.parquet`` file.

    Raises:
        KnowledgeError: if it has not been built, with the command to build it.

    >>> open_base("open")  # doctest: +SKIP
    KnowledgeBase('open')
    """
    text = str(name_or_path)
    if text.endswith(".parquet") or Path(text).is_file():
        return _warn_if_outdated(KnowledgeBase(text))
    path = default_path(match_name(text, list_built()) or text)
    if not path.is_file():
        from vaner.knowledge.manifest import shipped_names  # imports all readers

        shipped = match_name(text, shipped_names())
        suggestion = suggest_name(text, {*shipped_names(), *list_built()})
        raise KnowledgeError(
            f"knowledge base {shipped!r} has not been built; build it with: "
            f"vaner kb build {shipped}"
            if shipped
            else f"unknown knowledge base {text!r}; see vaner kb list{suggestion}"
        )
    return _warn_if_outdated(KnowledgeBase(path))


def _warn_if_outdated(base: KnowledgeBase) -> KnowledgeBase:
    if base.is_outdated:
        logger.warning(
            "knowledge base %s was built by an older version of vaner, and its identifiers may be "
            "wrong; rebuild it with: vaner kb build %s", base.name, base.name,
        )  # fmt: skip
    return base


def list_built() -> tuple[str, ...]:
    """Return the names of the bases in the cache folder, sorted."""
    return tuple(sorted(path.stem for path in default_path("").parent.glob("[!.]*.parquet")))


def write(
    concepts: Iterable[Concept],
    path: str | Path,
    *,
    name: str,
    sources: Sequence[Source],
    species: str = "",
) -> KnowledgeBase:
    """Write a base in batches, and open it.

    The file is written atomically. A concept that several sources have is stored once per source,
    so that its origin is not lost.

    Args:
        concepts: in any order, which is preserved.
        path: the ``.parquet`` file to write.
        name: name of the base.
        sources: all sources of the concepts.
        species: species of the genes; empty if they are of several.

    Raises:
        KnowledgeError: if the source of a concept is not in `sources`, there are no concepts, or
            the file cannot be written.
    """
    path = Path(path)
    try:
        with temporary_folder(path) as work:
            write_rows(concepts, work / "rows", name, sources, species)
            os.replace(work / "rows", path)
    except OSError as error:
        raise KnowledgeError(f"{path}: cannot be written: {error.strerror or error}") from None
    return KnowledgeBase(path)


def _read_about(footer: bytes | None) -> dict[str, Any] | None:
    """Return the content of the footer; None if `write` did not write it."""
    try:
        about = json.loads(footer or b"")
    except (ValueError, RecursionError):
        return None
    return about if isinstance(about, dict) else None


def _check_counts(counts: Mapping[str, object]) -> None:
    """Check that counts are integers by type.

    Raises:
        ValueError: if they are not.
    """
    if not all(isinstance(count, int) and count >= 0 for count in counts.values()):
        raise ValueError("a number of concepts is not an integer")
