"""What the commands share: their common options, loading a model, talking to the user."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vaner.errors import VanerError

if TYPE_CHECKING:
    from vaner.annotator import Annotator

ModelOption = Annotated[
    str | None,
    typer.Option(help="Model: embedded name, folder, or Hub id. Default: the embedded model."),
]
TypesOption = Annotated[
    list[str] | None,
    typer.Option(
        help="Entity types, separated by commas or repeated: --types Disease,Chemical. "
        "Default: all that the model finds.",
        show_default=False,
    ),
]
BatchOption = Annotated[
    int, typer.Option(min=1, help="Most sentences read at once: --batch-size 8")
]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps: --device cpu")]
CorporaOption = Annotated[
    Path | None,
    typer.Option(
        envvar="VANER_CORPORA",
        help="Folder that the registered corpora lie in: --corpora ~/corpora",
        show_default=False,
    ),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no summary.")]


def tell(line: str) -> None:
    """One line for the user, on standard error: standard output is for results."""
    print(f"vaner: {line}", file=sys.stderr, flush=True)


def split_types(given: Iterable[str] | None) -> list[str] | None:
    """Types out of ``["Disease,Chemical", "Gene"]``; None where none were given.

    Raises:
        VanerError: where there is nothing but commas.
    """
    if not given:
        return None
    types = [name.strip() for part in given for name in part.split(",")]
    found = list(dict.fromkeys(name for name in types if name))
    if not found:
        raise VanerError("--types names no type; e.g. --types Disease,Chemical")
    return found


def load_annotator(model: str | None, device: str, batch_size: int) -> Annotator:
    """The annotator that a command asked for.

    Raises:
        VanerError: for a model or a device that is not there.
    """
    import torch

    from vaner.annotator import Annotator

    try:
        torch.device("cpu" if device == "auto" else device)
    except RuntimeError:
        names = "auto, cpu, cuda, cuda:N, mps"
        raise VanerError(f"no device is called {device!r}; there are {names}") from None
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise VanerError(f"device {device} was asked for, but torch sees no GPU; try --device cpu")
    return Annotator.from_pretrained(model, device=device, batch_size=batch_size)
