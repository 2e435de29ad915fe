"""Commands whose errors are one line, and options that were renamed."""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from vaner.cli.messages import print_message
from vaner.errors import MEMORY_ADVICE, VanerError, is_out_of_memory

RENAMED_OPTIONS: Mapping[str, str] = {
    "--dataset": "--corpus",
    "--rate": "--max-rate",
    "--waiting": "--max-waiting",
}
"""Old spelling of an option -> its new spelling, in every command that has the new one."""
RENAMED_VALUES: Mapping[tuple[str, str], str] = {("--engine", "here"): "local"}
"""Option and old spelling of its value -> new spelling of the value."""

# `VanerError.argument` -> the parameters that commands have for it under other names.
_PARAMETERS = {"format": ("input_format",), "output_format": ("output_format", "format")}

_FULL_DISK = {errno.ENOSPC, errno.EDQUOT}
_TABLE_WIDTH = 120  # columns that the table of options of a command needs
_MAX_PATH = 80  # characters to show of such a path, which may be a text given by mistake

# Depending on its version, typer has a copy of click's exceptions.
_UsageError: Any = typer.BadParameter.__mro__[1]


class Command(TyperCommand):
    """A command whose errors are one line and name the option that helps, if there is one."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        with _usage_errors(f"{parent.command_path} {info_name}" if parent else info_name):
            return super().make_context(info_name, args, parent, **extra)

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        known = {name for parameter in self.get_params(ctx) for name in parameter.opts}
        args = replace_renamed_options(args, known)
        values, _, given = self.make_parser(ctx).parse_args(list(args))
        _check_given_once(given)
        _check_not_empty(given, values)
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help as plain lines on a narrow terminal, where a table cuts names."""
        if get_terminal_size().columns < _TABLE_WIDTH:
            self.rich_markup_mode = None
            self.help = (self.help or "").replace("`", "")
        super().format_help(ctx, formatter)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except VanerError as error:
            message = with_option_hint(error, ctx)
            if message == str(error):
                raise
            raise VanerError(message) from error


def describe_system_error(error: Exception) -> str | None:
    """Return an error of the operating system in one line; None for any other error.

    The disk is full, a path cannot be read or is too long, memory is not enough: wherever a command
    meets this, the user has to do something about it, and a traceback does not help.
    """
    if is_out_of_memory(error):
        return f"out of memory; {MEMORY_ADVICE}"
    if (
        isinstance(error, UnicodeEncodeError)
        and "\n" not in error.object
        and os.path.isdir(Path(error.object).parent)
    ):
        return f"{error.object}: the path is not UTF-8, which a library needs; rename it"
    if not isinstance(error, OSError) or isinstance(error, BrokenPipeError) or not error.strerror:
        return None
    reason = error.strerror
    if error.errno in _FULL_DISK:
        reason += "; free some space, or write to another disk"
    if error.filename is None:
        return reason
    path = os.fsdecode(error.filename) if isinstance(error.filename, bytes) else error.filename
    shown = str(path) if len(str(path)) <= _MAX_PATH else f"{str(path)[:_MAX_PATH]} …"
    return f"{shown}: {reason}"


class Group(TyperGroup):
    """A group of commands; an unknown command is an error of one line."""

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        if not args:  # click prints the help by raising an error
            return super().parse_args(ctx, args)
        with _usage_errors(ctx.command_path):
            return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name = args[0]
        others = [
            f"{ctx.command_path} {group} {name}"
            for group, command in self.commands.items()
            if name in getattr(command, "commands", {})
        ]
        if others and name not in self.commands:
            raise VanerError(f"No such command {name!r}. Did you mean {' or '.join(others)}?")
        with _usage_errors(ctx.command_path):
            return super().resolve_command(ctx, args)


def replace_renamed_options(args: Sequence[str], known: Iterable[str]) -> list[str]:
    """Replace old spellings of options by the new ones, and print a notice for each.

    Args:
        args: the arguments of a command.
        known: the options of the command.

    >>> replace_renamed_options(["--dataset=BC5CDR"], ["--corpus"])
    ['--corpus=BC5CDR']
    """
    known, replaced = set(known), list(args)
    for i, argument in enumerate(args):
        if argument == "--":  # only file names follow
            break
        old, equals, value = argument.partition("=")
        new = RENAMED_OPTIONS.get(old)
        if new is not None and new in known and old not in known:
            print_message(f"warning: {old} is deprecated; use {new}")
            replaced[i] = f"{new}{equals}{value}"
        position = i if equals else min(i + 1, len(args) - 1)
        value = value if equals else args[position]
        if old in known and (new := RENAMED_VALUES.get((old, value))):
            print_message(f"warning: {old} {value} is deprecated; use {old} {new}")
            replaced[position] = f"{old}={new}" if equals else new
    return replaced


def with_option_hint(error: VanerError, ctx: typer.Context) -> str:
    """Return the message of an error, with the option of the command that prevents it."""
    names = _PARAMETERS.get(error.argument or "", (error.argument,))
    option = next((p.opts[0] for p in ctx.command.params if p.name in names), None)
    is_complete = str(error).endswith(("?", "."))
    return str(error) if is_complete or not option else f"{error} with {option}"


def _check_given_once(given: Iterable[Any]) -> None:
    """Refuse an option that takes one value and has several: click silently uses the last.

    Args:
        given: the parameters on the command line, in their order.

    Raises:
        VanerError: with the name of the option.
    """
    for parameter, count in Counter(given).items():
        takes_one = parameter.param_type_name == "option" and not parameter.multiple
        if count > 1 and takes_one and not parameter.is_flag:
            name = max(parameter.opts, key=len)
            raise VanerError(f"{name} is given {count} times, but takes one value")


def _check_not_empty(given: Iterable[Any], values: Mapping[str, Any]) -> None:
    """Refuse an empty value, such as an unset variable of a shell: as a path, it would be ``.``.

    Args:
        given: the parameters on the command line.
        values: name of a parameter -> its value or values.

    Raises:
        VanerError: with the name of the option or argument. Only a text to annotate may be empty.
    """
    for parameter in given:
        value = values.get(parameter.name)
        is_empty = value == "" or (isinstance(value, list | tuple) and "" in value)
        if is_empty and parameter.name != "text":
            is_option = parameter.param_type_name == "option"
            name = max(parameter.opts, key=len) if is_option else parameter.name.upper()
            raise VanerError(f"{name} is empty; give a value")


@contextmanager
def _usage_errors(command_path: str | None) -> Iterator[None]:
    """Report errors of the command line as one line, instead of a box of several lines."""
    try:
        yield
    except _UsageError as error:
        message = error.format_message().replace(": Value error, ", ": ").rstrip(".?")
        raise VanerError(f"{message}; see {command_path} --help") from error
