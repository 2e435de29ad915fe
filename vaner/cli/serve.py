"""``vaner serve``: the annotator for other programs and for a browser."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Annotated

import typer

from vaner.cli.messages import print_message
from vaner.cli.options import (
    BatchOption,
    DeviceOption,
    KnowledgeBaseOption,
    ModelOption,
    QuantizationOption,
    SelectorOption,
)
from vaner.errors import VanerError

MEGABYTE = 1_000_000
_EXTRA = {"fastapi", "prometheus_client", "starlette", "uvicorn"}


def serve(
    model: ModelOption = None,
    selector: SelectorOption = None,
    kb: KnowledgeBaseOption = None,
    host: Annotated[
        str, typer.Option(help="Address to listen at; 0.0.0.0 lets other machines in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes one that is free.")] = 8000,
    device: DeviceOption = "auto",
    batch_size: BatchOption = 32,
    quantization: QuantizationOption = None,
    max_body: Annotated[
        float, typer.Option(min=0.001, help="Largest body of a request, in MB: --max-body 2")
    ] = 8.0,
    max_documents: Annotated[int, typer.Option(min=1, help="Most documents of a request.")] = 1_000,
    max_characters: Annotated[
        int, typer.Option(min=1, help="Most characters of a request, in all of its documents.")
    ] = 1_000_000,
    rate: Annotated[
        int, typer.Option(min=0, help="Most requests a minute of one client; 0 for any number.")
    ] = 0,
    waiting: Annotated[
        int, typer.Option(min=1, help="Most requests taken at once, of all clients.")
    ] = 128,
    timeout: Annotated[
        float, typer.Option(min=0.1, help="Most seconds that a request may take.")
    ] = 120.0,
) -> None:
    """Serve the annotator over HTTP, and a page to try it and to correct what it found.

    Requests of all clients are read in batches together. SIGINT (Ctrl-C) and SIGTERM end the
    program once what was taken is answered. Needs `pip install -e '.[serve]'`.

    Examples:

    `vaner serve`

    `vaner serve --model runs/ncbi/seed-1/model --port 8080 --rate 600`

    `curl http://127.0.0.1:8000/annotate -H "Content-Type: text/plain" -d "He has asthma."`
    """
    try:
        from vaner.server.app import create_app
        from vaner.server.limits import Limits
        from vaner.server.run import address_of, bound, run
    except ModuleNotFoundError as problem:
        if (problem.name or "").split(".")[0] not in _EXTRA:
            raise
        raise VanerError("serving needs more: pip install -e '.[serve]'") from None

    from vaner.annotator import Annotator
    from vaner.formats import FormatWarning
    from vaner.knowledge.matcher import Matcher
    from vaner.recognition.options import LoadOptions

    # What clients' files look like is for them to know, and not for the log.
    warnings.simplefilter("ignore", FormatWarning)
    with bound(host, port) as place:  # first: loading a model for nothing takes long
        matcher = Matcher.named(kb) if kb is not None else None
        load_options = LoadOptions(
            model=model, selector=selector, device=device, batch_size=batch_size,
            quantization=quantization,
        )  # fmt: skip
        annotator = Annotator.from_pretrained(**load_options.as_arguments())
        limits = Limits(
            body=int(max_body * MEGABYTE), documents=max_documents, characters=max_characters,
            rate=rate, waiting=waiting, timeout=timeout,
        )  # fmt: skip
        name = _told(model)
        app = create_app(
            annotator, name=name, limits=limits, identify=matcher.identify if matcher else None
        )
        run(
            app, place, patience=timeout,
            ready=lambda: print_message(f"{name} at {address_of(place)} (Ctrl-C ends it)"),
        )  # fmt: skip
    print_message("stopped")


def _told(model: str | None) -> str:
    """What clients are told of a model: not where on this machine it lies."""
    from vaner.models.locate import DEFAULT_MODEL

    if model is None:
        return DEFAULT_MODEL
    return "/".join(Path(model).absolute().parts[-3:]) if Path(model).is_dir() else model
