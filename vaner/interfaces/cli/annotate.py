"""``vaner annotate``: text in, mentions out."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from vaner.documents import Document
from vaner.errors import VanerError
from vaner.interfaces.cli.common import (
    BatchOption,
    DeviceOption,
    EncodingOption,
    InputFormatOption,
    ModelOption,
    QuietOption,
    SkipBadOption,
    TypesOption,
    load_annotator,
    split_types,
    tell,
)
from vaner.interfaces.text import counted, listed

if TYPE_CHECKING:
    from vaner.annotator import Annotator
    from vaner.formats import WriteReport


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
DatasetOption = Annotated[
    str | None,
    typer.Option(
        help="Training corpus to name to the model, for text of its kind: --dataset BC5CDR"
    ),
]
FormatOption = Annotated[
    str | None,
    typer.Option(
        "--format",
        "-f",
        help="table, html, jsonl, conll, pubtator, bioc (XML), biocjson, brat. "
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
        help="Mentions of different types that overlap: keep them all, or the most probable."
    ),
]


def annotate(
    files: FilesArgument = None,
    text: TextOption = None,
    types: TypesOption = None,
    model: ModelOption = None,
    dataset: DatasetOption = None,
    input_format: InputFormatOption = None,
    format: FormatOption = None,
    output: OutputOption = "-",
    encoding: EncodingOption = "utf-8",
    overlaps: OverlapsOption = "keep",
    skip_bad: SkipBadOption = False,
    batch_size: BatchOption = 32,
    device: DeviceOption = "auto",
    quiet: QuietOption = False,
) -> None:
    """Find the entities in text.

    Results are written as they come and in the order of the input, so a job that is stopped keeps
    what it has.

    Examples:

    `vaner annotate --text "Metformin treats diabetes."`

    `vaner annotate abstracts.pubtator --types Disease --format jsonl -o found.jsonl`

    `zcat notes.txt.gz | vaner annotate --input-format lines -o notes.html`
    """
    from vaner.interfaces.cli.inputs import Skipped, documents, expand, format_name
    from vaner.interfaces.cli.outputs import check_target, output_format

    if text is not None and files:
        raise VanerError("give either --text or files, not both")
    wanted, reading = split_types(types), format_name(input_format)
    writing = output_format(format, output)
    sources = expand(files or ["-"], reading) if text is None else []
    check_target(output, writing, sources)
    skipped = Skipped() if skip_bad else None
    annotator = load_annotator(model, device, batch_size)
    _check_dataset(annotator, dataset)
    stream = (
        [Document("text", text)]
        if text is not None
        else documents(sources, reading, encoding, skipped)
    )
    find = partial(annotator.annotate, types=wanted, dataset=dataset, overlaps=overlaps)
    _run(find, stream, output, writing, quiet)
    if skipped is not None:
        skipped.conclude()


def _check_dataset(annotator: Annotator, dataset: str | None) -> None:
    known = list(annotator.model.config.datasets)
    if dataset is not None and dataset not in known:
        raise VanerError(
            f"the model was not trained on a corpus called {dataset!r}; "
            f"it knows {', '.join(known) or 'none by name'}"
        )


def _run(
    find: Callable[[Iterable[Document]], Iterator[Document]],
    stream: Iterable[Document],
    output: str,
    format: str,
    quiet: bool,
) -> None:
    """Annotate and write; errors are raised once all that came before them is on disk."""
    from vaner.interfaces.cli.outputs import Guarded, deliver
    from vaner.interfaces.progress import watched

    started, counts = time.monotonic(), Counter[str]()
    source = Guarded(stream)
    watching = watched(find(source), "annotating", quiet=quiet)
    finished = Guarded(_counting(watching, counts), source)
    report = deliver(finished, output, format)
    if finished.problem is not None:
        if finished.number:
            tell(f"stopped early: {counted(report.documents, 'document')} written to {output}")
        raise finished.problem
    if not quiet:
        _summarise(report, counts, time.monotonic() - started, format)


def _counting(documents: Iterable[Document], counts: Counter[str]) -> Iterator[Document]:
    for document in documents:
        counts.update(span.type for span in document.spans)
        yield document


def _summarise(report: WriteReport, counts: Counter[str], seconds: float, format: str) -> None:
    types = f" ({listed(counts)})" if counts else ""
    found = counted(counts.total(), "mention")
    tell(f"{counted(report.documents, 'document')}, {found}{types} in {seconds:.1f} s")
    if report.lost:
        tell(f"{format} cannot hold everything: {listed(report.lost)}")
