r"""Patterns of the package `regex`, as JavaScript writes them.

Each set of characters, such as ``\p{L}`` or ``\s``, is written as its code points, which Python
lists. So the patterns match the same text in every browser, whatever version of Unicode it has.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cache

import regex

_CHARACTERS = "".join(map(chr, range(sys.maxunicode + 1)))
_SHORT = frozenset("pPsSwWdD")  # letters of the escapes that are sets of characters
_BOUNDARY = r"(?:(?<=W)(?!W)|(?<!W)(?=W))"

# An extended grapheme cluster, as `regex` finds it (Unicode Standard Annex 29, table 1c).
_EXTENDING = r"[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]"
_CONJUNCT = r"(?<=\p{InCB=Linker}\p{InCB=Extend}*)\p{InCB=Consonant}"
_CLUSTER = (
    r"(?:\r\n|\p{GCB=Prepend}*(?:\p{GCB=L}*(?:\p{GCB=V}+|\p{GCB=LV}\p{GCB=V}*|\p{GCB=LVT})"
    r"\p{GCB=T}*|\p{GCB=L}+|\p{GCB=T}+|\p{RI}{2}"
    r"|\p{Extended_Pictographic}(?:\p{GCB=Extend}*\p{GCB=ZWJ}\p{Extended_Pictographic})*"
    rf"|[^\p{{GCB=Control}}\r\n])(?:{_EXTENDING}|{_CONJUNCT})*"
    rf"|\p{{GCB=Prepend}}+{_EXTENDING}*|[\p{{GCB=Control}}\r\n])"
)


def translate_pattern(pattern: str) -> str:
    r"""Return a pattern for JavaScript's flag ``u``.

    A pattern that searches backwards becomes a lookbehind: it matches where its match ends.

    Args:
        pattern: a pattern of `regex`. A possessive quantifier must be that of a set of characters,
            or at the end of an alternative, where it changes nothing.

    >>> translate_pattern(r"(?V1)(?P<digits>[0-9]++)\.")
    '(?<digits>[0-9]+(?![0-9]))\\.'
    >>> translate_pattern(r"(?r)a[0-2]*+")
    '(?<=a(?<![0-2])[0-2]*)'
    """
    flags = regex.match(r"\(\?([V01r]+)\)", pattern)
    body = pattern[flags.end() :] if flags else pattern
    is_backwards = flags is not None and "r" in flags[1]
    translated = _Translator(body, is_backwards).translate()
    return f"(?<={translated})" if is_backwards else translated


def write_set(characters: Iterable[str]) -> str:
    """Return a set of characters for JavaScript's flag ``u``.

    >>> write_set("cab_")
    '[_a-c]'
    """
    ranges: list[list[int]] = []
    for code in sorted(map(ord, characters)):
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return _write_ranges((first, last) for first, last in ranges)


def _write_ranges(ranges: Iterable[tuple[int, int]]) -> str:
    return f"[{''.join(_write_range(first, last) for first, last in ranges)}]"


def _write_range(first: int, last: int) -> str:
    dash = "-" if last > first + 1 else ""
    return _write_code(first) + (dash + _write_code(last) if last > first else "")


def _write_code(code: int) -> str:
    character = chr(code)
    is_plain = character.isascii() and (character.isalnum() or character == "_")
    return character if is_plain else f"\\u{{{code:x}}}"


@cache
def _expand_set(source: str) -> str:
    """Return a set of `regex`, such as ``[a-f]`` or an escape, as JavaScript writes it."""
    runs = regex.findall(f"(?V1s)(?:{source})+", _CHARACTERS)
    return _write_ranges((ord(run[0]), ord(run[-1])) for run in runs)


class _Translator:
    """Translates the body of a pattern from left to right."""

    def __init__(self, source: str, is_backwards: bool) -> None:
        self._source, self._is_backwards = source, is_backwards
        self._position = 0

    def translate(self) -> str:
        """Return the translation up to the end, or up to the bracket that closes a group."""
        parts: list[str] = []
        while self._position < len(self._source) and self._source[self._position] != ")":
            atom, is_set = self._read_atom()
            quantifier, is_possessive = self._read_quantifier()
            if is_possessive and is_set and quantifier in "*+":
                guard = f"(?<!{atom})" if self._is_backwards else f"(?!{atom})"
                parts += [guard, atom, quantifier] if self._is_backwards else [
                    atom, quantifier, guard
                ]  # fmt: skip
            else:
                parts += [atom, quantifier]
        return "".join(parts)

    def _take(self, pattern: str) -> str:
        """Return and skip what matches at the position; empty if nothing does."""
        match = regex.compile(pattern).match(self._source, self._position)
        if match is None:
            return ""
        self._position = match.end()
        return str(match[0])

    def _read_atom(self) -> tuple[str, bool]:
        """Return one translated element, and whether it is a set of characters."""
        if group := self._take(r"\((?:\?(?:P?<\w+>|[:=!]|<[=!]))?"):
            content = self.translate()
            self._take(r"\)")
            return f"{group.replace('?P<', '?<')}{content})", False
        if characters := self._take(r"\[(?:\\.|[^][\\]|(?R))*+\]"):
            return _expand_set(characters), True
        if self._take(r"\\X"):
            return translate_pattern(_CLUSTER), False
        if self._take(r"\\b"):
            return _BOUNDARY.replace("W", _expand_set(r"\w")), False
        if escape := self._take(r"\\(?:[pP]\{[^}]*\}|u[0-9a-f]{4}|U[0-9a-f]{8}|.)"):
            is_set = escape[1] in _SHORT
            return (_expand_set(escape) if is_set or escape[1] in "uU" else escape), is_set
        return self._take(r"(?s)."), False

    def _read_quantifier(self) -> tuple[str, bool]:
        quantifier = self._take(r"[*+?]|\{\d+,?\d*\}")
        return quantifier, bool(quantifier and self._take(r"\+"))
