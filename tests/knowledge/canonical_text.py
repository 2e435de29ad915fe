"""A text in canonical form with offsets: a simple reference for the tests of the matcher."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaner.knowledge.name_forms import (
    GAP,
    JOINED,
    WORD,
    Codes,
    Offsets,
    fold_case,
    normalize_characters,
)


class CanonicalText(NamedTuple):
    """A text in canonical form, with the offsets of its characters.

    Args:
        codes: code points with case. *Shape:* (N,)
        folded: code points in lower case. *Shape:* (N,)
        kinds: `WORD`, `SIGN`, `JOINED`, or `GAP` for a space between two words. *Shape:* (N,)
        starts: start offset of each code point in the original. *Shape:* (N,)
        ends: end offset of each code point, which includes its accents. *Shape:* (N,)
    """

    codes: Codes
    folded: Codes
    kinds: NDArray[np.uint8]
    starts: Offsets
    ends: Offsets

    def text(self, *, case: bool = False) -> str:
        """Return the text, which is equal to `canonicalize` of the original."""
        codes = self.codes if case else self.folded
        return codes.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")


def canonical_text(text: str) -> CanonicalText:
    """Return the canonical form of a text with the offsets of its characters."""
    codes, kinds, starts, ends = normalize_characters(text)
    keep = []
    for i, kind in enumerate(kinds.tolist()):
        if kind != GAP:
            keep.append(i)
            continue
        if i and kinds[i - 1] == GAP:
            continue
        following = next((k for k in kinds[i:].tolist() if k != GAP), None)
        if i and kinds[i - 1] in (WORD, JOINED) and following in (WORD, JOINED):
            keep.append(i)
    index = np.array(keep, np.int64)
    codes, kinds = codes[index].copy(), kinds[index]
    codes[kinds == GAP] = 0x20
    return CanonicalText(codes, fold_case(codes), kinds, starts[index], ends[index])
