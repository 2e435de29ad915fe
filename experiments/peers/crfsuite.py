"""CRFsuite: a linear-chain CRF with hand-made features, trained with L-BFGS.

Training is deterministic. The two penalties are chosen on devel from a few that its documentation
and tutorials use. All other settings are CRFsuite's defaults.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from experiments.peers.features import extract_features
from experiments.peers.peer import Tagger, Task, TrainedPeer
from experiments.peers.sentences import Tags

PENALTIES = ((0.0, 1.0), (0.1, 0.1), (1.0, 0.001))  # c1 (L1) and c2 (L2)
ITERATIONS = 200


def train(task: Task) -> TrainedPeer:
    """Train with each pair of penalties and return the model that is best on devel."""
    import pycrfsuite

    trainer = pycrfsuite.Trainer("lbfgs", verbose=False)
    for sentence in task.train.sentences:
        trainer.append(extract_features(sentence.words), sentence.tags)
    models: dict[tuple[float, float], Tagger] = {}
    devel_f1: dict[tuple[float, float], float] = {}
    for c1, c2 in PENALTIES:
        path = task.folder / f"{c1}-{c2}.crfsuite"
        options: dict[str, Any] = {"c1": c1, "c2": c2, "max_iterations": ITERATIONS}
        # Score transitions that do not occur in train too, so that the model avoids I after O.
        trainer.set_params({**options, "feature.possible_transitions": True})
        trainer.train(str(path))
        models[c1, c2] = _load_tagger(str(path))
        devel_f1[c1, c2] = task.devel.f1(models[c1, c2](task.devel.words))
    best = max(devel_f1, key=devel_f1.__getitem__)
    settings = {
        "c1": best[0],
        "c2": best[1],
        "max_iterations": ITERATIONS,
        "devel_f1": {f"c1={c1} c2={c2}": f1 for (c1, c2), f1 in devel_f1.items()},
    }
    return TrainedPeer(models[best], settings)


def _load_tagger(path: str) -> Tagger:
    import pycrfsuite

    tagger = pycrfsuite.Tagger()
    tagger.open(path)

    def tag(sentences: Sequence[Sequence[str]]) -> list[Tags]:
        return [tagger.tag(extract_features(words)) for words in sentences]

    return tag
