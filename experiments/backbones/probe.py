"""Try one architecture as the backbone of a tagger, from the checkpoint to the reloaded model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor

from experiments.backbones.architectures import save_model
from vaner.backbones.encoding import Encoder, Row
from vaner.errors import VanerError
from vaner.tagger.batch_tensors import collate
from vaner.tagger.model import VanerForTokenClassification
from vaner.text.words import split_words

SENTENCES = (
    "Metformin treats type 2 diabetes.",
    "Aspirin.",
    "Patients with asthma, eczema and hay fever had nothing at all for weeks.",
)
_MAX_SUBWORDS = 128
_TOLERANCE = 1e-3  # of tag scores, which are about 1
_LORA = {"r": 4, "target_modules": "all-linear"}


@dataclass(frozen=True)
class Outcome:
    """What became of an architecture.

    Args:
        name: its model type.
        layers: how far its layers see: to the left and to the right, without duplicates.
        layout: the layout of batches, or ``refused``.
        lora, full: result of training an adapter and of training all weights: ``ok``, ``refused:``
            and the reason, or ``wrong:`` and what is wrong.
        note: why rows are not packed.
    """

    name: str
    layers: tuple[str, ...]
    layout: str
    lora: str
    full: str
    note: str = ""

    @property
    def is_wrong(self) -> bool:
        """Whether it fails without a clear message."""
        return any(result.startswith("wrong:") for result in (self.lora, self.full))


def probe(name: str) -> Outcome:
    """Try an architecture with random weights."""
    with TemporaryDirectory() as work:
        backbone = save_model(name, Path(work) / "backbone")
        trials: dict[str, Any] = {}
        results = {}
        for label, options in (("lora", {"lora": _LORA}), ("full", {})):
            folder = Path(work) / label
            result = _describe(partial(_train, backbone, options, folder, trials))
            results[label] = result.replace(f"{backbone}: ", "")
    trial = trials.get("trial")
    reach = trial.reach if trial else ()
    layers = tuple(dict.fromkeys(_describe_reach(item.left, item.right) for item in reach))
    is_refused = all(result.startswith("refused:") for result in results.values())
    layout = "refused" if is_refused or trial is None else trial.layout
    note = trial.reason if trial and not is_refused else ""
    return Outcome(name, layers, layout, results["lora"], results["full"], note)


def _describe_reach(left: int, right: int) -> str:
    if left and right:
        return "both sides"
    return "left only" if left else "right only" if right else "itself"


def _describe(run: Callable[[], str]) -> str:
    try:
        problem = run()
    except VanerError as error:
        return f"refused: {error}"
    except Exception as error:
        return f"wrong: {type(error).__name__}: {error}".splitlines()[0][:300]
    return f"wrong: {problem}" if problem else "ok"


def _train(backbone: Path, options: dict[str, Any], folder: Path, trials: dict[str, Any]) -> str:
    """Make a training step, save and load; return what is wrong then."""
    torch.manual_seed(0)
    model = VanerForTokenClassification.from_backbone(
        str(backbone),
        types=["Disease"],
        max_subwords=_MAX_SUBWORDS,
        dropout=0.0,
        backbone_dropout=0.0,
        **options,
    )
    trials["trial"] = model.trial
    model.check_backbone()
    rows = _encode(backbone)
    before = {n: p.detach().clone() for n, p in model.named_parameters() if p.requires_grad}
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.01)
    for _ in range(2):
        optimizer.zero_grad()
        model.train()(**collate(rows, model.layout)).loss.backward()
        optimizer.step()
    names = [name for name, weight in model.named_parameters() if name in before
             and torch.equal(weight, before[name]) and "backbone" in name]  # fmt: skip
    if len(names) == len([name for name in before if "backbone" in name]):
        return "training changes no weight of the backbone"
    model.train(False)
    expected = _score(model, rows)
    alone = [_score(model, [row])[0] for row in rows]
    if problem := _compare(alone, expected, "alone and in a batch"):
        return problem
    model.save_pretrained(folder)
    again = VanerForTokenClassification.from_pretrained(folder)
    again.train(False)
    if problem := _compare(_score(again, rows), expected, "before and after loading"):
        return problem
    model.load_trained_weights(folder)
    return _compare(_score(model, rows), expected, "before and after resuming")


def _encode(backbone: Path) -> list[Row]:
    encoder = Encoder.from_folder(backbone, _MAX_SUBWORDS)
    rows = []
    for text in SENTENCES:
        words = split_words(text)
        rows.append(next(encoder.rows(text, words, "Disease: ", [1] + [0] * (len(words) - 1))))
    return rows


@torch.no_grad()
def _score(model: VanerForTokenClassification, rows: Sequence[Row]) -> list[Tensor]:
    batch = {k: v for k, v in collate(rows, model.layout).items() if k != "tags"}
    return [
        scores[: len(row.starts)] for scores, row in zip(model(**batch).logits, rows, strict=True)
    ]


def _compare(actual: Sequence[Tensor], expected: Sequence[Tensor], what: str) -> str:
    difference = max(float((a - b).abs().max()) for a, b in zip(actual, expected, strict=True))
    return "" if difference <= _TOLERANCE else f"scores {what} differ by {difference:.2g}"
