"""Groups of nested mentions, for the evaluation on corpora with nested mentions.

A gold mention belongs to the groups that its relations to other gold mentions give. A correct
prediction belongs to the groups of its gold mention, a wrong prediction to those that its relations
to other predictions give. So each correct prediction is counted once on both sides. The counts of
``flat`` and ``nested`` add up to those of all mentions, and so do those of ``outermost`` and
``inside``, and of ``innermost`` and ``around``.

A system that never predicts nested mentions has no wrong prediction in ``nested``: its precision
there is 1 or 0, and only its recall is informative.

Source: Rojas et al. 2022, "Simple Yet Powerful: An Overlooked Architecture for Nested Named Entity
Recognition", COLING.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from vaner.text.documents import Span
from vaner.text.span_relations import SpanRelation, find_overlapping_pairs, find_relations

Relations = frozenset[SpanRelation]
"""Relations of a mention to the other mentions of its side, gold or predicted."""

GROUPS: Mapping[str, Callable[[Relations], bool]] = {
    "flat": lambda relations: not relations,
    "nested": bool,
    "outermost": lambda relations: SpanRelation.INSIDE not in relations,
    "inside": lambda relations: SpanRelation.INSIDE in relations,
    "innermost": lambda relations: SpanRelation.AROUND not in relations,
    "around": lambda relations: SpanRelation.AROUND in relations,
    "same_place": lambda relations: SpanRelation.SAME in relations,
    "crossing": lambda relations: SpanRelation.CROSSING in relations,
}
"""Conditions on the relations of a mention, by group: ``flat`` shares no character with another
mention, ``nested`` does; ``outermost`` is inside no other mention, ``inside`` is inside one;
``innermost`` contains no other mention, ``around`` contains one; ``same_place`` has the same extent
as a mention of another type; ``crossing`` overlaps another mention partially."""


def has_overlaps(spans: Iterable[Span]) -> bool:
    """Return whether any two mentions share a character."""
    return any(True for _ in find_overlapping_pairs(spans))


def group_by_nesting(gold: Collection[Span], predicted: Collection[Span]) -> dict[str, set[Span]]:
    """Return the gold and predicted mentions of each group.

    >>> outer, inner, wrong = Span(0, 9, "Disease"), Span(5, 9, "Anatomy"), Span(12, 15, "Gene")
    >>> groups = group_by_nesting([outer, inner], [inner, wrong])
    >>> groups["inside"] == {inner}, groups["flat"] == {wrong}
    (True, True)
    """
    # Gold relations take precedence for mentions that are on both sides.
    relations = {**find_relations(predicted), **find_relations(gold)}
    return {
        name: {span for span in relations if holds(relations[span])}
        for name, holds in GROUPS.items()
    }
