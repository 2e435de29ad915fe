"""Dictionary matching: the names of a knowledge base in text, with their identifiers.

Names and texts are rows of words (`vaner.knowledge.name_forms`), so a name is found wherever its
words stand, and never within a word. All beginnings of names stand in one table that is searched
for all words of a text at once, then for those that may go on, and so forth.

Why not an Aho-Corasick library: with a million names both meet the speed asked for (5 MB of text
a second), but they find bare strings, without word boundaries, spellings or types, and cannot be
kept for the next process. pyahocorasick 2.3 takes 1.2 GB, 20 s to be built and longer to be loaded
again; ahocorasick-rs 1.0 reads two to three times as fast as the code here, but cannot be saved,
so that every process builds it for 37 s. The tables here are arrays, mapped from the cache in a
tenth of a second, with 0.2 GB in use that processes share; building them takes 35 s, once.
``python -m benchmarks.dictionary_matching`` measures it all (seconds of one processor).
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
from vaner.errors import KnowledgeError
from vaner.knowledge.base import KnowledgeBase, open_base
from vaner.knowledge.hash_tables import Words, words_of
from vaner.knowledge.lexicon import Lexicon, join, open_lexicon
from vaner.knowledge.spelling_rules import RULES, Rules, changed
from vaner.text.documents import Document, Overlaps, Span, resolve_overlaps
from vaner.utils.deprecation import renamed_argument

# Text read at once: enough for whole arrays to pay, little enough for the processor's cache.
_CHARACTERS_AT_ONCE = 1 << 18
# What is read beyond a cut in a long text. A name that begins before the cut ends within it,
# unless there are thousands of blanks between its words.
_BEYOND = 1 << 14
_BLANK = re.compile(r"\s")


class _Candidates(NamedTuple):
    """Names found in a text. *Shape:* (N,) each.

    Args:
        starts, ends: offsets in the text.
        types: indices of the types.
        entries: what the lexicon knows them by.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    types: NDArray[np.int64]
    entries: NDArray[np.int64]


class Matcher:
    """Finds the names of a knowledge base in text.

    Of the names of one type that overlap, the leftmost is taken, and of those that begin with the
    same word the longest. Names of different types may overlap. A span carries the identifiers of
    all concepts of its type that have the name, sorted; its score is None.

    Args:
        lexicon: the names, ready to be searched.

    >>> matcher = Matcher.named("open")  # doctest: +SKIP
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
        cls, base: KnowledgeBase, *, rules: Mapping[str, Rules] = RULES, cache: bool = True
    ) -> Matcher:
        """The matcher of a base: out of the cache, or built and put there.

        Args:
            base: the base, all of whose types are looked for.
            rules: type -> how its names are spelled; types that are missing have the default.
            cache: whether to use the cache.
        """
        return cls(open_lexicon(base, rules, cache=cache))

    @classmethod
    def named(cls, name: str, changes: Iterable[str] = ()) -> Matcher:
        """The matcher of a base that was built.

        Args:
            name: its name, or its path.
            changes: to the rules, such as ``Gene.case=fold``.

        Raises:
            VanerError: for a base that is not built, or a rule that there is not.
        """
        base, rules = open_base(name), changed(changes)
        base.check_types(list(rules))
        return cls.open(base, rules={**RULES, **rules})

    @property
    def types(self) -> tuple[str, ...]:
        """The types it finds."""
        return self._lexicon.types

    def find(self, text: str, types: Sequence[str] | None = None) -> list[Span]:
        """The mentions in one text."""
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
        """Annotate many texts, in the order given, as a stream.

        Args:
            texts_or_documents: texts, or documents, whose own spans are replaced.
            types: types to find; all if None.
            corpus: corpus they are from, as a model may want to know; the names are the same.
            overlaps: ``keep`` mentions of different types that overlap, or of those only the
                longest, ``best``.

        Raises:
            KnowledgeError: for a type that the base does not have.
        """
        self.check_types(types)
        wanted = np.array([types is None or type in types for type in self.types], np.bool_)
        documents = (
            each if isinstance(each, Document) else Document(str(number), each)
            for number, each in enumerate(texts_or_documents)
        )
        for batch in _batches(documents):
            for document, spans in zip(batch, self._spans(batch, wanted), strict=True):
                kept = resolve_overlaps(spans) if overlaps == "best" else spans
                yield document.with_spans(kept)

    def unreachable(self, document: Document, types: Sequence[str]) -> Counter[str]:
        """None: names are found as they stand, whatever they are."""
        return Counter()

    def identify(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Give mentions the identifiers of the names that they are, by their own types' rules.

        A mention that has identifiers keeps them; one that is no name of its type gets none.
        """
        for document in documents:
            if not document.spans:
                yield document
                continue
            mentions = [document.mention(span) for span in document.spans]
            yield document.with_spans(self._identified(document.spans, mentions))

    def check_types(self, types: Sequence[str] | None) -> None:
        """Raises KnowledgeError for a type that the base does not have."""
        if missing := [type for type in types or () if type not in self.types]:
            raise KnowledgeError(
                f"the knowledge base has no type {', '.join(missing)}; "
                f"it has {', '.join(self.types)}"
            )

    def _spans(
        self, documents: Sequence[Document], wanted: NDArray[np.bool_]
    ) -> Iterator[list[Span]]:
        """The mentions in each document."""
        if len(documents) == 1:
            yield _chosen(self._candidates(documents[0].text, wanted), self._lexicon)[0]
            return
        words, begins, _ = join(document.text for document in documents)
        found = self._candidates_in(words, wanted)
        yield from _chosen(found, self._lexicon, begins)

    def _candidates(self, text: str, wanted: NDArray[np.bool_]) -> _Candidates:
        """All names in a text, which is read in pieces that are cut at blanks."""
        pieces: list[_Candidates] = []
        begin = 0
        while begin < len(text) or not pieces:
            cut = _blank(text, begin + _CHARACTERS_AT_ONCE)
            end = _blank(text, cut + _BEYOND)
            found = self._candidates_in(words_of(text[begin:end]), wanted)
            here = found.starts + begin < cut
            starts, ends, types, entries = (column[here] for column in found)
            pieces.append(_Candidates(starts + begin, ends + begin, types, entries))
            begin = cut
        return _Candidates(*map(np.concatenate, zip(*pieces, strict=True)))

    def _candidates_in(self, words: Words, wanted: NDArray[np.bool_]) -> _Candidates:
        found = self._lexicon.matches(words)
        which, entries = self._lexicon.entries(found.names)
        types = self._lexicon.entry_types(entries).astype(np.int64)
        asked = wanted[types]
        which, entries, types = which[asked], entries[asked], types[asked]
        starts, ends = words.starts[found.firsts[which]], words.ends[found.lasts[which]]
        return _Candidates(starts, ends, types, entries)

    def _identified(self, spans: Sequence[Span], mentions: Sequence[str]) -> Iterator[Span]:
        lexicon = self._lexicon
        words, _, firsts = join(mentions)
        lasts = np.append(firsts[1:] - 2, words.number - 1)  # the barrier is a word too
        filled = np.flatnonzero(lasts >= firsts)
        found = lexicon.named(words, firsts[filled], lasts[filled])
        which, entries = lexicon.entries(found.names)
        at = np.searchsorted(firsts, found.firsts[which], side="right") - 1
        names: dict[tuple[int, str], set[str]] = {}
        types = [lexicon.types[type] for type in lexicon.entry_types(entries).tolist()]
        found_names = lexicon.identifiers(entries)
        for key in zip(at.tolist(), types, found_names, strict=True):
            names.setdefault(key[:2], set()).update(key[2])
        for number, span in enumerate(spans):
            known = names.get((number, span.type), ())
            yield (
                replace(span, identifiers=tuple(sorted(known)))
                if known and not span.identifiers
                else span
            )


def identify(documents: Iterable[Document], base: KnowledgeBase | Matcher) -> Iterator[Document]:
    """Give mentions the identifiers of the names that they are.

    A mention that a name of its type in the base matches exactly, by the rules of the type,
    carries the identifiers of all concepts that have the name.

    Args:
        documents: with mentions, by whomever they were found.
        base: a base, or the matcher of one.
    """
    matcher = base if isinstance(base, Matcher) else Matcher.open(base)
    yield from matcher.identify(documents)


def _chosen(
    found: _Candidates, lexicon: Lexicon, begins: NDArray[np.int64] | None = None
) -> list[list[Span]]:
    """Of each type the leftmost, and of those the longest; a sorted list of spans for each text.

    Args:
        found: in any order.
        lexicon: where they were found.
        begins: offsets at which the texts begin; one text if None. *Shape:* (T,)
    """
    begins = np.zeros(1, np.int64) if begins is None else begins
    order = np.lexsort((-found.ends, found.starts, found.types))
    found = _Candidates(*(column[order] for column in found))
    kept = _leftmost_longest(found)
    kept = kept[np.lexsort((found.types[kept], found.ends[kept], found.starts[kept]))]
    found = _Candidates(*(column[kept] for column in found))
    texts = np.searchsorted(begins, found.starts, side="right") - 1
    starts, ends = found.starts - begins[texts], found.ends - begins[texts]
    spans: list[list[Span]] = [[] for _ in begins]
    columns = (column.tolist() for column in (texts, starts, ends, found.types))
    last = None
    for text, *place, identifiers in zip(*columns, lexicon.identifiers(found.entries), strict=True):
        if (text, *place) == last:
            # Found with and without regard to case: one mention, with the identifiers of both.
            identifiers = tuple(sorted({*spans[text].pop().identifiers, *identifiers}))
        last = (text, *place)
        start, end, type = place
        spans[text].append(Span(start, end, lexicon.types[type], None, identifiers))
    return spans


def _leftmost_longest(found: _Candidates) -> NDArray[np.int64]:
    """Indices of those kept of candidates that are in order of type, start, and length."""
    kept: list[int] = []
    last = (-1, 0, 0)
    places = zip(found.types.tolist(), found.starts.tolist(), found.ends.tolist(), strict=True)
    for index, place in enumerate(places):
        if place[0] != last[0] or place[1] >= last[2] or place == last:
            last = place
            kept.append(index)
    return np.array(kept, np.int64)


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """Short documents together, a long one by itself."""
    batch: list[Document] = []
    size = 0
    for document in documents:
        if batch and size + len(document.text) > _CHARACTERS_AT_ONCE:
            yield batch
            batch, size = [], 0
        batch.append(document)
        size += len(document.text) + 8  # there may be many with nothing in them
    if batch:
        yield batch


def _blank(text: str, begin: int) -> int:
    """Where the first blank stands from an offset on; the text's end if there is none."""
    found = _BLANK.search(text, begin)
    return found.start() if found else len(text)
