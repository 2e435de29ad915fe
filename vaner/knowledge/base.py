"""A knowledge base on disk: one Parquet file, opened without reading it."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vaner.errors import KnowledgeError, summarize_error
from vaner.knowledge.concepts import Concept, Source
from vaner.utils.cache_folder import get_cache_folder

logger = logging.getLogger(__name__)

SCHEMA_VERSION = 1
REVISION = 2
"""Of what the readers make of the same files: raised with every change that users should have.

2: the dictionaries' concepts have no MeSH numbers any more, a third of which were those of others.
"""
_KEY = b"vaner.knowledge"
_FOOTER = ("name", "sources", "concepts", "names", "fingerprint")
_ROWS = 50_000  # a row group: what is held in memory while a base is written or gone through
_SCHEMA = pa.schema(
    [
        ("identifier", pa.string()),
        ("name", pa.string()),
        ("synonyms", pa.list_(pa.string())),
        ("type", pa.dictionary(pa.int32(), pa.string())),
        ("source", pa.dictionary(pa.int32(), pa.string())),
    ]
)


class KnowledgeBase:
    """Concepts of one base, in the order they were built.

    Opening maps the file and reads only its footer; columns are read when they are asked for.

    Args:
        path: a ``.parquet`` file that `write` made.

    Raises:
        KnowledgeError: where it is missing, damaged, or of another schema version.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            self._file = pq.ParquetFile(self.path, memory_map=True)
        except FileNotFoundError:
            raise KnowledgeError(f"{path}: there is no such knowledge base") from None
        except (OSError, pa.ArrowInvalid) as error:
            raise KnowledgeError(
                f"{path}: not a knowledge base: {summarize_error(error)}"
            ) from None
        about = _read_about((self._file.metadata.metadata or {}).get(_KEY))
        if about is None:
            raise KnowledgeError(f"{path}: a Parquet file, but not a knowledge base of vaner")
        self._about: dict[str, Any] = about
        if about.get("schema") != SCHEMA_VERSION:
            raise KnowledgeError(
                f"{path}: is of schema version {about.get('schema')}, this vaner reads "
                f"{SCHEMA_VERSION}; build it again with: vaner kb build {self.name}"
            )
        lost = [key for key in _FOOTER if key not in about]
        lost += [name for name in _SCHEMA.names if name not in self._file.schema_arrow.names]
        if lost:
            raise KnowledgeError(f"{path}: a damaged knowledge base, without {', '.join(lost)}")

    @property
    def name(self) -> str:
        return str(self._about.get("name", self.path.stem))

    @property
    def outdated(self) -> bool:
        """Whether older readers built it, who understood the same files less well."""
        revision = self._about.get("revision", 1)
        return not isinstance(revision, int) or revision < REVISION

    @cached_property
    def sources(self) -> dict[str, Source]:
        """Name of a source -> where it comes from and what its licence is."""
        return {s["name"]: Source(**s) for s in self._about["sources"]}

    @cached_property
    def concept_counts(self) -> Counter[str]:
        """Number of concepts of each type."""
        return Counter(self._about["concepts"])

    @cached_property
    def name_counts(self) -> Counter[str]:
        """Number of names of each type, a name counted once for each concept that has it."""
        return Counter(self._about["names"])

    @property
    def types(self) -> tuple[str, ...]:
        """Entity types, sorted."""
        return tuple(sorted(self.concept_counts))

    @property
    def fingerprint(self) -> str:
        """Changes with the content: caches made from a base are named after it."""
        return str(self._about["fingerprint"])

    def __len__(self) -> int:
        """Number of concepts."""
        return int(self._file.metadata.num_rows)

    def __iter__(self) -> Iterator[Concept]:
        for batch in self._batches(_SCHEMA.names):
            for row in batch.to_pylist():
                yield Concept(
                    row["identifier"], row["name"], row["type"], tuple(row["synonyms"]),
                    row["source"],
                )  # fmt: skip

    def names(self, types: Sequence[str] | None = None) -> Iterator[tuple[str, str, str]]:
        """Every name with its type and the identifier of its concept: ``(name, type, id)``.

        Args:
            types: only these types; all if None.

        Raises:
            KnowledgeError: for a type that the base does not have.
        """
        self.check_types(types)
        columns = ["identifier", "name", "synonyms", "type"]
        for batch in self._batches(columns):
            rows = zip(*(batch.column(c).to_pylist() for c in columns), strict=True)
            for identifier, name, synonyms, type in rows:
                if types is None or type in types:
                    for each in dict.fromkeys((name, *synonyms)):
                        yield each, type, identifier

    def _batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The rows, some thousand at once; damage shows when they are read."""
        try:
            yield from self._file.iter_batches(_ROWS, columns=list(columns))
        except (OSError, pa.ArrowInvalid) as error:
            raise KnowledgeError(
                f"{self.path}: a damaged knowledge base: {summarize_error(error)}; "
                f"build it again with: vaner kb build {self.name}"
            ) from None

    def check_types(self, types: Sequence[str] | None) -> None:
        """Raises KnowledgeError for a type that the base does not have."""
        missing = [type for type in types or () if type not in self.types]
        if missing:
            raise KnowledgeError(
                f"knowledge base {self.name} has no type {', '.join(missing)}; "
                f"it has {', '.join(self.types)}"
            )


def default_path(name: str) -> Path:
    """Where the base of a name is built: in the cache folder."""
    return get_cache_folder() / "knowledge" / f"{name}.parquet"


def open_base(name_or_path: str | Path) -> KnowledgeBase:
    """A base that was built, by its name or by its path; one that is outdated is logged.

    Args:
        name_or_path: a name such as ``"open"``, or a ``.parquet`` file.

    Raises:
        KnowledgeError: where it was not built yet, telling how to.

    >>> open_base("open")  # doctest: +SKIP
    KnowledgeBase('open')
    """
    text = str(name_or_path)
    if text.endswith(".parquet") or Path(text).is_file():
        return _told(KnowledgeBase(text))
    path = default_path(text)
    if not path.is_file():
        from vaner.knowledge.manifest import shipped  # with all the readers

        raise KnowledgeError(
            f"knowledge base {text!r} is not built yet; build it with: vaner kb build {text}"
            if text in shipped()
            else f"no knowledge base is called {text!r}; vaner kb list tells which there are"
        )
    return _told(KnowledgeBase(path))


def _told(base: KnowledgeBase) -> KnowledgeBase:
    if base.outdated:
        logger.warning(
            "knowledge base %s was built by an older vaner, and its identifiers may be wrong; "
            "build it again with: vaner kb build %s", base.name, base.name,
        )  # fmt: skip
    return base


def built() -> tuple[str, ...]:
    """Names of the bases in the cache folder, sorted."""
    return tuple(sorted(path.stem for path in default_path("").parent.glob("[!.]*.parquet")))


def write(
    concepts: Iterable[Concept], path: str | Path, *, name: str, sources: Sequence[Source]
) -> KnowledgeBase:
    """Write a base, batch by batch, and open it.

    The file appears whole or not at all. The same concept from several sources stays several
    rows: who said what is not lost.

    Args:
        concepts: in any order; kept.
        path: the ``.parquet`` file to make.
        name: name of the base.
        sources: every source that a concept names.

    Raises:
        KnowledgeError: where a concept names a source that is not listed, there is no concept at
            all, or the file cannot be written.
    """
    path, tally = Path(path), _Tally({source.name for source in sources})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.stem}-"))
        try:
            _write_rows(concepts, work / "rows", name, sources, tally)
            os.replace(work / "rows", path)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    except OSError as problem:
        raise KnowledgeError(f"{path}: cannot be written: {problem.strerror or problem}") from None
    return KnowledgeBase(path)


def _write_rows(
    concepts: Iterable[Concept], path: Path, name: str, sources: Sequence[Source], tally: _Tally
) -> None:
    with pq.ParquetWriter(path, _SCHEMA, compression="zstd") as writer:
        for rows in _batched(tally.counting(concepts)):
            writer.write_table(pa.Table.from_pylist(rows, _SCHEMA))
        if not tally.concepts:
            raise KnowledgeError(f"{name}: no concept was found, nothing to build")
        about = {
            "schema": SCHEMA_VERSION,
            "revision": REVISION,
            "name": name,
            "sources": [asdict(source) for source in sources],
            **tally.to_dict(),
        }
        writer.add_key_value_metadata({_KEY: json.dumps(about, ensure_ascii=False).encode()})


class _Tally:
    """What goes into the footer, counted while the rows go by."""

    def __init__(self, known: set[str]) -> None:
        self._known = known
        self.concepts: Counter[str] = Counter()
        self.names: Counter[str] = Counter()
        self._hash = hashlib.sha256()

    def counting(self, concepts: Iterable[Concept]) -> Iterator[dict[str, Any]]:
        for concept in concepts:
            if concept.source not in self._known:
                raise KnowledgeError(
                    f"concept {concept.identifier} names the source {concept.source!r}, "
                    f"which is not among {', '.join(sorted(self._known))}"
                )
            names, type = [_storable(each) for each in concept.names], _storable(concept.type)
            self.concepts[type] += 1
            self.names[type] += len(names)
            row = {
                "identifier": concept.identifier,
                "name": names[0],
                "synonyms": names[1:],
                "type": type,
                "source": concept.source,
            }
            self._hash.update(repr(tuple(row.values())).encode())
            yield row

    def to_dict(self) -> dict[str, Any]:
        return {
            "concepts": self.concepts,
            "names": self.names,
            "fingerprint": self._hash.hexdigest()[:16],
        }


def _read_about(footer: bytes | None) -> dict[str, Any] | None:
    """What `write` put into the footer; None for what it cannot have put there."""
    try:
        about = json.loads(footer or b"")
    except ValueError:
        return None
    return about if isinstance(about, dict) else None


def _storable(name: str) -> str:
    """A name, or a type, without lone surrogates, which UTF-8 cannot hold."""
    return name.encode("utf-8", "replace").decode("utf-8")


def _batched(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    stream = iter(rows)
    while batch := list(islice(stream, _ROWS)):
        yield batch
