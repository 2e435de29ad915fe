"""A LLaMA on the mixture of the shipped models: python -m experiments.llama_types.run"""

from experiments.embedded_biomedical.run import CORPORA
from experiments.experiment import main

if __name__ == "__main__":
    main(__file__, corpora=CORPORA)
