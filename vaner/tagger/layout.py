"""The layout of a tagger's batches, as the trial of its backbone allows it."""

from __future__ import annotations

import logging

from vaner.backbones import row_packing
from vaner.backbones.base_model import BackboneModel
from vaner.errors import ModelError
from vaner.tagger.batches import Layout

logger = logging.getLogger(__name__)


def choose_layout(model: BackboneModel) -> Layout:
    """Return the layout of a tagger's batches, and prepare its backbone for it.

    Args:
        model: the tagger.

    Raises:
        ModelError: if the instruction is shared, and the backbone does not support packing.
    """
    trial, kind = model.trial, model.config.base_config.model_type
    if trial.problem:  # refused in training; this model was trained already
        logger.warning("%s", trial.problem)
    if trial.layout == "packed":
        row_packing.enable_packing(model.backbone)
        return "shared" if model.config.shared_instruction else "packed"
    if model.config.shared_instruction:
        raise ModelError(
            f"shared_instruction: a {kind} backbone cannot be packed ({trial.reason}); set "
            "shared_instruction: false"
        )
    if trial.layout == "single":
        logger.warning(
            "a %s backbone reads sentences one by one, which is slower (%s)", kind, trial.reason
        )
    return "padded"
