"""A generator for nested entities: python -m experiments.llmner.genia.run"""

from experiments.experiment import main

if __name__ == "__main__":
    # 400 of 1,732 sentences: all of them take half an hour on one core.
    main(__file__, corpora=["GENIA-nested"], limit=400)
