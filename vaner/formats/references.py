"""References between relations: those that refer to something removed, also through others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Entry(NamedTuple):
    """A relation, an attribute or another line of a file.

    Args:
        id: its id; empty if nothing can refer to it.
        targets: the ids that it refers to.
    """

    id: str
    targets: Iterable[str]


def find_dangling(entries: Sequence[Entry], removed: Iterable[str]) -> set[int]:
    """Return the indices of the entries that refer to a removed id, directly or through others.

    Each entry is visited once, so the time is linear in the number of references, also for a chain.

    >>> chain = [Entry("R1", ["T1", "T2"]), Entry("R2", ["R1"]), Entry("R3", ["T2"])]
    >>> sorted(find_dangling(chain, ["T1"]))
    [0, 1]
    """
    referring = defaultdict[str, list[int]](list)
    for index, entry in enumerate(entries):
        for target in entry.targets:
            referring[target].append(index)
    dangling, seen = set[int](), set(removed)
    waiting = list(seen)
    while waiting:
        for index in referring.get(waiting.pop(), ()):
            dangling.add(index)
            id = entries[index].id
            if id and id not in seen:
                seen.add(id)
                waiting.append(id)
    return dangling
