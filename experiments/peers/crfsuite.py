"""A linear-chain CRF over hand-made features: CRFsuite, trained by L-BFGS.

It has no randomness. The two penalties are chosen on devel out of a few that its documents and
tutorials use; everything else is CRFsuite's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from experiments.peers.features import features
from experiments.peers.peer import Learnt, Tagger, Task
from experiments.peers.sentences import Tags

PENALTIES = ((0.0, 1.0), (0.1, 0.1), (1.0, 0.001))  # c1 and c2: of L1 and of L2
ITERATIONS = 200


def learn(task: Task) -> Learnt:
    """Train with each pair of penalties and keep the best on devel."""
    import pycrfsuite

    trainer = pycrfsuite.Trainer("lbfgs", verbose=False)
    for sentence in task.train.sentences:
        trainer.append(features(sentence.words), sentence.tags)
    models: dict[tuple[float, float], Tagger] = {}
    found: dict[tuple[float, float], float] = {}
    for c1, c2 in PENALTIES:
        place = task.folder / f"{c1}-{c2}.crfsuite"
        options: dict[str, Any] = {"c1": c1, "c2": c2, "max_iterations": ITERATIONS}
        # Transitions never seen in train are scored too, as I after O must be told to be bad.
        trainer.set_params({**options, "feature.possible_transitions": True})
        trainer.train(str(place))
        models[c1, c2] = _tagger(str(place))
        found[c1, c2] = task.devel.f1(models[c1, c2](task.devel.words))
    best = max(found, key=found.__getitem__)
    settings = {
        "c1": best[0],
        "c2": best[1],
        "max_iterations": ITERATIONS,
        "devel_f1": {f"c1={c1} c2={c2}": f1 for (c1, c2), f1 in found.items()},
    }
    return Learnt(models[best], settings)


def _tagger(place: str) -> Tagger:
    import pycrfsuite

    tagger = pycrfsuite.Tagger()
    tagger.open(place)

    def tag(sentences: Sequence[Sequence[str]]) -> list[Tags]:
        return [tagger.tag(features(words)) for words in sentences]

    return tag
