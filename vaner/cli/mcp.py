"""``vaner mcp``: the annotator as tools for language models, by the Model Context Protocol."""

from __future__ import annotations

import warnings
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vaner.cli.messages import print_message
from vaner.cli.options import (
    DEFAULT_LOAD,
    BatchOption,
    ContextOption,
    DeviceOption,
    FormOption,
    KnowledgeBaseOption,
    LinkOption,
    ModelOption,
    RevisionOption,
)
from vaner.cli.serve import (
    ApiKeysOption,
    HostOption,
    MaxCharactersOption,
    PortOption,
    load_api_keys,
)
from vaner.errors import VanerError
from vaner.linking.options import DEFAULT_CANDIDATES, LinkOptions
from vaner.recognition.options import LoadOptions
from vaner.utils.distribution import describe_install
from vaner.utils.sockets import bind_socket, format_url

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

_HOST, _PORT = "127.0.0.1", 8000


def mcp(
    model: ModelOption = None,
    revision: RevisionOption = None,
    kb: KnowledgeBaseOption = None,
    link: LinkOption = None,
    context: ContextOption = False,
    http: Annotated[
        bool,
        typer.Option("--http", help="Listen on a port, instead of standard input and output."),
    ] = False,
    host: HostOption = _HOST,
    port: PortOption = _PORT,
    api_key_file: ApiKeysOption = None,
    max_characters: MaxCharactersOption = 1_000_000,
    batch_size: BatchOption = DEFAULT_LOAD.batch_size,
    device: DeviceOption = DEFAULT_LOAD.device,
    form: FormOption = None,
) -> None:
    """Give language models tools to annotate text, link names and convert files (MCP).

    A program such as an editor or a chat client starts the command and talks to it on standard
    input and output. With --http, clients connect to http://HOST:PORT/mcp. Requires the extra
    `mcp`.

    Examples:

    `vaner mcp`

    `vaner mcp --kb open --http --port 8001`

    `vaner mcp --link ctd --context`
    """
    if not http and ((host, port) != (_HOST, _PORT) or api_key_file):
        raise VanerError("--host, --port and --api-key-file require --http")
    try:
        from vaner.integrations.mcp_server import run_over_http
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in {"anyio", "mcp", "uvicorn"}:
            raise
        install = describe_install("mcp")
        raise VanerError(f"vaner mcp needs additional packages: {install}") from None

    from vaner.formats import FormatWarning

    # Warnings about the texts of clients do not belong in the log of the server.
    warnings.simplefilter("ignore", FormatWarning)
    options = LoadOptions(
        model=model, revision=revision, device=device, batch_size=batch_size, form=form
    )
    candidates = DEFAULT_CANDIDATES if link is not None else 0
    link_options = LinkOptions(kb=kb, link=link, candidates=candidates)
    build = partial(_build, options, link_options, context, max_characters)
    if not http:
        build().run("stdio")
        return
    api_keys = load_api_keys(api_key_file)
    with bind_socket(host, port) as bound, suppress(KeyboardInterrupt):
        run_over_http(
            build(), bound, max_characters=max_characters, api_keys=api_keys,
            on_ready=lambda: print_message(
                f"tools for language models at {format_url(bound)}/mcp (Ctrl-C to stop)"
            ),
        )  # fmt: skip
    print_message("stopped")


def _build(
    options: LoadOptions, link_options: LinkOptions, context: bool, max_characters: int
) -> MCPServer[Any]:
    """Load the model and the knowledge bases, and return the server with its tools."""
    from vaner.annotator import Annotator
    from vaner.integrations.mcp_server import build_mcp_server

    linker = link_options.load()  # first: an error should not wait for the model
    annotator = Annotator.from_pretrained(**options.as_arguments(), linker=linker, context=context)
    return build_mcp_server(annotator, max_characters=max_characters)
