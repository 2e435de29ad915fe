r"""WebAnno TSV 3, which INCEpTION and WebAnno export: a file per document.

A line is a token, or a part of one that a mention needs: number, offsets, text, and a column for
each feature of each layer. ``*`` is an annotation without a value, ``|`` separates several, and
``Disease[2]`` in several lines is one mention. Offsets count UTF-16 units. The lines ``#Text=``
have the text of a sentence; the white space between sentences is not in the file.

Mentions are the annotations of span layers. Their type is the feature ``value``, or else the first
one, or the name of the layer. Layers of tokens, such as parts of speech, links between annotations,
and annotations of no characters are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from vaner.formats.companions import iterate_files
from vaner.formats.file_names import write_document_files
from vaner.formats.identifiers import is_identifier_field, join_identifiers, split_identifiers
from vaner.formats.losses import FRAGMENTS, UNTYPED, Losses, count_scores, replace_surrogates
from vaner.formats.skipped_records import SkipCounts, warn_skipped_records
from vaner.formats.source import InputFile, MalformedError, OnError, read_lines
from vaner.formats.spans import OFFSET, make_span
from vaner.formats.utf16 import get_unit_offsets, to_code_point
from vaner.text.documents import Document, Span
from vaner.text.words import Word, get_sentences, split_words

LAYER = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
MAGIC = "#FORMAT=WebAnno TSV 3"
SUFFIX = ".tsv"
RELATION = "relation or chain"
TOKEN_LAYER = "annotation of tokens"
FEATURE = "a further feature of a mention"
EMPTY = "annotation of no characters"
EDGE = "white space at the edge of a mention left out"
BETWEEN_SENTENCES = "white space between sentences written as one line break"

_HEAD = f"{MAGIC}.3\n#T_SP={LAYER}|identifier|value\n\n"
_ROW = re.compile(rf"\d+-\d+(?:\.\d+)?\t({OFFSET})-({OFFSET})\t")
_TOKEN_LAYERS = re.compile(r"\.(lexmorph|segmentation|syntax|metadata|morph)\.")
_RUN = re.compile(r"\S+")
_ID = re.compile(r"((?:\\.|[^\\])*?)\[(\d+)\]", re.DOTALL)
_PART = re.compile(r"(?:\\.|[^\\|])+|\\$", re.DOTALL)
_ESCAPED = re.compile(r"([\\\[\]|_;\t\n*]|->)")
_ESCAPES = {"\t": r"\t", "\n": r"\n"}
_NONE, _NO_VALUE = "_", "*"


class Layer(NamedTuple):
    """A layer of annotations, and its columns.

    Args:
        name: name of its type.
        features: names of its columns.
        is_span: whether its annotations are mentions.
        links: the columns of features that link annotations: the role of each link, and its target.
    """

    name: str
    features: Sequence[str]
    is_span: bool
    links: Mapping[str, str]


class Value(NamedTuple):
    """What a cell has of an annotation: a value or None, and the number of the annotation."""

    text: str | None
    number: str


class Numbered(NamedTuple):
    """A mention that is written: its number in the file, and its identifiers in one string."""

    number: int
    span: Span
    identifiers: str


@dataclass
class Mention:
    """A mention while the lines of a file are read, in UTF-16 units."""

    start: int
    end: int
    type: str
    identifiers: Sequence[str]
    line: int


@dataclass
class _Content:
    """The text of a file so far, and its mentions."""

    text: str = ""
    units: int = 0
    sentences: list[tuple[int, int]] = field(default_factory=list)
    mentions: dict[tuple[str, str], Mention] = field(default_factory=dict)

    def add_sentence(self, text: str, start: int) -> None:
        """Add a sentence that begins at an offset, after white space for what is before it."""
        if start < self.units:
            raise MalformedError(f"a sentence begins at {start}, before the end of the last one")
        gap = start - self.units
        self.text += "\n" * (gap > 0) + " " * (gap - 1)
        self.sentences.append((len(self.text), len(self.text) + len(text)))
        self.text += text
        self.units = start + get_unit_offsets(text)[-1]


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Read a file as a document, named after the file, or each ``.tsv`` file of a folder.

    Args:
        path: file or folder.
        encoding: encoding of the files.
        on_error: see `vaner.formats.read`.
    """
    for file in iterate_files(InputFile(path, on_error), SUFFIX):
        skipped = SkipCounts()
        with file.guard():
            yield _read_document(file, encoding, skipped)
        warn_skipped_records(file, skipped)


def _read_document(file: InputFile, encoding: str, skipped: SkipCounts) -> Document:
    layers, content, texts = list[Layer](), _Content(), list[str]()
    for number, line in read_lines(file, encoding):
        if number == 1 and not line.startswith(MAGIC):
            raise file.error(f"is not WebAnno TSV 3: the first line is not {MAGIC}", 1)
        with file.guard(number):
            if line.startswith("#T_"):
                layers.append(_parse_layer(line))
            elif line.startswith("#Text="):
                texts.append(_unescape(line.removeprefix("#Text=")))
            elif match := _ROW.match(line):
                if texts:
                    content.add_sentence("\n".join(texts), int(match[1]))
                    texts = []
                cells = line[match.end() :].split("\t")[1:]
                _read_cells(cells, layers, match, content, skipped, number)
            elif line.strip() and not line.startswith("#"):
                raise MalformedError("expected number, offsets and token, separated by tabs")
    offsets, spans = get_unit_offsets(content.text), list[Span]()
    for mention in content.mentions.values():
        if mention.start == mention.end:
            skipped[EMPTY] += 1
            continue
        with file.guard(mention.line):
            piece = (to_code_point(offsets, mention.start), to_code_point(offsets, mention.end))
            names = mention.identifiers
            spans.append(make_span(content.text, [piece], mention.type, identifiers=names))
    metadata = {"sentences": tuple(content.sentences)} if content.sentences else {}
    return Document(file.stem, content.text, tuple(spans), metadata)


def _parse_layer(line: str) -> Layer:
    kind, _, rest = line.partition("=")
    name, *features = rest.split("|")
    is_span = kind == "#T_SP" and not _TOKEN_LAYERS.search(name)
    pairs = zip(features, features[1:], strict=False)
    links = {role: target for role, target in pairs if role.startswith("ROLE_")}
    return Layer(name, features or [""], is_span, links)


def _read_cells(
    cells: Sequence[str],
    layers: Sequence[Layer],
    row: re.Match[str],
    content: _Content,
    skipped: SkipCounts,
    line: int,
) -> None:
    """Add the annotations in the columns of a row to the mentions."""
    start, end, position = int(row[1]), int(row[2]), 0
    for layer in layers:
        columns = [_split_cell(cell) for cell in cells[position : position + len(layer.features)]]
        position += len(layer.features)
        count = max(map(len, columns), default=0)
        if not layer.is_span:
            kind = TOKEN_LAYER if _TOKEN_LAYERS.search(layer.name) else RELATION
            skipped.update({kind: count} if count else {})
            continue
        for i in range(count):
            values = {
                feature: column[i]
                for feature, column in zip(layer.features, columns, strict=False)
                if i < len(column)
            }
            for role, target in layer.links.items():
                # The number of a target is not that of this annotation.
                values |= {role: Value(None, values[role].number)} if role in values else {}
                values.pop(target, None)
            number = next((value.number for value in values.values() if value.number), "")
            key = (layer.name, number or f"{line}:{i}")
            if key in content.mentions:
                content.mentions[key].end = max(end, content.mentions[key].end)
            else:
                type = _get_type(layer, values)
                texts = {name: value.text for name, value in values.items() if value.text}
                fields = [texts.pop(name) for name in [*texts] if is_identifier_field(name)]
                names = dict.fromkeys(name for text in fields for name in split_identifiers(text))
                content.mentions[key] = Mention(start, end, type, [*names], line)
                links = sum(role in values for role in layer.links)
                others = len(texts) - (type in texts.values()) + links
                skipped.update({FEATURE: others} if others > 0 else {})


def _get_type(layer: Layer, values: dict[str, Value]) -> str:
    features = [name for name in layer.features if not is_identifier_field(name)]
    features = ["value"] if "value" in features else features
    texts = [values[name].text for name in features if name in values]
    return next((text for text in texts if text), layer.name.rpartition(".")[2])


def _split_cell(cell: str) -> list[Value]:
    """Return the values of a cell; none if there is no annotation."""
    values = []
    for part in _PART.findall(cell) if cell not in ("", _NONE) else []:
        match = _ID.fullmatch(part)
        text, number = (match[1], match[2]) if match else (part, "")
        values.append(Value(None if text in (_NO_VALUE, _NONE) else _unescape(text), number))
    return values


def _unescape(text: str) -> str:
    escapes = {r"\t": "\t", r"\n": "\n", r"\r": "\r", r"\->": "->"}
    return re.sub(r"\\(->|.)", lambda m: escapes.get(m[0], m[1]), text)


def _escape(text: str) -> str:
    return _ESCAPED.sub(lambda match: _ESCAPES.get(match[0], f"\\{match[0]}"), text)


def write_folder(documents: Iterable[Document], folder: Path, losses: Losses) -> Iterator[Document]:
    """Write a file per document, and yield each document when its file is written."""
    yield from write_document_files(documents, folder, SUFFIX, _render, losses)


def _render(document: Document, losses: Losses) -> str:
    text = replace_surrogates(document.text, losses)
    words, offsets = _split_tokens(text), get_unit_offsets(text)
    count_scores(document.spans, losses)
    numbered = [_number(i, span, text, losses) for i, span in enumerate(document.spans, 1)]
    overlapping = _find_overlapping(words, numbered)
    parts, last = [_HEAD], 0
    for number, (first, end) in enumerate(get_sentences(document, words), 1):
        start, stop = words[first].start, words[end - 1].end
        losses[BETWEEN_SENTENCES] += text[last:start] not in ("", "\n")
        last = stop
        lines = re.split(r"\n", text[start:stop])
        parts.append("\n" + "".join(f"#Text={_escape_text(line)}\n" for line in lines))
        for token, word in enumerate(words[first:end], 1):
            mentions = next(overlapping)
            for sub, unit in enumerate(_split_token(word, mentions)):
                name = f"{number}-{token}" + (f".{sub}" if sub else "")
                cells = _make_cells(unit, word, sub == 0, mentions)
                extent = f"{offsets[unit.start]}-{offsets[unit.end]}"
                parts.append("\t".join((name, extent, text[slice(*unit)], *cells, "\n")))
    losses[BETWEEN_SENTENCES] += last != len(text)
    return "".join(parts)


def _number(number: int, span: Span, text: str, losses: Losses) -> Numbered:
    """Return a mention as it is written, and count what the format does not hold."""
    mention = text[span.start : span.end]
    losses[FRAGMENTS] += span.is_discontinuous
    losses[EDGE] += mention != mention.strip()
    losses[UNTYPED] += not span.type
    type = replace_surrogates(span.type, losses)
    names = replace_surrogates(join_identifiers(span.identifiers, losses), losses)
    return Numbered(number, replace(span, type=type), names)


def _split_tokens(text: str) -> list[Word]:
    """Return the words of a text, and the invisible characters between them, which it must hold."""
    tokens, last = [], 0
    for word in (*split_words(text), Word(len(text), len(text))):
        tokens += [Word(*match.span()) for match in _RUN.finditer(text, last, word.start)]
        tokens.append(word)
        last = word.end
    return tokens[:-1]


def _escape_text(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", r"\t").replace("\r", r"\r")


def _find_overlapping(
    words: Iterable[Word], mentions: Sequence[Numbered]
) -> Iterator[Sequence[Numbered]]:
    """Yield the mentions that overlap each of the words, in the order of their numbers."""
    remaining = sorted(mentions, key=lambda mention: mention.span.start, reverse=True)
    current = list[Numbered]()
    for word in words:
        while remaining and remaining[-1].span.start < word.end:
            current.append(remaining.pop())
        current = [mention for mention in current if mention.span.end > word.start]
        yield sorted(current, key=lambda mention: mention.number)


def _split_token(word: Word, mentions: Sequence[Numbered]) -> Iterator[Word]:
    """Yield a token, and the parts of it at which mentions begin or end."""
    yield word
    edges = {edge for mention in mentions for edge in (mention.span.start, mention.span.end)}
    inner = sorted(edge for edge in edges if word.start < edge < word.end)
    bounds = [word.start, *inner, word.end] if inner else []
    yield from map(Word, bounds, bounds[1:])


def _make_cells(
    unit: Word, token: Word, is_token: bool, mentions: Sequence[Numbered]
) -> tuple[str, str]:
    """Return identifiers and types of the mentions that a token, or a part of one, belongs to.

    A mention that covers a token is annotated at the token, and not at its parts.
    """
    identifiers, types = [], []
    for number, span, name in mentions:
        covers_token = span.start <= token.start and token.end <= span.end
        covers_unit = span.start <= unit.start and unit.end <= span.end
        if not covers_unit or covers_token != is_token:
            continue
        identifiers.append(f"{_escape(name) or _NO_VALUE}[{number}]")
        types.append(f"{_escape(span.type) or _NO_VALUE}[{number}]")
    return "|".join(identifiers) or _NONE, "|".join(types) or _NONE
