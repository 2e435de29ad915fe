"""The checks of a model on a backbone before it is trained: see `vaner.backbones.trial`."""

from __future__ import annotations

from collections.abc import Mapping
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, ClassVar, Self

import torch
from transformers import PreTrainedModel

from vaner.backbones import backbone as backbones
from vaner.backbones import saved_parts
from vaner.backbones.trial import Trial, TrialOptions
from vaner.backbones.trial_cache import load_or_run_trial
from vaner.errors import ModelError


class CheckedModel(PreTrainedModel):
    """A model on a backbone that is tried before it is trained.

    Attributes:
        backbone: the backbone.
        is_generative: whether the backbone is a language model with its head over the vocabulary.
        can_pack: whether batches are packed, if the backbone supports it.
        can_read_single_rows: whether batches that padding would change are read row by row.
        hub_options: options for the Hub: ``token``, ``cache_dir`` …
    """

    backbone: PreTrainedModel
    is_generative: ClassVar[bool] = False
    can_pack: ClassVar[bool] = False
    can_read_single_rows: ClassVar[bool] = False
    hub_options: Mapping[str, Any] = MappingProxyType({})
    _trial: Trial | None = None

    @property
    def trial(self) -> Trial:
        """What the backbone does with a few rows; measured at the first use."""
        if self._trial is None:
            is_causal = self.config.attention == "causal"
            backbone: Any = self.backbone
            if self.is_generative:  # below the head over the vocabulary
                backbone = backbones.unwrap_adapter(backbone).base_model
            options = TrialOptions(
                longest=self.config.max_subwords,
                causal_layers=None if is_causal else self.config.causal_layers,
                adds_vectors=self.adds_vectors,
                packs=self.can_pack,
            )
            self._trial = load_or_run_trial(backbone, options)
        return self._trial

    @property
    def adds_vectors(self) -> bool:
        """Whether the model changes the subword embeddings of its backbone."""
        return False

    def check_backbone(self) -> None:
        """Check that the backbone does what the model needs, before the first training step.

        Raises:
            ModelError: if it does not, or if the model could not be loaded again.
        """
        if self.trial.problem:
            raise ModelError(self.trial.problem)
        if self.trial.layout == "single" and not self.can_read_single_rows:
            kind = self.config.base_config.model_type
            raise ModelError(
                f"the vectors of a {kind} backbone depend on the other sentences of a batch "
                f"({self.trial.reason}): use another backbone"
            )
        saved_parts.check_can_be_saved(self, self._build_empty)

    def _build_empty(self) -> Self:
        """Return a model without weights, from the config that would be stored."""
        with TemporaryDirectory() as folder:
            self.config.save_pretrained(folder)
            config = type(self.config).from_pretrained(folder)
        with torch.device("meta"):
            return type(self)(config)
