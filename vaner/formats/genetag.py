"""BioCreative gene mentions (GENETAG): a file of sentences and a file of mentions. Read only.

BioCreative I has sentences ``@@ID/TAG token/TAG …`` and mentions ``@@ID|first last|text`` in
``Gold.format``. First and last token are inclusive; the tokens are those of the sentence, split
again at brackets, slashes, full stops and commas. BioCreative II has sentences ``ID text`` and
mentions in an ``.eval`` file. First and last character are inclusive; white space is not counted.
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
from vaner.text.words import find_nonspace_offsets

TYPE = "GENE"
_MENTION = re.compile(rf"([^|]+)\|({OFFSET}) ({OFFSET})\|(.*)")
# Determined by trial: agrees with 5,141 of the 5,145 mentions of the BioCreative I test set.
_SUBTOKEN = re.compile(r"[()/,.\[\]]|[^()/,.\[\]\s]+")
_SPACE = re.compile(r"\s+")

Mentions = dict[str, list[tuple[int, int, int, str]]]
"""Sentence id -> line, first unit, last unit and text of each mention."""


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Read each sentence as a document, with its gene mentions of type ``GENE``.

    Args:
        path: the file of sentences. Mentions are read from ``Gold.format`` or ``GENE.eval``, or the
            first ``.eval`` file, of the same folder. Without such a file there are no mentions.
        encoding: encoding of both files.
        on_error: see `vaner.formats.read`.

    Warns:
        FormatWarning: if mentions belong to sentences that are not in the file.
    """
    file = InputFile(path, on_error)
    mentions_path = _find_mentions(file.disk_path)
    mentions_file = InputFile(mentions_path, on_error) if mentions_path else file
    mentions = _read_mentions(mentions_file, encoding) if mentions_path else {}
    read_ids = set[str]()
    for number, line in read_nonempty_lines(file, encoding):
        with file.guard(number):
            document = _to_document(line, mentions, mentions_file)
            read_ids.add(document.id)
            yield document
    if unused := sum(len(entries) for id, entries in mentions.items() if id not in read_ids):
        warnings.warn(
            f"{mentions_file.name}: mentions of sentences that are not in {file.name}: {unused:,}",
            FormatWarning,
            stacklevel=2,
        )


def _find_mentions(path: Path) -> Path | None:
    usual_paths = [path.with_name(name) for name in ("Gold.format", "GENE.eval")]
    candidates = [p for p in usual_paths if p.is_file()] or sorted(path.parent.glob("*.eval"))
    return candidates[0] if candidates else None


def _read_mentions(file: InputFile, encoding: str) -> Mentions:
    """Read all mentions into memory, which a test set of the usual size fits."""
    mentions: Mentions = defaultdict(list)
    for number, line in read_nonempty_lines(file, encoding):
        match = _MENTION.fullmatch(line)
        if match:
            mentions[match[1]].append((number, int(match[2]), int(match[3]), match[4]))
        else:
            file.report("expected ID|first last|mention", number)
    return mentions


def _to_document(line: str, mentions: Mentions, mentions_file: InputFile) -> Document:
    id, _, text = line.strip().partition(" ")
    if "|" in id and _MENTION.fullmatch(line):
        raise MalformedError("is a mention; give the file of sentences instead")
    is_tagged = id.startswith("@@") and "/" in id
    if is_tagged:
        id = id.rpartition("/")[0]
        text = " ".join(_strip_tag(item) for item in text.split())
    units = _split_subtokens(text) if is_tagged else _split_characters(text)
    spans = []
    for number, first, last, quoted in mentions.get(id, ()):
        with mentions_file.guard(number):
            if not first <= last:
                raise MalformedError(f"{first} {last} are in the wrong order")
            extent = _locate(text, units[first : last + 1], quoted)
            if extent is None:
                actual = text[units[first][0] : units[last][1]] if last < len(units) else "nothing"
                raise MalformedError(f"mention is {actual!r} in sentence {id} but {quoted!r} here")
            spans.append(make_span(text, [extent], TYPE))
    return Document(id, text, tuple(spans), {"pretokenized": True} if is_tagged else {})


def _locate(text: str, units: Sequence[tuple[int, int]], quoted: str) -> tuple[int, int] | None:
    """Return the extent of a mention: at its units, else where its text occurs exactly once.

    The mentions were created with another tokenization, in which a few sentences ("1-->4") have
    more tokens. White space and case differ too.
    """
    target = _normalize(quoted)
    if units and _normalize(text[units[0][0] : units[-1][1]]) == target:
        return units[0][0], units[-1][1]
    characters = _split_characters(text)
    normalized = "".join(text[start:end] for start, end in characters).casefold()
    # casefold may change the length; then indices in `normalized` mean nothing.
    is_aligned = len(normalized) == len(characters)
    if not is_aligned or not target or normalized.count(target) != 1:
        return None
    first = normalized.index(target)
    return characters[first][0], characters[first + len(target) - 1][1]


def _strip_tag(item: str) -> str:
    token, slash, _ = item.rpartition("/")
    if not slash:
        raise MalformedError(f"{item!r} is not token/TAG")
    return token


def _split_subtokens(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in _SUBTOKEN.finditer(text)]


def _split_characters(text: str) -> list[tuple[int, int]]:
    return [(offset, offset + 1) for offset in find_nonspace_offsets(text)]


def _normalize(text: str) -> str:
    return _SPACE.sub("", text).casefold()
