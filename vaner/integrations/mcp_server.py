"""An MCP server: the annotator as tools for language models and the programs that run them.

The tools are `annotate`, `convert` and, with a knowledge base, `link`. `vaner mcp` starts it.
"""

# Without `from __future__ import annotations`: the SDK reads the annotations of the tools, which
# have values of this process.
import io
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Any, NotRequired, TypeVar, cast

import anyio
import uvicorn
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from pydantic import Field
from typing_extensions import TypedDict

from vaner.annotator import Annotator
from vaner.errors import VanerError
from vaner.formats import read, write_to
from vaner.formats.mention_details import write_details
from vaner.formats.mention_rows import MENTIONS
from vaner.formats.names import resolve_format_name
from vaner.formats.source import InMemoryFile
from vaner.knowledge.type_names import match_types
from vaner.linking.protocol import MentionLinker
from vaner.recognition.options import AnnotateOptions, declaration
from vaner.text.documents import Document, Span
from vaner.text.normalize import replace_surrogates
from vaner.utils.api_keys import ApiKeyMiddleware
from vaner.utils.provenance import get_package_version

Result = TypeVar("Result")

_BYTES_PER_CHARACTER = 12  # of JSON that escapes them: two of \uXXXX
_OTHER_BYTES = 100_000
_TABLES = {"csv": MENTIONS.render_csv, "tsv": MENTIONS.render_tsv}


class ListedConcept(TypedDict):
    """A concept that a mention may refer to, with its most similar name and its probability."""

    id: str
    name: str
    score: float


class ListedCue(TypedDict):
    """Words that make a mention negated, uncertain, historical or that of a relative (family)."""

    attribute: str
    start: int
    end: int
    text: str


class FoundMention(TypedDict):
    """A mention in a text; offsets count Unicode code points, and `end` is exclusive."""

    start: int
    end: int
    type: str
    text: str
    score: float | None
    identifiers: list[str]
    candidates: NotRequired[list[ListedConcept]]
    context: NotRequired[list[ListedCue]]


class LinkedName(TypedDict):
    """A name, and the identifiers of its concepts; empty if it is unknown."""

    name: str
    identifiers: list[str]
    candidates: NotRequired[list[ListedConcept]]


def build_mcp_server(annotator: Annotator, *, max_characters: int = 1_000_000) -> MCPServer[Any]:
    """Return the server with its tools.

    Args:
        annotator: finds the mentions. Its linker is the tool `link`; without one there is none.
        max_characters: maximum length of a text.
    """
    types = ", ".join(annotator.types)
    min_score_option, min_precision_option = (
        Field(description=declaration(AnnotateOptions, name).description, ge=0, le=1)
        for name in ("min_score", "min_precision")
    )

    async def annotate(
        text: Annotated[str, Field(description="The text to read.")],
        types: Annotated[
            list[str] | str | None,
            Field(description=f"Entity types to find: {types}. Default: all."),
        ] = None,
        min_score: Annotated[float | None, min_score_option] = None,
        min_precision: Annotated[float | None, min_precision_option] = None,
    ) -> list[FoundMention]:
        """Find the mentions of biomedical entities in a text, with offsets, types and scores."""
        checked = _check_text(text, max_characters)
        find = partial(
            annotator.annotate, [checked], types, min_score=min_score, min_precision=min_precision
        )
        return await _run(lambda: _list_mentions(next(find())))

    async def convert(
        content: Annotated[str, Field(description="The content of a file with documents.")],
        to_format: Annotated[
            str, Field(description="Format to write, such as jsonl, bioc_json, conll or tsv.")
        ],
        from_format: Annotated[
            str, Field(description="Format of the content, such as pubtator, bioc_xml or text.")
        ],
    ) -> str:
        """Convert documents and their mentions from one text format to another."""
        checked = _check_text(content, max_characters)
        return await _run(partial(_convert, checked, from_format, to_format))

    functions: list[Callable[..., Any]] = [annotate, convert]
    if annotator.linker is not None:
        functions.append(_make_link_function(annotator.linker))
    return MCPServer[Any](
        "vaner",
        version=get_package_version(),
        instructions=f"Finds biomedical entities in English text: {types}. The results are "
        "predictions of a model and no medical advice.",
        log_level="WARNING",
        tools=[_make_tool(function) for function in functions],
    )


def run_over_http(
    server: MCPServer[Any],
    bound: socket.socket,
    *,
    on_ready: Callable[[], None],
    max_characters: int,
    api_keys: Sequence[str] = (),
) -> None:
    """Serve clients at the path ``/mcp`` until SIGINT or SIGTERM.

    Args:
        server: the server with its tools.
        bound: the socket to listen at; see `vaner.utils.sockets.bind_socket`.
        on_ready: called when the server accepts requests.
        max_characters: maximum length of a text, which the size of a body follows.
        api_keys: keys of which a request must have one. Default: none is needed.
    """
    app: Any = server.streamable_http_app(
        host=bound.getsockname()[0],  # at localhost, the SDK refuses requests for other hosts
        max_request_body_size=_BYTES_PER_CHARACTER * max_characters + _OTHER_BYTES,
    )
    if api_keys:
        app = ApiKeyMiddleware(app, api_keys)
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
    _Server(config, on_ready).run(sockets=[bound])


class _Server(uvicorn.Server):
    """A server that calls a function as soon as it accepts requests."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()


def _make_tool(function: Callable[..., Any]) -> Tool:
    """Return a function as a tool that refuses unknown arguments, which the SDK ignores."""
    tool = Tool.from_function(function)
    arguments = tool.fn_metadata.arg_model
    arguments.model_config["extra"] = "forbid"
    arguments.model_rebuild(force=True)
    return tool.model_copy(update={"parameters": arguments.model_json_schema(by_alias=True)})


def _make_link_function(linker: MentionLinker) -> Callable[..., Any]:
    async def link(
        names: Annotated[list[str], Field(description="Names to look up, such as 'aspirin'.")],
        type: Annotated[
            str, Field(description=f"Entity type of the names: {', '.join(linker.types)}.")
        ],
    ) -> list[LinkedName]:
        """Look up the identifiers of names in the knowledge base."""
        return await _run(partial(_link, linker, names, type))

    return link


async def _run(function: Callable[[], Result]) -> Result:
    """Run a function in a thread, and report what the caller can fix in one line.

    Raises:
        ToolError: with the message of a `VanerError`.
    """
    try:
        return await anyio.to_thread.run_sync(function)
    except VanerError as error:
        raise ToolError(" ".join(str(error).split())) from None


def _check_text(text: str, maximum: int) -> str:
    """Return a text without lone surrogates, which no result can hold.

    Raises:
        ToolError: if the text is too long.
    """
    if len(text) > maximum:
        raise ToolError(f"the text has {len(text):,} characters; the limit is {maximum:,}")
    return replace_surrogates(text)


def _list_mentions(document: Document) -> list[FoundMention]:
    mentions = [
        {
            "start": span.start,
            "end": span.end,
            "type": span.type,
            "text": document.mention(span),
            "score": span.score,
            **_list_concepts(document, span),
        }
        for span in document.spans
    ]
    return cast(list[FoundMention], mentions)


def _link(linker: MentionLinker, names: list[str], type: str) -> list[LinkedName]:
    [known] = match_types([type], linker.types, "the knowledge base") or [type]
    trimmed = [replace_surrogates(name.strip()) for name in names]
    documents = [
        Document(name, name, (Span(0, len(name), known),) if name else ()) for name in trimmed
    ]
    linked: list[dict[str, Any]] = []
    for document in linker.identify(documents):
        linked.append({"name": document.text, "identifiers": []})
        for span in document.spans:  # none for an empty name
            linked[-1] |= _list_concepts(document, span)
    return cast(list[LinkedName], linked)


def _list_concepts(document: Document, span: Span) -> dict[str, Any]:
    return {"identifiers": list(span.identifiers), **write_details(document.text, span)}


def _convert(content: str, from_format: str, to_format: str) -> str:
    target = resolve_format_name(to_format, views=_TABLES)
    documents = read(InMemoryFile("content", content.encode()), resolve_format_name(from_format))
    if target in _TABLES:
        return "".join(_TABLES[target](documents, Counter()))
    stream = io.StringIO(newline="")
    write_to(documents, stream, target)
    return stream.getvalue()
