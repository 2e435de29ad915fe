"""Options and arguments that several commands share."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from vaner.display.output_formats import OUTPUTS
from vaner.errors import VanerError
from vaner.formats import FORMATS
from vaner.recognition.options import (
    AnnotateOptions,
    Dtype,
    Form,
    LoadOptions,
    Quantization,
    declaration,
)
from vaner.text.documents import Overlaps


def declared_option(
    options: type[LoadOptions] | type[AnnotateOptions], name: str, *, example: str
) -> Any:
    """Return the command-line option of a declared option.

    Args:
        options: the class that declares it.
        name: its name in the class.
        example: how it is used on the command line.
    """
    declared = declaration(options, name)
    return typer.Option(
        help=f"{declared.description} Example: {example}",
        min=declared.minimum,
        max=declared.maximum,
        show_default=declared.default is not None,
    )


DEFAULT_ANNOTATE, DEFAULT_LOAD = AnnotateOptions(), LoadOptions()

_MODEL = declaration(LoadOptions, "model").description

ModelArgument = Annotated[str | None, typer.Argument(help=_MODEL, show_default=False)]
ModelOption = Annotated[
    str | None, declared_option(LoadOptions, "model", example="--model runs/ncbi/seed-1/model")
]
RevisionOption = Annotated[
    str | None, declared_option(LoadOptions, "revision", example="--revision v1")
]
SelectorOption = Annotated[
    str | None,
    declared_option(LoadOptions, "selector", example="--selector runs/selector/seed-1/model"),
]
DeviceOption = Annotated[str, declared_option(LoadOptions, "device", example="--device cpu")]
BatchOption = Annotated[int, declared_option(LoadOptions, "batch_size", example="--batch-size 8")]
QuantizationOption = Annotated[
    Quantization | None,
    declared_option(LoadOptions, "quantization", example="--quantization nf4"),
]
DtypeOption = Annotated[Dtype | None, declared_option(LoadOptions, "dtype", example="--dtype bf16")]
FormOption = Annotated[Form | None, declared_option(LoadOptions, "form", example="--form int8")]
CorpusNameOption = Annotated[
    str | None, declared_option(AnnotateOptions, "corpus", example="--corpus BC5CDR")
]
OverlapsOption = Annotated[
    Overlaps, declared_option(AnnotateOptions, "overlaps", example="--overlaps best")
]
ConsistencyOption = Annotated[
    bool, declared_option(AnnotateOptions, "consistency", example="--no-consistency")
]
MinScoreOption = Annotated[
    float | None,
    declared_option(AnnotateOptions, "min_score", example="--min-score 0.5"),
]
MinPrecisionOption = Annotated[
    float | None,
    declared_option(AnnotateOptions, "min_precision", example="--min-precision 0.95"),
]
TypesOption = Annotated[
    list[str] | None,
    typer.Option(
        help="Entity types, separated by commas; may be repeated. Default: all types of the model "
        "or knowledge base. Example: --types Disease,Chemical",
        show_default=False,
    ),
]
KnowledgeBaseOption = Annotated[
    str | None,
    typer.Option(
        "--kb",
        help="Knowledge base, by name or file. Mentions get the identifiers of its concepts. "
        "Example: --kb open",
        show_default=False,
    ),
]
LinkOption = Annotated[
    str | None,
    typer.Option(
        help="Knowledge base, by name or file. Mentions get the identifier of the concept whose "
        "names are most similar, if it is probable enough. Example: --link ctd",
        show_default=False,
    ),
]
CandidatesOption = Annotated[
    int,
    typer.Option(
        help="With --link: how many candidate concepts to list for each mention, with their "
        "probabilities; for jsonl, parquet and html. Example: --candidates 5",
        min=0,
        max=20,
    ),
]
ContextOption = Annotated[
    bool,
    typer.Option(
        "--context",
        help="Find what sentences say about mentions: negated, uncertain, historical (in the "
        "past) or family (of a relative). For English, in table, csv, tsv, xlsx, concepts, jsonl, "
        "parquet, bioc_xml, bioc_json, brat and html.",
    ),
]
AbbreviationsOption = Annotated[
    bool,
    typer.Option(
        "--abbreviations",
        help="Add the abbreviations that each document defines to its metadata, with offsets; for "
        "jsonl and parquet.",
    ),
]
BaseOption = Annotated[str, typer.Option("--kb", help="Knowledge base, by name or file.")]
CorporaOption = Annotated[
    Path | None,
    typer.Option(
        envvar="VANER_CORPORA",
        help="Folder with the registered corpora. Example: --corpora ~/corpora",
        show_default=False,
    ),
]
FilesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FILES]...",
        help="Files or folders of files. Default: standard input, which can also be given as -.",
        show_default=False,
    ),
]
TextOption = Annotated[
    str | None,
    typer.Option("--text", "-t", help='Text to annotate. Example: --text "I have asthma."'),
]
FormatOption = Annotated[
    str | None,
    typer.Option(
        "--format",
        "-f",
        help=f"Output format: {', '.join(OUTPUTS)}. Default: from the name of the output file; "
        "table for standard output.",
        show_default=False,
    ),
]
OutputOption = Annotated[
    str,
    typer.Option(
        "--output",
        "-o",
        help="Output file; a folder for brat; - for standard output. Missing folders are created. "
        "Example: -o out.jsonl",
    ),
]
RecursiveOption = Annotated[
    bool,
    typer.Option(
        "--recursive",
        help="Read the subfolders of folders as well. Ids that are file names then begin with the "
        "subfolder, such as 2026/ward/note-1.",
    ),
]
InputFormatOption = Annotated[
    str | None,
    typer.Option(
        "--input-format",
        "--from",
        help=f"Input format: {', '.join(FORMATS)}. Default: detected for each file; text for "
        "standard input.",
        show_default=False,
    ),
]
CorpusFormatOption = Annotated[
    str | None,
    typer.Option(
        "--input-format",
        "--from",
        help=f"Format of the files: {', '.join(FORMATS)}. Default: detected for each file.",
        show_default=False,
    ),
]
EncodingOption = Annotated[
    str, typer.Option(help="Encoding of the input. Example: --encoding latin-1")
]
TextColumnOption = Annotated[
    str | None,
    typer.Option(
        "--text-column",
        "--text-field",
        help="Column with the text of a CSV, TSV or Excel file, or data field with the text of "
        "Label Studio tasks; several separated by commas. Default: by its name. Example: "
        "--text-column note",
        show_default=False,
    ),
]
IdColumnOption = Annotated[
    str | None,
    typer.Option(
        help="Column with the document id of a CSV, TSV or Excel file. Default: by its name.",
        show_default=False,
    ),
]
ColumnsOption = Annotated[
    str | None,
    typer.Option(
        help="Columns of token and tag in a CoNLL file, counted from 1. Default: recognized; "
        "usually the first and the last. Examples: --columns token=2,tag=4, and tag=3+4 for nested "
        "mentions in two columns",
        show_default=False,
    ),
]
ProvenanceOption = Annotated[
    bool,
    typer.Option(
        "--provenance",
        help="Add the model, its form and the version of vaner to the metadata of each document; "
        "for formats with metadata, such as jsonl and parquet.",
    ),
]
SkipBadOption = Annotated[
    bool, typer.Option("--skip-bad", help="Skip invalid records and report their number.")
]
RuleOption = Annotated[
    list[str] | None,
    typer.Option(
        help="Change how names of a type are matched; may be repeated. Rules: case (symbols, fold "
        "or keep), common (skip, case or match), max_symbol_length, plural, possessive, "
        "min_length. Example: --rule Gene.case=fold",
        show_default=False,
    ),
]
ShardOption = Annotated[
    str | None,
    typer.Option(
        metavar="I/N",
        help="Annotate only part I of N of the input: entire files if there are at least N files, "
        "else every N-th document. Example: --shard 1/8",
        show_default=False,
    ),
]
KeepCheckpointsOption = Annotated[
    bool,
    typer.Option(
        "--keep-checkpoints",
        help="Keep the checkpoints of a finished run, which take several times the space of the "
        "model.",
    ),
]
ResumeOption = Annotated[
    bool, typer.Option("--resume", help="Continue an interrupted run in the output folder.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
OverwriteOption = Annotated[
    bool,
    typer.Option(
        "--overwrite", help="Replace the output folder if it exists, when the new one is complete."
    ),
]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print no progress and no summary.")
]


def split_types(values: Iterable[str] | None) -> list[str] | None:
    """Return the entity types in ``["Disease,Chemical", "Gene"]``; None if none were given.

    Raises:
        VanerError: if the values contain only commas and spaces.
    """
    if not values:
        return None
    names = [name.strip() for value in values for name in value.split(",")]
    types = list(dict.fromkeys(name for name in names if name))
    if not types:
        raise VanerError("--types contains no entity type; example: --types Disease,Chemical")
    return types
