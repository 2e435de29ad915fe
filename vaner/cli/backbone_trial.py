"""The trial of a backbone for ``vaner doctor``: what it does with a few rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from vaner.cli.diagnostics import Observation
from vaner.errors import VanerError

_LAYOUTS = {
    "packed": "packed: sentences share a row, without padding",
    "padded": "padded, which is slower",
    "single": "row by row, which is much slower",
}


def try_backbone(name: str, revision: str | None, max_subwords: int) -> Iterator[Observation]:
    """Yield what a backbone does, and whether a tagger can be trained on it.

    Args:
        name: embedded name, folder or Hub id.
        revision: its branch, tag or commit.
        max_subwords: length of the longest row that is tried.
    """
    from vaner.tagger.model import VanerForTokenClassification
    from vaner.training.learners.learner import check_tokenizer

    problem = ""
    try:
        model = VanerForTokenClassification.from_backbone(
            name, revision=revision, types=["Disease"], max_subwords=max_subwords
        )
    except VanerError as error:
        yield Observation(name, "cannot be loaded", str(error))
        return
    config, trial = model.config.base_config, model.trial
    parameters = sum(weight.numel() for weight in model.backbone.parameters())
    sizes = f"{parameters:,} parameters, hidden size {trial.vector_size}"
    yield Observation("architecture", f"{config.model_type}, {sizes}")
    yield Observation("longest row", f"{trial.length} subwords")
    for layers, seen in _group(trial.reach):
        yield Observation(f"layer {layers}", seen)
    yield Observation("batches", _LAYOUTS[trial.layout] + f" ({trial.reason})" * bool(trial.reason))
    try:
        model.check_backbone()
        check_tokenizer(model)
    except VanerError as error:
        problem = str(error)
    yield Observation("result", "can be trained" if not problem else "cannot be trained", problem)


def _group(reach: Sequence[tuple[int, int]]) -> Iterator[tuple[str, str]]:
    """Yield consecutive layers that see the same, and what they see.

    >>> list(_group([(9, 8), (9, 8)]))
    [('1-2', '9 subwords to the left, 8 to the right')]
    """
    first = 1
    for (left, right), group in groupby(reach):
        last = first + len(list(group)) - 1
        layers = f"{first}-{last}" if last > first else f"{first}"
        yield layers, f"{left} subwords to the left, {right} to the right"
        first = last + 1
