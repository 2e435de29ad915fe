"""spaCy's named entity recogniser from scratch: a convolutional tok2vec and a transition parser.

The configuration is what ``spacy init config --lang en --pipeline ner`` writes, the training is
what ``spacy train`` does: no vectors, nothing pretrained, evaluated on devel every 200 steps, over
after 1,600 steps without a better one, and the best on devel is kept.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.peers.peer import Learnt, Task
from experiments.peers.sentences import Split, Tags


def learn(task: Task) -> Learnt:
    """Train until devel says that it is enough."""
    import spacy
    from spacy.training.initialize import init_nlp
    from spacy.training.loop import train

    config = _config(task)
    train(init_nlp(config), task.folder, stdout=sys.stderr, stderr=sys.stderr)
    best = spacy.load(task.folder / "model-best")

    def tag(sentences: Sequence[Sequence[str]]) -> list[Tags]:
        docs = (spacy.tokens.Doc(best.vocab, words=list(words)) for words in sentences)
        return [[_tag(token) for token in doc] for doc in best.pipe(docs)]

    kept = ("patience", "max_steps", "eval_frequency", "dropout")
    settings = {name: config["training"][name] for name in kept}
    return Learnt(tag, {"init_config": "ner, efficiency", **settings})


def _config(task: Task) -> Any:
    from spacy.cli.init_config import init_config

    config = init_config(lang="en", pipeline=["ner"], optimize="efficiency", gpu=False)
    config["system"]["seed"] = task.seed
    for name, split in (("train", task.train), ("dev", task.devel)):
        path = task.folder / f"{name}.spacy"
        _write(split, path)
        config["paths"][name] = str(path)
        # Otherwise spaCy cuts the text anew, and a mention inside a token of its own is lost.
        config["corpora"][name]["gold_preproc"] = True
    return config


def _write(split: Split, path: Path) -> None:
    import spacy
    from spacy.tokens import Doc, DocBin

    vocab = spacy.blank("en").vocab
    docs = (Doc(vocab, words=list(s.words), ents=list(s.tags)) for s in split.sentences)
    DocBin(docs=docs).to_disk(path)


def _tag(token: Any) -> str:
    return f"{token.ent_iob_}-{token.ent_type_}" if token.ent_type_ else "O"
