"""Nested entities by brackets: python -m experiments.llmner.genia.run"""

from experiments.experiment import main

if __name__ == "__main__":
    main(
        __file__, corpora=["GENIA-nested"], limit=400
    )  # of 1,732: all takes half an hour of a core
