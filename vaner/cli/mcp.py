"""``vaner mcp``: the annotator as tools for language models, by the Model Context Protocol."""

from __future__ import annotations

import warnings
from typing import Annotated

import typer

from vaner.cli.messages import print_message
from vaner.cli.options import (
    DEFAULT_LOAD,
    BatchOption,
    DeviceOption,
    FormOption,
    KnowledgeBaseOption,
    ModelOption,
)
from vaner.cli.serve import HostOption, MaxCharactersOption, PortOption
from vaner.errors import VanerError
from vaner.recognition.options import LoadOptions
from vaner.utils.distribution import describe_install

_HOST, _PORT = "127.0.0.1", 8000


def mcp(
    model: ModelOption = None,
    kb: KnowledgeBaseOption = None,
    http: Annotated[
        bool,
        typer.Option("--http", help="Listen on a port, instead of standard input and output."),
    ] = False,
    host: HostOption = _HOST,
    port: PortOption = _PORT,
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
    """
    if not http and (host, port) != (_HOST, _PORT):
        raise VanerError("--host and --port require --http")
    try:
        from vaner.integrations.mcp_server import build_mcp_server
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in {"anyio", "mcp"}:
            raise
        install = describe_install("mcp")
        raise VanerError(f"vaner mcp needs additional packages: {install}") from None

    from vaner.annotator import Annotator
    from vaner.formats import FormatWarning
    from vaner.knowledge.matcher import Matcher

    # Warnings about the texts of clients do not belong in the log of the server.
    warnings.simplefilter("ignore", FormatWarning)
    matcher = Matcher.from_name(kb) if kb is not None else None
    options = LoadOptions(model=model, device=device, batch_size=batch_size, form=form)
    annotator = Annotator.from_pretrained(**options.as_arguments())
    server = build_mcp_server(annotator, matcher, max_characters=max_characters)
    if not http:
        server.run("stdio")
        return
    print_message(f"tools for language models at http://{host}:{port}/mcp; stop with Ctrl-C")
    server.run("streamable-http", host=host, port=port)
