"""``vaner corpus split`` and ``convert``: write files from the files of a corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vaner.cli.messages import print_message
from vaner.cli.options import (
    ColumnsOption,
    ContextOption,
    CorpusFormatOption,
    EncodingOption,
    IdColumnOption,
    OverwriteOption,
    QuietOption,
    RecursiveOption,
    SkipBadOption,
    TextColumnOption,
)
from vaner.cli.rename_types import RenameOption
from vaner.cli.split_files import WITHOUT_MENTIONS
from vaner.display.output_formats import OUTPUTS, VIEWS, WRITABLE
from vaner.display.text import describe_losses, format_count

_OUTPUT_FORMATS = ", ".join(OUTPUTS)
_CORPUS_FORMATS = ", ".join(
    name for name in WRITABLE if name not in VIEWS and name not in WITHOUT_MENTIONS
)

SourceArgument = Annotated[
    str, typer.Argument(metavar="IN", help="File, folder, or - for standard input.")
]
ShareOption = Annotated[
    float, typer.Option(help="Share of the documents in this split; 0 for no such split.")
]


def split(
    source: SourceArgument,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Folder for the splits. Example: -o corpus"),
    ],
    overwrite: OverwriteOption = False,
    devel: ShareOption = 0.1,
    test: ShareOption = 0.1,
    seed: Annotated[int, typer.Option(help="Random seed. Example: --seed 2")] = 1,
    input_format: CorpusFormatOption = None,
    output_format: Annotated[
        str,
        typer.Option(
            "--to", "--format", help=f"Output format: {_CORPUS_FORMATS}. Example: --to brat"
        ),
    ] = "jsonl",
    encoding: EncodingOption = "utf-8",
    columns: ColumnsOption = None,
    text_column: TextColumnOption = None,
    skip_bad: SkipBadOption = False,
    quiet: QuietOption = False,
) -> None:
    """Split a corpus into train, devel and test at random.

    The same corpus and seed give the same splits. Texts with the same doc_id in their metadata are
    one document. Documents that share a sentence of eight words or more go to the same split, if
    possible; the number of sentences that occur in several splits is printed.

    Example: `vaner corpus split export.json --devel 0.1 --test 0.2 -o corpus`
    """
    from vaner.cli import inputs
    from vaner.cli.split_files import check_folder, write_splits
    from vaner.corpora.split import split_corpus
    from vaner.formats.names import resolve_format_name

    reading, shares = resolve_format_name(input_format), {"devel": devel, "test": test}
    writing = check_folder(output, output_format, ("train", *shares), overwrite=overwrite)
    paths = inputs.expand_paths([source], reading)
    skipped = inputs.SkippedRecords() if skip_bad else None
    options = {"columns": columns, "text_column": text_column}
    corpus = inputs.read_documents(paths, reading, encoding, skipped, options, is_corpus=True)
    splits = split_corpus(corpus, shares, seed)
    lost = write_splits(splits, output, writing)
    if skipped is not None:
        skipped.print_count()
    if not quiet:
        sizes = ", ".join(f"{name} {len(part):,}" for name, part in splits.documents.items())
        print_message(f"documents in {output}: {sizes}")
        if splits.grouped_documents:
            documents = format_count(splits.grouped_documents, "document")
            print_message(f"{documents} placed with others that share a long sentence")
        if lost:
            print_message(describe_losses(writing, lost))
    if splits.repeated_sentences:
        repeated = format_count(splits.repeated_sentences, "long sentence")
        print_message(f"warning: {repeated} in more than one split")


def convert(
    source: SourceArgument,
    target: Annotated[
        str, typer.Argument(metavar="OUT", help="File, folder for brat, or - for standard output.")
    ],
    recursive: RecursiveOption = False,
    input_format: CorpusFormatOption = None,
    output_format: Annotated[
        str | None,
        typer.Option(
            "--to",
            "--format",
            help=f"Output format: {_OUTPUT_FORMATS}. Default: from the name of the output file. "
            "Example: --to bioc_xml",
            show_default=False,
        ),
    ] = None,
    rename: RenameOption = None,
    context: ContextOption = False,
    encoding: EncodingOption = "utf-8",
    text_column: TextColumnOption = None,
    id_column: IdColumnOption = None,
    columns: ColumnsOption = None,
    skip_bad: SkipBadOption = False,
    quiet: QuietOption = False,
) -> None:
    """Convert documents to another format, and report what it cannot represent.

    Examples:

    `vaner corpus convert train.tsv train.jsonl`

    `vaner corpus convert train.tsv train.jsonl --rename Drug=Chemical`

    `vaner corpus convert mentions.jsonl mentions.csv --context`
    """
    from vaner.cli import inputs, outputs
    from vaner.cli.rename_types import TypeRenamer, parse_renames
    from vaner.context import add_context
    from vaner.display.output_formats import output_format as choose_format
    from vaner.formats.names import resolve_format_name

    reading = resolve_format_name(input_format)
    writing = choose_format(output_format, target)
    paths = inputs.expand_paths([source], reading, recursive=recursive)
    outputs.check_target(target, writing, paths)
    skipped = inputs.SkippedRecords() if skip_bad else None
    renamer = TypeRenamer(parse_renames(rename))
    named = {"text_column": text_column, "id_column": id_column, "columns": columns}
    roots = [source] if recursive else []
    documents = inputs.read_documents(
        paths, reading, encoding, skipped, named, roots, is_corpus=True
    )
    converted = map(renamer, documents)
    stream = outputs.GuardedStream(map(add_context, converted) if context else converted)
    report = outputs.write_documents(stream, target, writing)
    for type in renamer.missing:
        print_message(f"warning: --rename {type}: no mention has this type")
    if renamer.untyped:
        untyped = format_count(renamer.untyped, "mention")
        print_message(f"warning: {untyped} without a type; name it with --rename =TYPE")
    if stream.error is not None:
        if stream.count:
            written = format_count(report.documents, "document")
            print_message(f"stopped early: {written} written to {stream.written_to}")
            if report.lost and not quiet:
                print_message(describe_losses(writing, report.lost))
        raise stream.error
    if skipped is not None:
        skipped.print_count()
    if not quiet:
        print_message(f"{format_count(report.documents, 'document')} converted to {writing}")
        if report.lost:
            print_message(describe_losses(writing, report.lost))
