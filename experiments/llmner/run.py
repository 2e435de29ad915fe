"""Generation with brackets (LLMNER): nested and flat, one and two languages, new corpora.

python -m experiments.llmner.run
python -m experiments.llmner.run --size full   # for a GPU
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from experiments.studies import Study, main, with_changes
from experiments.study_run import Run
from vaner.training.recipe.schema import Recipe

NESTED, FLAT, CHINESE = "GENIA-nested", "NCBI-disease", "CMeEE"
# Model -> its training corpora, and the new corpora that it is scored on too.
MODELS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    NESTED: ((NESTED,), ("BC5CDR",)),
    FLAT: ((FLAT,), ("BC5CDR",)),
    CHINESE: ((CHINESE,), ("cMedQANER",)),
    "bilingual": ((NESTED, FLAT, CHINESE), ("BC5CDR", "cMedQANER")),
}
# The flat corpus also compares the other loss and the other instruction.
OTHER = {"answer": "decisions", "decisions": "answer", "full": "compact", "compact": "full"}
# The standard train split of GENIA was not available. CMeEE has no public test split: devel
# replaces it, and the end of train, which is not trained on, selects the model.
TRAIN = {NESTED: "train_partial"}
TEST_LIMIT = {"small": 200, "full": None}
# The small LLaMA reads Chinese byte by byte, with a prompt for each of up to eleven types.
CHINESE_LIMIT = {"small": 50, "full": None}
TRAINING_DOCUMENTS = 14_500  # of CMeEE's train split; the last 500 select the model


def runs(recipe: Recipe, size: str, root: Path | None) -> Iterator[Run]:
    model = recipe.model.model_dump()
    changes: list[dict[str, Any]] = [{key: OTHER[model[key]]} for key in ("loss", "instruction")]
    for name, (corpora, unseen) in MODELS.items():
        limit = (CHINESE_LIMIT if CHINESE in corpora else TEST_LIMIT)[size]
        for change in ({}, *changes) if name == FLAT else ({},):
            run_recipe = with_changes(on_corpora(recipe, corpora, unseen), model=change)
            settings = model | change
            details = {"trained on": name}
            details |= {key: settings[key] for key in ("loss", "instruction")}
            yield Run(details, run_recipe, (*corpora, *unseen), limit)


def on_corpora(recipe: Recipe, corpora: tuple[str, ...], unseen: tuple[str, ...] = ()) -> Recipe:
    """Return the recipe for some corpora, with the test splits of the unseen ones held out."""
    [stage], [dev] = recipe.stages, recipe.dev
    sources, dev_sets = [], []
    for name in corpora:
        source = stage.sources[0].model_dump() | {"corpus": name}
        source["split"] = TRAIN.get(name, "train")
        dev_set = dev.model_dump() | {"corpus": name}
        if name == CHINESE:
            source["limit"] = source["limit"] or TRAINING_DOCUMENTS
            dev_set |= {"split": "train", "skip": TRAINING_DOCUMENTS}
        sources.append(source)
        dev_sets.append(dev_set)
    return with_changes(
        recipe,
        stages=[stage.model_dump() | {"sources": sources}],
        dev=dev_sets,
        held_out=list(unseen),
    )


STUDY = Study(
    Path(__file__).resolve().parent,
    "How good is generation: nested, flat, bilingual, new corpora (LLMNER)?",
    runs,
    keys=("trained on", "loss", "instruction"),
    recipes=Path(__file__).resolve().parent,
)

if __name__ == "__main__":
    main(STUDY)
