"""``vaner evaluate``: score a model, a dictionary or predictions on a corpus."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaner.cli.evaluate_options import (
    AllOption,
    BootstrapOption,
    CorpusOption,
    DictionaryOption,
    LimitOption,
    OnlyPredictedOption,
    PredictionsColumnsOption,
    PredictionsEncodingOption,
    PredictionsFormatOption,
    PredictionsOption,
    ReportOption,
    ResultsOption,
    SeenInOption,
    SplitOption,
    UnknownCorpusOption,
)
from vaner.cli.evaluate_predictions import PredictionsFile, score_predictions
from vaner.cli.evaluation_output import (
    check_writable,
    get_min_scores,
    print_best_threshold,
    print_evaluation,
    write_outputs,
)
from vaner.cli.options import (
    DEFAULT_ANNOTATE,
    DEFAULT_LOAD,
    BatchOption,
    ColumnsOption,
    ConsistencyOption,
    CorporaOption,
    CorpusFormatOption,
    DeviceOption,
    DtypeOption,
    EncodingOption,
    FormOption,
    MinPrecisionOption,
    MinScoreOption,
    ModelOption,
    QuantizationOption,
    QuietOption,
    RevisionOption,
    SelectorOption,
    TextColumnOption,
    TypesOption,
    split_types,
)
from vaner.cli.rename_types import RenameOption, parse_renames, rename_corpora
from vaner.cli.score_system import score_system
from vaner.cli.scored_system import ScoredSystem
from vaner.errors import CorpusError, VanerError
from vaner.formats.names import resolve_format_name
from vaner.formats.source import STDIN
from vaner.recognition.options import LoadOptions

if TYPE_CHECKING:
    from vaner.evaluation import Evaluation
    from vaner.recognition.recognizer import Recognizer
    from vaner.text.documents import Corpus


def evaluate(
    corpus: CorpusOption = None,
    all_: AllOption = False,
    split: SplitOption = "test",
    model: ModelOption = None,
    revision: RevisionOption = None,
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
    text_column: TextColumnOption = None,
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
    dtype: DtypeOption = None,
    form: FormOption = None,
    predictions: PredictionsOption = None,
    predictions_format: PredictionsFormatOption = None,
    predictions_encoding: PredictionsEncodingOption = "utf-8",
    predictions_columns: PredictionsColumnsOption = None,
    only_predicted: OnlyPredictedOption = False,
    quiet: QuietOption = False,
) -> None:
    """Score a model, a dictionary or predictions: strict scores with 95% intervals.

    Gold mentions that the model cannot represent, because of its tokenization or its tags, count as
    missed; their number is printed. If gold mentions overlap, there are separate scores for flat,
    nested, inner and outer mentions. On splits other than test, the --min-score with the highest F1
    is printed as well, unless there are minimum scores already.

    --predictions scores the mentions that any system has written to a file. Documents are paired by
    id, then by text; those that are missing on either side are printed. No model is loaded.

    Examples:

    `vaner evaluate --model runs/ncbi/seed-1/model --corpus NCBI-disease --split test`

    `vaner evaluate --corpus NCBI-disease --split devel --report report.html`

    `vaner evaluate --corpus my_corpus.jsonl --types Disease --json results.json`

    `vaner evaluate --corpus my_corpus.jsonl --rename DISO=Disease --rename Drug=Chemical`

    `vaner evaluate --kb open --corpus NCBI-disease`

    `vaner evaluate --kb open --selector runs/selector/seed-1/model --corpus NCBI-disease`

    `vaner evaluate --predictions theirs.pubtator --corpus NCBI-disease`

    `vaner evaluate --all`
    """
    from vaner.cli.evaluate_all import evaluate_all
    from vaner.corpora import evaluation_split, is_one_split, load, resolve_split

    if all_ == (corpus is not None):
        raise VanerError("give either --corpus NAME or --all")
    if all_:
        given = (seen_in, input_format, rename, columns, text_column, encoding != "utf-8")
        _check_no_file_options(*given)
    file = PredictionsFile(
        predictions, predictions_format, predictions_encoding, predictions_columns, only_predicted
    )
    file.check_options(
        all=all_, model=model, revision=revision, selector=selector, kb=kb,
        quantization=quantization, dtype=dtype, min_precision=min_precision,
        unknown_corpus=unknown_corpus, form=form,
    )  # fmt: skip
    system = ScoredSystem(kb=kb, load_options=LoadOptions(
        model=model, revision=revision, selector=selector, device=device, batch_size=batch_size,
        quantization=quantization, dtype=dtype, form=form,
    ))  # fmt: skip
    type_names, format = split_types(types), resolve_format_name(input_format)
    split, seen_in = resolve_split(split), seen_in and resolve_split(seen_in)
    check_writable(json_file, report, inputs=(corpus, predictions))
    scoring: dict[str, Any] = {"min_score": min_score, "bootstrap": bootstrap, "limit": limit}
    run: Callable[..., Evaluation] = partial(
        score_system, **scoring, min_precision=min_precision, quiet=quiet, consistency=consistency,
        name_corpus=not unknown_corpus, is_file=corpus is not None and is_one_split(corpus),
    )  # fmt: skip
    results: dict[str, Any]
    recognizer: Recognizer | None = None
    if corpus is None:
        recognizer = system.load()
        evaluations = evaluate_all(
            recognizer, type_names, split, corpora,
            reported=system.reported_results(), run=partial(run, recognizer),
        )  # fmt: skip
        results = {"corpora": {e.split_name: e.to_dict() for e in evaluations}}
    else:
        options: dict[str, Any] = {"columns": columns, "text_column": text_column}
        reading = partial(load, corpus, root=corpora, format=format, encoding=encoding, **options)
        gold, seen, predicted = _load_corpora(corpus, split, seen_in, reading, rename, file)
        if predicted is None:
            recognizer = system.load()
            evaluation = run(recognizer, gold, type_names, seen)
        else:
            evaluation = score_predictions(
                gold, predicted, type_names, seen, only_predicted=only_predicted, **scoring
            )
        print_evaluation(evaluation, recognizer.kind if recognizer else "predictions")
        if split != evaluation_split(corpus):
            print_best_threshold(evaluation, recognizer, min_score, min_precision)
        results = {**evaluation.to_dict(), "split": split, "seen_in": seen.split if seen else None}
        evaluations = [evaluation]
    described = {
        **(file.describe() or system.describe()), "quantization": quantization, "dtype": dtype,
        "min_scores": get_min_scores(recognizer, min_score, min_precision),
        "min_score": min_score, "min_precision": min_precision, "unknown_corpus": unknown_corpus,
        "no_consistency": not consistency, "form": recognizer.form if recognizer else None,
    }  # fmt: skip
    write_outputs(evaluations, described, results, json_file, report)


def _check_no_file_options(*given: object) -> None:
    if any(given):
        names = "--seen-in, --input-format, --encoding, --columns, --text-column and --rename"
        raise VanerError(f"{names} cannot be used with --all")


def _load_corpora(
    name: str,
    split: str,
    seen_in: str | None,
    reading: Callable[[str], Corpus],
    rename: Iterable[str] | None,
    file: PredictionsFile,
) -> tuple[Corpus, Corpus | None, Corpus | None]:
    """Load the gold documents, those whose mentions count as seen, and the predictions, if any.

    Args:
        name: name or path of the corpus.
        split: split to score on.
        seen_in: split whose mentions count as seen; the training split if None.
        reading: loads a split of the corpus.
        rename: new names of types, of the corpus or of the predictions, as ``["Drug=Chemical"]``.
        file: the predictions.
    """
    from vaner.corpora import is_one_split

    names = parse_renames(rename)
    if name == file.path == STDIN:
        raise VanerError("standard input can be read only once; give --predictions a file")
    gold, seen = reading(split), _load_seen_split(name, split, seen_in, reading)
    if is_one_split(name):  # the requested split is not in the output
        gold = replace(gold, split="")
    loaded = (gold, seen, file.read(split))
    corpora = iter(rename_corpora([corpus for corpus in loaded if corpus is not None], names))
    return next(corpora), seen and next(corpora), next(corpora, None)


def _load_seen_split(
    name: str, split: str, seen_in: str | None, reading: Callable[[str], Corpus]
) -> Corpus | None:
    """Load the split whose mentions count as seen; an error only if the user named it."""
    from vaner.corpora import is_one_split, lookup, training_split

    # A folder that is one split, such as corpus/test, has no training split.
    has_splits = lookup(name) is not None or (Path(name).is_dir() and not is_one_split(name))
    seen_split = seen_in or training_split(name)
    if seen_in == "none" or (seen_in is None and (split == seen_split or not has_splits)):
        return None
    try:
        return reading(seen_split)
    except CorpusError:
        if seen_in is not None:
            raise
        return None
