"""The figures that a model states of itself, in a file beside its weights."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from typing_extensions import TypedDict

from vaner.backbones.file_names import RESULTS_FILE
from vaner.errors import VanerError
from vaner.utils.validated_json import read_validated_json

_CUTS = ("min_score", "min_precision", "quantization")


class _Intervals(TypedDict):
    f1: Sequence[float]


class TypeResults(TypedDict):
    """Strict figures from 0 to 1, of what a card shows."""

    precision: float
    recall: float
    f1: float
    intervals: _Intervals


ReportedResults = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Place, such as "BC5CDR test" -> type, or "all" where they are several -> figures."""


def group_by_type(report: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Strict figures by type, and those of all types where they are several.

    Args:
        report: as `vaner.evaluation.Report.to_dict` gives it.

    >>> list(group_by_type({"types": {"Disease": {}, "Chemical": {}}, "micro": {}}))
    ['Disease', 'Chemical', 'all']
    """
    found = dict(report["types"])
    return found | {"all": report["micro"]} if len(found) > 1 else found


def read_reported_results(folder: Path) -> ReportedResults:
    """The figures in a model's folder; none where there is no file of them.

    Raises:
        ModelError: where it is damaged.
    """
    return read_validated_json(folder / RESULTS_FILE, dict[str, dict[str, TypeResults]]) or {}


def parse_evaluation(record: Mapping[str, Any]) -> dict[str, dict[str, Mapping[str, Any]]]:
    """The figures that `vaner evaluate --json` kept, of one corpus or of several.

    Raises:
        VanerError: where there are none, they have no intervals, are of a part of a split or of
            one that is learnt from, or the model was not as it comes.
    """
    try:
        reports = record.get("corpora", {f"{record.get('corpus')} {record.get('split')}": record})
        found = {place: group_by_type(report) for place, report in reports.items()}
        for one in (one for types in found.values() for one in types.values()):
            _ = one["f1"], one["intervals"]["f1"]
    except (KeyError, TypeError, AttributeError):
        raise VanerError(
            "no figures with intervals, as `vaner evaluate --json` keeps them"
        ) from None
    cuts = [name for name in _CUTS if record.get(name)]
    if cuts:
        told = ", ".join(f"{name} {record[name]}" for name in cuts)
        raise VanerError(f"a model states figures of all that it finds, not with {told}")
    for place, report in reports.items():
        if str(report.get("split")).startswith("train"):
            raise VanerError(f"{place}: a model states no figures of what is there to learn from")
        if report.get("out_of") is not None:
            raise VanerError(
                f"{place} was scored on {report['documents']} of {report['out_of']} documents; "
                "a model states figures of whole splits"
            )
    return found


def write_reported_results(folder: Path, reports: Mapping[str, Mapping[str, Any]]) -> None:
    """Put the figures into a model's folder.

    Args:
        folder: the model's.
        reports: place -> report, as `vaner.evaluation.Report.to_dict` gives it.
    """
    stated = {place: group_by_type(report) for place, report in reports.items()}
    text = json.dumps(stated, indent=1, ensure_ascii=False)
    (folder / RESULTS_FILE).write_text(text + "\n", "utf-8")
