"""The ``vaner`` program: its commands, its errors and its warnings."""

from __future__ import annotations

import io
import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Annotated, Any, TextIO, cast

import typer

from vaner import __version__
from vaner.cli.annotate import annotate
from vaner.cli.calibrate import calibrate
from vaner.cli.command import Command, Group, describe_system_error
from vaner.cli.corpus import app as corpus
from vaner.cli.crossfit import crossfit
from vaner.cli.distill import distill
from vaner.cli.doctor import doctor
from vaner.cli.evaluate import evaluate
from vaner.cli.export import export
from vaner.cli.kb import app as kb
from vaner.cli.mcp import mcp
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
    pretty_exceptions_enable=False,  # a defect shows the traceback of Python
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
app.command(cls=Command)(mcp)
app.command(cls=Command)(doctor)
app.add_typer(corpus, name="corpus")
app.add_typer(kb, name="kb")


def _print_version(is_requested: bool) -> None:
    if is_requested:
        typer.echo(f"vaner {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Find biomedical entities in text: annotate, train and evaluate.

    Example: `vaner annotate --text "Metformin treats diabetes."`
    """


def main(args: Sequence[str] | None = None) -> None:
    """Run the program. An error of the user is one line on standard error, with exit code 2.

    Args:
        args: the arguments; those of the process if None.
    """
    _prepare_streams()
    _prepare_messages()
    try:
        with _termination_as_interrupt():
            app(args=list(args) if args is not None else None, prog_name="vaner")
    except Exception as error:
        described = str(error) if isinstance(error, VanerError) else describe_system_error(error)
        if described is None:
            raise
        print_message(f"error: {described}")
        sys.exit(USER_ERROR)


@contextmanager
def _termination_as_interrupt() -> Iterator[None]:
    """Treat signals that end the program like Ctrl-C: files are completed.

    Clusters and ``timeout`` send SIGTERM, a terminal or connection that is closed sends SIGHUP. A
    signal that is ignored, as SIGHUP with ``nohup``, remains so. SIGHUP is passed on as SIGTERM,
    which a server handles in another way.
    """
    new: dict[int, Any] = {signal.SIGTERM: signal.default_int_handler}
    if hasattr(signal, "SIGHUP"):  # not on Windows
        new[signal.SIGHUP] = lambda *_: signal.raise_signal(signal.SIGTERM)
    is_main = threading.current_thread() is threading.main_thread()  # others cannot set handlers
    old = {number: signal.getsignal(number) for number in new if is_main}
    old = {number: handler for number, handler in old.items() if handler != signal.SIG_IGN}
    for number in old:
        signal.signal(number, new[number])
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


def _prepare_streams() -> None:
    """Write results as UTF-8 with unchanged line ends; never fail on a message.

    A stream that is closed is None. Then there is no input, and writing a result is an error.
    """
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115 - until the program ends
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        newline = None if sys.stdout.isatty() else ""
        sys.stdout.reconfigure(encoding="utf-8", errors="replace", newline=newline)
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(errors="backslashreplace")
    if not isinstance(sys.stderr, _MessageStream):
        sys.stderr = cast(TextIO, _MessageStream(sys.stderr))


class _MessageStream:
    """Standard error that drops messages that cannot be written.

    A job must not end because its log is on a full disk, or its terminal was closed.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _prepare_messages() -> None:
    """Print warnings of vaner on one line each; leave those of libraries as they are."""
    from vaner.formats import FormatWarning
    from vaner.utils.deprecation import RenamedWarning

    show_other = warnings.showwarning
    shown: set[str] = set()  # training reads its corpora several times

    def show(
        message: Warning | str, category: type[Warning], *location: Any, **kwargs: Any
    ) -> None:
        if issubclass(category, (FormatWarning, RenamedWarning)):
            if str(message) not in shown:
                print_message(f"warning: {message}")
            shown.add(str(message))
        else:
            show_other(message, category, *location, **kwargs)

    warnings.simplefilter("always", FormatWarning)
    warnings.simplefilter("always", RenamedWarning)
    warnings.showwarning = show
    # Libraries raise these at every start, and users of vaner cannot do anything about them.
    warnings.filterwarnings("ignore", category=FutureWarning)
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    vaner_logger = logging.getLogger("vaner")
    if not vaner_logger.handlers:
        vaner_logger.addHandler(_MessageHandler())
        vaner_logger.propagate = False


class _MessageHandler(logging.Handler):
    """Prints log messages of the package as messages to the user."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING:
            print_message(f"warning: {record.getMessage()}")
