"""Ablations of the tagger on one corpus: python -m experiments.ablations.run

Every condition changes one setting of the first one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from experiments.studies import Study, main, train_on
from experiments.study_run import Run
from vaner.training.recipe.schema import Recipe

CORPUS = "NCBI-disease"
CONDITIONS: dict[str, dict[str, Any]] = {
    "vaner": {},
    "causal": {"attention": "causal"},
    "upper half unmasked": {"causal_layers": 15},  # of 30
    "upper quarter unmasked": {"causal_layers": 22},
    "softmax": {"head": "softmax"},
    "last sub-word": {"pooling": "last"},
    "mean of sub-words": {"pooling": "mean"},
    "rank 4": {"lora": {"rank": 4, "alpha": 8}},
    "rank 64": {"lora": {"rank": 64, "alpha": 128}},
    "nf4": {"quantization": "nf4"},
    "published instruction": {"instruction": "vaner"},
    "shared instruction": {"shared_instruction": True},
    "told the casing": {"casing": True},  # the small encoder's tokenizer lowercases
}
# An encoder has no causal mask, and all weights of such a small model are trained.
NOT_SMALL = ("causal", "upper half unmasked", "upper quarter unmasked", "rank 4", "rank 64", "nf4")
# The small size tests the mask on twelve layers of the LLaMA, with all their weights trained.
SMALL_LLAMA: dict[str, Any] = {"backbone": "smollm2-135m", "layers": 12}
MASKS: dict[str, dict[str, Any]] = {
    "vaner": {}, "causal": {"attention": "causal"}, "upper half unmasked": {"causal_layers": 6},
}  # fmt: skip


def runs(recipe: Recipe, size: str, root: Path | None) -> Iterator[Run]:
    for condition, change in CONDITIONS.items():
        if size == "full" or condition not in NOT_SMALL:
            yield _run(recipe, condition, change)
    for condition, change in MASKS.items() if size == "small" else ():
        yield _run(recipe, condition, SMALL_LLAMA | change)


def _run(recipe: Recipe, condition: str, change: dict[str, Any]) -> Run:
    changed = train_on(recipe, [CORPUS], model=change)
    details = {"backbone": changed.model.backbone, "condition": condition}
    return Run(details, changed, (CORPUS,))


STUDY = Study(
    Path(__file__).resolve().parent,
    "What does each part of the tagger contribute?",
    runs,
    keys=("backbone", "condition"),
    baseline={"condition": "vaner"},
)

if __name__ == "__main__":
    main(STUDY)
