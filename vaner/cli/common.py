"""What the commands share: their common options, and how they talk to the user."""

from __future__ import annotations

import errno
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperCommand, TyperGroup

from vaner.errors import VanerError

_MODEL = "Model: embedded name, folder, or Hub id. Default: the embedded model."

ModelArgument = Annotated[str | None, typer.Argument(help=_MODEL, show_default=False)]
ModelOption = Annotated[str | None, typer.Option(help=_MODEL)]
SelectorOption = Annotated[
    str | None,
    typer.Option(
        help="Selector, folder or Hub id, that drops what is wrong of what was found, and whose "
        "probabilities the others get: --selector runs/selector/seed-1/model",
        show_default=False,
    ),
]
KnowledgeOption = Annotated[
    str | None,
    typer.Option(
        "--kb",
        help="Knowledge base whose identifiers mentions get that are names in it: --kb open",
        show_default=False,
    ),
]
TypesOption = Annotated[
    list[str] | None,
    typer.Option(
        help="Entity types, separated by commas or repeated: --types Disease,Chemical. "
        "Default: all that the model or the base knows.",
        show_default=False,
    ),
]
BatchOption = Annotated[
    int, typer.Option(min=1, help="Most sentences read at once: --batch-size 8")
]
QuantizationOption = Annotated[
    Literal["nf4"] | None,
    typer.Option(
        help="Load the backbone of an adapter in 4 bits, as it was trained: --quantization nf4",
        show_default=False,
    ),
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
FilesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FILES]...",
        help="Files, or folders of files; - or nothing for standard input.",
        show_default=False,
    ),
]
TextOption = Annotated[
    str | None, typer.Option("--text", "-t", help='Text to annotate: --text "I have asthma."')
]
FormatOption = Annotated[
    str | None,
    typer.Option(
        "--format",
        "-f",
        help="table, html, jsonl, parquet, conll, pubtator, bioc (XML), biocjson, brat, "
        "label-studio, prodigy, doccano. "
        "Default: told from the name after -o; table on standard output.",
        show_default=False,
    ),
]
OutputOption = Annotated[
    str, typer.Option("--output", "-o", help="File to write, or folder for brat: -o out.jsonl")
]
OverlapsOption = Annotated[
    Literal["keep", "best"],
    typer.Option(
        help="Mentions that overlap: keep them all, or the best, which is the most probable one, "
        "and of equals the longest. conll cannot hold them all and keeps the longest."
    ),
]
MinScoreOption = Annotated[
    float,
    typer.Option(
        min=0,
        max=1,
        help="Leave out mentions that are less probable: --min-score 0.5. Choose it on devel: "
        "vaner evaluate --split devel tells the best one.",
    ),
]
MinPrecisionOption = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=1,
        help="Leave out the least probable mentions of each type, until of the others this share "
        "was right on devel: --min-precision 0.95. Needs a model that was calibrated: see vaner "
        "calibrate.",
        show_default=False,
    ),
]
InputFormatOption = Annotated[
    str | None,
    typer.Option(
        "--input-format",
        "--from",
        help="text, lines, jsonl, parquet, conll, pubtator, bioc_xml, bioc_json, brat, pubmed, "
        "genetag, label_studio, prodigy, doccano. "
        "Default: told from each file; standard input is one plain text.",
        show_default=False,
    ),
]
CorpusFormatOption = Annotated[
    str | None,
    typer.Option("--from", "--input-format", help="Format of the files, if not told by them."),
]
EncodingOption = Annotated[str, typer.Option(help="Encoding of the input: --encoding latin-1")]
SkipBadOption = Annotated[
    bool, typer.Option("--skip-bad", help="Leave bad records out, count them, and go on.")
]
RuleOption = Annotated[
    list[str] | None,
    typer.Option(
        help="Another rule for the names of a type, one at a time: --rule Gene.case=fold. There "
        "are case (symbols, fold, keep), longest_symbol, plural, possessive, shortest, and "
        "common (skip, case, match).",
        show_default=False,
    ),
]
ShardOption = Annotated[
    str | None,
    typer.Option(
        metavar="I/N",
        help="Only the i-th of n parts of the input, to be joined with the others: --shard 1/8. "
        "Of n files or more whole files, of fewer every n-th document.",
        show_default=False,
    ),
]
ResumeOption = Annotated[
    bool, typer.Option("--resume", help="Go on where a run in --output was stopped.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]
BaseOption = Annotated[str, typer.Option("--kb", help="Name of a base, or path of its file.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no summary.")]


# Parameters of the commands by the names that `VanerError.argument` has for them.
_PARAMETERS = {"format": "input_format"}


# What the system says of a name that a user gave: it is too long, or lies in a closed folder.
_NAMES = {errno.ENAMETOOLONG, errno.EACCES}
_LONGEST = 80  # characters of such a name, which may be a text

# typer has click's own or a copy of it, by its version.
_UsageError: Any = typer.BadParameter.__mro__[1]


class Command(TyperCommand):
    """A command whose errors are one line, and name the option that would have prevented them."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        with _in_one_line(f"{parent.command_path} {info_name}" if parent else info_name):
            return super().make_context(info_name, args, parent, **extra)

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        _, _, given = self.make_parser(ctx).parse_args(list(args))
        _check_once(given)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except VanerError as problem:
            told = explained(problem, ctx)
            if told == str(problem):
                raise
            raise VanerError(told) from problem
        except OSError as problem:
            if problem.errno not in _NAMES or problem.filename is None:
                raise
            name = str(problem.filename)
            shown = name if len(name) <= _LONGEST else f"{name[:_LONGEST]} …"
            raise VanerError(f"{shown}: {problem.strerror}") from problem


class Group(TyperGroup):
    """Commands, of which one that there is not is one line too."""

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        if not args:  # help, which is an error of click's as well
            return super().parse_args(ctx, args)
        with _in_one_line(ctx.command_path):
            return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        with _in_one_line(ctx.command_path):
            return super().resolve_command(ctx, args)


def _check_once(given: Iterable[Any]) -> None:
    """Refuse an option that takes one value and was given several: the last would win in silence.

    Args:
        given: the parameters that were typed, in their order.

    Raises:
        VanerError: naming the option.
    """
    for parameter, times in Counter(given).items():
        takes_one = parameter.param_type_name == "option" and not parameter.multiple
        if times > 1 and takes_one and not parameter.is_flag:
            name = max(parameter.opts, key=len)
            raise VanerError(f"{name} is given {times} times, and takes one value")


@contextmanager
def _in_one_line(path: str | None) -> Iterator[None]:
    """What was typed wrongly as one line, in place of a box of several."""
    try:
        yield
    except _UsageError as problem:
        told = problem.format_message().rstrip(".?")
        raise VanerError(f"{told}; {path} --help tells more") from problem


def explained(problem: VanerError, running: typer.Context) -> str:
    """An error's line, with the option of the running command that would have prevented it."""
    name = _PARAMETERS.get(problem.argument or "", problem.argument)
    options = (p.opts[0] for p in running.command.params if p.name == name)
    option = next(options, None)
    return f"{problem} with {option}" if option else str(problem)


@contextmanager
def into(folder: Path) -> Iterator[None]:
    """What is done in the folder that --output names, where it is one, or can become one.

    Raises:
        VanerError: where it is a file, or nothing can be written there.
    """
    if folder.exists() and not folder.is_dir():
        raise VanerError(f"{folder}: is a file; --output is a folder")
    try:
        yield
    except PermissionError as problem:
        raise VanerError(f"{problem.filename}: cannot be written: {problem.strerror}") from problem


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
