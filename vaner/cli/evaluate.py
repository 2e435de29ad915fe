"""``vaner evaluate``: a model or a dictionary against a corpus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vaner.cli.evaluation_output import advise, check_writable, keep, keep_report, show
from vaner.cli.messages import print_message
from vaner.cli.options import (
    BatchOption,
    CorporaOption,
    CorpusFormatOption,
    DeviceOption,
    MinPrecisionOption,
    MinScoreOption,
    ModelOption,
    QuantizationOption,
    QuietOption,
    SelectorOption,
    TypesOption,
    split_types,
)
from vaner.cli.rename_types import RenameOption
from vaner.errors import CorpusError, VanerError

if TYPE_CHECKING:
    from vaner.evaluation.evaluate import Evaluation
    from vaner.recognition.recognizer import Recognizer
    from vaner.text.documents import Corpus


CorpusOption = Annotated[
    str | None,
    typer.Option(
        help="Registered corpus, folder of splits, or file: --corpus BC5CDR", show_default=False
    ),
]
AllOption = Annotated[
    bool,
    typer.Option(
        "--all", help="Score on every registered corpus at hand with a type in common: one table."
    ),
]
SplitOption = Annotated[str, typer.Option(help="Split to score on: --split devel")]
DictionaryOption = Annotated[
    str | None,
    typer.Option(
        "--kb",
        help="Score the dictionary of a knowledge base in place of a model: --kb open",
        show_default=False,
    ),
]
JsonOption = Annotated[
    Path | None, typer.Option("--json", help="Keep everything in this file: --json results.json")
]
ReportOption = Annotated[
    Path | None,
    typer.Option(
        help="Write a page to look at, with mistakes of each kind: --report report.html",
        show_default=False,
    ),
]
BootstrapOption = Annotated[
    int, typer.Option(min=0, help="Resamples behind the 95% intervals; 0 for none.")
]
SeenInOption = Annotated[
    str | None,
    typer.Option(
        help="Split whose mentions count as seen, or none. Default: train, or a part of it.",
        show_default=False,
    ),
]
LimitOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Score only the first so many documents of each corpus, to look: --limit 20. "
        "Default: all.",
        show_default=False,
    ),
]


def evaluate(
    corpus: CorpusOption = None,
    all_: AllOption = False,
    split: SplitOption = "test",
    model: ModelOption = None,
    selector: SelectorOption = None,
    kb: DictionaryOption = None,
    types: TypesOption = None,
    rename: RenameOption = None,
    json_file: JsonOption = None,
    report: ReportOption = None,
    corpora: CorporaOption = None,
    input_format: CorpusFormatOption = None,
    bootstrap: BootstrapOption = 1000,
    seen_in: SeenInOption = None,
    limit: LimitOption = None,
    min_score: MinScoreOption = 0.0,
    min_precision: MinPrecisionOption = None,
    batch_size: BatchOption = 32,
    device: DeviceOption = "auto",
    quantization: QuantizationOption = None,
    quiet: QuietOption = False,
) -> None:
    """Score a model or a dictionary: strict precision, recall and F1, with 95% intervals.

    Gold that words and tags cannot spell counts as missed, and its number is shown. Where gold
    mentions overlap, there are figures for flat, nested, inner and outer ones too. On a split that
    is no test split, the --min-score with the highest F1 is told as well.

    Examples:

    `vaner evaluate --model runs/ncbi/seed-1/model --corpus NCBI-disease --split test`

    `vaner evaluate --corpus NCBI-disease --split devel --report report.html`

    `vaner evaluate --corpus my_corpus.jsonl --types Disease --json results.json`

    `vaner evaluate --corpus my_corpus.jsonl --rename DISO=Disease --rename Drug=Chemical`

    `vaner evaluate --kb open --corpus NCBI-disease`

    `vaner evaluate --kb open --selector runs/selector/seed-1/model --corpus NCBI-disease`

    `vaner evaluate --all`
    """
    from vaner.cli.evaluate_all import score_all
    from vaner.cli.rename_types import new_names, renamed
    from vaner.cli.scored_system import System
    from vaner.corpora import evaluation_split, is_one_split
    from vaner.formats.names import resolve_format_name
    from vaner.recognition.options import LoadOptions

    if all_ == (corpus is not None):
        raise VanerError("give either --corpus NAME or --all")
    if all_ and (seen_in or input_format or rename):
        raise VanerError("--seen-in, --from and --rename are for --corpus, not for --all")
    system = System(
        kb=kb,
        load_options=LoadOptions(
            model=model, selector=selector, device=device, batch_size=batch_size,
            quantization=quantization,
        ),
    )  # fmt: skip
    wanted, reading, names = (
        split_types(types),
        resolve_format_name(input_format),
        new_names(rename),
    )
    check_writable(json_file, report)
    run = partial(
        _scored, limit=limit, min_score=min_score, min_precision=min_precision,
        bootstrap=bootstrap, quiet=quiet, file=corpus is not None and is_one_split(corpus),
    )  # fmt: skip
    record: dict[str, Any]
    if corpus is None:
        recognizer = system.open()
        scored = score_all(
            recognizer, wanted, split, corpora, stated=system.stated(), run=partial(run, recognizer)
        )
        record = {"corpora": {f"{one.corpus} {one.split}": one.to_dict() for one in scored}}
    else:
        gold, *seen = renamed(_documents(corpus, split, seen_in, corpora, reading), names)
        recognizer = system.open()
        found = run(recognizer, gold, wanted, seen[0] if seen else None)
        show(found, recognizer.kind)
        if split != evaluation_split(corpus) and not (min_score or min_precision):
            advise(found)
        record = {**found.to_dict(), "seen_in": seen[0].split if seen else None}
        scored = [found]
    cuts = {"min_score": min_score, "min_precision": min_precision, "quantization": quantization}
    named = {**system.named(), **{name: value for name, value in cuts.items() if value}}
    if form := getattr(recognizer, "form", None):
        named["form"] = form
        print_message(f"form of the model: {form}")
    if json_file is not None:
        keep({**named, **record}, json_file)
    if report is not None:
        keep_report(scored, named, report)


def _scored(
    recognizer: Recognizer,
    gold: Corpus,
    types: Sequence[str] | None,
    train: Corpus | None = None,
    *,
    limit: int | None,
    min_score: float,
    min_precision: float | None,
    bootstrap: int,
    quiet: bool,
    file: bool,
) -> Evaluation:
    from vaner.annotator import Annotator
    from vaner.display.progress import watched
    from vaner.evaluation.evaluate import evaluate as run
    from vaner.evaluation.evaluate import select_types

    chosen = select_types(recognizer, gold, types)  # before the work
    least: float | Mapping[str, float] = min_score
    if min_precision is not None:
        if not isinstance(recognizer, Annotator):
            raise VanerError(f"the {recognizer.kind} gives no scores that a precision could be for")
        thresholds = recognizer.thresholds(chosen, min_precision)
        least = {type: max(min_score, own) for type, own in thresholds.items()}
    _warn(recognizer, gold, file=file)
    total = len(gold.documents[:limit])
    return run(
        recognizer,
        gold,
        types=types,
        train=train,
        min_score=least,
        limit=limit,
        bootstrap=bootstrap,
        progress=lambda stream: watched(stream, gold.name, total=total, quiet=quiet),
    )


def _warn(recognizer: Recognizer, gold: Corpus, *, file: bool) -> None:
    """Say so where a model learnt from a corpus that is made from the texts it is scored on.

    A file by itself has no splits: one of the name of what the model learnt from may be that.
    """
    from vaner.annotator import Annotator
    from vaner.corpora import base_corpus, same_texts

    learnt = (
        set(map(base_corpus, recognizer.training_corpora))
        if isinstance(recognizer, Annotator)
        else set()
    )
    if base_corpus(gold.name) in learnt and (file or gold.split.startswith("train")):
        what = "a corpus of this name" if file else "it"
        print_message(
            f"warning: {gold.name}{'' if file else f' {gold.split}'}: the model learnt from {what}:"
            " the figures say nothing of new texts if these are the same"
        )
    for name, split in sorted(same_texts(gold.name, gold.split)):
        if name in learnt and split.startswith("train"):
            print_message(
                f"warning: {gold.name} {gold.split} shares texts with {name} {split}, and the "
                f"model learnt from {name}: its figures here say nothing of new texts"
            )


def _documents(
    name: str, split: str, seen_in: str | None, root: Path | None, format: str | None
) -> list[Corpus]:
    """What is scored on, and the split whose mentions count as seen, where there is one."""
    from vaner.corpora import load

    gold = load(name, split, root=root, format=format)
    seen = _seen(name, split, seen_in, root, format)
    return [gold] if seen is None else [gold, seen]


def _seen(
    name: str, split: str, seen_in: str | None, root: Path | None, format: str | None
) -> Corpus | None:
    """The split whose mentions count as seen; an error only where it was asked for by name."""
    from vaner.corpora import load, lookup, training_split

    known = lookup(name) is not None or Path(name).is_dir()
    chosen = seen_in or training_split(name)
    if seen_in == "none" or (seen_in is None and (split == chosen or not known)):
        return None
    try:
        return load(name, chosen, root=root, format=format)
    except CorpusError:
        if seen_in is not None:
            raise
        return None
