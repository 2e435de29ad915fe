"""Parsing requests: from a body and a query string to documents and options."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from vaner.display import output_formats
from vaner.errors import FormatError, VanerError
from vaner.formats import FORMATS, detect_format, read
from vaner.formats.compression import detect_compression
from vaner.formats.names import resolve_format_name
from vaner.formats.source import InMemoryFile
from vaner.recognition.options import AnnotateOptions, declaration
from vaner.server.limits import Limits, RejectedRequest
from vaner.text.documents import Document, Overlaps
from vaner.utils.names import suggest_name

CONTENT_TYPES = {
    "application/json": None,
    "application/jsonl": "jsonl",
    "application/x-jsonlines": "jsonl",
    "application/x-ndjson": "jsonl",
    "application/xml": None,
    "text/csv": "csv",
    "text/plain": "text",
    "text/tab-separated-values": "conll",
    "text/x-pubtator": "pubtator",
    "text/xml": None,
}
"""Content type of a body -> its format; None if the format is detected from the content."""

NOT_READABLE = {f.name for f in FORMATS.values() if f.needs_folder or f.is_binary}
"""Formats that a body cannot have: some need several files, and the uncompressed size of a binary
format such as Parquet has no limit."""
READABLE = tuple(name for name in FORMATS if name not in NOT_READABLE)
"""Formats that a body can have."""

_GZIP = b"\x1f\x8b"
_MAX_NAME = 255  # characters of a file name, as file systems have them
_MAX_TYPES = 100  # per request: some models read the text once for each type
_PARAMETERS = {"format": "input_format", "encoding": "encoding", "text_column": "text_column"}
_HINTS = {
    "format": "?input_format=", "encoding": "charset= in Content-Type",
    "text_column": "?text_column=",
}  # fmt: skip

TypeName = Annotated[str, Field(min_length=1, max_length=200)]


def _declared_field(name: str) -> Any:
    """Return the field of a declared option: its default and its description."""
    declared = declaration(AnnotateOptions, name)
    return Field(declared.default, description=declared.description)


def _split_at_commas(types: Any) -> Any:
    """Return the types in ``"Disease,Chemical"`` as a list."""
    return [n.strip() for n in types.split(",") if n.strip()] if isinstance(types, str) else types


def _split_each(types: Any) -> Any:
    """Return the types in ``["Disease,Chemical", "Gene"]``."""
    if not isinstance(types, list | tuple) or not all(isinstance(type, str) for type in types):
        return types
    return [name for part in types for name in _split_at_commas(part)]


def _refuse_boolean(value: Any) -> Any:
    """Refuse true as a number, which pydantic would read as 1."""
    if isinstance(value, bool):
        raise ValueError("must be a number")
    return value


_LIMITS = declaration(AnnotateOptions, "min_score")
Score = Annotated[
    float, Field(ge=_LIMITS.minimum, le=_LIMITS.maximum), BeforeValidator(_refuse_boolean)
]


class AnnotateParams(BaseModel):
    """Parameters of a request, in the query string or in a JSON body."""

    model_config = ConfigDict(extra="forbid")

    types: Annotated[list[TypeName] | None, BeforeValidator(_split_at_commas)] = Field(
        None, min_length=1, max_length=_MAX_TYPES,
        description=declaration(AnnotateOptions, "types").description,
    )  # fmt: skip
    corpus: str | None = _declared_field("corpus")
    overlaps: Overlaps = _declared_field("overlaps")
    consistency: bool = _declared_field("consistency")
    min_score: Score | None = _declared_field("min_score")
    min_precision: Score | None = _declared_field("min_precision")
    format: str | None = Field(
        None,
        description=f"Format of the response: json, {', '.join(output_formats.WRITABLE)}. brat is "
        "a zip file. Default: the Accept header, or json.",
    )

    def options(self, types: tuple[str, ...], corpus: str | None) -> AnnotateOptions:
        """Return the options of annotating.

        Args:
            types: the types to find, checked against those of the model.
            corpus: a corpus that the model knows, or None.
        """
        return AnnotateOptions(
            types=types,
            corpus=corpus,
            overlaps=self.overlaps,
            consistency=self.consistency,
            min_score=self.min_score,
            min_precision=self.min_precision,
        )


class QueryParams(AnnotateParams):
    """Parameters in the query string."""

    types: Annotated[list[TypeName] | None, BeforeValidator(_split_each)] = Field(
        None, min_length=1, max_length=_MAX_TYPES,
        description=f"{declaration(AnnotateOptions, 'types').description} Separated by commas or "
        "repeated.",
    )  # fmt: skip
    input_format: str | None = Field(
        None,
        description=f"Format of the body: {', '.join(READABLE)}. Default: the Content-Type "
        "header, or detected from the content.",
    )
    text_column: str | None = Field(
        None, max_length=200, description="Column of a CSV table with the texts."
    )
    name: str = Field(
        "",
        max_length=_MAX_NAME,
        description="File name. Documents without an id are named after it.",
    )


class JsonBody(AnnotateParams):
    """A body of JSON: a text or documents, and parameters."""

    text: str | None = None
    documents: list[dict[str, Any]] | None = Field(
        None,
        description='As in JSON Lines: {"id", "text", "spans": [{"start", "end", "type"}]}. '
        "Offsets count Unicode code points; end is exclusive.",
    )


class ParsedRequest(NamedTuple):
    """The documents of a request, and its parameters."""

    documents: list[Document]
    params: AnnotateParams


def parse_request(
    body: bytes, content_type: str, query: QueryParams, limits: Limits
) -> ParsedRequest:
    """Parse a body. Parameters in a JSON body take precedence over the query string.

    Raises:
        RejectedRequest: with status 400 for malformed content, 413 for content beyond the limits,
            415 for an unknown format.
    """
    media_type, encoding = _parse_content_type(content_type)
    if media_type.startswith("multipart/"):
        raise RejectedRequest(
            415, "the body is a form; send the file itself (curl --data-binary @FILE, not -F)"
        )
    body = _decompress(body, limits.body)
    if query.input_format is None:
        is_json = media_type in ("application/json", "text/json") or media_type.endswith("+json")
        content = None
        if is_json:
            content = _parse_json(body, encoding)
        elif CONTENT_TYPES.get(media_type) is None:
            content = _parse_unlabelled_json(body)
        if content is not None and _is_vaner_json(content):
            return _parse_vaner_json(content, query, limits)
    try:
        source = InMemoryFile(_safe_name(query.name) or "body", body)
        format = resolve_format_name(query.input_format, listed=READABLE) or CONTENT_TYPES.get(
            media_type
        )
        format = format or _detect_format(source, encoding)
        if format in NOT_READABLE:
            raise VanerError(f"a request cannot be in the format {format}; send another format")
        read_documents = read(source, format, encoding=encoding, text_column=query.text_column)
        documents = list(limits.check_documents(read_documents))
    except VanerError as error:
        raise _rejection(400, error) from None
    if not documents:
        raise RejectedRequest(400, "the body contains no text")
    return ParsedRequest(documents, query)


def first_validation_error(
    errors: Sequence[Any], known: Iterable[str] = QueryParams.model_fields
) -> str:
    """Return the first validation error of pydantic on one line.

    Args:
        errors: the errors, as pydantic lists them.
        known: the names of the parameters that there are.
    """
    first = errors[0]
    location = ".".join(str(part) for part in first["loc"] if part not in ("query", "body"))
    if first["type"] == "extra_forbidden":
        return f"{location}: unknown parameter{suggest_name(location, known)}"
    return f"{location}: {first['msg']}" if location else str(first["msg"])


def _parse_content_type(header: str) -> tuple[str, str]:
    """Return media type and encoding of a header such as ``text/plain; charset=latin-1``."""
    media_type, _, parameters = header.partition(";")
    charset = re.search(r'charset\s*=\s*"?([\w.:-]+)', parameters, re.I)
    return media_type.strip().lower(), charset[1] if charset else "utf-8"


def _decompress(body: bytes, limit: int) -> bytes:
    """Return a body, without gzip compression if it has one, of at most `limit` bytes."""
    if not body.startswith(_GZIP):
        if (compression := detect_compression(body[:16])) == "zip":
            raise RejectedRequest(
                415, "the body is a zip archive, an Excel table or a Word document; send text, or "
                "convert the file first with `vaner corpus convert`",
            )  # fmt: skip
        if compression:
            raise RejectedRequest(415, f"the body is compressed with {compression}; use gzip")
        return body
    decompressor = zlib.decompressobj(wbits=31)
    try:
        content = decompressor.decompress(body, limit + 1)
    except zlib.error as error:
        raise RejectedRequest(400, f"broken gzip: {error}") from None
    if len(content) > limit:
        raise RejectedRequest(413, f"a body may have {limit:,} bytes when it is uncompressed")
    if not decompressor.eof or decompressor.unused_data or content.startswith(_GZIP):
        raise RejectedRequest(
            400, "broken gzip: the body is incomplete, or it is compressed more than once"
        )
    return content


def _parse_json(body: bytes, encoding: str) -> Any:
    """Parse JSON in UTF-8, as its standard says, or else in the encoding that the client names."""
    try:
        try:
            return json.loads(body)
        except UnicodeDecodeError:
            return json.loads(body.decode(encoding))
    except (LookupError, ValueError, RecursionError) as error:
        raise RejectedRequest(400, f"the body is not JSON: {error}") from None


def _parse_unlabelled_json(body: bytes) -> dict[str, Any] | None:
    """Return a body with parameters that curl, for instance, sends as a form; None if it is none.

    A record of JSON Lines has a text too, but no parameters.
    """
    if not body.lstrip().startswith(b"{"):
        return None
    try:
        content: dict[str, Any] = json.loads(body)
    except (ValueError, RecursionError):
        return None
    has_parameters = not content.keys().isdisjoint(AnnotateParams.model_fields)
    return content if has_parameters and content.keys() <= JsonBody.model_fields.keys() else None


def _is_vaner_json(content: Any) -> bool:
    """Return whether JSON has the form of this server, and not the form of BioC."""
    if not isinstance(content, dict):
        return not isinstance(content, list)  # a list may contain documents of BioC
    documents = content.get("documents")
    objects = [content, *(documents if isinstance(documents, list) else [])[:1]]
    is_collection = "source" in content and "key" in content  # with or without documents
    has_passages = any(isinstance(item, dict) and "passages" in item for item in objects)
    return not (has_passages or is_collection or "PubTator3" in content)


def _parse_vaner_json(content: Any, query: QueryParams, limits: Limits) -> ParsedRequest:
    """Parse JSON that has the form of this server."""
    if not isinstance(content, dict):
        raise RejectedRequest(400, 'the body must be an object with "text" or "documents"')
    text, records = content.get("text"), content.get("documents")
    in_body = {key: value for key, value in content.items() if key not in ("text", "documents")}
    in_query = query.model_dump(exclude_unset=True, exclude={"input_format", "text_column", "name"})
    try:
        params = AnnotateParams.model_validate({**in_query, **in_body})
    except ValidationError as error:
        message = first_validation_error(error.errors(), JsonBody.model_fields)
        raise RejectedRequest(400, message) from None
    if (text is None) == (records is None):
        raise RejectedRequest(400, 'give either "text" or "documents"')
    if records is None:
        if not isinstance(text, str):
            raise RejectedRequest(400, "text: must be a string")
        return ParsedRequest(list(limits.check_documents([Document("text", text)])), params)
    if not isinstance(records, list):
        raise RejectedRequest(400, "documents: must be a list")
    # The reader of JSON Lines checks the documents; its line numbers are their numbers.
    lines = InMemoryFile("document", "\n".join(json.dumps(record) for record in records).encode())
    try:
        documents = list(limits.check_documents(read(lines, "jsonl")))
    except VanerError as error:
        raise _rejection(400, error) from None
    return ParsedRequest(documents, params)


def _detect_format(source: InMemoryFile, encoding: str) -> str:
    """Return the format of a body, detected from its content."""
    try:
        return detect_format(source, encoding=encoding)
    except FormatError as error:
        raise _rejection(415, error) from None


def _safe_name(name: str) -> str:
    """Return a file name for messages and ids: without folders and control characters."""
    last = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[\x00-\x1f\x7f]", "_", last).strip(" .")


def _rejection(status: int, error: VanerError) -> RejectedRequest:
    """Return the rejection of a request, with the parameter that prevents the error."""
    hint = _HINTS.get(error.argument or "")
    message = " ".join(str(error).split())
    parameter = _PARAMETERS.get(error.argument or "")
    return RejectedRequest(status, f"{message} with {hint}" if hint else message, None, parameter)
