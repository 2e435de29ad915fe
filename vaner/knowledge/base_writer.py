"""Writing the rows of a knowledge base, with counts and a fingerprint in the footer."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vaner.errors import KnowledgeError
from vaner.knowledge.concepts import Concept, Source
from vaner.text.normalize import replace_surrogates

SCHEMA_VERSION = 1
REVISION = 3
"""Revision of the readers, increased if the same files give a different, better base.

2: concepts of the dictionaries have no MeSH identifiers, a third of which were wrong.
3: concepts of MEDIC that are in MeSH and in OMIM have the identifier of MeSH.
"""
FOOTER_KEY = b"vaner.knowledge"
ROWS_PER_GROUP = 50_000  # rows per row group, which are in memory while a base is written or read
SCHEMA = pa.schema(
    [
        ("identifier", pa.string()),
        ("name", pa.string()),
        ("synonyms", pa.list_(pa.string())),
        ("type", pa.dictionary(pa.int32(), pa.string())),
        ("source", pa.dictionary(pa.int32(), pa.string())),
    ]
)


def write_rows(
    concepts: Iterable[Concept],
    path: Path,
    name: str,
    sources: Sequence[Source],
    species: str = "",
) -> None:
    """Write a base to a file.

    Args:
        concepts: the concepts, in any order.
        path: the file.
        name: name of the base.
        sources: all sources of the concepts.
        species: species of the genes; empty if they are of several.

    Raises:
        KnowledgeError: if the source of a concept is not in `sources`, or there are no concepts.
    """
    counts = _FooterCounts({source.name for source in sources})
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        for rows in _batched(counts.count_rows(concepts)):
            writer.write_table(pa.Table.from_pylist(rows, SCHEMA))
        if not counts.concepts:
            raise KnowledgeError(f"{name}: the sources contain no concepts, nothing to build")
        about = {
            "schema": SCHEMA_VERSION,
            "revision": REVISION,
            "name": name,
            "sources": [asdict(source) for source in sources],
            **({"species": species} if species else {}),
            **counts.to_dict(),
        }
        writer.add_key_value_metadata({FOOTER_KEY: json.dumps(about, ensure_ascii=False).encode()})


class _FooterCounts:
    """Counts and fingerprint for the footer, computed while the rows are written."""

    def __init__(self, source_names: set[str]) -> None:
        self._source_names = source_names
        self.concepts: Counter[str] = Counter()
        self.names: Counter[str] = Counter()
        self._hash = hashlib.sha256()

    def count_rows(self, concepts: Iterable[Concept]) -> Iterator[dict[str, Any]]:
        """Yield the rows of the concepts, and count them."""
        for concept in concepts:
            if concept.source not in self._source_names:
                raise KnowledgeError(
                    f"concept {concept.identifier} has the unknown source {concept.source!r}; "
                    f"sources: {', '.join(sorted(self._source_names))}"
                )
            names = [replace_surrogates(name) for name in concept.names]
            type = replace_surrogates(concept.type)
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


def _batched(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    stream = iter(rows)
    while batch := list(islice(stream, ROWS_PER_GROUP)):
        yield batch
