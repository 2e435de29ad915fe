"""spaCy's named entity recognizer from scratch: a convolutional tok2vec and a transition parser.

The configuration is that of ``spacy init config --lang en --pipeline ner``, and the training is
that of ``spacy train``: no vectors, nothing pretrained, evaluation on devel every 200 steps, a
patience of 1,600 steps, and the checkpoint that is best on devel.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.peers.peer import Task, TrainedPeer
from experiments.peers.sentences import Split, Tags


def train(task: Task) -> TrainedPeer:
    """Train until devel F1 stops improving."""
    import spacy
    from spacy.training.initialize import init_nlp
    from spacy.training.loop import train as train_spacy

    config = _build_config(task)
    train_spacy(init_nlp(config), task.folder, stdout=sys.stderr, stderr=sys.stderr)
    best = spacy.load(task.folder / "model-best")

    def tag(sentences: Sequence[Sequence[str]]) -> list[Tags]:
        docs = (spacy.tokens.Doc(best.vocab, words=list(words)) for words in sentences)
        return [[_get_tag(token) for token in doc] for doc in best.pipe(docs)]

    names = ("patience", "max_steps", "eval_frequency", "dropout")
    settings = {name: config["training"][name] for name in names}
    return TrainedPeer(tag, {"init_config": "ner, efficiency", **settings})


def _build_config(task: Task) -> Any:
    from spacy.cli.init_config import init_config

    config = init_config(lang="en", pipeline=["ner"], optimize="efficiency", gpu=False)
    config["system"]["seed"] = task.seed
    for name, split in (("train", task.train), ("dev", task.devel)):
        path = task.folder / f"{name}.spacy"
        _write_docs(split, path)
        config["paths"][name] = str(path)
        # Otherwise spaCy tokenizes the text again, and loses mentions inside its tokens.
        config["corpora"][name]["gold_preproc"] = True
    return config


def _write_docs(split: Split, path: Path) -> None:
    import spacy
    from spacy.tokens import Doc, DocBin

    vocab = spacy.blank("en").vocab
    docs = (Doc(vocab, words=list(s.words), ents=list(s.tags)) for s in split.sentences)
    DocBin(docs=docs).to_disk(path)


def _get_tag(token: Any) -> str:
    return f"{token.ent_iob_}-{token.ent_type_}" if token.ent_type_ else "O"
