"""The ``vaner`` program: its commands, and what its errors look like."""

from __future__ import annotations

import io
import logging
import sys
import warnings
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from vaner import __version__
from vaner.cli.annotate import annotate
from vaner.cli.calibrate import calibrate
from vaner.cli.command import Command, Group
from vaner.cli.corpus import app as corpus
from vaner.cli.crossfit import crossfit
from vaner.cli.distill import distill
from vaner.cli.doctor import doctor
from vaner.cli.evaluate import evaluate
from vaner.cli.export import export
from vaner.cli.kb import app as kb
from vaner.cli.messages import print_message
from vaner.cli.push import push
from vaner.cli.serve import serve
from vaner.cli.train import train
from vaner.errors import VanerError

USER_ERROR = 2

app = typer.Typer(
    name="vaner",
    cls=Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a defect keeps Python's own traceback
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(cls=Command)(annotate)
app.command(cls=Command)(train)
app.command(cls=Command)(evaluate)
app.command(cls=Command)(calibrate)
app.command(cls=Command)(crossfit)
app.command(cls=Command)(distill)
app.command(cls=Command)(export)
app.command(cls=Command)(push)
app.command(cls=Command)(serve)
app.command(cls=Command)(doctor)
app.add_typer(corpus, name="corpus")
app.add_typer(kb, name="kb")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vaner {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Find biomedical entities in text: train, evaluate, annotate.

    Try: `vaner annotate --text "Metformin treats diabetes."`
    """


def main(args: Sequence[str] | None = None) -> None:
    """Run the program. What the user can mend is told in one line, with exit code 2."""
    _prepare_streams()
    _prepare_messages()
    try:
        app(args=list(args) if args is not None else None, prog_name="vaner")
    except VanerError as problem:
        print_message(f"error: {_one_line(problem)}")
        sys.exit(USER_ERROR)


def _prepare_streams() -> None:
    """Results are UTF-8 with their own line ends, whatever the locale; messages never fail."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        newline = None if sys.stdout.isatty() else ""
        sys.stdout.reconfigure(encoding="utf-8", errors="replace", newline=newline)
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(errors="backslashreplace")


def _prepare_messages() -> None:
    """Warnings of ours as one line each; those of the libraries as they are."""
    from vaner.formats import FormatWarning

    usual = warnings.showwarning
    shown: set[str] = set()  # a training reads its corpora several times

    def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        if issubclass(category, FormatWarning):
            if str(message) not in shown:
                print_message(f"warning: {message}")
            shown.add(str(message))
        else:
            usual(message, category, *place, **more)

    warnings.simplefilter("always", FormatWarning)
    warnings.showwarning = show
    # Told at every start by libraries, and nothing that a user of ours can mend.
    warnings.filterwarnings("ignore", category=FutureWarning)
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    ours = logging.getLogger("vaner")
    if not ours.handlers:
        ours.addHandler(_Told())
        ours.propagate = False


class _Told(logging.Handler):
    """Log lines of the package as lines for the user."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING:
            print_message(f"warning: {record.getMessage()}")


def _one_line(problem: VanerError) -> str:
    return " ".join(str(problem).split())
