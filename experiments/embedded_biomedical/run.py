"""The default model of the package: python -m experiments.embedded_biomedical.run

First trains the model of ../six_corpora, which the recipe begins with, unless it exists. With
``--rescore``, trains nothing and scores the model in the package.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from experiments.experiment import main, rescore
from vaner.training.recipe.file import read_recipe
from vaner.training.train import train

HERE = Path(__file__).resolve().parent
SIX_CORPORA = Path("runs") / "six_corpora"
CORPORA = [
    "NCBI-disease", "BC5CDR", "BC2GM", "JNLPBA-cells", "Linnaeus", "S800", "BioRED", "NLM-Gene",
    "GNormPlus", "tmVar3", "BioID", "BioNLP13CG", "BioNLP13PC", "BioNLP11ID", "CRAFT", "AnatEM",
]  # fmt: skip

if __name__ == "__main__":
    if sys.argv[1:] == ["--rescore"]:
        rescore(__file__, corpora=CORPORA, name="biomedical")
        sys.exit()
    if not (SIX_CORPORA / "seed-1" / "model").is_dir():
        root = os.environ.get("VANER_CORPORA")
        train(
            read_recipe(HERE.parent / "six_corpora" / "recipe.yaml"),
            SIX_CORPORA,
            corpora_root=root,
            resume=True,
        )
    main(__file__, corpora=CORPORA, ship="biomedical")
