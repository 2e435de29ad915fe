"""One part of many of the input, for schedulers that start the same command many times.

Every document is in exactly one shard, whichever machine reads it: nothing is agreed on between
them but the input and the number of shards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple, TypeVar

from vaner.errors import VanerError

_Item = TypeVar("_Item")


class Shard(NamedTuple):
    """Every `of`-th item, from the one of this number on.

    Args:
        number: from 1 to `of`.
        of: how many shards there are.
    """

    number: int
    of: int

    @classmethod
    def named(cls, given: str) -> Shard:
        """The shard by what a user wrote.

        Raises:
            VanerError: for anything but i/n with i from 1 to n.

        >>> Shard.named("2/8")
        Shard(number=2, of=8)
        """
        found = re.fullmatch(r"(\d{1,9})/(\d{1,9})", given, re.ASCII)
        if not found or not 1 <= int(found[1]) <= int(found[2]):
            raise VanerError(f"--shard {given}: a shard is i/n with i from 1 to n, such as 1/8")
        return cls(int(found[1]), int(found[2]))

    def by_files(self, files: Sequence[str]) -> bool:
        """Whether shards are whole files: so they are where each gets one, and opens no other."""
        return len(files) >= self.of

    def part(self, items: Iterable[_Item]) -> Iterator[_Item]:
        """The items of this shard, in their order."""
        return islice(items, self.number - 1, None, self.of)
