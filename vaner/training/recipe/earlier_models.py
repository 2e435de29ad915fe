"""The trained models that a recipe uses: the initial model and the teachers."""

from __future__ import annotations

from dataclasses import dataclass

from vaner.backbones.locate import locate_backbone
from vaner.backbones.stored_config import read_config
from vaner.errors import ModelError, library_errors
from vaner.hub.training_record import TrainingRecord, list_training_splits, read_training_record
from vaner.models.locate import locate_model
from vaner.training.recipe.schema import CorpusSource, Recipe


@dataclass(frozen=True, slots=True)
class EarlierModels:
    """Training records of the models that a recipe uses.

    Args:
        initial: record of the model that training starts from; empty if there is none.
        teachers: records of the teachers.
        splits: what the models were trained on, as pairs of a corpus and a split.
    """

    initial: TrainingRecord
    teachers: tuple[TrainingRecord, ...]
    splits: tuple[tuple[str, str], ...]


def read_earlier_models(recipe: Recipe) -> EarlierModels:
    """Read the training records of the models that a recipe uses.

    Raises:
        ModelError: if a model or the backbone of a teacher does not exist, or a record is damaged.
    """
    init_from = getattr(recipe.model, "init_from", None)
    names = dict.fromkeys(
        source.teacher
        for source in recipe.sources
        if isinstance(source, CorpusSource) and source.teacher
    )
    for name in names:
        _check_backbone(name)
    initial = {} if init_from is None else read_training_record(locate_model(init_from))
    teachers = tuple(read_training_record(locate_model(name)) for name in names)
    splits = tuple(pair for record in (initial, *teachers) for pair in list_training_splits(record))
    return EarlierModels(initial, teachers, splits)


def _check_backbone(name: str) -> None:
    """Check that the backbone of a teacher is installed or can be downloaded.

    Raises:
        ModelError: if it is missing.
    """
    config = read_config(locate_model(name))
    with library_errors(name, "its config names no backbone", error_class=ModelError):
        locate_backbone(config["backbone"], config.get("backbone_origin"))
