"""Nested entities by brackets: python -m experiments.llmner.genia.run"""

from experiments.study import main

if __name__ == "__main__":
    main(__file__, corpora=["GENIA-nested"])
