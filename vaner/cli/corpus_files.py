"""``vaner corpus split`` and ``convert``: files made of a corpus's files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vaner.cli.messages import print_message
from vaner.cli.options import CorpusFormatOption, EncodingOption, QuietOption, SkipBadOption
from vaner.cli.rename_types import RenameOption
from vaner.display.text import counted, losses

ShareOption = Annotated[float, typer.Option(help="Share of the documents; 0 for none.")]


def split(
    source: Annotated[str, typer.Argument(metavar="IN", help="File, folder, or - for stdin.")],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Folder to write the splits into: -o corpus"),
    ],
    devel: ShareOption = 0.1,
    test: ShareOption = 0.1,
    seed: Annotated[int, typer.Option(help="Of the drawing: --seed 2")] = 1,
    input_format: CorpusFormatOption = None,
    output_format: Annotated[
        str, typer.Option("--to", "--format", help="Format to write: --to brat.")
    ] = "jsonl",
    encoding: EncodingOption = "utf-8",
    skip_bad: SkipBadOption = False,
    quiet: QuietOption = False,
) -> None:
    """Split a corpus by documents into train, devel and test, as training wants it.

    The same corpus and seed give the same splits. Texts with the same doc_id in their metadata are
    one document. Documents that share a sentence of eight words
    or more go to the same split as far as that can be; what stands in two splits all the same is
    counted.

    Example: `vaner corpus split export.json --devel 0.1 --test 0.2 -o corpus`
    """
    from vaner.cli import inputs
    from vaner.cli.split_files import check_folder, write_splits
    from vaner.corpora.split import split_corpus
    from vaner.formats.names import resolve_format_name

    reading, writing = resolve_format_name(input_format), check_folder(output, output_format)
    sources = inputs.expand_paths([source], reading)
    skipped = inputs.SkippedRecords() if skip_bad else None
    corpus = inputs.read_documents(sources, reading, encoding, skipped)
    drawn = draw(corpus, {"devel": devel, "test": test}, seed)
    lost = write_splits(drawn, output, writing)
    if skipped is not None:
        skipped.print_count()
    if not quiet:
        told = ", ".join(f"{name} {len(part):,}" for name, part in drawn.documents.items())
        print_message(f"documents in {output}: {told}")
        if drawn.grouped_documents:
            print_message(
                f"{counted(drawn.grouped_documents, 'document')} grouped with others of the same "
                "sentences"
            )
        if lost:
            print_message(losses(writing, lost))
    if drawn.repeated_sentences:
        repeated = counted(drawn.repeated_sentences, "long sentence")
        print_message(f"warning: {repeated} in more than one split")


def convert(
    source: Annotated[str, typer.Argument(metavar="IN", help="File, folder, or - for stdin.")],
    target: Annotated[str, typer.Argument(metavar="OUT", help="File, folder for brat, or -.")],
    input_format: CorpusFormatOption = None,
    output_format: Annotated[
        str | None,
        typer.Option("--to", "--format", help="Format to write: --to bioc. Default: by suffix."),
    ] = None,
    rename: RenameOption = None,
    encoding: EncodingOption = "utf-8",
    skip_bad: SkipBadOption = False,
    quiet: QuietOption = False,
) -> None:
    """Convert between formats; what the new one cannot hold is counted.

    Examples:

    `vaner corpus convert train.tsv train.jsonl`

    `vaner corpus convert train.tsv train.jsonl --rename Drug=Chemical`
    """
    from vaner.cli import inputs, outputs
    from vaner.cli.rename_types import Renaming, new_names
    from vaner.display.output_formats import output_format as format_to_write
    from vaner.formats.names import resolve_format_name

    reading = resolve_format_name(input_format)
    writing = format_to_write(output_format, target)
    sources = inputs.expand_paths([source], reading)
    outputs.check_target(target, writing, sources)
    skipped = inputs.SkippedRecords() if skip_bad else None
    renaming = Renaming(new_names(rename))
    read = inputs.read_documents(sources, reading, encoding, skipped)
    stream = outputs.GuardedStream(map(renaming, read))
    report = outputs.write_documents(stream, target, writing)
    for unseen in renaming.unseen:
        print_message(f"warning: --rename {unseen}: there is no mention of that type")
    if stream.error is not None:
        if stream.count:
            print_message(
                f"stopped early: {counted(report.documents, 'document')} written to {target}"
            )
            if report.lost and not quiet:
                print_message(losses(writing, report.lost))
        raise stream.error
    if skipped is not None:
        skipped.print_count()
    if not quiet:
        print_message(f"{counted(report.documents, 'document')} converted to {writing}")
        if report.lost:
            print_message(losses(writing, report.lost))
