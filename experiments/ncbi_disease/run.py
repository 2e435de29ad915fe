"""VANER on NCBI-disease, published instruction: python -m experiments.ncbi_disease.run"""

from experiments.experiment import main

if __name__ == "__main__":
    main(__file__, corpora=["NCBI-disease"])
