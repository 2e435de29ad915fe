"""Options of linking, in a file that imports nothing else at its start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vaner.linking.protocol import MentionLinker

MIN_SCORE = 0.4
"""Probability from which a concept becomes the identifier of a mention; chosen on devel splits."""


DEFAULT_CANDIDATES = 5
"""Number of concepts that a mention lists where candidates are not requested by number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkOptions:
    """Which knowledge bases give identifiers to mentions.

    Args:
        kb: base that gives identifiers to mentions that are names in it.
        link: base that gives identifiers to mentions that are similar to names in it.
        candidates: maximum number of concepts of `link` that each mention lists.
    """

    kb: str | None = None
    link: str | None = None
    candidates: int = 0

    def load(self) -> MentionLinker | None:
        """Return the linker of the bases; None if there are no bases.

        Raises:
            VanerError: if a base does not exist, or if candidates are requested without a base to
                link to.
        """
        from vaner.linking.chain import open_linker

        return open_linker(self)
