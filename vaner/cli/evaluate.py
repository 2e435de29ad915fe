"""``vaner evaluate``: score a model or a dictionary on a corpus."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vaner.cli.evaluation_output import (
    check_writable,
    print_best_threshold,
    print_evaluation,
    write_html_report,
    write_results,
)
from vaner.cli.messages import print_message
from vaner.cli.options import (
    DEFAULT_ANNOTATE,
    DEFAULT_LOAD,
    BatchOption,
    ColumnsOption,
    ConsistencyOption,
    CorporaOption,
    CorpusFormatOption,
    DeviceOption,
    EncodingOption,
    FormOption,
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


def evaluate(
    corpus: CorpusOption = None,
    all_: AllOption = False,
    split: SplitOption = "test",
    model: ModelOption = None,
    selector: SelectorOption = None,
    kb: DictionaryOption = None,
    types: TypesOption = None,
    rename: RenameOption = None,
    json_file: ResultsOption = None,
    report: ReportOption = None,
    corpora: CorporaOption = None,
    input_format: CorpusFormatOption = None,
    encoding: EncodingOption = "utf-8",
    columns: ColumnsOption = None,
    bootstrap: BootstrapOption = 1000,
    seen_in: SeenInOption = None,
    limit: LimitOption = None,
    unknown_corpus: UnknownCorpusOption = False,
    consistency: ConsistencyOption = DEFAULT_ANNOTATE.consistency,
    min_score: MinScoreOption = DEFAULT_ANNOTATE.min_score,
    min_precision: MinPrecisionOption = DEFAULT_ANNOTATE.min_precision,
    batch_size: BatchOption = DEFAULT_LOAD.batch_size,
    device: DeviceOption = DEFAULT_LOAD.device,
    quantization: QuantizationOption = None,
    form: FormOption = None,
    quiet: QuietOption = False,
) -> None:
    """Score a model or a dictionary: strict precision, recall and F1, with 95% intervals.

    Gold mentions that the model cannot represent, because of its tokenization or its tags, count as
    missed; their number is printed. If gold mentions overlap, there are separate scores for flat,
    nested, inner and outer mentions. On splits other than test, the --min-score with the highest F1
    is printed as well.

    Examples:

    `vaner evaluate --model runs/ncbi/seed-1/model --corpus NCBI-disease --split test`

    `vaner evaluate --corpus NCBI-disease --split devel --report report.html`

    `vaner evaluate --corpus my_corpus.jsonl --types Disease --json results.json`

    `vaner evaluate --corpus my_corpus.jsonl --rename DISO=Disease --rename Drug=Chemical`

    `vaner evaluate --kb open --corpus NCBI-disease`

    `vaner evaluate --kb open --selector runs/selector/seed-1/model --corpus NCBI-disease`

    `vaner evaluate --all`
    """
    from vaner.cli.evaluate_all import evaluate_all
    from vaner.cli.rename_types import parse_renames, rename_corpora
    from vaner.cli.scored_system import ScoredSystem
    from vaner.corpora import evaluation_split, is_one_split, load, resolve_split
    from vaner.formats.names import resolve_format_name
    from vaner.recognition.options import LoadOptions

    if all_ == (corpus is not None):
        raise VanerError("give either --corpus NAME or --all")
    if all_:
        _check_no_file_options(seen_in, input_format, rename, columns, encoding != "utf-8")
    system = ScoredSystem(
        kb=kb,
        load_options=LoadOptions(
            model=model, selector=selector, device=device, batch_size=batch_size,
            quantization=quantization, form=form,
        ),
    )  # fmt: skip
    type_names, format = split_types(types), resolve_format_name(input_format)
    split, seen_in = resolve_split(split), seen_in and resolve_split(seen_in)
    new_names = parse_renames(rename)
    check_writable(json_file, report)
    run = partial(
        _evaluate, limit=limit, min_score=min_score, min_precision=min_precision,
        bootstrap=bootstrap, quiet=quiet, name_corpus=not unknown_corpus, consistency=consistency,
        is_file=corpus is not None and is_one_split(corpus),
    )  # fmt: skip
    results: dict[str, Any]
    if corpus is None:
        recognizer = system.load()
        evaluations = evaluate_all(
            recognizer, type_names, split, corpora,
            reported=system.reported_results(), run=partial(run, recognizer),
        )  # fmt: skip
        results = {"corpora": {f"{e.corpus} {e.split}": e.to_dict() for e in evaluations}}
    else:
        reading = partial(
            load, corpus, root=corpora, format=format, encoding=encoding, columns=columns
        )
        loaded = _load_splits(corpus, split, seen_in, reading)
        gold, *seen = rename_corpora(loaded, new_names)
        recognizer = system.load()
        evaluation = run(recognizer, gold, type_names, seen[0] if seen else None)
        print_evaluation(evaluation, recognizer.kind)
        if split != evaluation_split(corpus) and not (min_score or min_precision):
            print_best_threshold(evaluation)
        results = {**evaluation.to_dict(), "seen_in": seen[0].split if seen else None}
        evaluations = [evaluation]
    options = {
        "min_score": min_score, "min_precision": min_precision, "quantization": quantization,
        "unknown_corpus": unknown_corpus, "no_consistency": not consistency,
    }  # fmt: skip
    described = {**system.describe(), **{name: value for name, value in options.items() if value}}
    if used := recognizer.form:
        described["form"] = used
        print_message(f"form of the model: {used}")
    if json_file is not None:
        write_results({**described, **results}, json_file)
    if report is not None:
        write_html_report(evaluations, described, report)


def _check_no_file_options(*given: object) -> None:
    if any(given):
        names = "--seen-in, --from, --encoding, --columns and --rename"
        raise VanerError(f"{names} cannot be used with --all")


def _evaluate(
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
    name_corpus: bool,
    consistency: bool,
    is_file: bool,
) -> Evaluation:
    from vaner.annotator import Annotator
    from vaner.display.progress import show_progress
    from vaner.evaluation.evaluate import evaluate as evaluate_corpus
    from vaner.evaluation.evaluate import select_types

    type_names = select_types(recognizer, gold, types)  # raises errors before the work starts
    thresholds: float | Mapping[str, float] = min_score
    if min_precision is not None:
        if not isinstance(recognizer, Annotator):
            raise VanerError(f"the {recognizer.kind} has no scores, which --min-precision requires")
        calibrated = recognizer.thresholds(type_names, min_precision)
        thresholds = {type: max(min_score, value) for type, value in calibrated.items()}
    _warn_of_training_texts(recognizer, gold, is_file=is_file)
    total = len(gold.documents[:limit])
    return evaluate_corpus(
        recognizer,
        gold,
        types=types,
        train=train,
        min_score=thresholds,
        limit=limit,
        name_corpus=name_corpus,
        bootstrap=bootstrap,
        progress=lambda stream: show_progress(stream, gold.name, total=total, quiet=quiet),
        **({"consistency": consistency} if isinstance(recognizer, Annotator) else {}),
    )


def _warn_of_training_texts(recognizer: Recognizer, gold: Corpus, *, is_file: bool) -> None:
    """Warn if the model was trained on the texts, or on a corpus made from the same texts.

    A file has no splits: it may be the training split of a corpus of its name.
    """
    from vaner.annotator import Annotator
    from vaner.corpora import base_corpus, same_texts

    if not isinstance(recognizer, Annotator):
        return
    training_corpora = set(map(base_corpus, recognizer.training_corpora))
    if base_corpus(gold.name) in training_corpora:
        if is_file:
            print_message(
                f"warning: {gold.name}: the model was trained on a corpus of this name. If the "
                "texts are the same, the scores are not valid for new texts"
            )
        elif gold.split.startswith("train"):
            print_message(
                f"warning: {gold.name} {gold.split}: the model was trained on these texts; the "
                "scores are not valid for new texts"
            )
    for name, split in sorted(same_texts(gold.name, gold.split)):
        if name in training_corpora and split.startswith("train"):
            print_message(
                f"warning: {gold.name} {gold.split} shares texts with {name} {split}, on which the "
                "model was trained; the scores are not valid for new texts"
            )


def _load_splits(
    name: str, split: str, seen_in: str | None, reading: Callable[[str], Corpus]
) -> list[Corpus]:
    """Load the split to score on, and the split whose mentions count as seen, if there is one."""
    gold = reading(split)
    seen = _load_seen_split(name, split, seen_in, reading)
    return [gold] if seen is None else [gold, seen]


def _load_seen_split(
    name: str, split: str, seen_in: str | None, reading: Callable[[str], Corpus]
) -> Corpus | None:
    """Load the split whose mentions count as seen; an error only if the user named it."""
    from vaner.corpora import lookup, training_split

    has_splits = lookup(name) is not None or Path(name).is_dir()
    seen_split = seen_in or training_split(name)
    if seen_in == "none" or (seen_in is None and (split == seen_split or not has_splits)):
        return None
    try:
        return reading(seen_split)
    except CorpusError:
        if seen_in is not None:
            raise
        return None
