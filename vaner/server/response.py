"""Response bodies: documents in the format that the client requests."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from vaner.display import output_formats
from vaner.display.output_formats import FILE_VIEWS, VIEWS, output_format
from vaner.display.text import describe_losses
from vaner.errors import VanerError
from vaner.formats import FORMATS, WriteReport, write, write_to
from vaner.server.limits import RejectedRequest
from vaner.text.documents import Document

JSON = "json"
WRITABLE = (JSON, *output_formats.WRITABLE)
"""The formats of a response: the JSON of this server, the file formats, and the views."""

_MEDIA_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".parquet": "application/vnd.apache.parquet",
    ".pubtator": "text/x-pubtator; charset=utf-8",
    ".tsv": "text/tab-separated-values; charset=utf-8",
    ".xml": "application/xml",
    ".zip": "application/zip",
}
_VIEW_SUFFIXES = {"concepts": ".tsv", "label_studio_config": ".xml", "table": ".txt"}
_ACCEPTED = {
    "*/*": JSON,
    "application/*": JSON,
    "application/json": JSON,
    "application/jsonl": "jsonl",
    "application/x-jsonlines": "jsonl",
    "application/x-ndjson": "jsonl",
    "application/xml": "bioc_xml",
    "text/*": "table",
    "text/csv": "csv",
    "text/html": "html",
    "text/plain": "table",
    "text/tab-separated-values": "conll",
    "text/x-pubtator": "pubtator",
    "text/xml": "bioc_xml",
}


class ResponseBody(NamedTuple):
    """The body of a response.

    Args:
        content: its bytes.
        media_type: its content type.
        suffix: suffix of a file with this content.
        losses: one line about what the format could not represent; empty if nothing was lost.
    """

    content: bytes
    media_type: str
    suffix: str
    losses: str = ""


def choose_format(requested: str | None, accept: str) -> str:
    """Return the format of a response.

    Args:
        requested: name of the format; None to choose it by the Accept header.
        accept: the Accept header.

    Raises:
        RejectedRequest: with status 400 for an unknown name, 406 if no accepted type is supported.

    >>> choose_format(None, "text/xml;q=0.5, application/x-ndjson")
    'jsonl'
    """
    if requested is not None:
        if requested.casefold() == JSON:
            return JSON
        try:
            format = output_format(requested, "response", WRITABLE)
        except VanerError as error:
            raise RejectedRequest(400, str(error)) from None
        if format in FILE_VIEWS:
            raise RejectedRequest(
                400, f"a response cannot be in the format {format}; choose {', '.join(WRITABLE)}"
            )
        return format
    for media_type in _accepted_types(accept or "*/*"):
        if media_type in _ACCEPTED:
            return _ACCEPTED[media_type]
    raise RejectedRequest(
        406, f"the response can be {', '.join(_ACCEPTED)}; or choose a format with ?format="
    )


def build_body(documents: Sequence[Document], format: str) -> ResponseBody:
    """Return documents as the body of a response."""
    if format == JSON:
        lines = _as_text(documents, "jsonl")[0].removesuffix("\n").split("\n")
        content = f'{{"documents": [{", ".join(lines)}]}}\n'
        return ResponseBody(content.encode(), _MEDIA_TYPES[".json"], ".json")
    suffix = _suffix(format)
    if format in FORMATS and FORMATS[format].path_writer:
        body, report = _as_file(documents, format, suffix)
    else:
        text, report = _as_text(documents, format)
        body = text.encode("utf-8", "replace")
    message = describe_losses(format, report.lost) if report.lost else ""
    media_type = _MEDIA_TYPES.get(suffix, "text/plain; charset=utf-8")
    return ResponseBody(body, media_type, suffix, message)


def _as_text(documents: Sequence[Document], format: str) -> tuple[str, WriteReport]:
    if format in VIEWS:
        return "".join(VIEWS[format](documents, Counter())), WriteReport()
    stream = io.StringIO(newline="")
    report = write_to(documents, stream, format)
    return stream.getvalue(), report


def _as_file(documents: Sequence[Document], format: str, suffix: str) -> tuple[bytes, WriteReport]:
    """Return the bytes of a binary format, or of a zip file of a format that is a folder."""
    with tempfile.TemporaryDirectory(prefix="vaner-") as folder:
        path = Path(folder) / format
        report = write(documents, path, format)
        if suffix != ".zip":
            return path.read_bytes(), report
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(path.rglob("*")):
                archive.write(file, file.relative_to(folder))
        return content.getvalue(), report


def _suffix(format: str) -> str:
    """Return the suffix of a file in a format."""
    if format in VIEWS:
        return _VIEW_SUFFIXES.get(format, f".{format}")
    return ".zip" if FORMATS[format].folder_writer else FORMATS[format].suffixes[0]


def _accepted_types(accept: str) -> list[str]:
    """Return the media types of an Accept header, the most preferred first."""
    accepted: list[tuple[float, str]] = []
    for part in accept.split(","):
        media_type, *parameters = (field.strip().lower() for field in part.split(";"))
        value = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        try:
            quality = float(value)
        except ValueError:
            continue
        if quality > 0:  # a quality of 0 means that the type is not acceptable
            accepted.append((-quality, media_type))
    return [media_type for _, media_type in sorted(accepted, key=lambda pair: pair[0])]
