"""How a model came to be, in a file beside its weights: what its card tells of the training."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Required

from typing_extensions import TypedDict

from vaner.backbones.file_names import TRAINING_FILE
from vaner.utils.validated_json import read_validated_json

TAGGED_BY = ", tagged by "
"""What stands in a record between a source and the teacher that tagged it."""

TrainingRecord = Mapping[str, Any]
"""The record of a training, `TrainingRecordSchema`; empty where there is none."""


class TrainingRecordSchema(TypedDict, total=False):
    """What a record tells; what stands in it besides is of no use here.

    Where the model began with a trained one, the corpora and languages are those of both.
    """

    name: Required[str]
    seed: Required[int]
    dev_f1: Required[float]
    seconds: Required[float]
    trained_on: Required[Sequence[str]]
    chosen_on: Required[Sequence[str]]
    languages: Sequence[str]
    taught_on: Sequence[str]
    """What its teachers had learnt from."""
    licences: Mapping[str, str]
    """What the recipe states of corpora that are not registered, by their names."""
    began_with: str
    """Name of the trained model that it began with."""
    chosen_before: Sequence[str]
    """What that one was chosen by."""
    commit: str | None
    machine: Mapping[str, Any]


def read_training_record(folder: Path) -> TrainingRecord:
    """The record in a model's folder; an empty one where there is none.

    Raises:
        ModelError: where it is damaged.
    """
    return read_validated_json(folder / TRAINING_FILE, TrainingRecordSchema) or {}


def list_training_splits(record: TrainingRecord) -> tuple[tuple[str, str], ...]:
    """The splits that a model or its teachers were trained on, as names of corpora and splits.

    One whose mentions are a teacher's is told without a split; here it has an empty one.

    >>> list_training_splits({"trained_on": ["JNLPBA-cells train", "a.txt, tagged by biomedical"]})
    (('JNLPBA-cells', 'train'), ('a.txt', ''))
    """
    told = (*record.get("trained_on", ()), *record.get("taught_on", ()))
    return tuple(dict.fromkeys(map(_split, told)))


def _split(told: str) -> tuple[str, str]:
    name, tagged, _ = told.partition(TAGGED_BY)
    corpus, _, split = told.rpartition(" ")
    return (name, "") if tagged else (corpus, split)


def write_training_record(folder: Path, record: TrainingRecord) -> None:
    """Put the record into a model's folder."""
    text = json.dumps(record, indent=1, ensure_ascii=False)
    (folder / TRAINING_FILE).write_text(text + "\n", "utf-8")
