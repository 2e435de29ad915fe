"""How a model came to be, in a file beside its weights: what its card tells of the training."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TRAINING_FILE = "training.json"

TAGGED = ", tagged by "
"""What stands in a record between a source and the teacher that tagged it."""

Training = Mapping[str, Any]
"""Of a training: name, seed, dev_f1, seconds, trained_on, chosen_on, languages, and provenance; the
name under ``began_with`` where it began with a trained model, what that one was chosen by under
``chosen_before``, and the others then tell of both;
what its teachers had learnt from under ``taught_on``, where it had any; under ``licences``, by
name, what a recipe states of corpora that are not registered."""


def read_training(folder: Path) -> Training:
    """The record in a model's folder; an empty one where there is none that can be read."""
    try:
        content = json.loads((folder / TRAINING_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def learnt_from(record: Training) -> tuple[tuple[str, str], ...]:
    """The splits that a model or its teachers were trained on, as names of corpora and splits.

    One whose mentions are a teacher's is told without a split; here it has an empty one.

    >>> learnt_from({"trained_on": ["JNLPBA-cells train", "a.txt, tagged by biomedical"]})
    (('JNLPBA-cells', 'train'), ('a.txt', ''))
    """
    fields = (record.get(field, ()) for field in ("trained_on", "taught_on"))
    told = [one for field in fields if isinstance(field, list | tuple) for one in field]
    return tuple(dict.fromkeys(_split(one) for one in told if isinstance(one, str)))


def _split(told: str) -> tuple[str, str]:
    name, tagged, _ = told.partition(TAGGED)
    corpus, _, split = told.rpartition(" ")
    return (name, "") if tagged else (corpus, split)


def write_training(folder: Path, record: Training) -> None:
    """Put the record into a model's folder."""
    text = json.dumps(record, indent=1, ensure_ascii=False)
    (folder / TRAINING_FILE).write_text(text + "\n", "utf-8")
