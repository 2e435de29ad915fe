"""``vaner annotate``: text in, mentions out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from vaner.documents import Document
from vaner.errors import VanerError
from vaner.interfaces.cli.common import (
    BatchOption,
    DeviceOption,
    EncodingOption,
    FilesArgument,
    FormatOption,
    InputFormatOption,
    MinPrecisionOption,
    MinScoreOption,
    ModelOption,
    OutputOption,
    OverlapsOption,
    QuantizationOption,
    QuietOption,
    SelectorOption,
    SkipBadOption,
    TextOption,
    TypesOption,
    load_annotator,
    load_matcher,
    split_types,
)

if TYPE_CHECKING:
    from vaner.annotator import Annotator


DatasetOption = Annotated[
    str | None,
    typer.Option(
        help="Training corpus to name to the model, for text of its kind: --dataset BC5CDR"
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


def annotate(
    files: FilesArgument = None,
    text: TextOption = None,
    types: TypesOption = None,
    model: ModelOption = None,
    selector: SelectorOption = None,
    dataset: DatasetOption = None,
    kb: KnowledgeOption = None,
    input_format: InputFormatOption = None,
    format: FormatOption = None,
    output: OutputOption = "-",
    encoding: EncodingOption = "utf-8",
    overlaps: OverlapsOption = "keep",
    min_score: MinScoreOption = 0.0,
    min_precision: MinPrecisionOption = None,
    skip_bad: SkipBadOption = False,
    batch_size: BatchOption = 32,
    device: DeviceOption = "auto",
    quantization: QuantizationOption = None,
    quiet: QuietOption = False,
) -> None:
    """Find the entities in text.

    Results are written as they come and in the order of the input, so a job that is stopped keeps
    what it has.

    Examples:

    `vaner annotate --text "Metformin treats diabetes."`

    `vaner annotate abstracts.pubtator --types Disease --format jsonl -o found.jsonl`

    `vaner annotate abstracts.pubtator --kb open --format pubtator -o found.pubtator`

    `vaner annotate abstracts.pubtator --selector runs/selector/seed-1/model -o found.jsonl`

    `zcat notes.txt.gz | vaner annotate --input-format lines -o notes.html`
    """
    from vaner.interfaces.cli.stream import Job

    wanted = split_types(types)
    job = Job(
        files, text, input_format=input_format, encoding=encoding, output=output, format=format,
        skip_bad=skip_bad, quiet=quiet,
    )  # fmt: skip
    matcher = load_matcher(kb) if kb is not None else None
    annotator = load_annotator(model, device, batch_size, selector, quantization)
    _check_dataset(annotator, dataset)
    if min_precision is not None:
        annotator.thresholds(wanted, min_precision)  # what is wrong with it is told before the work

    def find(stream: Iterable[Document]) -> Iterator[Document]:
        found = annotator.annotate(
            stream, wanted, dataset=dataset, overlaps=overlaps, min_score=min_score,
            min_precision=min_precision,
        )  # fmt: skip
        return found if matcher is None else matcher.identify(found)

    job.run(find)


def _check_dataset(annotator: Annotator, dataset: str | None) -> None:
    known = list(annotator.datasets)
    if dataset is not None and dataset not in known:
        raise VanerError(
            f"the model was not trained on a corpus called {dataset!r}; "
            f"it knows {', '.join(known) or 'none by name'}"
        )
