"""One part of the input, for schedulers that start the same command many times.

Every document is in exactly one shard. The processes need not communicate: a shard depends on the
input and the number of shards only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple, TypeVar

from vaner.errors import VanerError

Item = TypeVar("Item")


class Shard(NamedTuple):
    """Every `total`-th item, starting with item `number`.

    Args:
        number: from 1 to `total`.
        total: number of shards.
    """

    number: int
    total: int

    @classmethod
    def parse(cls, value: str) -> Shard:
        """Return the shard for the value of ``--shard``.

        Raises:
            VanerError: if the value is not i/n with i from 1 to n.

        >>> Shard.parse("2/8")
        Shard(number=2, total=8)
        """
        match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", value, re.ASCII)
        if not match or not 1 <= int(match[1]) <= int(match[2]):
            raise VanerError(f"--shard {value}: must be i/n with i from 1 to n, such as 1/8")
        return cls(int(match[1]), int(match[2]))

    def selects_files(self, files: Sequence[str]) -> bool:
        """Return whether a shard consists of entire files: if there is one for each shard."""
        return len(files) >= self.total

    def select(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the items of this shard in their order."""
        return islice(items, self.number - 1, None, self.total)
