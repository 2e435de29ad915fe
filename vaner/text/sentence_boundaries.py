"""Sentence boundaries: whether a sentence ends between two words.

The rules prefer joining to splitting: a missed boundary costs some speed, a wrong boundary can cut
a mention.
"""

from __future__ import annotations

from collections.abc import Sequence

import regex

_TERMINATORS = frozenset(".!?")
_UNSPACED_TERMINATORS = frozenset("。！？")
_CLOSERS = frozenset(")]}\"'”’»）」』】")
_OPENERS = frozenset("([{\"'“‘«")
_PARAGRAPH_BREAK = regex.compile(r"\n[^\S\n]*\n|\r[^\S\r\n]*\r|\r\n[^\S\r\n]*\r\n|[\f\u2029]")
_LINE_END = regex.compile(r"[\n\r\u2028]")
_LAST_LINE_END = regex.compile(r"(?r)[\n\r\u2028]")  # searches backwards
# A list item. "2." and "E." are not included: they may be the end of a sentence.
_LIST_ITEM = regex.compile(
    r"(?:[-*•·▪◦‣–—]|#{1,6}|\(?(?:\p{N}{1,2}|\p{Ll})\))\s|#(?=[\p{Lu}\p{N}])"
)
_NUMBERED_ITEM = regex.compile(r"\p{N}{1,2}\.\s")
_MAX_ROW_LENGTH = 1000  # characters of a line that may be a row of a table
_MIN_WRAP_WIDTH = 40  # minimum line length, in characters, of wrapped text
_MAX_TERM_LENGTH, _MAX_TERM_WORDS = 30, 3  # maximum size of a line in a list of terms
_TERM_WINDOW = 80  # characters before and after a line end that can have two such lines
_MAX_CLOSERS = 8

# Abbreviations with a full stop that rarely ends a sentence. Compared case-insensitively.
_ABBREVIATIONS = frozenset(
    "al approx ca cf co cv dr e eg eq eqs et etc exp fig figs g i ie inc p pp prof ref "
    "refs resp sp spp ssp st str subsp subspp suppl tab var viz vit vits vol vs".split()
)
# Some of these are acronyms in capitals ("MS"), so they are compared in lower case or capitalized.
_LOWER_CASE_ABBREVIATIONS = frozenset(
    # taxonomy
    "aff biov bv cand cl gen pv pvs sect ser serov spec sta staph ste strep subg subgen sv v "
    # titles and organizations
    "bros capt col corp dept drs gov hon inst intl jr lt ltd messrs mr mrs ms mt natl pres rev sen "
    "sgt sr univ "
    # documents and remarks
    "acc appx chap cit ed eds esp excl incl misc poss prob qv supp vols "
    # chemistry and drugs
    "anhyd aq conc dil equiv inj recomb syr tabs tert "
    # the body and diseases
    "abd bilat chr chron chrom congen diab idiop lig ligg mult musc prox pts pulm rheum".split()
)
# Abbreviations before a number or a code: "No. 5", "ver. B2". Most are words or units too.
_NUMBER_ABBREVIATIONS = frozenset(
    "app apr art aug avg c cat ch dec diam est ex feb ht isol jan jul jun m mar max min mol n no "
    "nos nov nr o oct par pt r rel rep sec sep sept serot subfam temp ver vers wt".split()
)
_CODE = regex.compile(r"[+*-]?\p{Lu}?\p{Nd}|\(\??[+*-]?\p{Nd}++[_+-]")
# "1. 5" is a number with an additional space, and so is a band of a chromosome, as in "8q24. 1", or
# the number of an enzyme; (?r) searches backwards from the full stop.
_BEFORE_DECIMALS = regex.compile(
    r"(?r)(?<!\p{Nd}\.|\w)0|\b(?:\p{Nd}{1,2}|[XY])?[pq]\p{Nd}{1,2}"
    r"|\bE\.?\s?C\.?[\s:]{0,2}(?:\p{Nd}{1,3}\.\s?){0,2}\p{Nd}{1,3}"
)
# These are not "12. 1. Smith" and "12. 3 Smith", which are list items, nor "3.5. 12" or "1-103. 5".
_NUMBER = regex.compile(r"(?r)(?<!\p{Nd}\.|\w)\p{Nd}{1,2}|(?<![-.\w])\p{Nd}{3}")
_DECIMALS = regex.compile(r"\p{Nd}++(?!(?:\.?\s++[\p{Lu}\p{Pi}]|(?:st|nd|rd|th)\b))")
# Words and abbreviations that do not end a line of a list or a heading.
_OPEN_WORDS = frozenset(
    "a an and as at by for from in into la le nor of on or per than the their this to via vs with "
    "without".split()
)
# Words before a letter or a number: "hepatitis B", "vitamin B12", "type II".
_NUMBERED_WORDS = frozenset(
    "chromosome class complex factor grade group hepatitis influenza interleukin phase protein "
    "stage type vitamin".split()
)
_NUMBER_OR_LETTER = regex.compile(r"(?:\p{Lu}|[IVX]+)\p{Nd}*+\b")
_OPEN_ABBREVIATIONS = frozenset(
    "aff approx bv cf chr cv dr drs eq eqs fig figs mr mrs ms pp prof pv ref refs serov "
    "ssp st str subsp subspp var vit vits viz vs".split()
)
_JOINERS = frozenset("-/")


def is_boundary(text: str, words: Sequence[tuple[int, int]], i: int) -> bool:
    """Return whether a sentence ends before a word.

    Args:
        text: the text, normalized (`vaner.text.normalize`).
        words: start and end offsets of the words of the text, in order.
        i: index of the word that may begin a sentence, at least 1.
    """
    gap = text[words[i - 1][1] : words[i][0]]
    if _PARAGRAPH_BREAK.search(gap) and not _continues_paragraph(text, words, i):
        return True
    if _LINE_END.search(gap) and _starts_new_line(text, words, i):
        return True
    if _ends_cell(text, words[i - 1][1], words[i][0]):
        return True
    # Skip closing brackets and quotation marks to find the punctuation before them.
    last, first = i - 1, max(0, i - 1 - _MAX_CLOSERS)
    while last > first and text[words[last][0]] in _CLOSERS:
        last -= 1
    mark = _get_word(text, words, last)
    if mark in _UNSPACED_TERMINATORS:
        return text[words[i][0]] not in _CLOSERS
    if mark not in _TERMINATORS or not gap:
        return False
    begin = text[words[i][0]]
    if not (begin.isupper() or begin.isdigit() or begin in _OPENERS or not begin.isascii()):
        return "\n" in gap and not begin.islower()
    return mark != "." or not (
        _is_abbreviation(text, words, last, words[i][0])
        or _is_split_decimal(text, words, last, words[i][0])
    )


def _get_word(text: str, words: Sequence[tuple[int, int]], i: int) -> str:
    start, end = words[i]
    return text[start:end]


def _continues_paragraph(text: str, words: Sequence[tuple[int, int]], i: int) -> bool:
    """Return whether word i continues a sentence after an empty line, as at the end of a page.

    This is the case for a lower-case word after another lower-case word that ends a wrapped line.
    """
    before, end = words[i - 1]
    is_wrapped = end - _find_line_start(text, end) >= _MIN_WRAP_WIDTH
    return is_wrapped and text[words[i][0]].islower() and text[before].islower()


def _starts_new_line(text: str, words: Sequence[tuple[int, int]], i: int) -> bool:
    """Return whether word i starts a line that does not continue the previous one.

    This is the case for list items and for short lines such as headings. In wrapped text each line
    is as long as the next word allows. So if the first word of a line would have fitted on the
    previous line, the line break is intended. A line after a word or a sign that does not end one
    is a continuation, and so is a line that begins in lower case, outside lists of terms.
    """
    start, previous_end = words[i][0], words[i - 1][1]
    if item := _LIST_ITEM.match(text, start):
        context = text[max(0, previous_end - 200) : previous_end]
        # The "2)" of a wrapped "(type 2) was" closes a bracket and is not an item.
        is_open = context.rfind("(") > context.rfind(")")
        return not (")" in item[0] and item[0][0] != "(" and is_open)
    is_item = _NUMBERED_ITEM.match(text, start) is not None
    if not is_item and _is_open(text, words, i - 1, start):
        return False
    if not (text[start].isupper() or is_item):
        return _is_list_of_terms(text, previous_end, start)
    line_end = _LINE_END.search(text, start)
    line = text[start : line_end.start() if line_end else None]
    previous_length = previous_end - _find_line_start(text, previous_end) + 1
    return previous_length + len(line.split(None, 1)[0]) <= max(_MIN_WRAP_WIDTH, len(line))


def _find_line_start(text: str, offset: int) -> int:
    """Return the start of the line that contains an offset."""
    line_end = _LAST_LINE_END.search(text, 0, offset)
    return line_end.end() if line_end else 0


def _is_list_of_terms(text: str, previous_end: int, start: int) -> bool:
    r"""Return whether the lines on both sides of a line end, and a third one, are a few words each.

    >>> _is_list_of_terms("gout\nasthma\ntype 2 diabetes", 4, 5)
    True
    """
    before = _LINE_END.split(text[max(0, previous_end - _TERM_WINDOW) : previous_end])
    after = _LINE_END.split(text[start : start + _TERM_WINDOW])
    above = [_is_term(line) for line in before if line.strip()][-2:]
    below = [_is_term(line) for line in after if line.strip()][:2]
    return above[-1] and below[0] and sum(above + below) > 2


def _is_term(line: str) -> bool:
    """Return whether a line is a few words that can be a name: not "of the lung", nor "asthma,"."""
    line, words = line.strip(), line.split()
    is_short = len(line) <= _MAX_TERM_LENGTH and len(words) <= _MAX_TERM_WORDS
    is_closed = line[-1].isalnum() or line[-1] in _CLOSERS
    return is_short and is_closed and not {words[0], words[-1]} & _OPEN_WORDS


def _ends_cell(text: str, end: int, start: int) -> bool:
    """Return whether a cell of a table ends between two words.

    The cells of a row are separated by tabs, and the line before or after it has as many tabs. So
    text with tabs in place of spaces is no table.

    Args:
        text: the text.
        end: end offset of the first word.
        start: start offset of the second word.
    """
    gap = text[end:start]
    if "\t" not in gap and "\n" not in gap:
        return False
    line_start, line_end = _find_line(text, end)
    line = text[line_start:line_end]
    tabs = line.count("\t")
    if not tabs or "\t" not in line.strip():
        return False
    offsets = (start,) if "\n" in gap else (line_start - 1, line_end + 1)
    others = (_find_line(text, offset) for offset in offsets if 0 <= offset < len(text))
    return any(text.count("\t", *other) == tabs for other in others)


def _find_line(text: str, offset: int) -> tuple[int, int]:
    """Return start and end of the line at an offset; those of its vicinity if it is long."""
    first, last = max(0, offset - _MAX_ROW_LENGTH), min(len(text), offset + _MAX_ROW_LENGTH)
    start, end = text.rfind("\n", first, offset) + 1, text.find("\n", offset, last)
    return start or first, last if end < 0 else end


def _is_open(text: str, words: Sequence[tuple[int, int]], last: int, next_start: int) -> bool:
    """Return whether a line that ends in word index `last` goes on in the next line."""
    word = _get_word(text, words, last)
    if word in _JOINERS:
        return last > 0 and words[last - 1][1] == words[last][0]
    if word == "." and last > 0 and words[last - 1][1] == words[last][0]:
        return _get_word(text, words, last - 1).casefold() in _OPEN_ABBREVIATIONS
    if word.casefold() in _NUMBERED_WORDS:
        return _NUMBER_OR_LETTER.match(text, next_start) is not None
    return word in _OPEN_WORDS


def _is_abbreviation(
    text: str, words: Sequence[tuple[int, int]], stop: int, next_start: int
) -> bool:
    """Return whether the full stop at word index `stop` ends an abbreviation or an initial."""
    if stop == 0 or words[stop - 1][1] != words[stop][0]:
        return False
    word = _get_word(text, words, stop - 1)
    if len(word) == 1 and word.isalpha() and word.isupper():
        return True
    key = word.casefold()
    if key in _ABBREVIATIONS:
        return True
    if word[1:].isupper() or _follows_number(text, words, stop - 1):
        return False
    if key in _LOWER_CASE_ABBREVIATIONS:
        return True
    is_part = len(word) == 1 and text[words[stop - 1][0] - 1 : words[stop - 1][0]] == "."  # "a.m."
    is_number = _CODE.match(text, next_start) is not None
    return key in _NUMBER_ABBREVIATIONS and is_number and not is_part


def _follows_number(text: str, words: Sequence[tuple[int, int]], i: int) -> bool:
    """Return whether a word, such as a unit, follows a number."""
    return i > 0 and text[words[i - 1][1] - 1].isdigit()


def _is_split_decimal(
    text: str, words: Sequence[tuple[int, int]], stop: int, next_start: int
) -> bool:
    """Return whether a full stop with a space after it is in a number, as in ``EC 1. 1. 49``."""
    if stop == 0 or words[stop - 1][1] != words[stop][0]:
        return False
    end = words[stop][0]
    if not text[next_start].isdigit() or _LINE_END.search(text, end, next_start):
        return False
    if _BEFORE_DECIMALS.match(text, max(0, end - 20), end):
        return True
    is_number = _NUMBER.match(text, max(0, end - 6), end) is not None
    return is_number and _DECIMALS.match(text, next_start) is not None
