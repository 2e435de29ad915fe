"""``vaner corpus``: list, count, check and convert corpora."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vaner.errors import FormatError
from vaner.interfaces.cli.common import (
    Command,
    CorporaOption,
    CorpusFormatOption,
    EncodingOption,
    QuietOption,
    SkipBadOption,
    explained,
    tell,
)
from vaner.interfaces.text import aligned, counted, listed

if TYPE_CHECKING:
    from vaner.corpora import CorpusInfo

app = typer.Typer(no_args_is_help=True, help="List, count, check and convert corpora.")

NamesArgument = Annotated[
    list[str], typer.Argument(metavar="NAME...", help="Registered name, folder or file.")
]


@app.command("list", cls=Command)
def list_(corpora: CorporaOption = None) -> None:
    """Registered corpora: types, splits that are there, licence.

    Example: `vaner corpus list --corpora ~/corpora`
    """
    from vaner.corpora import REGISTRY, corpora_root

    root = corpora_root(corpora) if corpora else None
    rows = [("corpus", "types", "splits", "licence")]
    for info in REGISTRY.values():
        rows.append((info.name, ", ".join(info.entity_types), _splits(info, root), info.licence))
    typer.echo(aligned(rows))
    if root is None:
        tell("give --corpora FOLDER or set VANER_CORPORA to see which files are there")


def _splits(info: CorpusInfo, root: Path | None) -> str:
    """Names of the splits, those without a file marked."""
    if root is None:
        return " ".join(info.splits)
    there = {name: (root / info.folder / file).is_file() for name, file in info.splits.items()}
    if not any(there.values()):
        return "not here"
    return " ".join(name if found else f"({name} missing)" for name, found in there.items())


@app.command(cls=Command)
def stats(
    names: NamesArgument, corpora: CorporaOption = None, input_format: CorpusFormatOption = None
) -> None:
    """Count what is in a corpus, split by split.

    Example: `vaner corpus stats NCBI-disease BC5CDR --corpora ~/corpora`
    """
    from vaner.interfaces.cli.inputs import format_name

    reading = format_name(input_format)
    head = ("corpus", "split", "documents", "sentences", "words", "mentions", "out of reach")
    rows: list[tuple[str, ...]] = [(*head, "discontinuous", "overlapping", "longest", "types")]
    for name in names:
        rows += _stats(name, corpora, reading)
    typer.echo(aligned(rows, right=range(2, 10)))


def _stats(name: str, root: Path | None, format: str | None) -> Iterator[tuple[str, ...]]:
    from vaner.corpora import load
    from vaner.corpora.checking import available_splits
    from vaner.corpora.statistics import statistics

    for split in available_splits(name, root):
        corpus = load(name, split, root=root, format=format)
        found = statistics(corpus)
        numbers = (found.documents, found.sentences, found.words, sum(found.mentions.values()))
        yield (
            corpus.name,
            split,
            *(f"{number:,}" for number in numbers),
            f"{100 * found.unreachable_share:.2f}%",
            f"{found.discontinuous:,}",
            f"{found.overlapping:,}",
            counted(found.longest[0], "word"),
            listed(found.mentions),
        )


@app.command(cls=Command)
def check(
    ctx: typer.Context,
    names: NamesArgument,
    corpora: CorporaOption = None,
    input_format: CorpusFormatOption = None,
) -> None:
    """Look for what is wrong with a corpus; exit code 1 if something is.

    Wrong are broken records and tags, other numbers of mentions than the registry has, and texts
    of 60 characters or more that stand in train and in a held-out split. Other repetitions are
    noted.

    Example: `vaner corpus check BC5CDR --corpora ~/corpora`
    """
    from vaner.corpora.checking import check as run
    from vaner.interfaces.cli.inputs import format_name

    reading, wrong = format_name(input_format), 0
    for name in names:
        try:
            found = run(name, corpora, reading)
        except FormatError as problem:  # no way on in this file: that is a finding too
            typer.echo(f"{name}: wrong: {explained(problem, ctx)}")
            wrong += 1
            continue
        wrong += len(found.problems)
        for line in found.problems:
            typer.echo(f"{name}: wrong: {line}")
        for line in found.notes:
            typer.echo(f"{name}: note: {line}")
        if not found.problems:
            typer.echo(f"{name}: nothing wrong")
    if wrong:
        raise typer.Exit(1)


@app.command(cls=Command)
def convert(
    source: Annotated[str, typer.Argument(metavar="IN", help="File, folder, or - for stdin.")],
    target: Annotated[str, typer.Argument(metavar="OUT", help="File, folder for brat, or -.")],
    input_format: CorpusFormatOption = None,
    output_format: Annotated[
        str | None,
        typer.Option("--to", "--format", help="Format to write: --to bioc. Default: by suffix."),
    ] = None,
    encoding: EncodingOption = "utf-8",
    skip_bad: SkipBadOption = False,
    quiet: QuietOption = False,
) -> None:
    """Convert between formats; what the new one cannot hold is counted.

    Example: `vaner corpus convert train.tsv train.jsonl`
    """
    from vaner.interfaces.cli import inputs, outputs

    reading = inputs.format_name(input_format)
    writing = outputs.output_format(output_format, target)
    sources = inputs.expand([source], reading)
    outputs.check_target(target, writing, sources)
    skipped = inputs.Skipped() if skip_bad else None
    stream = outputs.Guarded(inputs.documents(sources, reading, encoding, skipped))
    report = outputs.deliver(stream, target, writing)
    if stream.problem is not None:
        if stream.number:
            tell(f"stopped early: {counted(report.documents, 'document')} written to {target}")
        raise stream.problem
    if skipped is not None:
        skipped.conclude()
    if not quiet:
        tell(f"{counted(report.documents, 'document')} converted to {writing}")
        if report.lost:
            tell(f"{writing} cannot hold everything: {listed(report.lost)}")
