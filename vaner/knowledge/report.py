"""Statistics of a knowledge base, including names that are ambiguous or too general."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from typing import Any

from vaner.knowledge.base import KnowledgeBase
from vaner.knowledge.concepts import Concept
from vaner.knowledge.name_forms import canonicalize

MAX_SHORT_LENGTH = 3
"""Maximum number of characters of a short name."""
MIN_COMMON_FREQUENCY = 4.0
"""Minimum frequency of a common word on the Zipf scale, log10 of occurrences per billion words.

The source of the scale calls words from 4 high-frequency words (van Heuven et al. 2014,
doi:10.1080/17470218.2013.850521).
"""
_MAX_EXAMPLES = 8


@dataclass(frozen=True, slots=True)
class NameCount:
    """Number of names with some property.

    Args:
        names: number of different canonical names.
        by_type: number of names of each entity type. A name of two types counts for both.
        examples: the most extreme examples.
    """

    names: int
    by_type: Mapping[str, int]
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Statistics of a base.

    Args:
        base: name of the base.
        concepts: number of concepts of each type.
        names: number of names of each type, counted once for each concept, as spelled.
        sources: source -> its metadata, and its numbers of concepts and names by type.
        distinct: number of different canonical names.
        several_concepts: canonical names of several identifiers, including identifiers of the same
            concept in two vocabularies.
        one_vocabulary: canonical names of several identifiers of one vocabulary.
        several_types: canonical names of concepts of several types.
        short: canonical names of at most `MAX_SHORT_LENGTH` characters.
        english: names that are common English words; None if wordfreq is not installed.
    """

    base: str
    concepts: Mapping[str, int]
    names: Mapping[str, int]
    sources: Mapping[str, Mapping[str, Any]]
    distinct: int
    several_concepts: NameCount
    one_vocabulary: NameCount
    several_types: NameCount
    short: NameCount
    english: NameCount | None

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return asdict(self)


@dataclass(slots=True)
class _NameUse:
    """One spelling of a canonical name, and the identifiers and types that it has."""

    spelling: str
    identifiers: set[str] = field(default_factory=set)
    types: set[str] = field(default_factory=set)

    @property
    def is_ambiguous_in_vocabulary(self) -> bool:
        """Whether several identifiers of one vocabulary have the name."""
        prefixes = Counter(identifier.partition(":")[0] for identifier in self.identifiers)
        return max(prefixes.values()) > 1


def build_report(base: KnowledgeBase) -> Report:
    """Compute the statistics of a base, in one pass. Takes seconds per hundred thousand names."""
    names: dict[str, _NameUse] = {}
    counts: dict[str, tuple[Counter[str], Counter[str]]] = {}
    for concept in base:
        concept_counts, name_counts = counts.setdefault(concept.source, (Counter(), Counter()))
        concept_counts[concept.type] += 1
        name_counts[concept.type] += len(concept.names)
        _add_concept(names, concept)
    sources = {
        name: {**asdict(source), "concepts": dict(counts[name][0]), "names": dict(counts[name][1])}
        for name, source in base.sources.items()
        if name in counts
    }
    ambiguous = {name: use for name, use in names.items() if len(use.identifiers) > 1}
    within_vocabulary = {n: use for n, use in ambiguous.items() if use.is_ambiguous_in_vocabulary}
    several_types = {name: use for name, use in names.items() if len(use.types) > 1}
    short = {name: use for name, use in names.items() if len(name) <= MAX_SHORT_LENGTH}
    return Report(
        base=base.name,
        concepts=dict(base.concept_counts),
        names=dict(base.name_counts),
        sources=sources,
        distinct=len(names),
        several_concepts=_count(ambiguous, _most_concepts_first),
        one_vocabulary=_count(within_vocabulary, _most_concepts_first),
        several_types=_count(several_types, _most_concepts_first),
        short=_count(short, lambda name, _: (len(name), name)),
        english=_count_english(names),
    )


def _add_concept(names: dict[str, _NameUse], concept: Concept) -> None:
    for spelling in concept.names:
        if name := canonicalize(spelling):
            use = names.get(name)
            if use is None:
                use = names[name] = _NameUse(spelling)
            use.identifiers.add(concept.identifier)
            use.types.add(concept.type)


def _most_concepts_first(name: str, use: _NameUse) -> tuple[Any, ...]:
    return (-len(use.identifiers), name)


def _count(
    names: Mapping[str, _NameUse], sort_key: Callable[[str, _NameUse], tuple[Any, ...]]
) -> NameCount:
    examples = sorted(names.items(), key=lambda item: sort_key(*item))[:_MAX_EXAMPLES]
    return NameCount(
        len(names),
        dict(sorted(Counter(type for use in names.values() for type in use.types).items())),
        tuple(_format_example(use) for _, use in examples),
    )


def _format_example(use: _NameUse) -> str:
    """Return a spelling with some of its identifiers, if it has several."""
    if len(use.identifiers) == 1:
        return use.spelling
    first = sorted(use.identifiers)[:3]
    more = ", …" if len(use.identifiers) > len(first) else ""
    return f"{use.spelling} ({', '.join(first)}{more})"


def _count_english(names: Mapping[str, _NameUse]) -> NameCount | None:
    frequency = find_common_words(names)
    if frequency is None:
        return None
    common = {name: names[name] for name in frequency}
    return _count(common, lambda name, _: (-frequency[name], name))


def find_common_words(names: Iterable[str]) -> dict[str, float] | None:
    """Return the canonical names that are common English words, with their Zipf frequencies.

    Returns:
        Name -> frequency; None if wordfreq is not installed. It is part of the extra ``kb``.
    """
    if find_spec("wordfreq") is None:
        return None
    from wordfreq import zipf_frequency

    zipf = {name: zipf_frequency(name, "en", wordlist="small") for name in names if name.isalpha()}
    return {
        name: frequency for name, frequency in zipf.items() if frequency >= MIN_COMMON_FREQUENCY
    }
