"""``vaner evaluate``: a model or a dictionary against a corpus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vaner.errors import CorpusError, VanerError
from vaner.interfaces.cli.common import (
    BatchOption,
    CorporaOption,
    CorpusFormatOption,
    DeviceOption,
    ModelOption,
    QuietOption,
    TypesOption,
    load_annotator,
    load_matcher,
    split_types,
    tell,
)
from vaner.interfaces.text import listed

if TYPE_CHECKING:
    from vaner.documents import Corpus
    from vaner.evaluation import Evaluation


def evaluate(
    corpus: Annotated[
        str, typer.Option(help="Registered corpus, folder of splits, or file: --corpus BC5CDR")
    ],
    split: Annotated[str, typer.Option(help="Split to score on: --split devel")] = "test",
    model: ModelOption = None,
    kb: Annotated[
        str | None,
        typer.Option(
            "--kb",
            help="Score the dictionary of a knowledge base in place of a model: --kb open",
            show_default=False,
        ),
    ] = None,
    types: TypesOption = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Keep everything in this file: --json results.json"),
    ] = None,
    corpora: CorporaOption = None,
    input_format: CorpusFormatOption = None,
    bootstrap: Annotated[
        int, typer.Option(min=0, help="Resamples behind the 95% intervals; 0 for none.")
    ] = 1000,
    seen_in: Annotated[
        str | None,
        typer.Option(
            help="Split whose mentions count as seen, or none. Default: train, if it is there.",
            show_default=False,
        ),
    ] = None,
    batch_size: BatchOption = 32,
    device: DeviceOption = "auto",
    quiet: QuietOption = False,
) -> None:
    """Score a model or a dictionary: strict precision, recall and F1, with 95% intervals.

    Gold that words and tags cannot spell counts as missed, and its number is shown.

    Examples:

    `vaner evaluate --model runs/ncbi/seed-1/model --corpus NCBI-disease --split test`

    `vaner evaluate --corpus my_corpus.jsonl --types Disease --json results.json`

    `vaner evaluate --kb open --corpus NCBI-disease`
    """
    from vaner.corpora import load
    from vaner.evaluation import evaluate as run
    from vaner.evaluation import scored_types
    from vaner.interfaces.cli.inputs import format_name
    from vaner.interfaces.progress import watched

    if kb is not None and model is not None:
        raise VanerError("give either --model or --kb, not both")
    wanted, reading = split_types(types), format_name(input_format)
    if json_file is not None:
        _check_writable(json_file)
    gold = load(corpus, split, root=corpora, format=reading)
    if not gold.documents:
        raise VanerError(f"corpus {gold.name} {split} has no documents to score on")
    train = _seen(corpus, split, seen_in, corpora, reading)
    annotator = load_annotator(model, device, batch_size) if kb is None else load_matcher(kb)
    finder = "model" if kb is None else "dictionary"
    scored_types(annotator.types, gold, wanted, finder)  # before the work
    found = run(
        annotator,
        gold,
        types=wanted,
        train=train,
        bootstrap=bootstrap,
        watch=lambda stream: watched(stream, "evaluating", total=len(gold), quiet=quiet),
    )
    _show(found, finder)
    if json_file is not None:
        from vaner.annotator import DEFAULT_MODEL

        scored = {"knowledge_base": kb} if kb else {"model": model or DEFAULT_MODEL}
        _keep(found, scored, train, json_file)


def _seen(
    name: str, split: str, seen_in: str | None, root: Path | None, format: str | None
) -> Corpus | None:
    """The split whose mentions count as seen; an error only where it was asked for by name."""
    from vaner.corpora import load, lookup

    known = lookup(name) is not None or Path(name).is_dir()
    if seen_in == "none" or (seen_in is None and (split == "train" or not known)):
        return None
    try:
        return load(name, seen_in or "train", root=root, format=format)
    except CorpusError:
        if seen_in is not None:
            raise
        return None


def _show(found: Evaluation, finder: str) -> None:
    if found.not_found:
        tell(f"not scored, the {finder} does not find them: {', '.join(found.not_found)}")
    typer.echo(f"{found.corpus} {found.split}, strict unless said otherwise")
    typer.echo(found.report.table())
    if found.unreachable:
        typer.echo(f"out of reach: {listed(found.unreachable)}")


def _keep(found: Evaluation, scored: dict[str, str], train: Corpus | None, path: Path) -> None:
    from vaner.provenance import provenance

    record: dict[str, Any] = {
        **scored,
        **found.to_dict(),
        "seen_in": train.split if train is not None else None,
        **provenance(),
    }
    try:
        path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", "utf-8")
    except OSError as problem:
        raise VanerError(f"{path}: cannot be written: {problem.strerror}") from None
    tell(f"kept in {path}")


def _check_writable(path: Path) -> None:
    """Find out before the work, and not after it, that the figures have nowhere to go."""
    if path.is_dir():
        raise VanerError(f"{path}: is a folder; --json is a file")
    if not path.absolute().parent.is_dir():
        raise VanerError(f"{path}: the folder {path.absolute().parent} does not exist")
