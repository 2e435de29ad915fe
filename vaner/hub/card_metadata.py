"""What the Hub reads of a card: base model, corpora, figures, tags."""

from __future__ import annotations

from typing import Any

from vaner.corpora import lookup
from vaner.hub.model_description import ModelDescription

_TASK = {"type": "token-classification", "name": "Named entity recognition"}
_METRICS = ("f1", "precision", "recall")


def build_metadata(
    model: ModelDescription, name: str, license: str | None = None
) -> dict[str, Any]:
    """The head of a model's card, in the fields of the Hub's model cards.

    A field that nothing is known of is left out. Figures stand in ``model-index``, which the Hub
    shows beside the model: a result for every split and type, in [0, 1], strict.

    Args:
        model: the model.
        name: what it is called.
        license: of the model. Nobody else can state it: the backbone has one, and the corpora.
    """
    head = {
        "library_name": "vaner",
        "pipeline_tag": "token-classification",
        "base_model": model.base_model,
        "base_model_relation": _relation(model) if model.base_model else None,
        "language": list(model.training.get("languages", ["en"])),
        "license": license,
        "datasets": list(dict.fromkeys(_whole(corpus) for corpus in model.corpora)),
        "metrics": list(_METRICS) if model.figures else None,
        "tags": ["vaner", "token-classification", "biomedical", "named-entity-recognition"],
        "model-index": [{"name": name.rpartition("/")[2], "results": _results(model)}]
        if model.figures
        else None,
    }
    return {field: value for field, value in head.items() if value}


def _relation(model: ModelDescription) -> str:
    return "adapter" if model.adapted else "finetune"


def _whole(corpus: str) -> str:
    info = lookup(corpus)
    return info.base_corpus if info else corpus


def _results(model: ModelDescription) -> list[dict[str, Any]]:
    found = []
    for place, types in model.figures.items():
        corpus, _, split = place.rpartition(" ")
        dataset = {"name": corpus, "type": _whole(corpus).lower(), "split": split}
        metrics = [
            {"type": kind, "value": round(score[kind], 4), "name": f"strict {kind} ({type})"}
            for type, score in types.items()
            for kind in _METRICS
        ]
        found.append({"task": dict(_TASK), "dataset": dataset, "metrics": metrics})
    return found
