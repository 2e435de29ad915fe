"""Initialize a tagger with the weights of a trained one that may have other entity types."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from vaner.tagger.config import VanerConfig
from vaner.tagger.model import VanerForTokenClassification

# Weights of the head that have an entry for each tag -> along how many of their axes.
_TAG_AXES = {
    "classifier.weight": 1,
    "classifier.bias": 1,
    "crf.start_transitions": 1,
    "crf.end_transitions": 1,
    "crf.transitions": 2,
}


def warm_start(model: VanerForTokenClassification, folder: Path) -> None:
    """Copy the weights of a trained tagger into a new one, in place.

    In the head, only the entries of the tags that both models have are copied; the other entries
    keep their initial values. (If the instruction names the type, all tags are common.) A head for
    the general domain is copied if both models have one.

    Args:
        model: a new tagger on the same backbone, with the same weights trained.
        folder: folder of the trained tagger.

    Raises:
        ModelError: if a file is missing or truncated, or if the weights do not fit.
    """
    config = VanerConfig.from_pretrained(folder)
    config.causal_layers = 0  # both models share the backbone, whose mask is set already
    trained = VanerForTokenClassification(config, model.backbone)
    trained.load_trained_weights(folder)
    indices = _match_tags(model.config.tag_set.tags, trained.config.tag_set.tags)
    source = dict(trained.named_parameters())
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if not name.startswith("backbone.") and name in source:
                weight.copy_(_copy_tags(weight, source[name], indices, _TAG_AXES.get(name, 0)))


def _match_tags(target: Sequence[str], source: Sequence[str]) -> tuple[list[int], list[int]]:
    """Return the indices of the common tags in `target` and in `source`."""
    common = [tag for tag in target if tag in source]
    return [target.index(tag) for tag in common], [source.index(tag) for tag in common]


def _copy_tags(
    target: Tensor, source: Tensor, indices: tuple[list[int], list[int]], axes: int
) -> Tensor:
    """Return a weight with the entries of the common tags copied.

    Args:
        target, source: weights with an entry for each tag of their model along the first `axes`
            axes, and of equal shape along the others.
        indices: indices of the common tags in `target` and in `source`.
        axes: number of tag axes. If 0, the result is `source`.
    """
    if not axes:
        return source.to(target.device)
    to, from_ = (torch.meshgrid(*[torch.tensor(i)] * axes, indexing="ij") for i in indices)
    result = target.clone()
    result[to] = source[from_].to(target.device)
    return result
