"""The embedded model disease-chemical: python -m experiments.embedded_disease_chemical.run"""

from experiments.experiment import main

if __name__ == "__main__":
    main(__file__, corpora=["NCBI-disease", "BC5CDR"], ship="disease-chemical")
