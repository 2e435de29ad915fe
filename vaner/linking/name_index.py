"""An index of the names of a knowledge base, searched by their character trigrams.

Names are compared by the cosine of their trigrams, weighted by IDF (Salton and Buckley, 1988).
The postings are built once and memory-mapped from the cache, so that processes share them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import HashingVectorizer

from vaner.knowledge.base import KnowledgeBase
from vaner.knowledge.name_forms import canonicalize, spell_out_greek
from vaner.text.normalize import replace_surrogates
from vaner.utils import array_cache
from vaner.utils.cache_folder import get_cache_folder

VERSION = 4
"""Part of the cache key. Increase it whenever the arrays change."""

MAX_LENGTH = 200
"""Characters of a name; the rest is not compared."""

_FEATURES = 1 << 18
_MAX_POSTINGS = 30_000  # of the rarest trigrams of a name, which select names to compare
_COMPARED = 6  # times as many names are compared as are returned
_LEAST_BOUND = 1e-3  # of similarities
_MAX_CACHED = 4
_VECTORIZER = HashingVectorizer(
    analyzer="char_wb", ngram_range=(3, 3), n_features=_FEATURES, norm=None, binary=True,
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
        species: the species of its genes; empty if they are of several.
    """

    def __init__(self, types: Sequence[str], tables: array_cache.Arrays, species: str = "") -> None:
        self.types, self.species = tuple(types), species
        # Views of the memory maps: each access to a map itself takes microseconds.
        self.tables = {name: np.asarray(array) for name, array in tables.items()}
        self._starts = self.tables["posting_starts"]
        self._lengths = np.diff(self._starts)

    def __len__(self) -> int:
        """Number of names."""
        return len(self.tables["concepts"])

    def get_names(self, names: NDArray[np.int64]) -> list[str]:
        """Return the canonical forms of names. *Shape:* (N,)"""
        return self._decode("name", names)

    def get_identifiers(self, concepts: NDArray[np.int32]) -> list[str]:
        """Return the identifiers of concepts. *Shape:* (N,)"""
        return self._decode("identifier", concepts)

    def get_concepts(self, names: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the index of the concept of each name. *Shape:* (N,) both."""
        concepts: NDArray[np.int32] = self.tables["concepts"][names]
        return concepts

    def are_preferred(self, names: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return whether each name is the preferred name of its concept. *Shape:* (N,) both."""
        preferred: NDArray[np.bool_] = self.tables["preferred"][names]
        return preferred

    def count_names(self, concepts: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the number of names of each concept. *Shape:* (N,) both."""
        counts: NDArray[np.int32] = self.tables["counts"][concepts]
        return counts

    def search(self, names: Sequence[str], types: Sequence[str], limit: int) -> list[Hits]:
        """Return the most similar names of the base for each name.

        The rarest trigrams of a name select the names to compare it with, and all of its trigrams
        compare it with these.

        Args:
            names: canonical names, see `canonicalize_name`.
            types: the type of each name. The names of the base that are found have the same type.
            limit: maximum number of names that are returned for each.
        """
        queries = _vectorize(names)
        sums = np.zeros(len(self), np.float32)
        weights = np.zeros(_FEATURES, np.float32)
        hits = []
        for row, type in enumerate(types):
            grams = queries.indices[queries.indptr[row] : queries.indptr[row + 1]]
            grams = grams[np.argsort(self._lengths[grams], kind="stable")]
            number = self._count_selective(grams)
            type_index = self.types.index(type) if type in self.types else -1
            similar = self._select(grams[:number], sums, type_index, _COMPARED * limit)
            similarities = self._compare(similar, grams, weights)
            best = np.lexsort((similar, -similarities))[:limit]
            hits.append(Hits(similar[best].astype(np.int64), similarities[best]))
        return hits

    def _count_selective(self, grams: NDArray[np.int32]) -> int:
        """Return how many of the rarest trigrams have few enough postings, at least one."""
        totals = np.cumsum(self._lengths[grams])
        return max(1, int(np.searchsorted(totals, _MAX_POSTINGS, "right")))

    def _select(
        self, grams: NDArray[np.int32], sums: NDArray[np.float32], type_index: int, limit: int
    ) -> NDArray[np.intp]:
        """Return the most similar names by some trigrams, sorted by their indices.

        Args:
            grams: the trigrams.
            sums: zero for each name; it is used, and zero again afterwards. *Shape:* (N,)
            type_index: the type of the names.
            limit: maximum number of names.
        """
        starts, postings, idf = self._starts, self.tables["posting_names"], self.tables["idf"]
        touched = [np.zeros(0, np.intp)]
        for gram in grams.tolist():
            names = postings[starts[gram] : starts[gram + 1]].astype(np.intp)
            before = sums.take(names)
            touched.append(names[before == 0])
            sums[names] = before + idf[gram] ** 2
        names = np.concatenate(touched)
        totals = sums.take(names) / self.tables["norms"].take(names)
        sums[names] = 0
        if len(self.types) > 1 or type_index < 0:
            of_type = self.tables["name_types"].take(names) == type_index
            names, totals = names[of_type], totals[of_type]
        return np.sort(names[_find_greatest(totals, limit)])

    def _compare(
        self, names: NDArray[np.intp], grams: NDArray[np.int32], weights: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Return the similarities of names to the name that has some trigrams. *Shape:* (N,)

        Args:
            names: the names. *Shape:* (N,)
            grams: the trigrams.
            weights: zero for each trigram; it is used, and zero again afterwards. *Shape:* (2**18,)
        """
        if not len(names):
            return np.zeros(0, np.float32)
        starts = self.tables["gram_starts"][names]
        lengths = self.tables["gram_starts"][names + 1] - starts
        ends = np.cumsum(lengths)
        positions = np.arange(ends[-1]) + np.repeat(starts - (ends - lengths), lengths)
        idf = self.tables["idf"][grams]
        weights[grams] = idf**2
        of_grams = weights[self.tables["grams"][positions]]
        weights[grams] = 0
        similarities: NDArray[np.float32] = np.add.reduceat(of_grams, ends - lengths)
        similarities /= self.tables["norms"][names]
        return similarities / np.linalg.norm(idf)

    def _decode(self, kind: str, indices: NDArray[Any]) -> list[str]:
        starts = self.tables[f"{kind}_starts"]
        # Slices of a memoryview are faster than those of an array, but it cannot be pickled.
        text = memoryview(cast(Any, self.tables[f"{kind}_bytes"]))
        extents = zip(starts[indices].tolist(), starts[indices + 1].tolist(), strict=True)
        return [str(text[start:end], "utf-8") for start, end in extents]


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
    return NameIndex(base.types, tables, base.species)


def canonicalize_name(name: str) -> str:
    r"""Return the canonical form in which names are compared, with Greek letters spelled out.

    Args:
        name: any string. Lone surrogates, which UTF-8 cannot encode, become U+FFFD.

    >>> canonicalize_name("TNFα"), canonicalize_name("TNF-Alpha")
    ('tnf alpha', 'tnf alpha')
    """
    return replace_surrogates(spell_out_greek(canonicalize(name)))[:MAX_LENGTH]


def build_tables(base: KnowledgeBase) -> dict[str, NDArray[Any]]:
    """Build the arrays of an index.

    Returns:
        With N names, C concepts and P postings: ``concepts``, ``name_types``, ``preferred`` and
        ``norms`` (N,), ``counts`` (C,), ``idf`` (2**18,), ``posting_starts`` (2**18 + 1,),
        ``posting_names`` (P,), ``gram_starts`` (N + 1,), ``grams`` (P,), and bytes and starts of
        the names and identifiers.
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
            name = canonicalize_name(spelling)
            if name and (index, name) not in seen:
                seen.add((index, name))
                names.append(name)
                concepts.append(index)
                types.append(base.types.index(concept.type))
                preferred.append(rank == 0)
    grams = _vectorize(names)
    idf = np.log((1 + len(names)) / (1 + np.bincount(grams.indices, minlength=_FEATURES))) + 1
    sums = np.bincount(
        np.repeat(np.arange(len(names)), np.diff(grams.indptr)), idf[grams.indices] ** 2, len(names)
    )
    postings = grams.T.tocsr()
    postings.sort_indices()
    name_bytes, name_starts = _encode(names)
    identifier_bytes, identifier_starts = _encode([identifier for identifier, _ in indices])
    return {
        "concepts": np.array(concepts, np.int32),
        "name_types": np.array(types, np.int16),
        "preferred": np.array(preferred, np.bool_),
        "counts": np.bincount(concepts, minlength=len(indices)).astype(np.int32),
        "idf": idf.astype(np.float32),
        "posting_starts": postings.indptr.astype(np.int64),
        "posting_names": postings.indices.astype(np.int32),
        "gram_starts": grams.indptr.astype(np.int64),
        "grams": grams.indices.astype(np.int32),
        "norms": np.sqrt(sums).astype(np.float32),
        "name_bytes": name_bytes,
        "name_starts": name_starts,
        "identifier_bytes": identifier_bytes,
        "identifier_starts": identifier_starts,
    }


def _find_greatest(values: NDArray[np.float32], limit: int) -> NDArray[np.intp]:
    """Return the positions of the greatest values, in any order.

    Args:
        values: not negative. *Shape:* (N,)
        limit: maximum number of positions.
    """
    if len(values) <= limit:
        return np.arange(len(values))
    positions, bound = np.arange(0), values.max()
    while len(positions) < limit:  # faster than partitioning all of them
        bound = bound / 2 if bound > _LEAST_BOUND else np.float32(0)
        positions = np.flatnonzero(values >= bound)
    return positions[np.argpartition(-values[positions], limit - 1)[:limit]]


def _vectorize(names: Sequence[str]) -> csr_matrix:
    """Return which trigrams each name has. *Shape:* (number of names, 2**18)"""
    if not names:
        return csr_matrix((0, _FEATURES), dtype=np.float32)
    return _VECTORIZER.transform(name[:MAX_LENGTH] for name in names)


def _encode(texts: Sequence[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return texts as bytes of UTF-8, and where each starts; the last start is the end."""
    encoded = [text.encode("utf-8", "replace") for text in texts]
    starts = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(part) for part in encoded], out=starts[1:])
    return np.frombuffer(b"".join(encoded), np.uint8), starts
