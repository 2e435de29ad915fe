"""``vaner corpus``: list, fetch, count, check, split and convert corpora."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vaner.cli import corpus_files
from vaner.cli.command import Command, Group, with_option_hint
from vaner.cli.messages import print_message, print_result
from vaner.cli.options import (
    ColumnsOption,
    CorporaOption,
    CorpusFormatOption,
    EncodingOption,
    QuietOption,
    SkipBadOption,
    TextColumnOption,
)
from vaner.display.text import align_columns, format_count, format_counts, printable
from vaner.errors import FormatError, VanerError

if TYPE_CHECKING:
    from vaner.corpora.check import Findings
    from vaner.corpora.verification import FetchedSplit
    from vaner.text.documents import Corpus

app = typer.Typer(
    cls=Group, no_args_is_help=True, help="List, fetch, count, check, split and convert corpora."
)

_NAME = "Registered name of a corpus, folder of splits, or file."

NamesArgument = Annotated[list[str], typer.Argument(metavar="NAME...", help=_NAME)]
OptionalNamesArgument = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help=_NAME)]


@app.command("list", cls=Command)
def list_(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Registered names. Default: a table of all."),
    ] = None,
    corpora: CorporaOption = None,
) -> None:
    """List the registered corpora and views: types, mentions, source and license.

    With names, print everything the registry contains about these corpora, including known
    problems and corpora that share their texts.

    Examples:

    `vaner corpus list --corpora ~/corpora`

    `vaner corpus list BC5CDR GENIA-nested`
    """
    from vaner.cli import corpus_info
    from vaner.corpora import REGISTRY, VIEWS, corpora_root

    root = corpora_root(corpora) if corpora else None
    if names:
        print_result("\n\n".join(corpus_info.describe(name, root) for name in names))
        return
    print_result(align_columns(corpus_info.corpus_rows(REGISTRY.values(), root)))
    print_result("\nviews, which read the files of another corpus\n")
    print_result(align_columns(corpus_info.view_rows(VIEWS.values())))
    if root is None:
        print_message("use --corpora FOLDER or set VANER_CORPORA to see which files exist")


@app.command(cls=Command)
def fetch(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Registered names.")],
    corpora: Annotated[
        Path | None,
        typer.Option(
            "--corpora",
            "--to",
            envvar="VANER_CORPORA",
            help="Folder for the corpora; created if it does not exist. Example: --to ~/corpora",
            show_default=False,
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Download files again even if they exist.")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Download corpora from their original sources, and resume interrupted downloads.

    Files are checked against the checksums in the registry. For files without a checksum the
    numbers of documents and mentions are compared, and the exit code is 1 if they differ. Files
    that exist are checked in the same way, and not changed; a download that could not be verified
    is repeated. Please observe the licenses, which are printed.

    Example: `vaner corpus fetch NCBI-disease BC5CDR --to ~/corpora`
    """
    from vaner.cli.corpus_info import base_corpora
    from vaner.corpora.fetch import fetch_corpus
    from vaner.display.progress import show_downloads

    if corpora is None:
        raise VanerError("no folder for the corpora: set VANER_CORPORA or use --to FOLDER")
    failed = differing = 0
    for name in base_corpora(names):
        try:
            with show_downloads(quiet=quiet) as watching:
                for split in fetch_corpus(name, corpora, force=force, progress=watching):
                    _print_fetched(split, quiet)
                    differing += len(split.differences)
        except VanerError as error:  # continue with the other corpora
            if len(names) == 1:
                raise
            print_message(f"error: {error}")
            failed += 1
    if failed or differing:
        raise typer.Exit(2 if failed else 1)


def _print_fetched(split: FetchedSplit, quiet: bool) -> None:
    from vaner.corpora import REGISTRY

    file = f"{split.corpus} {split.split}: {split.path}"
    for difference in split.differences:
        print_message(f"{file}: {difference}")
    if quiet:
        return
    done = "downloaded" if split.is_new else "exists already"
    again = "the next fetch downloads it again" if split.is_new else "--force downloads it again"
    if split.is_verified:
        print_message(f"{file} {done}; matches the registry")
    elif split.differences:
        print_message(f"{file} {done}, but differs from the registry: {again}")
    else:
        print_message(f"{file} {done}, not verified: the registry has no counts of it; {again}")
    if split.is_new and split.split == next(iter(REGISTRY[split.corpus].splits)):
        print_message(f"{split.corpus}: license: {REGISTRY[split.corpus].license}")


@app.command(cls=Command)
def stats(
    names: NamesArgument,
    corpora: CorporaOption = None,
    input_format: CorpusFormatOption = None,
    encoding: EncodingOption = "utf-8",
    columns: ColumnsOption = None,
    text_column: TextColumnOption = None,
    skip_bad: SkipBadOption = False,
) -> None:
    """Count documents, sentences, words and mentions in each split of a corpus.

    Example: `vaner corpus stats NCBI-disease BC5CDR --corpora ~/corpora`
    """
    from vaner.cli.inputs import SkippedRecords
    from vaner.corpora import load
    from vaner.formats.names import resolve_format_name

    skipped = SkippedRecords() if skip_bad else None
    reading = partial(
        load, root=corpora, format=resolve_format_name(input_format), encoding=encoding,
        columns=columns, text_column=text_column, on_error=skipped,
    )  # fmt: skip
    sizes = ("documents", "sentences", "words", "mentions", "unreachable")
    shapes = ("duplicates", "discontinuous", "nested", "crossing", "longest", "types")
    rows: list[tuple[str, ...]] = [("corpus", "split", *sizes, *shapes)]
    for name in names:
        rows += _stats_rows(name, corpora, reading)
    print_result(align_columns(rows, right=range(2, 12)))
    if skipped is not None:
        skipped.print_count()


def _stats_rows(
    name: str, root: Path | None, reading: Callable[[str, str], Corpus]
) -> Iterator[tuple[str, ...]]:
    from vaner.corpora.check import available_splits
    from vaner.corpora.statistics import compute_statistics

    for split in available_splits(name, root):
        corpus = reading(name, split)
        counts = compute_statistics(corpus)
        sizes = (counts.documents, counts.sentences, counts.words, sum(counts.mentions.values()))
        yield (
            corpus.name,
            split,
            *(f"{number:,}" for number in sizes),
            f"{100 * counts.unreachable_share:.2f}%",
            f"{counts.duplicates:,}",
            f"{counts.discontinuous:,}",
            f"{counts.nested:,}",
            f"{counts.crossing:,}",
            format_count(counts.longest[0], "word"),
            format_counts(counts.mentions),
        )


@app.command(cls=Command)
def check(
    ctx: typer.Context,
    names: OptionalNamesArgument = None,
    check_all: Annotated[
        bool, typer.Option("--all", help="Check all registered corpora whose files exist.")
    ] = False,
    corpora: CorporaOption = None,
    input_format: CorpusFormatOption = None,
    encoding: EncodingOption = "utf-8",
    columns: ColumnsOption = None,
    text_column: TextColumnOption = None,
) -> None:
    """Check corpora for problems; the exit code is 1 if there are any.

    Problems are: invalid records and tags, numbers of documents or mentions that differ from the
    registry, and long sentences (eight words or more) that occur both in a training split and in a
    held-out split, of the same corpus or of another one that is checked with it. Notes are printed
    about problems that the registry lists, other repeated sentences, nested, crossing and
    discontinuous mentions, and corpora made from the same texts.

    Examples:

    `vaner corpus check BC5CDR --corpora ~/corpora`

    `vaner corpus check --all --corpora ~/corpora`
    """
    from vaner.corpora.check import Findings, check_across_corpora, check_corpus
    from vaner.corpora.repeated_sentences import LONG_SENTENCE_WORDS
    from vaner.formats.names import resolve_format_name

    format, checked = resolve_format_name(input_format), dict[str, Findings]()
    for name in _corpora_to_check(names, check_all, corpora):
        try:
            checked[name] = check_corpus(
                name, corpora, format, encoding=encoding, columns=columns, text_column=text_column
            )
        except FormatError as error:  # the file cannot be read: this is a problem of the corpus
            checked[name] = Findings([with_option_hint(error, ctx)])
        _print_findings(name, checked[name])
    reported = list(checked.values())
    if len(checked) > 1:
        reported.append(check_across_corpora(checked))
        _print_findings("across", reported[-1])
    problems = sum(len(findings.problems) for findings in reported)
    messages = [line for findings in reported for line in (*findings.problems, *findings.notes)]
    definition = f"; long sentences have {LONG_SENTENCE_WORDS} words or more"
    has_long = any("long sentence" in message for message in messages)
    result = format_count(problems, "problem") if problems else "no problems"
    print_message(result + (definition if has_long else ""))
    if problems:
        raise typer.Exit(1)


def _corpora_to_check(names: list[str] | None, check_all: bool, corpora: Path | None) -> list[str]:
    """Return the names, each once, or all registered corpora of which a file exists."""
    from vaner.corpora import REGISTRY, corpora_root
    from vaner.corpora.loader import split_file

    if bool(names) == check_all:
        raise VanerError("give the names of corpora, or --all")
    if names:
        return list(dict.fromkeys(names))
    root = corpora_root(corpora)
    available = [
        name
        for name, info in REGISTRY.items()
        if any(split_file(info, split, root) for split in info.splits)
    ]
    if not available:
        raise VanerError(f"{root}: contains no registered corpus")
    missing = [name for name in REGISTRY if name not in available]
    if missing:
        print_result(f"not available: {', '.join(missing)}")
    return available


def _print_findings(name: str, findings: Findings) -> None:
    for message in findings.problems:
        print_result(_finding_line(name, "problem", message))
    for message in findings.notes:
        print_result(_finding_line(name, "note", message))
    if not findings.problems:
        print_result(f"{name}: no problems")


def _finding_line(name: str, kind: str, message: str) -> str:
    """Return a finding with the corpus in front, or with the place in it that the message names."""
    message = printable(message)
    location, colon, rest = message.partition(": ")
    if colon and (location == name or location.startswith(f"{name}:")):
        return f"{location}: {kind}: {rest}"
    return f"{name}: {kind}: {message}"


app.command(cls=Command)(corpus_files.split)
app.command(cls=Command)(corpus_files.convert)
