"""Normalization: a text as it is read, without invisible characters, ligatures, full-width forms.

Soft hyphens, zero-width spaces, joiners and direction marks are invisible, and copied text has them
in the middle of words. Models and splitters read a text without them, and read ``ﬁ`` as ``fi``,
``Ａ`` as ``A``, typographic hyphens (U+2010, U+2011) as ``-``, and a letter with a combining
accent as one letter (NFC). Offsets refer to the original. A joiner stays where spelling needs it:
between letters of a script that joins letters, such as Arabic or Devanagari, and between emoji.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import regex

UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
"""A character of a script that is written without spaces between words."""

_INVISIBLE = r"[[\p{Cf}&&\p{Default_Ignorable_Code_Point}]\u034f]"
# Letters that are folded to their compatibility form: ligatures, full-width letters and digits, and
# letters in a mathematical font. Other compatibility characters, such as ² or µ, have a meaning.
_FOLDED = (
    r"[[\u0132\u0133\u01c4-\u01cc\u01f1-\u01f3\ufb00-\ufdff\ufe70-\ufefc\uff10-\uff19\uff21-\uff3a"
    r"\uff41-\uff5a\U0001d400-\U0001d7ff]&&[\p{L}\p{Nd}]]"
)
# The flags of England, Scotland and Wales are a black flag and invisible letters.
_FLAG = r"\U0001f3f4[\U000e0020-\U000e007e]++\U000e007f"
# A sign is folded inside a full-width word, as in ＩＬ－２. Elsewhere it belongs to Chinese text.
_WIDE = r"[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]"
_SIGN = rf"(?<={_WIDE}{_INVISIBLE}*)[\uff01-\uff5e](?={_INVISIBLE}*+{_WIDE})"
# A letter and its accents. Their number is limited because composing many takes quadratic time.
_ACCENTED = (
    rf"[\p{{Latin}}\p{{Greek}}\p{{Cyrillic}}\p{{Hiragana}}\p{{Katakana}}]"
    rf"(?:{_INVISIBLE}*+[\u0300-\u036f\u3099\u309a]){{1,4}}+"
)
_HYPHEN = r"[\u2010\u2011]"  # in texts of publishers, where corpora have "-"
_HANGUL = rf"[\u1100-\u1112]{_INVISIBLE}*+[\u1161-\u1175](?:{_INVISIBLE}*+[\u11a8-\u11c2])?+"
SURROGATE = regex.compile(r"[\ud800-\udfff]")
"""A character that UTF-8 cannot hold: half of a surrogate pair."""

_UNUSUAL = regex.compile(
    rf"(?V1)(?P<flag>{_FLAG})|(?P<composed>{_ACCENTED}|{_HANGUL})|(?P<invisible>{_INVISIBLE}++)"
    rf"|(?P<sign>{_SIGN})|(?P<hyphen>{_HYPHEN})|{_FOLDED}"
)
# A text without any of these characters is not changed.
_TRIGGER = regex.compile(
    rf"(?V1)[{_INVISIBLE}{_HYPHEN}{_FOLDED}[\u0300-\u036f\u1100-\u1112\u3099\u309a]]"
)
_INVISIBLE_RUN = regex.compile(rf"(?V1){_INVISIBLE}++")
# Letters and vowel signs that a joiner may follow and precede.
_JOINED = (
    r"[[\p{Joining_Type=D}\p{Joining_Type=R}[[\p{L}\p{M}]--\p{Indic_Syllabic_Category=Other}]]"
    rf"--{UNSPACED}]"
)
_EMOJI = r"[\p{Extended_Pictographic}\p{Regional_Indicator}]"
# What may surround a joiner; (?r) searches backwards from the joiner.
_CONTEXTS = {
    joiners: (regex.compile(rf"(?V1r){before}\p{{M}}*+"), regex.compile(rf"(?V1){after}"))
    for joiners, before, after in (
        ("\u200c\u200d", _JOINED, _JOINED),
        ("\u200d", rf"{_EMOJI}\p{{Emoji_Modifier}}?", _EMOJI),
    )
}


class NormalizedText(NamedTuple):
    """A normalized text.

    Attributes:
        text: the text.
        starts: start offset in the original of each character. *Shape:* (N,)
        ends: end offset in the original of each character. *Shape:* (N,)
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def find(self, offset: int) -> int:
        """Return the index of the first character that is at an offset of the original or later."""
        return bisect_left(self.starts, offset)


def normalize(text: str) -> str:
    r"""Return a text as it is read.

    >>> normalize("as\u00adthma with \ufb01brosis")
    'asthma with fibrosis'
    >>> normalize("COVID\u201119")
    'COVID-19'
    """
    return normalize_with_offsets(text).text


def normalize_with_offsets(text: str) -> NormalizedText:
    """Return a text as it is read, with the offsets of its characters in the original.

    Time: O(n) for n characters.
    """
    if text.isascii() or not _TRIGGER.search(text):
        return NormalizedText(text, range(len(text)), range(1, len(text) + 1))
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []

    def keep(start: int, end: int) -> None:
        pieces.append(text[start:end])
        starts.extend(range(start, end))
        ends.extend(range(start + 1, end + 1))

    position = 0
    for match in _UNUSUAL.finditer(text):
        keep(position, match.start())
        position = match.end()
        if match["flag"]:
            keep(*match.span())
        elif match["invisible"]:
            joiner = _find_joiner(text, match)
            if joiner is not None:
                keep(joiner, joiner + 1)
        else:
            characters = _fold(match)
            pieces.append(characters)
            starts += [match.start()] * len(characters)
            ends += [position] * len(characters)
    keep(position, len(text))
    return NormalizedText("".join(pieces), starts, ends)


def replace_surrogates(text: str) -> str:
    r"""Return text of the same length that UTF-8 can hold. Lone surrogates become U+FFFD.

    >>> replace_surrogates("flu \ud83d")
    'flu \ufffd'
    """
    return SURROGATE.sub("\ufffd", text)


def _find_joiner(text: str, run: regex.Match[str]) -> int | None:
    """Return the offset of the joiner in invisible characters that spelling needs, or None."""
    for joiners, (before, after) in _CONTEXTS.items():
        offset = next((i for i in range(*run.span()) if text[i] in joiners), None)
        is_present = offset is not None
        if is_present and before.match(text, 0, run.start()) and after.match(text, run.end()):
            return offset
    return None


def _fold(match: regex.Match[str]) -> str:
    """Return the characters that are read for a match."""
    if match["hyphen"]:
        return "-"
    if match["composed"]:
        return unicodedata.normalize("NFC", _INVISIBLE_RUN.sub("", match[0]))
    return _fold_character(match[0], is_sign=bool(match["sign"]))


@cache
def _fold_character(character: str, *, is_sign: bool) -> str:
    """Return the compatibility form of a character; of a letter only if that is letters."""
    folded = unicodedata.normalize("NFKC", character)
    is_word = all(unicodedata.category(c)[0] in "LMN" for c in folded)
    return folded if is_sign or is_word else character
