"""An index of the names of a knowledge base, searched by their character trigrams.

Names are compared by the cosine of their trigrams, weighted by TF-IDF (Salton and Buckley, 1988).
The postings are built once and memory-mapped from the cache, so that processes share them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import HashingVectorizer

from vaner.knowledge import array_cache
from vaner.knowledge.base import KnowledgeBase
from vaner.knowledge.name_forms import canonicalize
from vaner.utils.cache_folder import get_cache_folder

VERSION = 1
"""Part of the cache key. Increase it whenever the arrays change."""

_FEATURES = 1 << 18
_MAX_POSTINGS = 200_000  # per search: frequent trigrams of a name are left out beyond it
_MAX_LENGTH = 200  # characters of a name; the rest is not compared
_MAX_CACHED = 4
_VECTORIZER = HashingVectorizer(
    analyzer="char_wb", ngram_range=(3, 3), n_features=_FEATURES, norm=None,
    alternate_sign=False, lowercase=False, dtype=np.float32,
)  # fmt: skip


class Hits(NamedTuple):
    """Names that are similar to a mention, the most similar first. *Shape:* (N,) each.

    Args:
        names: indices of the names.
        similarities: cosines, in [0, 1].
    """

    names: NDArray[np.int64]
    similarities: NDArray[np.float32]


class NameIndex:
    """The names of a base, with the concept and the type of each.

    Args:
        types: the entity types of the base.
        tables: the arrays that `build_tables` returns.
    """

    def __init__(self, types: Sequence[str], tables: array_cache.Arrays) -> None:
        self.types = tuple(types)
        self._tables = tables
        self._postings = csr_matrix(
            (tables["weights"], tables["posting_names"], tables["posting_starts"]),
            shape=(_FEATURES, len(tables["concepts"])),
            copy=False,
        )
        self._lengths = np.diff(tables["posting_starts"])

    def __len__(self) -> int:
        """Number of names."""
        return len(self._tables["concepts"])

    def get_name(self, name: int) -> str:
        """Return the canonical form of a name, by its index."""
        return self._decode("name", name)

    def get_identifier(self, concept: int) -> str:
        """Return the identifier of a concept, by its index."""
        return self._decode("identifier", concept)

    def get_concepts(self, names: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the index of the concept of each name. *Shape:* (N,) both."""
        concepts: NDArray[np.int32] = self._tables["concepts"][names]
        return concepts

    def get_concept(self, name: int) -> int:
        """Return the index of the concept of a name, by its index."""
        return int(self._tables["concepts"][name])

    def is_preferred(self, name: int) -> bool:
        """Return whether a name is the preferred name of its concept."""
        return bool(self._tables["preferred"][name])

    def count_names(self, concept: int) -> int:
        """Return the number of names of a concept."""
        return int(self._tables["counts"][concept])

    def search(self, names: Sequence[str], types: Sequence[str], limit: int) -> list[Hits]:
        """Return the most similar names of the base for each name.

        Args:
            names: canonical names, see `vaner.knowledge.name_forms.canonicalize`.
            types: the type of each name. The names of the base that are found have the same type.
            limit: maximum number of names that are returned for each.
        """
        queries = self._prune(_weigh(_vectorize(names), self._tables["idf"]))
        products = queries @ self._postings
        hits = []
        for row, type in enumerate(types):
            extent = slice(products.indptr[row], products.indptr[row + 1])
            indices, similarities = products.indices[extent], products.data[extent]
            type_index = self.types.index(type) if type in self.types else -1
            of_type = self._tables["name_types"][indices] == type_index
            indices, similarities = indices[of_type], similarities[of_type]
            if len(indices) > limit:
                best = np.argpartition(-similarities, limit)[:limit]
                indices, similarities = indices[best], similarities[best]
            order = np.lexsort((indices, -similarities))
            hits.append(Hits(indices[order].astype(np.int64), similarities[order]))
        return hits

    def _prune(self, queries: csr_matrix) -> csr_matrix:
        """Leave out the most frequent trigrams of the names that have too many postings."""
        for row in range(queries.shape[0]):
            extent = slice(queries.indptr[row], queries.indptr[row + 1])
            lengths = self._lengths[queries.indices[extent]]
            if lengths.sum() > _MAX_POSTINGS:
                order = np.argsort(lengths)
                dropped = order[np.cumsum(lengths[order]) > _MAX_POSTINGS]
                queries.data[extent.start + dropped] = 0
        queries.eliminate_zeros()
        return queries

    def _decode(self, kind: str, index: int) -> str:
        starts = self._tables[f"{kind}_starts"]
        return bytes(self._tables[f"{kind}_bytes"][starts[index] : starts[index + 1]]).decode()


def open_index(base: KnowledgeBase, *, cache: bool = True) -> NameIndex:
    """Open the index of a base: load it from the cache, or build and cache it.

    Args:
        base: the base.
        cache: whether to use the cache.
    """
    key = {"version": VERSION, "base": base.fingerprint, "types": list(base.types)}
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:16]
    folder = get_cache_folder() / "linkers" / f"{base.name}-{digest}"
    tables = array_cache.load(folder, key) if cache else None
    if tables is None:
        tables = build_tables(base)
        if cache and array_cache.save(folder, tables, key):
            tables = array_cache.load(folder, key) or tables
            array_cache.prune(folder.parent, f"{base.name}-{'[0-9a-f]' * 16}", _MAX_CACHED)
    return NameIndex(base.types, tables)


def build_tables(base: KnowledgeBase) -> dict[str, NDArray[Any]]:
    """Build the arrays of an index.

    Returns:
        With N names, C concepts and P postings: ``concepts``, ``name_types``, ``preferred`` (N,),
        ``counts`` (C,), ``idf`` (2**18,), ``posting_starts`` (2**18 + 1,), ``posting_names`` and
        ``weights`` (P,), and bytes and starts of the names and identifiers.
    """
    names: list[str] = []
    concepts: list[int] = []
    types: list[int] = []
    preferred: list[bool] = []
    indices: dict[tuple[str, str], int] = {}
    seen: set[tuple[int, str]] = set()
    for concept in base:
        index = indices.setdefault((concept.identifier, concept.type), len(indices))
        for rank, spelling in enumerate(concept.names):
            name = canonicalize(spelling)[:_MAX_LENGTH]
            if name and (index, name) not in seen:
                seen.add((index, name))
                names.append(name)
                concepts.append(index)
                types.append(base.types.index(concept.type))
                preferred.append(rank == 0)
    grams = _vectorize(names)
    idf = np.log((1 + len(names)) / (1 + np.bincount(grams.indices, minlength=_FEATURES))) + 1
    postings = _weigh(grams, idf.astype(np.float32)).T.tocsr()
    name_bytes, name_starts = _encode(names)
    identifier_bytes, identifier_starts = _encode([identifier for identifier, _ in indices])
    return {
        "concepts": np.array(concepts, np.int32),
        "name_types": np.array(types, np.int16),
        "preferred": np.array(preferred, np.bool_),
        "counts": np.bincount(concepts, minlength=len(indices)).astype(np.int32),
        "idf": idf.astype(np.float32),
        "posting_starts": postings.indptr.astype(np.int64),
        "posting_names": postings.indices.astype(np.int64),
        "weights": postings.data.astype(np.float32),
        "name_bytes": name_bytes,
        "name_starts": name_starts,
        "identifier_bytes": identifier_bytes,
        "identifier_starts": identifier_starts,
    }


def _vectorize(names: Sequence[str]) -> csr_matrix:
    """Return the number of each trigram in each name. *Shape:* (number of names, 2**18)"""
    if not names:
        return csr_matrix((0, _FEATURES), dtype=np.float32)
    return _VECTORIZER.transform(name[:_MAX_LENGTH] for name in names)


def _weigh(grams: csr_matrix, idf: NDArray[np.float32]) -> csr_matrix:
    """Return TF-IDF weights, with each row of length 1. *Shape:* unchanged."""
    weighed = grams.copy()
    weighed.data = (1 + np.log(weighed.data)) * idf[weighed.indices]
    norms = np.sqrt(np.asarray(weighed.multiply(weighed).sum(1)).ravel())
    weighed.data /= np.repeat(norms, np.diff(weighed.indptr))
    return weighed


def _encode(texts: Sequence[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return texts as bytes of UTF-8, and where each starts; the last start is the end."""
    encoded = [text.encode("utf-8", "replace") for text in texts]
    starts = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(part) for part in encoded], out=starts[1:])
    return np.frombuffer(b"".join(encoded), np.uint8), starts
