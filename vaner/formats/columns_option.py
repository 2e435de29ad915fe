"""The option that names the columns of a CoNLL file: ``token=2,tag=4``."""

from __future__ import annotations

import re
from dataclasses import replace

from vaner.errors import VanerError
from vaner.formats.conll_columns import CONLLU_WIDTH, Columns

_NUMBER = re.compile("0*[1-9][0-9]*")


def parse_columns(option: str, detected: Columns) -> Columns:
    """Return the columns that a user names, counted from 1: ``token=2,tag=4``.

    Args:
        option: what the user wrote. The first column is the token and the last the tag by default.
            ``tag=2+3`` names several columns of tags, such as those of nested mentions.
        detected: the columns that are plausible. Their numbers of sentences and words remain.

    Raises:
        VanerError: if the option is not of this form.

    >>> columns = parse_columns("token=2,tag=4", Columns())
    >>> columns.token, columns.tag
    (1, 3)
    """
    numbers = {"token": [1], "tag": [0]}
    for part in option.split(","):
        name, _, value = (piece.strip() for piece in part.partition("="))
        cells = [cell.strip() for cell in value.split("+")]
        is_valid = name in numbers and (len(cells) == 1 or name == "tag")
        if not is_valid or not all(_NUMBER.fullmatch(cell) for cell in cells):
            raise VanerError(
                f"columns {option!r}: expected their numbers, counted from 1, such as token=2,tag=4"
            )
        numbers[name] = list(map(int, cells))
    chosen = [*numbers["token"], *numbers["tag"]]
    if len(set(chosen)) < len(chosen):
        raise VanerError(f"columns {option!r}: a column is named twice")
    token, tag, *layers = (number - 1 for number in chosen)
    detected = replace(detected, layers=tuple(layers))
    if token < detected.ids or 0 <= tag < detected.ids:
        return Columns(token, tag, layers=tuple(layers))
    is_misc = detected.is_misc and tag in (-1, CONLLU_WIDTH - 1)
    return replace(detected, token=token, tag=tag, is_misc=is_misc)
