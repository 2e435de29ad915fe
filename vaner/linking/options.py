"""Options of linking, in a file that imports little at its start."""

from __future__ import annotations

from dataclasses import dataclass

from vaner.errors import VanerError
from vaner.linking.chain import LinkerChain
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
        """Return the linker of the bases: exact names come first. None without a base.

        Raises:
            VanerError: if a base does not exist, or if candidates are requested without a base to
                link to.
        """
        linkers: list[MentionLinker] = []
        if self.candidates and self.link is None:
            message = "candidates require a knowledge base to link to; name one"
            raise VanerError(message, argument="link")
        if self.kb is not None:
            from vaner.knowledge.matcher import Matcher

            linkers.append(Matcher.from_name(self.kb))
        if self.link is not None:  # its libraries take a second to import
            from vaner.linking.linker import Linker

            linkers.append(Linker.from_name(self.link, max_candidates=self.candidates))
        return LinkerChain(linkers) if linkers else None
