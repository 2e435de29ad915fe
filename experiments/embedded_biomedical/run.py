"""The default model of the package: python -m experiments.embedded_biomedical.run"""

from experiments.experiment import main

CORPORA = ["NCBI-disease", "BC5CDR", "BC2GM", "JNLPBA-cells", "Linnaeus", "S800"]

if __name__ == "__main__":
    main(__file__, corpora=CORPORA, ship="biomedical")
