"""A trial to improve the default model: python -m experiments.robust_biomedical.run

Continues the training of ../refined_biomedical with its sources; that model is the teacher too. A
tenth of the sentences is read in lower case, names also begin sentences, and sentences of corpora
that do not annotate variants have none where nothing hints at one. Scores no test split.
"""

from __future__ import annotations

from pathlib import Path

from experiments.distilled_biomedical.run import FIRST
from experiments.distilled_biomedical.sources import check_trained, make_sources
from experiments.experiment import main
from experiments.refined_biomedical.run import NAMES
from experiments.studies import extend_stage, with_changes
from vaner.corpora import REGISTRY
from vaner.training.recipe.file import read_recipe
from vaner.training.recipe.schema import Recipe

START = Path("runs/refined_biomedical/seed-1/average")
SOURCES = Path("runs/robust_biomedical_sources")
TEXT_SHARE = 0.6
"""Share of the lines of each text to use: a run of `STAGE` does not see more sentences."""

STAGE = {
    "steps": 6000, "evaluate_every": 1500, "learning_rate": 5e-5, "head_learning_rate": 5e-4,
}  # fmt: skip
CASING_DROPOUT = 0.1

VARIANT_HINTS = (
    r"(?i:mutat|mutant|variant|polymorphi|snp|allel|genotyp|haplotyp|deletion|insertion|substitut"
    r"|duplicat|repeat|missense|nonsense|frame-?shift|codon|nucleotide|residue|exon|intron|splic"
    r"|position|zygo)|\brs ?\d|\b[cgmp] ?\. ?[(\dA-Z]|[A-Z] ?\d+ ?[A-Z*]\b|[A-Z] ?(?:-+ ?)?> ?[A-Z]"
    r"|\b(?:Ala|Arg|Asn|Asp|Cys|Gln|Glu|Gly|His|Ile|Leu|Lys|Met|Phe|Pro|Ser|Thr|Trp|Tyr|Val)\b"
    r"|\d ?(?:fs|del|ins|dup|X\b)|(?:del|ins|dup) ?[ACGT\d]"
)
"""Only sentences with a match may have variants, in corpora that do not annotate them."""


def make_recipe() -> Recipe:
    """Return the recipe of the default model with these changes, started from its weights."""
    check_trained(START, "refined_biomedical")
    first = read_recipe(FIRST)
    sources = make_sources(first, str(START), TEXT_SHARE, NAMES, SOURCES)
    model = {"init_from": str(START), "casing_dropout": CASING_DROPOUT}
    recipe = extend_stage(first, "robustness", sources, STAGE, **model)
    [stage] = recipe.model_dump()["stages"]
    for source in stage["sources"]:
        info = REGISTRY.get(source["corpus"])
        if info is not None and "Variant" not in info.types.values():
            source["unannotated_where"] = {"Variant": VARIANT_HINTS}
    return with_changes(recipe, stages=[stage])


if __name__ == "__main__":
    main(__file__, corpora=(), make_recipe=make_recipe)
