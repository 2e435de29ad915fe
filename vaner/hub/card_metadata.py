"""Metadata of a model card that the Hub reads: base model, corpora, results, tags."""

from __future__ import annotations

from typing import Any

from vaner.corpora import lookup
from vaner.hub.model_description import ModelDescription

_TASK = {"type": "token-classification", "name": "Named entity recognition"}
_METRICS = ("f1", "precision", "recall")


def build_metadata(
    model: ModelDescription, name: str, license: str | None = None
) -> dict[str, Any]:
    """Return the metadata of a model card, in the fields of the Hub.

    Unknown fields are left out. Results are in ``model-index``, which the Hub displays next to the
    model: strict scores from 0 to 1 for every split and type.

    Args:
        model: Description of the model.
        name: Name of the model.
        license: License of the model. It must be given, because it does not follow from the
            licenses of the backbone and the corpora.
    """
    metadata = {
        "library_name": "vaner",
        "pipeline_tag": "token-classification",
        "base_model": model.base_model,
        "base_model_relation": _get_relation(model) if model.base_model else None,
        "language": list(model.training.get("languages", ["en"])),
        "license": license,
        "datasets": list(dict.fromkeys(_get_base_corpus(corpus) for corpus in model.corpora)),
        "metrics": list(_METRICS) if model.results else None,
        "tags": ["vaner", "token-classification", "biomedical", "named-entity-recognition"],
        "model-index": [{"name": name.rpartition("/")[2], "results": _list_results(model)}]
        if model.results
        else None,
    }
    return {field: value for field, value in metadata.items() if value}


def _get_relation(model: ModelDescription) -> str:
    return "adapter" if model.is_adapter else "finetune"


def _get_base_corpus(corpus: str) -> str:
    info = lookup(corpus)
    return info.base_corpus if info else corpus


def _list_results(model: ModelDescription) -> list[dict[str, Any]]:
    results = []
    for corpus_and_split, types in model.results.items():
        corpus, _, split = corpus_and_split.rpartition(" ")
        dataset = {"name": corpus, "type": _get_base_corpus(corpus).lower(), "split": split}
        metrics = [
            {"type": metric, "value": round(score[metric], 4), "name": f"strict {metric} ({type})"}
            for type, score in types.items()
            for metric in _METRICS
        ]
        results.append({"task": dict(_TASK), "dataset": dataset, "metrics": metrics})
    return results
