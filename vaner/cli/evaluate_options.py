"""The options of ``vaner evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vaner.formats import FORMATS

CorpusOption = Annotated[
    str | None,
    typer.Option(
        help="Registered corpus, folder of splits, or file. Example: --corpus BC5CDR",
        show_default=False,
    ),
]
AllOption = Annotated[
    bool,
    typer.Option(
        "--all",
        help="Score on every available registered corpus that has a type of the model, and print a "
        "table. Corpora without a test split are scored on devel.",
    ),
]
SplitOption = Annotated[
    str,
    typer.Option(help="Split to score on; dev and validation mean devel. Example: --split devel"),
]
DictionaryOption = Annotated[
    str | None,
    typer.Option(
        "--kb",
        help="Score the dictionary of a knowledge base instead of a model. Example: --kb open",
        show_default=False,
    ),
]
ResultsOption = Annotated[
    Path | None,
    typer.Option("--json", help="Write all results to this file. Example: --json results.json"),
]
ReportOption = Annotated[
    Path | None,
    typer.Option(
        help="Write an HTML report with examples of each kind of error. Example: --report "
        "report.html",
        show_default=False,
    ),
]
BootstrapOption = Annotated[
    int,
    typer.Option(min=0, help="Bootstrap resamples for the 95% intervals; 0 for no intervals."),
]
SeenInOption = Annotated[
    str | None,
    typer.Option(
        help="Split whose mentions count as seen in training; 'none' for no split. Default: the "
        "training split.",
        show_default=False,
    ),
]
LimitOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Score only the first documents of each corpus, for a quick look. Default: all. "
        "Example: --limit 20",
        show_default=False,
    ),
]

UnknownCorpusOption = Annotated[
    bool,
    typer.Option(
        "--unknown-corpus",
        help="Do not name the corpus in the instruction, as for text from an unknown source.",
    ),
]
PredictionsOption = Annotated[
    str | None,
    typer.Option(
        help="Score the mentions in this file or folder, in any format, instead of a model. "
        "Example: --predictions theirs.pubtator",
        show_default=False,
    ),
]
PredictionsFormatOption = Annotated[
    str | None,
    typer.Option(
        "--predictions-from",
        help=f"Format of the predictions: {', '.join(FORMATS)}. Default: detected.",
        show_default=False,
    ),
]
PredictionsEncodingOption = Annotated[
    str,
    typer.Option(help="Encoding of the predictions. Example: --predictions-encoding latin-1"),
]
PredictionsColumnsOption = Annotated[
    str | None,
    typer.Option(
        help="Columns of token and tag in predictions in CoNLL, see --columns. Example: "
        "--predictions-columns token=1,tag=3",
        show_default=False,
    ),
]
OnlyPredictedOption = Annotated[
    bool,
    typer.Option(
        "--only-predicted",
        help="Leave out the documents of the corpus that have no predictions, instead of counting "
        "their mentions as missed.",
    ),
]
