"""Which mentions are nested, and how: the groups that nested corpora are scored by.

A gold mention is in the groups that its place among the gold mentions gives it. A right prediction
goes where its gold mention is, a wrong one where its own place among the predictions puts it. So
every right prediction is counted once on both sides, the counts of ``flat`` and ``nested`` add up
to the whole, as do those of ``outermost`` and ``inside``, and those of ``innermost`` and
``around``. Rojas et al. 2022 ("Simple Yet Powerful: An Overlooked Architecture for Nested Named
Entity Recognition", COLING) count in this way.

A system that never nests its predictions has no wrong one in ``nested``: its precision there is
1 or 0, and only the recall tells something.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from vaner.text.documents import Span
from vaner.text.span_relations import SpanRelation, find_overlapping_pairs, find_relations

Relations = frozenset[SpanRelation]

GROUPS: Mapping[str, Callable[[Relations], bool]] = {
    "flat": lambda ways: not ways,
    "nested": bool,
    "outermost": lambda ways: SpanRelation.INSIDE not in ways,
    "inside": lambda ways: SpanRelation.INSIDE in ways,
    "innermost": lambda ways: SpanRelation.AROUND not in ways,
    "around": lambda ways: SpanRelation.AROUND in ways,
    "same_place": lambda ways: SpanRelation.SAME in ways,
    "crossing": lambda ways: SpanRelation.CROSSING in ways,
}
"""By how a mention lies to the others of its side: ``flat`` shares a character with none,
``nested`` with some; ``outermost`` lies inside none, ``inside`` inside some; ``innermost`` has none
inside, ``around`` has some; ``same_place`` covers what a mention of another type covers;
``crossing`` shares a part of itself with a part of another one."""


def has_overlaps(spans: Iterable[Span]) -> bool:
    """Whether any two mentions share a character."""
    return any(True for _ in find_overlapping_pairs(spans))


def group_by_nesting(gold: Collection[Span], predicted: Collection[Span]) -> dict[str, set[Span]]:
    """The mentions of either side in each group.

    >>> outer, inner, wrong = Span(0, 9, "Disease"), Span(5, 9, "Anatomy"), Span(12, 15, "Gene")
    >>> found = group_by_nesting([outer, inner], [inner, wrong])
    >>> found["inside"] == {inner}, found["flat"] == {wrong}
    (True, True)
    """
    ways = {
        **find_relations(predicted),
        **find_relations(gold),
    }  # gold's word on what both sides have
    return {name: {span for span in ways if holds(ways[span])} for name, holds in GROUPS.items()}
