"""From the body of a request to documents and to what is asked of them."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from vaner.errors import FormatError, VanerError
from vaner.formats import detect_format, read
from vaner.formats.names import resolve_format_name
from vaner.formats.source import InMemoryFile
from vaner.recognition.options import AnnotateOptions, declaration
from vaner.server.limits import Limits, Refused
from vaner.text.documents import Document, Overlaps

READ = {
    "application/json": None,
    "application/jsonl": "jsonl",
    "application/x-jsonlines": "jsonl",
    "application/x-ndjson": "jsonl",
    "application/xml": None,
    "text/plain": "text",
    "text/tab-separated-values": "conll",
    "text/x-pubtator": "pubtator",
    "text/xml": None,
}
"""Content types -> the format that they name; None where the content has to tell."""

NOT_READ = {"brat", "genetag", "parquet"}
"""Formats that a body is not read in: the first two are read with files beside them, and Parquet
unpacks to any size."""

_GZIP = b"\x1f\x8b"
_MOST_TYPES = 100  # of a request; a model may have to read the text once for each
_NAMED = {"format": "?input_format=", "encoding": "charset= in Content-Type"}


def _divided(types: Any) -> Any:
    """Types out of ``["Disease,Chemical", "Gene"]``."""
    if not isinstance(types, list | tuple) or not all(isinstance(type, str) for type in types):
        return types
    return [name.strip() for part in types for name in part.split(",") if name.strip()]


def _declared_field(name: str) -> Any:
    """Return the field of a declared option: its default, its limits and its description."""
    declared = declaration(AnnotateOptions, name)
    return Field(
        declared.default,
        ge=declared.minimum,
        le=declared.maximum,
        description=declared.description,
    )


class Asked(BaseModel):
    """What may be asked for, in the address or, with JSON, in the body."""

    model_config = ConfigDict(extra="forbid")

    types: list[Annotated[str, Field(min_length=1, max_length=200)]] | None = Field(
        None, min_length=1, max_length=_MOST_TYPES,
        description="Entity types to find. Default: all that the model knows.",
    )  # fmt: skip
    overlaps: Overlaps = _declared_field("overlaps")
    min_score: float = _declared_field("min_score")
    min_precision: float | None = _declared_field("min_precision")
    format: str | None = Field(
        None,
        description="Of the answer: json, jsonl, pubtator, bioc_xml, bioc_json, conll, brat (a "
        "zip), html, table … Default: told from Accept, else json.",
    )


class Query(Asked):
    """The part behind the question mark."""

    types: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=200)]] | None,
        BeforeValidator(_divided),
    ] = Field(
        None, min_length=1, max_length=_MOST_TYPES,
        description="Entity types to find, divided by commas or repeated.",
    )  # fmt: skip
    input_format: str | None = Field(
        None,
        description="Of the body: text, lines, jsonl, conll, pubtator, bioc_xml, bioc_json, "
        "pubmed. Default: told from Content-Type, else from the content.",
    )
    name: str = Field(
        "", max_length=200, description="Of the file: documents without an id are named after it."
    )


class Body(Asked):
    """A body of JSON: a text, or documents."""

    text: str | None = None
    documents: list[dict[str, Any]] | None = Field(
        None,
        description='As in JSON Lines: {"id", "text", "spans": [{"start", "end", "type"}]}. '
        "Offsets count Unicode code points; end is one past the last.",
    )


class Order(NamedTuple):
    """What was sent: documents, and what is asked for."""

    documents: list[Document]
    asked: Asked


def read_body(body: bytes, content_type: str, query: Query, limits: Limits) -> Order:
    """The documents of a body, and what is asked of them; what JSON says goes before the address.

    Raises:
        Refused: with status 400 for what is malformed, 413 for what is too much, 415 for what is of
            no known format.
    """
    kind, encoding = _content_type(content_type)
    body = _unpacked(body, limits.body)
    if query.input_format is None and kind == "application/json":
        found = _json(body)
        if _is_own(found):
            return _own(found, query, limits)
    try:
        name = InMemoryFile(_safe(query.name) or "body", body)
        format = resolve_format_name(query.input_format) or READ.get(kind) or _told(name, encoding)
        if format in NOT_READ:
            raise VanerError(f"{format} is not read out of a request; send another format")
        documents = list(limits.held(read(name, format, encoding=encoding)))
    except VanerError as problem:
        raise Refused(400, _line(problem)) from None
    if not documents:
        raise Refused(400, "there is no text in the body")
    return Order(documents, query)


def problem_of(errors: Sequence[Any]) -> str:
    """The first of the things that pydantic found wrong with what was asked for, as one line."""
    first = errors[0]
    place = ".".join(str(part) for part in first["loc"] if part not in ("query", "body"))
    return f"{place}: {first['msg']}" if place else str(first["msg"])


def _content_type(given: str) -> tuple[str, str]:
    """Content type and encoding out of ``text/plain; charset=latin-1``."""
    kind, _, rest = given.partition(";")
    charset = re.search(r'charset\s*=\s*"?([\w.:-]+)', rest, re.I)
    return kind.strip().lower(), charset[1] if charset else "utf-8"


def _unpacked(body: bytes, limit: int) -> bytes:
    """A body without its compression, if it has one, and if it is no bomb."""
    if not body.startswith(_GZIP):
        return body
    unpacking = zlib.decompressobj(wbits=31)
    try:
        found = unpacking.decompress(body, limit + 1)
    except zlib.error as problem:
        raise Refused(400, f"broken gzip: {problem}") from None
    if len(found) > limit:
        raise Refused(413, f"a body may have {limit:,} bytes, also when it is unpacked")
    if not unpacking.eof or unpacking.unused_data or found.startswith(_GZIP):
        raise Refused(400, "broken gzip: it ends too early, or it is packed more than once")
    return found


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise Refused(400, f"the body is not JSON: {problem}") from None


def _is_own(found: Any) -> bool:
    """Whether JSON is of our own shape, and not BioC's, which has passages."""
    if not isinstance(found, dict):
        return not isinstance(found, list)  # a list may be of documents of BioC
    documents = found.get("documents")
    some = [found, *(documents if isinstance(documents, list) else [])[:1]]
    collection = "source" in found and "key" in found  # with or without documents
    passages = any(isinstance(one, dict) and "passages" in one for one in some)
    return not (passages or collection or "PubTator3" in found)


def _own(found: Any, query: Query, limits: Limits) -> Order:
    """An order out of JSON of our own shape."""
    if not isinstance(found, dict):
        raise Refused(400, 'the body is no object with "text" or "documents"')
    text, given = found.get("text"), found.get("documents")
    options = {key: value for key, value in found.items() if key not in ("text", "documents")}
    try:
        asked = Asked.model_validate({**_set(query), **options})
    except ValidationError as problem:
        raise Refused(400, problem_of(problem.errors())) from None
    if (text is None) == (given is None):
        raise Refused(400, 'give either "text" or "documents"')
    if given is None:
        if not isinstance(text, str):
            raise Refused(400, "text: is no string")
        return Order(list(limits.held([Document("text", text)])), asked)
    if not isinstance(given, list):
        raise Refused(400, "documents: is no list")
    # The reader of JSON Lines knows what may be wrong with a document; its lines are ours' numbers.
    lines = InMemoryFile("document", "\n".join(json.dumps(one) for one in given).encode())
    try:
        documents = list(limits.held(read(lines, "jsonl")))
    except VanerError as problem:
        raise Refused(400, _line(problem)) from None
    return Order(documents, asked)


def _set(query: Query) -> dict[str, Any]:
    """What the address says, of what JSON may say as well."""
    return query.model_dump(exclude_unset=True, exclude={"input_format", "name"})


def _told(name: InMemoryFile, encoding: str) -> str:
    """The format that a content tells of itself."""
    try:
        return detect_format(name, encoding=encoding)
    except FormatError as problem:
        raise Refused(415, _line(problem)) from None


def _safe(name: str) -> str:
    """The name of a file for messages and ids: its last part, on one line."""
    last = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[\x00-\x1f\x7f]", "_", last).strip(" .")


def _line(problem: VanerError) -> str:
    named = _NAMED.get(problem.argument or "")
    told = " ".join(str(problem).split())
    return f"{told} with {named}" if named else told
