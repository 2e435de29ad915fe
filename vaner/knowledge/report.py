"""What is in a knowledge base, and which of its names will make trouble."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from typing import Any

from vaner.knowledge.base import KnowledgeBase
from vaner.knowledge.concepts import Concept
from vaner.knowledge.name_forms import canonical

SHORT = 3  # characters of a canonical name that is very short
# Zipf scale: the logarithm of a word's number in a billion words (van Heuven et al. 2014,
# doi:10.1080/17470218.2013.850521), who call words from 4 on high-frequency words.
COMMON = 4.0
_EXAMPLES = 8


@dataclass(frozen=True, slots=True)
class NameCount:
    """Names of one kind.

    Args:
        names: how many different canonical names there are.
        by_type: the same for each entity type; a name of two types counts for both.
        examples: some of them, the most telling first.
    """

    names: int
    by_type: Mapping[str, int]
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Statistics of a base.

    Args:
        base: its name.
        concepts: number of concepts of each type.
        names: number of names of each type, as spelled, counted once for each concept.
        sources: source -> what is kept of it, and its numbers of concepts and names by type.
        distinct: number of different canonical names.
        several_concepts: canonical names that several identifiers have. The same disease in
            two vocabularies counts here.
        one_vocabulary: those of them that several identifiers of one vocabulary have.
        several_types: those that concepts of several types have.
        short: canonical names of at most `SHORT` characters.
        english: names that are common English words, from `COMMON` on the Zipf scale; None
            where wordfreq is not installed.
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
        """As JSON has it."""
        return asdict(self)


@dataclass(slots=True)
class _Name:
    """Who has a canonical name, and one of its spellings."""

    spelling: str
    identifiers: set[str] = field(default_factory=set)
    types: set[str] = field(default_factory=set)

    @property
    def vocabularies(self) -> Counter[str]:
        return Counter(identifier.partition(":")[0] for identifier in self.identifiers)


def report(base: KnowledgeBase) -> Report:
    """Go through a base once. Takes some seconds and memory for each hundred thousand names."""
    names: dict[str, _Name] = {}
    counts: dict[str, tuple[Counter[str], Counter[str]]] = {}
    for concept in base:
        concepts, spelled = counts.setdefault(concept.source, (Counter(), Counter()))
        concepts[concept.type] += 1
        spelled[concept.type] += len(concept.names)
        _collect(names, concept)
    sources = {
        name: {**asdict(source), "concepts": dict(counts[name][0]), "names": dict(counts[name][1])}
        for name, source in base.sources.items()
        if name in counts
    }
    several = {name: who for name, who in names.items() if len(who.identifiers) > 1}
    within = {n: who for n, who in several.items() if max(who.vocabularies.values()) > 1}
    kinds = {name: who for name, who in names.items() if len(who.types) > 1}
    short = {name: who for name, who in names.items() if len(name) <= SHORT}
    return Report(
        base=base.name,
        concepts=dict(base.concept_counts),
        names=dict(base.name_counts),
        sources=sources,
        distinct=len(names),
        several_concepts=_counted(several, _most),
        one_vocabulary=_counted(within, _most),
        several_types=_counted(kinds, _most),
        short=_counted(short, lambda name, who: (len(name), name)),
        english=_english(names),
    )


def _collect(names: dict[str, _Name], concept: Concept) -> None:
    for spelling in concept.names:
        if name := canonical(spelling):
            who = names.get(name)
            if who is None:
                who = names[name] = _Name(spelling)
            who.identifiers.add(concept.identifier)
            who.types.add(concept.type)


def _most(name: str, who: _Name) -> tuple[Any, ...]:
    """Order: names of the most concepts first."""
    return (-len(who.identifiers), name)


def _counted(
    found: Mapping[str, _Name], order: Callable[[str, _Name], tuple[Any, ...]]
) -> NameCount:
    ranked = sorted(found.items(), key=lambda item: order(*item))[:_EXAMPLES]
    return NameCount(
        len(found),
        dict(sorted(Counter(type for who in found.values() for type in who.types).items())),
        tuple(_example(who) for _, who in ranked),
    )


def _example(who: _Name) -> str:
    """A spelling with some of the identifiers behind it, if there are several."""
    if len(who.identifiers) == 1:
        return who.spelling
    first = sorted(who.identifiers)[:3]
    more = ", …" if len(who.identifiers) > len(first) else ""
    return f"{who.spelling} ({', '.join(first)}{more})"


def _english(names: Mapping[str, _Name]) -> NameCount | None:
    frequency = common_words(names)
    if frequency is None:
        return None
    found = {name: names[name] for name in frequency}
    return _counted(found, lambda name, who: (-frequency[name], name))


def common_words(names: Iterable[str]) -> dict[str, float] | None:
    """Those of the canonical names that are common English words, with their Zipf frequency.

    None where wordfreq is not installed, which comes with the extra ``vaner[kb]``.
    """
    if find_spec("wordfreq") is None:
        return None
    from wordfreq import zipf_frequency

    zipf = {name: zipf_frequency(name, "en", wordlist="small") for name in names if name.isalpha()}
    return {name: frequency for name, frequency in zipf.items() if frequency >= COMMON}
