"""``vaner corpus``: list, fetch, count, check, split and convert corpora."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vaner.cli import corpus_files
from vaner.cli.command import Command, Group, with_option_hint
from vaner.cli.messages import print_message
from vaner.cli.options import CorporaOption, CorpusFormatOption, QuietOption
from vaner.display.text import aligned, counted, listed
from vaner.errors import FormatError, VanerError

if TYPE_CHECKING:
    from vaner.corpora.check import Findings
    from vaner.corpora.fetch import FetchedSplit

app = typer.Typer(
    cls=Group, no_args_is_help=True, help="List, fetch, count, check, split and convert corpora."
)

NamesArgument = Annotated[
    list[str], typer.Argument(metavar="NAME...", help="Registered name, folder or file.")
]


@app.command("list", cls=Command)
def list_(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Tell all that is known of these."),
    ] = None,
    corpora: CorporaOption = None,
) -> None:
    """Registered corpora and views: types, mentions in each split, where to get them, licence.

    Of single ones also what is odd about them, and which others share their texts.

    Examples:

    `vaner corpus list --corpora ~/corpora`

    `vaner corpus list BC5CDR GENIA-nested`
    """
    from vaner.cli import corpus_info
    from vaner.corpora import REGISTRY, VIEWS, corpora_root

    root = corpora_root(corpora) if corpora else None
    if names:
        typer.echo("\n\n".join(corpus_info.described(name, root) for name in names))
        return
    typer.echo(aligned(corpus_info.overview(REGISTRY.values(), root)))
    typer.echo("\nviews, which read the files of another corpus\n")
    typer.echo(aligned(corpus_info.views(VIEWS.values())))
    if root is None:
        print_message("give --corpora FOLDER or set VANER_CORPORA to see which files are there")


@app.command(cls=Command)
def fetch(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Registered names.")],
    corpora: Annotated[
        Path | None,
        typer.Option(
            "--corpora",
            "--to",
            envvar="VANER_CORPORA",
            help="Folder to put them in, made if it is not there: --to ~/corpora",
            show_default=False,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Fetch what is there once more.")] = False,
    quiet: QuietOption = False,
) -> None:
    """Download corpora from their original addresses; a download that broke off is gone on with.

    Where the registry has a checksum it must agree; elsewhere the counts are compared, and exit
    code 1 says that they differ. Mind the licences, which are told.

    Example: `vaner corpus fetch NCBI-disease BC5CDR --to ~/corpora`
    """
    from vaner.cli.corpus_info import wholes
    from vaner.corpora.fetch import fetch_corpus
    from vaner.display.progress import downloading

    if corpora is None:
        raise VanerError("where to? Set VANER_CORPORA or name a folder with --to")
    failed = differing = 0
    for name in wholes(names):
        try:
            with downloading(quiet=quiet) as watching:
                for split in fetch_corpus(name, corpora, force=force, progress=watching):
                    _tell_fetched(split, quiet)
                    differing += len(split.differences)
        except VanerError as problem:  # the others are fetched all the same
            if len(names) == 1:
                raise
            print_message(f"error: {problem}")
            failed += 1
    if failed or differing:
        raise typer.Exit(2 if failed else 1)


def _tell_fetched(split: FetchedSplit, quiet: bool) -> None:
    from vaner.corpora import REGISTRY

    place = f"{split.corpus} {split.split}: {split.path}"
    for line in split.differences:
        print_message(f"{place}: {line}")
    if quiet:
        return
    if not split.is_new:
        print_message(f"{place} is there already (--force fetches it again)")
    elif not split.differences:
        verified = split.is_verified
        proof = "is what the registry has" if verified else "there is nothing to check it by"
        print_message(f"{place} fetched; {proof}")
        if split.split == next(iter(REGISTRY[split.corpus].splits)):
            print_message(f"{split.corpus}: licence: {REGISTRY[split.corpus].license}")


@app.command(cls=Command)
def stats(
    names: NamesArgument, corpora: CorporaOption = None, input_format: CorpusFormatOption = None
) -> None:
    """Count what is in a corpus, split by split.

    Example: `vaner corpus stats NCBI-disease BC5CDR --corpora ~/corpora`
    """
    from vaner.formats.names import resolve_format_name

    reading = resolve_format_name(input_format)
    numbers = ("documents", "sentences", "words", "mentions", "out of reach")
    shape = ("discontinuous", "nested", "crossing", "longest", "types")
    rows: list[tuple[str, ...]] = [("corpus", "split", *numbers, *shape)]
    for name in names:
        rows += _stats(name, corpora, reading)
    typer.echo(aligned(rows, right=range(2, 11)))


def _stats(name: str, root: Path | None, format: str | None) -> Iterator[tuple[str, ...]]:
    from vaner.corpora import load
    from vaner.corpora.check import available_splits
    from vaner.corpora.statistics import compute_statistics

    for split in available_splits(name, root):
        corpus = load(name, split, root=root, format=format)
        found = compute_statistics(corpus)
        numbers = (found.documents, found.sentences, found.words, sum(found.mentions.values()))
        yield (
            corpus.name,
            split,
            *(f"{number:,}" for number in numbers),
            f"{100 * found.unreachable_share:.2f}%",
            f"{found.discontinuous:,}",
            f"{found.nested:,}",
            f"{found.crossing:,}",
            counted(found.longest[0], "word"),
            listed(found.mentions),
        )


@app.command(cls=Command)
def check(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Registered name, folder or file."),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Check every registered corpus that is there.")
    ] = False,
    corpora: CorporaOption = None,
    input_format: CorpusFormatOption = None,
) -> None:
    """Look for what is wrong with corpora; exit code 1 if something is.

    Wrong are broken records and tags, other counts than the registry has, and sentences of eight
    words or more that stand in train and in a held-out split, of this corpus or of another one
    that is checked with it. What the registry knows of is noted, as are other repetitions, nested,
    crossing and discontinuous mentions, and corpora that are made from the same texts.

    Examples:

    `vaner corpus check BC5CDR --corpora ~/corpora`

    `vaner corpus check --all --corpora ~/corpora`
    """
    from vaner.corpora.check import Findings, check_across_corpora, check_corpus
    from vaner.corpora.repeated_sentences import LONG_SENTENCE_WORDS
    from vaner.formats.names import resolve_format_name

    reading, checked = resolve_format_name(input_format), dict[str, Findings]()
    for name in _to_check(names, every, corpora):
        try:
            checked[name] = check_corpus(name, corpora, reading)
        except FormatError as problem:  # no way on in this file: that is a finding too
            checked[name] = Findings([with_option_hint(problem, ctx)])
        _tell_findings(name, checked[name])
    wrong = sum(len(found.problems) for found in checked.values())
    if len(checked) > 1:
        across = check_across_corpora(checked)
        _tell_findings("across", across)
        wrong += len(across.problems)
    print_message(
        f"{counted(wrong, 'problem') if wrong else 'nothing wrong'}; "
        f"long is {LONG_SENTENCE_WORDS} words or more"
    )
    if wrong:
        raise typer.Exit(1)


def _to_check(names: list[str] | None, every: bool, corpora: Path | None) -> list[str]:
    """Names without repetition; of all registered ones those of which a file is there."""
    from vaner.corpora import REGISTRY, corpora_root
    from vaner.corpora.loader import split_file

    if bool(names) == every:
        raise VanerError("name the corpora to check, or give --all")
    if names:
        return list(dict.fromkeys(names))
    root = corpora_root(corpora)
    there = [n for n, i in REGISTRY.items() if any(split_file(i, s, root) for s in i.splits)]
    if not there:
        raise VanerError(f"no registered corpus lies in {root}")
    absent = [name for name in REGISTRY if name not in there]
    if absent:
        typer.echo(f"not here: {', '.join(absent)}")
    return there


def _tell_findings(name: str, found: Findings) -> None:
    for line in found.problems:
        typer.echo(_told(name, "wrong", line))
    for line in found.notes:
        typer.echo(_told(name, "note", line))
    if not found.problems:
        typer.echo(f"{name}: nothing wrong")


def _told(name: str, kind: str, line: str) -> str:
    """A finding behind what it is about: the corpus, or the place in it that the line names."""
    place, colon, rest = line.partition(": ")
    if colon and (place == name or place.startswith(f"{name}:")):
        return f"{place}: {kind}: {rest}"
    return f"{name}: {kind}: {line}"


app.command(cls=Command)(corpus_files.split)
app.command(cls=Command)(corpus_files.convert)
