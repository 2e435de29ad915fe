"""The reported results of a model, stored with its weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from typing_extensions import TypedDict

from vaner.backbones.file_names import RESULTS_FILE
from vaner.errors import VanerError
from vaner.utils.atomic_write import write_json
from vaner.utils.validated_json import read_validated_json

_RESTRICTIONS = ("min_score", "min_precision", "quantization", "no_consistency")
"""Options of an evaluation whose results do not describe the model as it is."""


class _Intervals(TypedDict):
    f1: Sequence[float]


class TypeResults(TypedDict):
    """Strict scores from 0 to 1 of one type, as a card shows them."""

    precision: float
    recall: float
    f1: float
    intervals: _Intervals


ReportedResults = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Scores by corpus and split, such as "BC5CDR test", and by type; "all" if there are several."""


def group_by_type(report: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the strict scores of each type, and of all types if there are several.

    Args:
        report: Dictionary of `vaner.evaluation.Report.to_dict`.

    >>> list(group_by_type({"types": {"Disease": {}, "Chemical": {}}, "micro": {}}))
    ['Disease', 'Chemical', 'all']
    """
    scores = dict(report["types"])
    return scores | {"all": report["micro"]} if len(scores) > 1 else scores


def read_reported_results(folder: Path) -> ReportedResults:
    """Return the results in the folder of a model; empty if there are none.

    Raises:
        ModelError: If the file is invalid.
    """
    return read_validated_json(folder / RESULTS_FILE, dict[str, dict[str, TypeResults]]) or {}


def parse_evaluation(record: Mapping[str, Any]) -> dict[str, dict[str, Mapping[str, Any]]]:
    """Return the results in an output of `vaner evaluate --json`, of one or several corpora.

    Raises:
        VanerError: If the record has no scores with intervals, the scores are those of a training
            split or of a part of a split, or the evaluation restricted the predictions.
    """
    try:
        reports = record.get("corpora", {f"{record.get('corpus')} {record.get('split')}": record})
        results = {split: group_by_type(report) for split, report in reports.items()}
        for score in (score for types in results.values() for score in types.values()):
            _ = score["f1"], score["intervals"]["f1"]
    except (KeyError, TypeError, AttributeError):
        raise VanerError(
            "no scores with intervals; give the output of `vaner evaluate --json`"
        ) from None
    restrictions = [
        f"{name} {record[name]}"
        for name in _RESTRICTIONS
        if record.get(name) is not None and record[name] is not False
    ]
    if restrictions:
        raise VanerError(
            f"the model was evaluated with {', '.join(restrictions)}; evaluate it without"
        )
    for split, report in reports.items():
        if str(report.get("split")).startswith("train"):
            raise VanerError(f"{split}: results on a training split cannot be reported")
        if report.get("out_of") is not None:
            raise VanerError(
                f"{split}: only {report['documents']} of {report['out_of']} documents were scored; "
                "evaluate all documents of the split"
            )
    return results


def write_reported_results(folder: Path, reports: Mapping[str, Mapping[str, Any]]) -> None:
    """Write results into the folder of a model.

    Args:
        folder: Folder of the model.
        reports: Dictionary of `vaner.evaluation.Report.to_dict` for each corpus and split.
    """
    results = {split: group_by_type(report) for split, report in reports.items()}
    write_json(folder / RESULTS_FILE, results)
