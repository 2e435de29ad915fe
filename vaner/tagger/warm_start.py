"""A new tagger that starts with the weights of a trained one, whatever types each has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from vaner.tagger.config import VanerConfig
from vaner.tagger.model import VanerForTokenClassification

# Weights of the head that have a place for each tag, and along how many of their axes.
_BY_TAG = {
    "classifier.weight": 1, "classifier.bias": 1, "crf.start_transitions": 1,
    "crf.end_transitions": 1, "crf.transitions": 2,
}  # fmt: skip


def warm_start(model: VanerForTokenClassification, folder: Path) -> None:
    """Put the weights of a trained tagger into a fresh one, in place.

    Of the head that is what belongs to the types both have, and all of it where the instruction
    names the type; the rest stays as it is. A head for the general domain is taken over where
    both have one.

    Args:
        model: a fresh tagger on the same backbone, with as much of it trained.
        folder: of the trained one.

    Raises:
        ModelError: where a file is missing or truncated, or the weights do not fit.
    """
    config = VanerConfig.from_pretrained(folder)
    config.causal_layers = 0  # the backbone, which is the same one, keeps its mask already
    trained = VanerForTokenClassification(config, model.backbone)
    trained.load_trained_weights(folder)
    places = _places(model.config.tag_set.tags, trained.config.tag_set.tags)
    theirs = dict(trained.named_parameters())
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if not name.startswith("backbone.") and name in theirs:
                weight.copy_(_taken(weight, theirs[name], places, _BY_TAG.get(name, 0)))


def _places(own: Sequence[str], theirs: Sequence[str]) -> tuple[list[int], list[int]]:
    """Where the tags that both have stand in the one and in the other."""
    both = [tag for tag in own if tag in theirs]
    return [own.index(tag) for tag in both], [theirs.index(tag) for tag in both]


def _taken(own: Tensor, theirs: Tensor, places: tuple[list[int], list[int]], axes: int) -> Tensor:
    """A weight with the other's at the places of the tags that both have.

    Args:
        own, theirs: *Shape:* a number of tags along each of the first `axes`, each its own; the
            rest alike.
        places: of the tags that both have, in the one and in the other.
        axes: 0 for a weight that knows of no tags, which is taken whole.
    """
    if not axes:
        return theirs.to(own.device)
    mine, other = (torch.meshgrid(*[torch.tensor(p)] * axes, indexing="ij") for p in places)
    found = own.clone()
    found[mine] = theirs[other].to(own.device)
    return found
