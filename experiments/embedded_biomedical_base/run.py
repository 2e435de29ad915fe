"""The larger model of the package: python -m experiments.embedded_biomedical_base.run"""

from experiments.embedded_biomedical.run import CORPORA
from experiments.experiment import main

if __name__ == "__main__":
    main(__file__, corpora=CORPORA, ship="biomedical-base")
