"""Generation with symbolic tagging (LLMNER): nested and flat, one language and two, unseen corpora.

python -m experiments.llmner.run
python -m experiments.llmner.run --size full   # for a GPU
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from experiments.studies import Study, main, varied
from experiments.study_run import Run
from vaner.training.recipe.schema import Recipe

NESTED, FLAT, CHINESE = "GENIA-nested", "NCBI-disease", "CMeEE"
# What each model is trained on, and the corpora it has never seen that it is asked about too.
MODELS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    NESTED: ((NESTED,), ("BC5CDR",)),
    FLAT: ((FLAT,), ("BC5CDR",)),
    CHINESE: ((CHINESE,), ("cMedQANER",)),
    "bilingual": ((NESTED, FLAT, CHINESE), ("BC5CDR", "cMedQANER")),
}
# On the flat corpus also the other of each two: what is learnt of an answer, how it is asked for.
OTHER = {"answer": "decisions", "decisions": "answer", "full": "compact", "compact": "full"}
# GENIA has no standard train split at hand. CMeEE has no public test: its devel stands for that,
# and the end of train, which is not trained on, chooses.
TRAIN = {NESTED: "train_partial"}
TEST_LIMIT = {"small": 200, "full": None}
# The small LLaMA reads Chinese byte by byte, and is asked for each of up to eleven types.
CHINESE_LIMIT = {"small": 50, "full": None}
LEARNING = 14_500  # first documents of CMeEE's train; the last 500 choose


def runs(recipe: Recipe, size: str, root: Path | None) -> Iterator[Run]:
    model = recipe.model.model_dump()
    changes: list[dict[str, Any]] = [{key: OTHER[model[key]]} for key in ("loss", "instruction")]
    for name, (corpora, unseen) in MODELS.items():
        limit = (CHINESE_LIMIT if CHINESE in corpora else TEST_LIMIT)[size]
        for change in ({}, *changes) if name == FLAT else ({},):
            wanted = varied(on_corpora(recipe, corpora, unseen), model=change)
            own = model | change
            details = {"trained on": name} | {key: own[key] for key in ("loss", "instruction")}
            yield Run(details, wanted, (*corpora, *unseen), limit)


def on_corpora(recipe: Recipe, corpora: tuple[str, ...], unseen: tuple[str, ...] = ()) -> Recipe:
    """The recipe on some corpora; what stands in the tests of the unseen ones is held out too."""
    [stage], [dev] = recipe.stages, recipe.dev
    sources, chosen_by = [], []
    for name in corpora:
        source = stage.sources[0].model_dump() | {"corpus": name}
        source["split"] = TRAIN.get(name, "train")
        chosen = dev.model_dump() | {"corpus": name}
        if name == CHINESE:
            source["limit"] = source["limit"] or LEARNING
            chosen |= {"split": "train", "skip": LEARNING}
        sources.append(source)
        chosen_by.append(chosen)
    return varied(
        recipe,
        stages=[stage.model_dump() | {"sources": sources}],
        dev=chosen_by,
        held_out=list(unseen),
    )


STUDY = Study(
    Path(__file__).resolve().parent,
    "Generation with symbolic tagging: nested, flat, bilingual, unseen corpora (LLMNER).",
    runs,
    keys=("trained on", "loss", "instruction"),
    recipes=Path(__file__).resolve().parent,
)

if __name__ == "__main__":
    main(STUDY)
