"""The output of ``vaner evaluate``: tables, results files and HTML reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import floor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaner.cli.messages import print_message, print_result
from vaner.cli.outputs import check_not_input
from vaner.display.text import format_count, format_counts, printable
from vaner.errors import VanerError
from vaner.utils.atomic_write import atomic_write, check_creatable, write_json

if TYPE_CHECKING:
    from vaner.evaluation.evaluate import Evaluation
    from vaner.recognition.recognizer import Recognizer


def print_evaluation(evaluation: Evaluation, recognizer: str) -> None:
    """Print the scores on one corpus.

    Args:
        evaluation: the scores.
        recognizer: what messages call the recognizer, such as ``"model"``.
    """
    if evaluation.unsupported_types:
        types = ", ".join(evaluation.unsupported_types)
        print_message(f"not scored, because the {recognizer} does not find them: {types}")
    print_result(f"{evaluation.name}, strict unless stated otherwise")
    print_result("\n".join(map(printable, evaluation.report.table().splitlines())))
    if evaluation.unreachable:
        print_result(f"unreachable: {format_counts(evaluation.unreachable)}")
    if evaluation.duplicates:
        repeated = format_count(evaluation.duplicates, "gold mention")
        print_result(
            f"repeated: {repeated} with the same offsets and type as another; counted once"
        )
    if (reliability := evaluation.reliability) is not None:
        error = f"{100 * reliability.error:.2f} % in {format_count(len(reliability.bins), 'bin')}"
        before = evaluation.uncalibrated
        uncalibrated = f"; {100 * before.error:.2f} % before calibration" if before else ""
        print_result(f"calibration error (ECE) of the scores: {error}{uncalibrated}")


def get_min_scores(
    recognizer: Recognizer | None, min_score: float | None, min_precision: float | None
) -> Mapping[str, float]:
    """Return the minimum scores of the calibration, if the evaluation uses them.

    Args:
        recognizer: what was scored; None for the predictions in a file.
        min_score, min_precision: the options of the evaluation.
    """
    from vaner.recognition.score_thresholds import ScoreThresholds

    if min_score is None and min_precision is None and isinstance(recognizer, ScoreThresholds):
        return recognizer.min_scores
    return {}


def print_best_threshold(
    evaluation: Evaluation,
    recognizer: Recognizer | None,
    min_score: float | None,
    min_precision: float | None,
) -> None:
    """Print the ``--min-score`` with the highest F1, if it improves F1.

    Args:
        evaluation: the scores. Nothing is printed if mentions were dropped by their score before.
        recognizer: what was scored; None for the predictions in a file.
        min_score, min_precision: the options of the evaluation.
    """
    from vaner.evaluation.thresholds import find_best_threshold

    used = get_min_scores(recognizer, min_score, min_precision)
    if min_score or min_precision or any(type in used for type in evaluation.types):
        return
    cut = find_best_threshold(evaluation.gold, evaluation.predicted, evaluation.types)
    without_threshold = evaluation.report.micro.counts
    if without_threshold is not None and cut.counts.f1 > without_threshold.f1:
        # Rounded down, so that the mention at the threshold is not dropped.
        threshold = floor(1e4 * cut.threshold) / 1e4
        p, r, f1 = (100 * x for x in (cut.counts.precision, cut.counts.recall, cut.counts.f1))
        print_result(
            f"best F1 on this split with --min-score {threshold}: P {p:.2f}, R {r:.2f}, F1 {f1:.2f}"
        )


def write_outputs(
    evaluations: Sequence[Evaluation],
    described: Mapping[str, Any],
    results: Mapping[str, Any],
    json_file: Path | None,
    report: Path | None,
) -> None:
    """Print the form of the model, and write the results file and the report that were requested.

    Args:
        evaluations: one for each corpus.
        described: names and options of the system; None, False and {} are left out.
        results: the content of the results file.
        json_file: results file, or None.
        report: HTML report, or None.

    Raises:
        VanerError: if a file cannot be written.
    """
    described = {
        name: value
        for name, value in described.items()
        if value is not None and value is not False and value != {}
    }
    if "form" in described:
        print_message(f"form of the model: {described['form']}")
    if json_file is not None:
        write_results({**described, **results}, json_file)
    if report is not None:
        write_html_report(evaluations, described, report)


def write_results(results: Mapping[str, Any], path: Path) -> None:
    """Write the results and their provenance as JSON.

    Raises:
        VanerError: if the file cannot be written.
    """
    from vaner.utils.provenance import collect_provenance

    record = {**results, **collect_provenance()}
    try:
        write_json(path, record)
    except OSError as error:
        raise VanerError(f"{path}: cannot be written: {error.strerror}") from None
    print_message(f"results written to {path}")


def write_html_report(
    evaluations: Sequence[Evaluation], described: Mapping[str, Any], path: Path
) -> None:
    """Write an HTML report with examples of errors.

    Args:
        evaluations: one for each corpus.
        described: names and options of the system.
        path: file to write.

    Raises:
        VanerError: if the file cannot be written.
    """
    from vaner.display.html.evaluation_report import render
    from vaner.utils.provenance import collect_provenance

    made = collect_provenance()
    facts = {**described, "date": made["date"], "vaner": made["versions"].get("vaner"),
             "commit": made["commit"]}  # fmt: skip
    try:
        with atomic_write(path) as new, new.open("w", encoding="utf-8") as file:
            file.writelines(render(evaluations, facts))
    except OSError as error:
        raise VanerError(f"{path}: cannot be written: {error.strerror}") from None
    print_message(f"report written to {path}")


def check_writable(*paths: Path | None, inputs: Iterable[str | None] = ()) -> None:
    """Check that files can be written, before the work starts.

    Args:
        paths: the results file and the report, or None.
        inputs: files, folders and names that are read, or None.

    Raises:
        VanerError: if a path is a folder, an input or cannot be written, or two are the same.
    """
    sources = [source for source in inputs if source is not None]
    outputs = [path for path in paths if path is not None]
    for path in outputs:
        if path.is_dir():
            raise VanerError(f"{path}: is a folder; give the name of a file")
        check_creatable(path)
        check_not_input(path, sources)
    if len({path.resolve() for path in outputs}) < len(outputs):
        raise VanerError(f"{outputs[0]}: --json and --report need different files")
