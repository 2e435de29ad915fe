"""The larger model, from which the default model learns: see README.md."""

from experiments.embedded_biomedical.run import CORPORA
from experiments.experiment import main

if __name__ == "__main__":
    main(__file__, corpora=CORPORA)
