"""The record of a training, stored with the weights: data, seed, dev score, duration, machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Required

from typing_extensions import TypedDict

from vaner.backbones.file_names import TRAINING_FILE
from vaner.utils.atomic_write import write_json
from vaner.utils.validated_json import read_validated_json

TAGGED_BY = ", tagged by "
"""Separator of a source and the teacher that tagged it, in a record."""

TrainingRecord = Mapping[str, Any]
"""A record with the fields of `TrainingRecordSchema`; empty if there is none."""

TrainingRecordSchema = TypedDict(  # noqa: UP013 - the fields are keys of a JSON file
    "TrainingRecordSchema",
    {
        "name": Required[str],
        "seed": Required[int],
        "dev_f1": Required[float],
        "seconds": Required[float],
        "trained_on": Required[Sequence[str]],
        "chosen_on": Required[Sequence[str]],
        "languages": Sequence[str],
        "taught_on": Sequence[str],  # training data of the teachers
        "licences": Mapping[str, str],  # license of each unregistered corpus, from the recipe
        "began_with": str,  # name of the trained model that the weights were initialized from
        "chosen_before": Sequence[str],  # selection data of that model
        "commit": str | None,
        "machine": Mapping[str, Any],
    },
    total=False,
)
"""Fields of ``training.json``; other fields are ignored.

If the model was initialized from a trained model, the corpora and languages are those of both.
"""


def read_training_record(folder: Path) -> TrainingRecord:
    """Return the record in the folder of a model; empty if there is none.

    Raises:
        ModelError: If the file is invalid.
    """
    return read_validated_json(folder / TRAINING_FILE, TrainingRecordSchema) or {}


def list_training_splits(record: TrainingRecord) -> tuple[tuple[str, str], ...]:
    """Return the splits that the model or its teachers were trained on: pairs of corpus and split.

    The split of text that a teacher tagged is an empty string.

    >>> list_training_splits(
    ...     {"trained_on": ["JNLPBA-cells train", "a.txt, tagged by biomedical"]}
    ... )
    (('JNLPBA-cells', 'train'), ('a.txt', ''))
    """
    sources = (*record.get("trained_on", ()), *record.get("taught_on", ()))
    return tuple(dict.fromkeys(map(_parse_source, sources)))


def _parse_source(source: str) -> tuple[str, str]:
    name, separator, _ = source.partition(TAGGED_BY)
    corpus, _, split = source.rpartition(" ")
    return (name, "") if separator else (corpus, split)


def write_training_record(folder: Path, record: TrainingRecord) -> None:
    """Write the record into the folder of a model."""
    write_json(folder / TRAINING_FILE, record)
