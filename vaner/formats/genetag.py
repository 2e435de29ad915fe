"""BioCreative gene-mention files (GENETAG): a file of sentences and beside it one of mentions.

BioCreative I: sentences ``@@ID/TAG token/TAG …``, mentions ``@@ID|first last|text`` in
``Gold.format``, first and last token inclusive; these tokens are the sentence's cut once more at
brackets, slashes, full stops and commas. BioCreative II: sentences ``ID text``, mentions in a
``.eval`` file, first and last character inclusive, white space not counted. Read only.
"""

from __future__ import annotations

import re
import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from vaner.formats.source import (
    FormatWarning,
    InputFile,
    MalformedError,
    OnError,
    read_nonempty_lines,
)
from vaner.formats.spans import OFFSET, make_span
from vaner.text.documents import Document

TYPE = "GENE"
_MENTION = re.compile(rf"([^|]+)\|({OFFSET}) ({OFFSET})\|(.*)")
# Found by trying: cuts 5,141 of the 5,145 mentions of the BioCreative I test set as given there.
_SUBTOKEN = re.compile(r"[()/,.\[\]]|[^()/,.\[\]\s]+")
_SPACE = re.compile(r"\s+")

Mentions = dict[str, list[tuple[int, int, int, str]]]


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Sentences with their gene mentions, type ``GENE``, one document each.

    Args:
        path: the file of sentences; mentions are read from ``Gold.format`` or ``GENE.eval``, or
            the only ``.eval`` file, in the same folder. Without one there are no mentions.
        encoding: encoding of both files.
        on_error: see `vaner.formats.read`.

    Warns:
        FormatWarning: of mentions of sentences that are not there: is it the file beside them?
    """
    place = InputFile(path, on_error)
    gold = _gold(place.disk_path)
    gold_place = InputFile(gold, on_error) if gold else place
    mentions = _mentions(gold_place, encoding) if gold else {}
    met = set[str]()
    for number, line in read_nonempty_lines(place, encoding):
        with place.guard(number):
            document = _document(line, mentions, gold_place)
            met.add(document.id)
            yield document
    if others := sum(len(found) for name, found in mentions.items() if name not in met):
        warnings.warn(
            f"{gold_place.name}: {others} mentions are of sentences that are not in {place.name}",
            FormatWarning,
            stacklevel=2,
        )


def _gold(path: Path) -> Path | None:
    named = [path.with_name(name) for name in ("Gold.format", "GENE.eval")]
    found = [p for p in named if p.is_file()] or sorted(path.parent.glob("*.eval"))
    return found[0] if found else None


def _mentions(place: InputFile, encoding: str) -> Mentions:
    """Mentions by sentence, each with its line; a test set of the usual size fits in memory."""
    found: Mentions = defaultdict(list)
    for number, line in read_nonempty_lines(place, encoding):
        match = _MENTION.fullmatch(line)
        if match:
            found[match[1]].append((number, int(match[2]), int(match[3]), match[4]))
        else:
            place.report("expected ID|first last|mention", number)
    return found


def _document(line: str, mentions: Mentions, gold: InputFile) -> Document:
    name, _, text = line.strip().partition(" ")
    tagged = name.startswith("@@") and "/" in name
    if tagged:
        name = name.rpartition("/")[0]
        text = " ".join(_token(item) for item in text.split())
    units = _subtokens(text) if tagged else _visible(text)
    spans = []
    for number, first, last, quoted in mentions.get(name, ()):
        with gold.guard(number):
            if not first <= last:
                raise MalformedError(f"{first} {last} are in the wrong order")
            place = _place(text, units[first : last + 1], quoted)
            if place is None:
                there = text[units[first][0] : units[last][1]] if last < len(units) else "nothing"
                raise MalformedError(f"mention is {there!r} in sentence {name} but {quoted!r} here")
            spans.append(make_span(text, [place], TYPE))
    return Document(name, text, tuple(spans), {"pretokenized": True} if tagged else {})


def _place(text: str, units: Sequence[tuple[int, int]], quoted: str) -> tuple[int, int] | None:
    """Where a mention stands: at its tokens, else where its text stands once and only once.

    The mentions were printed from another tokenisation, in which a few sentences ("1-->4") have
    more tokens than here; white space and case differ too.
    """
    wanted = _bare(quoted)
    if units and _bare(text[units[0][0] : units[-1][1]]) == wanted:
        return units[0][0], units[-1][1]
    visible = _visible(text)
    bare = "".join(text[start:end] for start, end in visible).casefold()
    if len(bare) != len(visible) or not wanted or bare.count(wanted) != 1:
        return None
    first = bare.index(wanted)
    return visible[first][0], visible[first + len(wanted) - 1][1]


def _token(item: str) -> str:
    token, slash, _ = item.rpartition("/")
    if not slash:
        raise MalformedError(f"{item!r} is no token/TAG")
    return token


def _subtokens(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in _SUBTOKEN.finditer(text)]


def _visible(text: str) -> list[tuple[int, int]]:
    return [(i, i + 1) for i, character in enumerate(text) if not character.isspace()]


def _bare(text: str) -> str:
    return _SPACE.sub("", text).casefold()
