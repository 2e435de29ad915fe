"""The columns of a CoNLL file: which one is the token, which one is the tag.

Usually the token is first and the tag last. `find_columns` recognizes numbers before the token, as
in CoNLL-U and in files that number their sentences, a tag in another column, and a tag in the
column MISC of CoNLL-U.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from vaner.text.tags import OUTSIDE, PREFIX_LETTERS, is_tag

EMPTY_TAG = "_"
_COMMENT = re.compile(r"#\s*[\w.:-]+\s*=")
_ID = re.compile(r"\d+")
_OFFSET = re.compile("[0-9]{1,18}")
_SPACES = re.compile(" +")
_PAIR = re.compile(r"\d+-\d+")
_POSITION = re.compile(r"(\d+)(?:[-.]\d+)?")
_NAMED_ID = re.compile(r"(?:[A-Za-z]+[-_:. ]*)?(\d+)")
_MISC_NAMES = {"ne", "ner", "name", "namedentity", "nertag", "tag", "bio", "iob"}
CONLLU_WIDTH = 10
"""Number of columns of CoNLL-U; the last one is MISC."""
_PREFIX = re.compile(rf"([{PREFIX_LETTERS}{PREFIX_LETTERS.lower()}])[-_:](.+)")
_SUFFIX = re.compile(rf"(.+)[-_]([{PREFIX_LETTERS}])")
_TYPE = re.compile(r"(?!\w-)[A-Za-z][\w ./-]{2,40}")
_MAX_TYPES = 20
_BRACKETS = re.compile(r"(?:^|\|)(Entity=[^|]*[()][^|]*)")
_NO_SPACE = "SpaceAfter=No"
_SIGNS = {"+", "-"}
_PHRASES = {"NP", "VP", "PP", "ADJP", "ADVP", "SBAR", "PRT", "CONJP", "INTJ", "LST", "UCP"}


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a row has its token and tag.

    Args:
        token: index of the token.
        tag: index of the tag; -1 is the last column.
        ids: number of columns before the token that contain only numbers.
        sentence: index of the column that numbers the sentences, if there is one.
        has_positions: whether the first column numbers the tokens of each sentence.
        is_misc: whether the tag is in the column MISC: ``NE=B-Disease|SpaceAfter=No``.
        has_plain_types: whether tags are types without a prefix: ``Disease`` and ``O``.
        has_signs: whether the last column has + before a space and - elsewhere, as flair writes it.
        layers: indices of further columns with tags, whose mentions may overlap the others.
    """

    token: int = 0
    tag: int = -1
    ids: int = 0
    sentence: int | None = None
    has_positions: bool = False
    is_misc: bool = False
    has_plain_types: bool = False
    has_signs: bool = False
    layers: tuple[int, ...] = ()

    def get_token(self, row: Sequence[str]) -> str:
        """Return the token of a row."""
        return row[self.token]

    def get_tag(self, row: Sequence[str]) -> str:
        """Return the tag of a row."""
        cell = row[self.tag]
        if self.is_misc:
            return _find_tag(cell)
        if self.has_plain_types:
            return OUTSIDE if cell in (OUTSIDE, EMPTY_TAG) else f"I-{cell}"
        return OUTSIDE if cell == EMPTY_TAG and self.ids else repair_tag(cell)

    def get_layers(self, row: Sequence[str]) -> list[str]:
        """Return the tags of a row in the further columns."""
        tags = (row[column] for column in self.layers)
        return [OUTSIDE if tag == EMPTY_TAG else repair_tag(tag) for tag in tags]

    def get_others(self, row: Sequence[str]) -> tuple[str, ...]:
        """Return the cells that are neither token, tag nor number, in their order."""
        left_out = {*range(self.ids), self.token, self.tag % len(row), *self.layers}
        return tuple(cell for i, cell in enumerate(row) if i not in left_out)

    def has_space_after(self, row: Sequence[str]) -> bool:
        """Return whether a space follows the token."""
        if self.has_signs:
            return row[-1] != "-"
        return not (self.ids and any(_NO_SPACE in cell.split("|") for cell in row[-2:]))

    def is_word(self, row: Sequence[str]) -> bool:
        """Return whether a row is a word: not the range ``1-2`` or the empty node ``1.1``."""
        return not self.has_positions or bool(_ID.fullmatch(row[0]))

    def starts_sentence(self, row: Sequence[str], previous: Sequence[str]) -> bool:
        """Return whether the numbers of a row show that a sentence begins."""
        if self.sentence is not None:
            first, second = previous[self.sentence], row[self.sentence]
            return first.partition("-")[0] != second.partition("-")[0]
        if not self.has_positions:
            return False
        return _to_number(row[0]) <= _to_number(previous[0])


def is_comment(line: str, *, is_first: bool = True) -> bool:
    r"""Return whether a line is a comment, such as ``# text = Gout hurts``.

    Args:
        line: the line.
        is_first: whether it is before the first token of a sentence. Only there may a comment have
            any form.

    >>> is_comment("# sent_id = 1"), is_comment("#\tO")
    (True, False)
    """
    if not line.startswith("#"):
        return False
    if "\t" not in line and _COMMENT.match(line):
        return True
    cells = line.split("\t") if "\t" in line else line.split()
    return is_first and not any(map(is_tag, cells[1:]))


def split_row(line: str) -> list[str]:
    r"""Return the cells of a line, separated by tabs or else by spaces, but not no-break spaces.

    >>> split_row("Gout\tB-Disease "), split_row("Gout  B-Disease"), split_row(" ")
    (['Gout', 'B-Disease'], ['Gout', 'B-Disease'], [])
    """
    if not line.strip():
        return []
    return line.rstrip(" ").split("\t") if "\t" in line else _SPACES.split(line.strip(" "))


def find_columns(rows: Sequence[Sequence[str]]) -> Columns:
    """Return the columns of token and tag that are plausible for the first rows of a file.

    >>> find_columns([["1", "Gout", "B-X"], ["1", "hurts", "O"], ["2", "Flu", "B-X"]]).token
    1
    """
    width = len(rows[0]) if rows else 0
    rows = [row for row in rows if len(row) == width]
    if width > 1 and _has_tags_first(rows):
        # NERsuite has the offsets of the token between its tag and the token.
        numbers = _find_ids([row[1:] for row in rows])[0]
        return Columns(token=1 + numbers, tag=0)
    if width < 3:
        return Columns(has_plain_types=width > 1 and _are_plain_types(rows))
    ids, sentence, has_positions = _find_ids(rows)
    tag, is_misc = _find_tag_column(rows, ids)
    has_plain_types = tag == -1 and not is_misc and _are_plain_types(rows)
    has_signs = tag != -1 and {row[-1] for row in rows} <= _SIGNS
    return Columns(ids, tag, ids, sentence, has_positions, is_misc, has_plain_types, has_signs)


def find_further_tags(rows: Sequence[Sequence[str]], columns: Columns) -> list[int]:
    """Return the numbers, from 1, of further columns with tags of mentions; ``B-NP`` is not one.

    >>> find_further_tags([["IL-2", "B-DNA", "B-protein"], ["gene", "I-DNA", "O"]], Columns())
    [2]
    """
    width = len(rows[0]) if rows else 0
    rows = [row for row in rows if len(row) == width]
    further = []
    for column in set(range(width)) - {columns.token, columns.tag % max(width, 1)}:
        cells = {row[column] for row in rows} - {OUTSIDE, EMPTY_TAG}
        is_typed = bool(cells) and all("-" in cell and is_tag(cell) for cell in cells)
        if is_typed and not any(cell[2:] in _PHRASES for cell in cells):
            further.append(column + 1)
    return further


def find_brackets(rows: Sequence[Sequence[str]]) -> str | None:
    """Return the first mention in brackets in MISC, as GUM and CorefUD write it, or None.

    >>> find_brackets([["1", "Gout", *"_______", "Entity=(1-disease)|SpaceAfter=No"]])
    'Entity=(1-disease)'
    """
    cells = (row[-1] for row in rows if len(row) == CONLLU_WIDTH)
    return next((match[1] for cell in cells if (match := _BRACKETS.search(cell))), None)


def _has_tags_first(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether the first column has tags, and the last one has none or those of phrases."""
    first, last = ({row[i] for row in rows} for i in (0, -1))
    is_typed = OUTSIDE in first and any("-" in cell for cell in first)
    return (
        is_typed and all(map(is_tag, first)) and (not all(map(is_tag, last)) or _are_phrases(last))
    )


def _are_phrases(tags: Iterable[str]) -> bool:
    """Return whether tags are of phrases, such as ``B-NP``, and not of mentions."""
    types = {tag[2:] for tag in tags if tag != OUTSIDE}
    return bool(types) and types <= _PHRASES


def repair_tag(tag: str) -> str:
    """Return a tag in the usual form, if its prefix is in lower case, at the end, or before ``_``.

    >>> repair_tag("b_Disease"), repair_tag("Disease-B"), repair_tag("B-Disease")
    ('B-Disease', 'B-Disease', 'B-Disease')
    """
    if is_tag(tag):
        return tag
    if match := _PREFIX.fullmatch(tag):
        return f"{match[1].upper()}-{match[2]}"
    if match := _SUFFIX.fullmatch(tag):
        return f"{match[2]}-{match[1]}"
    return tag.upper() if tag == OUTSIDE.lower() else tag


def _are_plain_types(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether the last column has types without a prefix, and O for other tokens."""
    cells = {row[-1] for row in rows}
    types = cells - {OUTSIDE, EMPTY_TAG}
    is_known = OUTSIDE in cells and 0 < len(types) <= _MAX_TYPES
    return is_known and all(
        _TYPE.fullmatch(cell) and not is_tag(repair_tag(cell)) for cell in types
    )


def _find_ids(rows: Sequence[Sequence[str]]) -> tuple[int, int | None, bool]:
    """Return the number of columns with numbers, that of the sentences, and whether 0 counts."""
    count, sentence, has_positions = 0, None, False
    width = len(rows[0])
    while len(rows) > 1 and count < width - 2:
        column = [row[count] for row in rows]
        if all(map(_begins_with_offsets, (row[count:] for row in rows))):
            count += 2
            continue
        if not any(_has_letter(row[count + 1]) or _PAIR.fullmatch(row[count + 1]) for row in rows):
            is_number_next = all(_ID.fullmatch(row[count + 1]) for row in rows)
            if not is_number_next or count + 1 >= width - 2:
                break
        if all(map(_PAIR.fullmatch, column)):  # 1-2 in WebAnno, then the offsets 5-10
            sentence = count if count == 0 else sentence
        elif all(map(_NAMED_ID.fullmatch, column)) and _is_sentence_number(column):
            sentence = count
        elif all(map(_POSITION.fullmatch, column)) and _is_position(column):
            has_positions = count == 0
        elif not all(map(_ID.fullmatch, column)) or not _is_increasing(column):  # offsets increase
            break
        count += 1
    return count, sentence, has_positions


def _begins_with_offsets(row: Sequence[str]) -> bool:
    """Return whether a row has start, end, and a token of the length between them."""
    if len(row) < 3 or not all(map(_OFFSET.fullmatch, row[:2])):
        return False
    return 0 < int(row[1]) - int(row[0]) == len(row[2])


def _has_letter(cell: str) -> bool:
    return any(character.isalpha() for character in cell)


def _to_number(cell: str) -> int:
    match = _POSITION.match(cell)
    return int(match[1]) if match else 0


def _is_sentence_number(column: Sequence[str]) -> bool:
    """Return whether numbers never decrease, and some are repeated."""
    numbers = [int(match[1]) for cell in column if (match := _NAMED_ID.fullmatch(cell))]
    pairs = list(zip(numbers, numbers[1:], strict=False))
    return all(a <= b for a, b in pairs) and any(a == b for a, b in pairs)


def _is_increasing(column: Sequence[str]) -> bool:
    numbers = [_to_number(cell) for cell in column]
    return all(a < b for a, b in zip(numbers, numbers[1:], strict=False))


def _is_position(column: Sequence[str]) -> bool:
    """Return whether numbers count the tokens of each sentence, from 0 or 1."""
    numbers = [_to_number(cell) for cell in column]
    steps = zip(numbers, numbers[1:], strict=False)
    return numbers[0] <= 1 and all(b in (0, 1, a, a + 1) for a, b in steps)


def _find_tag_column(rows: Sequence[Sequence[str]], ids: int) -> tuple[int, bool]:
    """Return the index of the column with the tags, and whether it is MISC of CoNLL-U."""
    width = len(rows[0])
    last = [row[-1] for row in rows]
    tags = sum(is_tag(cell) or (bool(ids) and cell == EMPTY_TAG) for cell in last)
    is_misc = width == CONLLU_WIDTH and ids > 0 and not all(map(_is_tag_or_empty, last))
    is_misc = is_misc and all("=" in cell or "-" in cell or _is_tag_or_empty(cell) for cell in last)
    if tags == len(last):
        return -1, False
    for column in (*range(width - 2, ids, -1),):
        cells = [row[column] for row in rows]
        is_typed = any("-" in cell for cell in cells)
        is_outside = OUTSIDE in cells and not tags
        if (is_typed or is_outside) and all(
            is_tag(cell) or (ids and cell == EMPTY_TAG) for cell in cells
        ):
            return column, False
    return -1, is_misc


def _is_tag_or_empty(cell: str) -> bool:
    return cell == EMPTY_TAG or is_tag(cell)


def _find_tag(cell: str) -> str:
    """Return the tag in a cell of the column MISC; O if there is none."""
    for name, value in _split_misc(cell):
        if name.casefold() in _MISC_NAMES or (is_tag(value) and "-" in value):
            return value if value not in ("", EMPTY_TAG) else OUTSIDE
    return OUTSIDE


def _split_misc(cell: str) -> Iterator[tuple[str, str]]:
    for part in cell.split("|"):
        name, equals, value = part.partition("=")
        yield (name, value) if equals else ("", part)


def has_tags(rows: Sequence[Sequence[str]], *, needs_outside: bool = False) -> bool:
    """Return whether the rows of a table are tokens and tags in other columns than usual.

    Args:
        rows: rows of the same length.
        needs_outside: whether one of the tags must be O, as words of a text may look like tags.
    """
    columns = find_columns(rows)
    if columns == Columns():
        return False
    tags = [columns.get_tag(row) for row in rows]
    is_typed = any("-" in tag for tag in tags) or len(rows[0]) == CONLLU_WIDTH
    is_typed = is_typed and (OUTSIDE in tags or not needs_outside)
    return is_typed and all(map(is_tag, tags))
