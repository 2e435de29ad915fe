"""From documents to the body of an answer, in the format that was asked for."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from vaner.display.output_formats import VIEWS, output_format
from vaner.display.text import losses
from vaner.errors import VanerError
from vaner.formats import FORMATS, WriteReport, write, write_to
from vaner.server.limits import Refused
from vaner.text.documents import Document

JSON = "json"
WRITABLE = (JSON, *(f.name for f in FORMATS.values() if f.writable), *VIEWS)
"""What an answer may be written in: our own JSON, the formats, and the views."""

_MEDIA = {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".parquet": "application/vnd.apache.parquet",
    ".pubtator": "text/x-pubtator; charset=utf-8",
    ".xml": "application/xml",
    ".zip": "application/zip",
}
_ACCEPTED = {
    "*/*": JSON,
    "application/*": JSON,
    "application/json": JSON,
    "application/jsonl": "jsonl",
    "application/x-jsonlines": "jsonl",
    "application/x-ndjson": "jsonl",
    "application/xml": "bioc_xml",
    "text/html": "html",
    "text/plain": "table",
    "text/tab-separated-values": "conll",
    "text/x-pubtator": "pubtator",
    "text/xml": "bioc_xml",
}


class Written(NamedTuple):
    """The body of an answer.

    Args:
        body: its bytes.
        media: its content type.
        suffix: of a file that holds it.
        lost: one line that tells what the format could not hold; empty if it holds everything.
    """

    body: bytes
    media: str
    suffix: str
    lost: str = ""


def chosen_format(asked: str | None, accept: str) -> str:
    """The format of an answer: the one asked for by name, else one that the client accepts.

    Raises:
        Refused: with status 400 for a name that no format has, 406 where none is accepted.

    >>> chosen_format(None, "text/xml;q=0.5, application/x-ndjson")
    'jsonl'
    """
    if asked is not None:
        if asked.casefold() == JSON:
            return JSON
        try:
            return output_format(asked, "-")
        except VanerError as problem:
            raise Refused(400, str(problem)) from None
    for kind in _by_preference(accept or "*/*"):
        if kind in _ACCEPTED:
            return _ACCEPTED[kind]
    raise Refused(406, f"answers can be {', '.join(_ACCEPTED)}; or name one with ?format=")


def written(documents: Sequence[Document], format: str) -> Written:
    """Documents as the body of an answer."""
    if format == JSON:
        lines = _text(documents, "jsonl")[0].removesuffix("\n").split("\n")
        own = f'{{"documents": [{", ".join(lines)}]}}\n'
        return Written(own.encode(), _MEDIA[".json"], ".json")
    suffix = _suffix(format)
    if format in FORMATS and FORMATS[format].path_writer:
        body, report = _file(documents, format, suffix)
    else:
        text, report = _text(documents, format)
        body = text.encode("utf-8", "replace")
    lost = losses(format, report.lost) if report.lost else ""
    return Written(body, _MEDIA.get(suffix, "text/plain; charset=utf-8"), suffix, lost)


def _text(documents: Sequence[Document], format: str) -> tuple[str, WriteReport]:
    if format in VIEWS:
        return "".join(VIEWS[format](documents, Counter())), WriteReport()
    stream = io.StringIO(newline="")
    report = write_to(documents, stream, format)
    return stream.getvalue(), report


def _file(documents: Sequence[Document], format: str, suffix: str) -> tuple[bytes, WriteReport]:
    """The bytes of a format that is no text; of a folder, those of a zip of it."""
    with tempfile.TemporaryDirectory(prefix="vaner-") as folder:
        path = Path(folder) / format
        report = write(documents, path, format)
        if suffix != ".zip":
            return path.read_bytes(), report
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(path.rglob("*")):
                archive.write(file, file.relative_to(folder))
        return packed.getvalue(), report


def _suffix(format: str) -> str:
    """Of a file that holds an answer."""
    if format in VIEWS:
        return ".html" if format == "html" else ".txt"
    return ".zip" if FORMATS[format].folder_writer else FORMATS[format].suffixes[0]


def _by_preference(accept: str) -> list[str]:
    """The content types of an Accept header, the most wanted first, none that is not wanted."""
    found: list[tuple[float, str]] = []
    for part in accept.split(","):
        kind, *parameters = (field.strip().lower() for field in part.split(";"))
        wanted = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        try:
            quality = float(wanted)
        except ValueError:
            continue
        if quality > 0:
            found.append((-quality, kind))
    return [kind for _, kind in sorted(found, key=lambda one: one[0])]
