"""Which format a file is in, told from what stands at its beginning, then from its suffix."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from vaner.errors import FormatError
from vaner.formats.brat import ANNOTATION_SUFFIXES
from vaner.formats.source import InputFile, get_suffix, read_chunks
from vaner.text.tags import OUTSIDE, split_tag

_HEAD = 1 << 14
_LONGEST_LINE = 1 << 22
_SUFFIXES = {".txt": "text", ".ann": "brat", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_SUFFIXES |= {".conll": "conll", ".bio": "conll", ".iob": "conll", ".iob2": "conll"}
_SUFFIXES |= {".parquet": "parquet", ".iobes": "conll", ".tsv": "conll", ".pubtator": "pubtator"}
_BIOC = {"documents", "passages", "PubTator3"}
_ROOTS = {
    "collection": "bioc_xml",
    "PubmedArticleSet": "pubmed",
    "PubmedBookArticleSet": "pubmed",
    "MedlineCitationSet": "pubmed",
}


def detect_format(path: str | Path, *, encoding: str = "utf-8") -> str:
    """Name of the format of a file or folder.

    The content decides, since ``.txt`` and ``.tsv`` are used for everything; the suffix decides
    where the content says nothing. A ``.gz`` at the end is passed over.

    Raises:
        FormatError: for a file that cannot be told, or not be read, or for standard input.
    """
    place = InputFile(path)
    if place.is_stdin or place.is_pipe:  # what is read to tell it would be gone
        what = "standard input" if place.is_stdin else "a pipe"
        raise place.error(f"the format of {what} cannot be told; name it", argument="format")
    if place.is_folder:
        return _folder(place, encoding)
    ending = get_suffix(place.path)
    if ending in ANNOTATION_SUFFIXES:  # what is beside it
        return "brat"
    if ending == ".parquet":  # no text
        return "parquet"
    head = _head(place, encoding)
    found = _xml(head) or _json(head) or _lines(head) or _SUFFIXES.get(ending)
    if not found:
        raise place.error("its format cannot be told; name it", argument="format")
    return found


def _head(place: InputFile, encoding: str) -> str:
    """The beginning of a file; of JSON Lines at least the first line, if it is not too long.

    What tells the tools' dialects apart stands behind the text. XML tells its encoding itself.
    """
    try:
        return _beginning(read_chunks(place, encoding))
    except FormatError:
        head = _beginning(read_chunks(place, "latin-1")).replace("\x00", "").lstrip("\xff\xfe")
        if head.startswith("<?xml"):
            return head
        raise


def _beginning(chunks: Iterator[str]) -> str:
    # One chunk from the reader is enough, and more would read on from a slow disk.
    head = "".join(islice(chunks, 1))
    while head.lstrip()[:1] == "{" and "\n" not in head and len(head) < _LONGEST_LINE:
        if not (more := next(chunks, "")):
            break
        head += more
    end = head.find("\n") if head.lstrip()[:1] == "{" else 0
    return head[: max(_HEAD, end)]


def suggest_format(path: str | Path) -> str:
    """Name of the format to write a file in, told from its suffix; a name without one is a folder.

    Raises:
        FormatError: for a suffix that says nothing or too much.
    """
    name = Path(str(path).removesuffix(".gz"))
    found = {**_SUFFIXES, ".xml": "bioc_xml", ".json": "bioc_json", "": "brat"}
    ending = name.suffix.lower()
    if ending not in found or found[ending] == "text" or ending == ".ann":
        raise FormatError(f"{ending or 'no suffix'} names no format to write", path)
    return found[ending]


def _folder(place: InputFile, encoding: str) -> str:
    files = sorted(file for file in place.path.iterdir() if not file.name.startswith("."))
    if any(file.suffix in ANNOTATION_SUFFIXES for file in files):
        return "brat"
    texts = [file for file in files if file.suffix == ".txt" and file.is_file()]
    if not texts:
        raise place.error("the folder has neither .ann nor .txt files")
    if not any(_plain(text, encoding) for text in texts):  # mostly the first one is
        raise place.error("the .txt files of the folder are no plain text; name one of them")
    return "text"


def _plain(path: Path, encoding: str) -> bool:
    """Whether a file is nothing but text, be it in another encoding."""
    try:
        return detect_format(path, encoding=encoding) == "text"
    except FormatError:
        return True


def _xml(head: str) -> str | None:
    if not head.lstrip().startswith("<"):
        return None
    root = re.search(r"<([A-Za-z_][\w.-]*)", head)
    return _ROOTS.get(root[1]) if root else None


def _json(head: str) -> str | None:
    if not head.lstrip().startswith(("{", "[")):
        return None
    first = head.lstrip().partition("\n")[0]
    record = _record(first)
    # A record of ours may keep the passages of the BioC file that it is from in its metadata.
    bioc = rf'"({"|".join(_BIOC)})"\s*:\s*\['
    if re.search(bioc, head) if record is None else record.keys() & _BIOC:
        return "bioc_json"
    if head.lstrip().startswith("["):
        # In a string the quotation marks would be escaped, so these are keys and nothing else.
        tasks = r'(?<!\\)"(data|annotations|predictions|annotation_id)"\s*:'
        return "label_studio" if re.search(tasks, head) else None
    records = [record for line in head.split("\n") if (record := _record(line)) is not None]
    dialects = (_dialect(record) for record in records)
    found = next((dialect for dialect in dialects if dialect), None)
    return found or ("jsonl" if records or re.match(r'\{.*"(text|tokens)"\s*:', first) else None)


def _record(line: str) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _dialect(record: Mapping[str, Any]) -> str | None:
    """Whose JSON Lines a record is of: one of an annotation tool's; None says nothing."""
    spans = [span for span in _list(record, "spans") if isinstance(span, dict)]
    if record.keys() & {"answer", "_input_hash", "_task_hash", "_view_id"}:
        return "prodigy"
    if any("label" in span and "type" not in span for span in spans):
        return "prodigy"
    triples = (record[key] for key in ("label", "labels") if isinstance(record.get(key), list))
    if any(all(isinstance(entry, list) for entry in given) for given in triples):
        return "doccano"
    entities = _list(record, "entities") + _list(record, "annotations")
    if any(isinstance(e, list) or (isinstance(e, dict) and "start_offset" in e) for e in entities):
        return "doccano"
    return None


def _list(record: Mapping[str, Any], key: str) -> list[Any]:
    value = record.get(key)
    return value if isinstance(value, list) else []


def _lines(head: str) -> str | None:
    whole = head if len(head) < _HEAD else head.rpartition("\n")[0]
    lines = [line.removesuffix("\r") for line in whole.split("\n") if line.strip()]
    if not lines:
        return None
    if re.match(r"[^|\t\s]+\|t\|", lines[0]):
        return "pubtator"
    if re.match(r"@@\d+/\S+ ", lines[0]):
        return "genetag"
    return "conll" if _tagged(lines[:50]) else None


def _tagged(lines: list[str]) -> bool:
    """Whether every line ends in a column that is a tag.

    Prose can end so too, with "hepatitis B" or "L-dopa": where there are no tabs, a word outside of
    all mentions must be among several lines. So can a table, of values that are low (L), say: there
    must be such a word in it or a tag with a type.
    """
    if lines[0].startswith("-DOCSTART-"):
        return True
    rows = [line.split("\t") if "\t" in line else line.split() for line in lines]
    outside = any(row[-1] == OUTSIDE for row in rows)
    if "\t" not in lines[0] and not (len(rows) > 1 and outside):
        return False
    if not outside and not any("-" in row[-1] for row in rows):
        return False
    try:
        return len({len(row) for row in rows}) == 1 < len(rows[0]) and all(
            split_tag(row[-1]) for row in rows
        )
    except ValueError:
        return False
