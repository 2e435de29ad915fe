"""``vaner serve``: the annotator as a web page and an HTTP server."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any

import typer

from vaner.cli.messages import print_message
from vaner.cli.options import (
    DEFAULT_LOAD,
    BatchOption,
    ContextOption,
    DeviceOption,
    DtypeOption,
    FormOption,
    KnowledgeBaseOption,
    LinkOption,
    ModelOption,
    QuantizationOption,
    RevisionOption,
    SelectorOption,
)
from vaner.errors import VanerError
from vaner.linking.options import DEFAULT_CANDIDATES, LinkOptions
from vaner.recognition.options import LoadOptions
from vaner.utils.distribution import describe_install
from vaner.utils.sockets import bind_socket, format_url

MEGABYTE = 1_000_000
_EXTRA = {"fastapi", "prometheus_client", "starlette", "uvicorn"}


def _at_least(minimum: float, help: str) -> Any:
    """Return an option whose value is a number that is not smaller than `minimum`."""
    return typer.Option(min=minimum, help=help)


HostOption = Annotated[
    str,
    typer.Option(
        help="Address to listen on; 0.0.0.0 makes the server reachable from other machines."
    ),
]
PortOption = Annotated[
    int, typer.Option(min=0, max=65535, help="Port to listen on; 0 for any free port.")
]
ApiKeysOption = Annotated[
    Path | None,
    typer.Option(
        "--api-key-file",
        help="File with API keys, one per line. Each request must then contain one. Example: "
        "--api-key-file keys.txt",
        show_default=False,
    ),
]
MaxBodyOption = Annotated[
    float, _at_least(0.001, "Maximum size of a request body, in MB. Example: --max-body 2")
]
MaxDocumentsOption = Annotated[int, _at_least(1, "Maximum number of documents per request.")]
MaxCharactersOption = Annotated[
    int, _at_least(1, "Maximum number of characters per request, over all its documents.")
]
MaxRateOption = Annotated[
    int, _at_least(0, "Maximum number of requests per minute and client; 0 for no limit.")
]
MaxWaitingOption = Annotated[
    int, _at_least(1, "Maximum number of requests waiting or in progress, over all clients.")
]
TimeoutOption = Annotated[
    float,
    _at_least(0.1, "Seconds after which a request fails, and the worker that it occupies ends."),
]
MaxWordsOption = Annotated[
    int, _at_least(0, "Maximum number of words per request; 0 for no limit.")
]
ReceiveTimeoutOption = Annotated[
    float, _at_least(0.1, "Seconds in which a client must send the headers, and the body.")
]
MaxConnectionsOption = Annotated[
    int, _at_least(1, "Maximum number of open connections, over all clients.")
]
GraceOption = Annotated[
    float, _at_least(1, "Seconds after SIGTERM or Ctrl-C in which requests are finished.")
]
WorkersOption = Annotated[
    int,
    _at_least(
        1, "Number of processes that load the model. With 1, a long text delays other requests."
    ),
]
ProxyOption = Annotated[
    list[str],
    typer.Option(
        help="Address or network of a proxy whose X-Forwarded-For is believed. May be repeated. "
        "Example: --proxy 10.0.0.0/8"
    ),
]


def serve(
    model: ModelOption = None,
    revision: RevisionOption = None,
    selector: SelectorOption = None,
    kb: KnowledgeBaseOption = None,
    link: LinkOption = None,
    context: ContextOption = False,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    api_key_file: ApiKeysOption = None,
    device: DeviceOption = DEFAULT_LOAD.device,
    batch_size: BatchOption = DEFAULT_LOAD.batch_size,
    quantization: QuantizationOption = None,
    dtype: DtypeOption = None,
    form: FormOption = None,
    max_body: MaxBodyOption = 8.0,
    max_documents: MaxDocumentsOption = 1_000,
    max_characters: MaxCharactersOption = 1_000_000,
    max_rate: MaxRateOption = 0,
    max_waiting: MaxWaitingOption = 128,
    timeout: TimeoutOption = 120.0,
    max_words: MaxWordsOption = 100_000,
    receive_timeout: ReceiveTimeoutOption = 30.0,
    max_connections: MaxConnectionsOption = 1_000,
    grace: GraceOption = 30.0,
    workers: WorkersOption = 2,
    proxy: ProxyOption = [],  # noqa: B006 - typer copies it
) -> None:
    """Annotate over HTTP, and on a web page where mentions can be corrected.

    The model runs in worker processes. One that works on a request past its deadline is killed and
    replaced. Ctrl-C or SIGTERM stops the server after it has answered the requests it has accepted,
    or when the grace time ends. Requires the extra `serve`.

    Examples:

    `vaner serve`

    `vaner serve --model runs/ncbi/seed-1/model --port 8080 --max-rate 600`

    `vaner serve --host 0.0.0.0 --api-key-file keys.txt`

    `vaner serve --link ctd --context`

    `curl http://127.0.0.1:8000/annotate -H "Content-Type: text/plain" -d "He has asthma."`
    """
    try:
        from vaner.server.app import create_app
        from vaner.server.batch_workers import load_annotator
        from vaner.server.limits import Limits
        from vaner.server.run import ServerOptions, run
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in _EXTRA:
            raise
        raise VanerError(
            f"vaner serve needs additional packages: {describe_install('serve')}"
        ) from None

    from vaner.formats import FormatWarning

    # Warnings about the files of clients do not belong in the log of the server.
    warnings.simplefilter("ignore", FormatWarning)
    load_options = LoadOptions(
        model=model, revision=revision, selector=selector, device=device, batch_size=batch_size,
        quantization=quantization, dtype=dtype, form=form,
    )  # fmt: skip
    candidates = DEFAULT_CANDIDATES if link is not None else 0
    link_options = LinkOptions(kb=kb, link=link, candidates=candidates)
    limits = Limits(
        body=int(max_body * MEGABYTE), documents=max_documents, characters=max_characters,
        words=max_words, rate=max_rate, waiting=max_waiting, timeout=timeout,
        receive_timeout=receive_timeout,
    )  # fmt: skip
    api_keys = load_api_keys(api_key_file)
    options = ServerOptions(
        max_connections=max_connections, receive_timeout=receive_timeout, grace=grace,
        proxies=_check_networks(proxy),
    )  # fmt: skip
    with bind_socket(host, port) as bound:  # first: an error should not wait for the model
        name = _public_name(load_options)
        app = create_app(
            partial(load_annotator, load_options, link_options, context), name=name, limits=limits,
            workers=workers, link_options=link_options, api_keys=api_keys,
        )  # fmt: skip
        run(
            app, bound, options=options,
            on_ready=lambda: print_message(
                f"serving {name} at {format_url(bound)} (Ctrl-C to stop)"
            ),
        )  # fmt: skip
    print_message("stopped")


def load_api_keys(path: Path | None) -> Sequence[str]:
    """Return the keys in a file, and warn if every user of this machine can read it.

    Args:
        path: the file; None for no keys.

    Raises:
        VanerError: if the file is not a file with keys.
    """
    if path is None:
        return ()
    from vaner.utils.api_keys import is_readable_by_others, read_api_keys

    keys = read_api_keys(path)
    if is_readable_by_others(path):
        print_message(f"warning: {path}: other users can read the keys: chmod o-r {path}")
    return keys


def _check_networks(proxies: Sequence[str]) -> Sequence[str]:
    """Return addresses and networks, if all of them are valid."""
    for proxy in proxies:
        try:
            ip_network(proxy)
        except ValueError:
            message = (
                f"{proxy}: is not an address such as 10.0.0.1, or a network such as 10.0.0.0/8"
            )
            raise VanerError(message, argument="proxy") from None
    return proxies


def _public_name(options: LoadOptions) -> str:
    """Return the name of a model for clients: at most the last three folders of its path."""
    path = Path(options.model or "")
    is_folder = options.model is not None and path.is_dir()
    return "/".join(path.absolute().parts[-3:]) if is_folder else options.model_name
