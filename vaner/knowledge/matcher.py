"""Dictionary matching: find the names of a knowledge base in text, with their identifiers.

Names and texts are sequences of words (`vaner.knowledge.name_forms`), so a name is never matched
within a word. `vaner.knowledge.lexicon` describes the search.

Why not an Aho-Corasick library? With a million names, two libraries are fast enough (5 MB of text
per second), but they match plain strings without word boundaries, spelling variants or types, and
their automata cannot be shared by processes. pyahocorasick 2.3 needs 1.2 GB of memory and 20 s to
build an automaton, and longer to load it. ahocorasick-rs 1.0 is two to three times as fast as this
module, but it cannot save an automaton, so every process spends 37 s to build it. The arrays of
this module are built once in 35 s, and memory-mapped from the cache in 0.1 s. They use 0.2 GB,
which processes share. ``python -m benchmarks.dictionary_matching`` measures all of this (CPU
seconds).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaner.calibration.calibration import Calibration
from vaner.knowledge.base import KnowledgeBase, open_base
from vaner.knowledge.hash_tables import Words, split_name_words
from vaner.knowledge.lexicon import Lexicon, open_lexicon
from vaner.knowledge.lexicon_tables import join_texts, mark_breaks
from vaner.knowledge.spelling_rules import RULES, SpellingRules, parse_rules
from vaner.knowledge.type_names import match_types
from vaner.text.documents import Document, Overlaps, Span, resolve_overlaps
from vaner.text.inputs import to_documents
from vaner.utils.deprecation import renamed_argument, warn_renamed

# Enough text to make array operations efficient, and little enough for the processor's cache.
_CHARACTERS_PER_BATCH = 1 << 18
# Overlap of the pieces of a long text. A name that begins before the end of a piece ends in the
# overlap, unless there are thousands of white space characters between its words.
_OVERLAP = 1 << 14
_WHITE_SPACE = re.compile(r"\s")


class _Candidates(NamedTuple):
    """Names in a text, before overlaps are resolved. *Shape:* (N,) each.

    Args:
        starts: start offsets in the text.
        ends: end offsets in the text.
        types: indices of the entity types.
        entries: indices of the entries of the lexicon.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    types: NDArray[np.int64]
    entries: NDArray[np.int64]


class Matcher:
    """A recognizer that finds the names of a knowledge base in text.

    Of overlapping names of one type, it returns the leftmost, and of those that begin at the same
    word the longest. Names of different types may overlap. A span has the sorted identifiers of
    all concepts of its type with that name. Its score is None.

    Args:
        lexicon: the names.

    >>> matcher = Matcher.from_name("open")  # doctest: +SKIP
    >>> matcher.find("Aspirin and asthma")  # doctest: +SKIP
    [Span(start=0, end=7, type='Chemical', score=None, identifiers=('drugbank:DB00945',), ...)]
    """

    kind = "dictionary"
    zero_shot = False
    form: str | None = None
    calibration: Calibration | None = None
    corpora: Mapping[str, Sequence[str]] = {}

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon

    @classmethod
    def open(
        cls, base: KnowledgeBase, *, rules: Mapping[str, SpellingRules] = RULES, cache: bool = True
    ) -> Matcher:
        """Return the matcher of a base, loaded from the cache or built.

        Args:
            base: the base. The matcher finds all of its entity types.
            rules: type -> spelling rules; all other types have the default rules.
            cache: whether to use the cache.
        """
        return cls(open_lexicon(base, rules, cache=cache))

    @classmethod
    def from_name(cls, name: str, rule_changes: Iterable[str] = ()) -> Matcher:
        """Return the matcher of a base that has been built.

        Args:
            name: name or path of the base.
            rule_changes: changes to the spelling rules, such as ``Gene.case=fold``.

        Raises:
            VanerError: for a base that has not been built, and for an invalid rule.
        """
        base, rules = open_base(name), parse_rules(rule_changes)
        base.resolve_types(list(rules))
        return cls.open(base, rules={**RULES, **rules})

    @classmethod
    def named(cls, name: str, changes: Iterable[str] = ()) -> Matcher:
        """Deprecated: the old name of `from_name`."""
        warn_renamed("Matcher.named", "Matcher.from_name")
        return cls.from_name(name, changes)

    @property
    def types(self) -> tuple[str, ...]:
        """The entity types it finds, sorted."""
        return self._lexicon.types

    def find(self, text: str, types: Sequence[str] | None = None) -> list[Span]:
        """Return the mentions in one text.

        Args:
            text: the text.
            types: types to find; all if None.
        """
        return list(next(self.annotate([text], types)).spans)

    @renamed_argument("dataset", "corpus")
    def annotate(
        self,
        texts_or_documents: Iterable[str | Document],
        types: Sequence[str] | None = None,
        *,
        corpus: str | None = None,
        overlaps: Overlaps = "keep",
    ) -> Iterator[Document]:
        """Annotate many texts as a stream, in their order.

        Args:
            texts_or_documents: texts, or documents, whose spans are replaced.
            types: types to find; all if None.
            corpus: ignored; it is an argument of every recognizer.
            overlaps: ``keep`` overlapping mentions of different types, or only the ``best``, which
                is the longest.

        Raises:
            KnowledgeError: for a type that the base does not have.
            ArgumentError: if the texts are one text, a table, or no texts.
        """
        types = self.resolve_types(types)
        included = np.array([types is None or type in types for type in self.types], np.bool_)
        return self._annotate(to_documents(texts_or_documents), included, overlaps)

    def _annotate(
        self, documents: Iterable[Document], included: NDArray[np.bool_], overlaps: Overlaps
    ) -> Iterator[Document]:
        for batch in _make_batches(documents):
            for document, spans in zip(batch, self._find_batch(batch, included), strict=True):
                yield document.with_spans(resolve_overlaps(spans) if overlaps == "best" else spans)

    def unreachable(self, document: Document, types: Sequence[str]) -> Counter[str]:
        """Return no mentions: every name can be found, whatever its offsets."""
        return Counter()

    def identify(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Add identifiers to mentions that are names of their type.

        A mention that has identifiers already is not changed.
        """
        for document in documents:
            if not document.spans:
                yield document
                continue
            mentions = [document.mention(span) for span in document.spans]
            yield document.with_spans(self._add_identifiers(document.spans, mentions))

    def resolve_types(self, types: Sequence[str] | None) -> list[str] | None:
        """Return the names of types that a user gives, in any case; None is returned unchanged.

        Raises:
            KnowledgeError: for a type that the base does not have.
        """
        return match_types(types, self.types, "the knowledge base")

    def _find_batch(
        self, documents: Sequence[Document], included: NDArray[np.bool_]
    ) -> Iterator[list[Span]]:
        """Yield the mentions in each document.

        Args:
            documents: several documents, which are searched together, or one, which may be long.
            included: whether to find each type. *Shape:* (number of types,)
        """
        if len(documents) == 1:
            candidates = self._find_in_pieces(documents[0].text, included)
            yield _select_spans(candidates, self._lexicon)[0]
            return
        words, text_starts, _ = join_texts(mark_breaks(document.text) for document in documents)
        candidates = self._find_candidates(words, included)
        yield from _select_spans(candidates, self._lexicon, text_starts)

    def _find_in_pieces(self, text: str, included: NDArray[np.bool_]) -> _Candidates:
        """Find all names in a text, which is searched in overlapping pieces."""
        pieces: list[_Candidates] = []
        start = 0
        while start < len(text) or not pieces:
            end = _find_white_space(text, start + _CHARACTERS_PER_BATCH)
            overlap_end = _find_white_space(text, end + _OVERLAP)
            words = split_name_words(mark_breaks(text[start:overlap_end]))
            candidates = self._find_candidates(words, included)
            # The next piece finds the names that start in the overlap.
            starts_here = candidates.starts + start < end
            starts, ends, types, entries = (column[starts_here] for column in candidates)
            pieces.append(_Candidates(starts + start, ends + start, types, entries))
            start = end
        return _Candidates(*map(np.concatenate, zip(*pieces, strict=True)))

    def _find_candidates(self, words: Words, included: NDArray[np.bool_]) -> _Candidates:
        matches = self._lexicon.find_all(words)
        indices, entries = self._lexicon.get_entries(matches.names)
        types = self._lexicon.get_types(entries).astype(np.int64)
        is_included = included[types]
        indices, entries, types = indices[is_included], entries[is_included], types[is_included]
        starts, ends = words.starts[matches.firsts[indices]], words.ends[matches.lasts[indices]]
        return _Candidates(starts, ends, types, entries)

    def _add_identifiers(self, spans: Sequence[Span], mentions: Sequence[str]) -> Iterator[Span]:
        lexicon = self._lexicon
        words, _, firsts = join_texts(mentions)
        lasts = np.append(firsts[1:] - 2, words.number - 1)  # the barrier is a word too
        nonempty = np.flatnonzero(lasts >= firsts)
        matches = lexicon.find_exact(words, firsts[nonempty], lasts[nonempty])
        indices, entries = lexicon.get_entries(matches.names)
        mention_indices = np.searchsorted(firsts, matches.firsts[indices], side="right") - 1
        types = [lexicon.types[type] for type in lexicon.get_types(entries).tolist()]
        identifiers: dict[tuple[int, str], set[str]] = {}
        for index, type, names in zip(
            mention_indices.tolist(), types, lexicon.get_identifiers(entries), strict=True
        ):
            identifiers.setdefault((index, type), set()).update(names)
        for index, span in enumerate(spans):
            known = identifiers.get((index, span.type))
            if known and not span.identifiers:
                yield replace(span, identifiers=tuple(sorted(known)))
            else:
                yield span


def identify(documents: Iterable[Document], base: KnowledgeBase | Matcher) -> Iterator[Document]:
    """Add identifiers to mentions that are names of their type.

    A mention that matches a name of its type, by the spelling rules of the type, gets the
    identifiers of all concepts with that name.

    Args:
        documents: documents with mentions of any origin.
        base: a base, or a matcher.
    """
    matcher = base if isinstance(base, Matcher) else Matcher.open(base)
    yield from matcher.identify(documents)


def _select_spans(
    candidates: _Candidates, lexicon: Lexicon, text_starts: NDArray[np.int64] | None = None
) -> list[list[Span]]:
    """Select the leftmost and then longest candidates of each type, and make spans of them.

    Args:
        candidates: in any order, with offsets in the joined texts.
        lexicon: the lexicon that they are from.
        text_starts: offset of each text; one text if None. *Shape:* (T,)

    Returns:
        The sorted spans of each text.
    """
    text_starts = np.zeros(1, np.int64) if text_starts is None else text_starts
    order = np.lexsort((-candidates.ends, candidates.starts, candidates.types))
    candidates = _Candidates(*(column[order] for column in candidates))
    selected = _find_leftmost_longest(candidates)
    candidates = _Candidates(*(column[selected] for column in candidates))
    order = np.lexsort((candidates.types, candidates.ends, candidates.starts))
    candidates = _Candidates(*(column[order] for column in candidates))
    texts = np.searchsorted(text_starts, candidates.starts, side="right") - 1
    shifts = text_starts[texts]
    columns = (
        column.tolist()
        for column in (
            texts,
            candidates.starts - shifts,
            candidates.ends - shifts,
            candidates.types,
        )
    )
    spans: list[list[Span]] = [[] for _ in text_starts]
    previous = None
    for *position, identifiers in zip(
        *columns, lexicon.get_identifiers(candidates.entries), strict=True
    ):
        text, start, end, type = position
        if position == previous:
            # Matched with and without case: one mention with the identifiers of both names.
            identifiers = tuple(sorted({*spans[text].pop().identifiers, *identifiers}))
        previous = position
        spans[text].append(Span(start, end, lexicon.types[type], None, identifiers))
    return spans


def _find_leftmost_longest(candidates: _Candidates) -> NDArray[np.int64]:
    """Return the indices of the selected candidates.

    Args:
        candidates: sorted by type, start, and descending end.
    """
    selected: list[int] = []
    previous = (-1, 0, 0)
    columns = (candidates.types, candidates.starts, candidates.ends)
    for index, position in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
        type, start, _ = position
        if type != previous[0] or start >= previous[2] or position == previous:
            previous = position
            selected.append(index)
    return np.array(selected, np.int64)


def _make_batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """Yield short documents in batches, and a long document alone."""
    batch: list[Document] = []
    size = 0
    for document in documents:
        if batch and size + len(document.text) > _CHARACTERS_PER_BATCH:
            yield batch
            batch, size = [], 0
        batch.append(document)
        size += len(document.text) + 8  # limits the number of empty documents
    if batch:
        yield batch


def _find_white_space(text: str, start: int) -> int:
    """Return the offset of the first white space from `start`, or the length of the text."""
    match = _WHITE_SPACE.search(text, start)
    return match.start() if match else len(text)
