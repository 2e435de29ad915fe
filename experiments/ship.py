"""Make a trained model small enough to ship in the package, with a model card.

What was trained of the backbone, adapter or layers, is rounded to bf16 (what is scored is the
rounded one), head and transitions stay fp32, the tokenizer is the backbone's own.
"""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from vaner.corpora import lookup
from vaner.modeling.config import VanerConfig
from vaner.modeling.finding import EMBEDDED
from vaner.modeling.storage import ADAPTER_FILE, HEAD_FILE, LAYERS_FILE
from vaner.scoring.stated import write_stated


def shipped_folder(name: str) -> Path:
    """Where an embedded model lies in the package."""
    return Path(str(files("vaner") / "models" / name))


def ship(model: Path, name: str) -> Path:
    """Copy a model into the package, its adapter or its layers in bf16."""
    target = shipped_folder(name)
    target.mkdir(parents=True, exist_ok=True)
    for file in model.iterdir():
        if file.name in (ADAPTER_FILE, LAYERS_FILE):
            trained = {k: v.to(torch.bfloat16) for k, v in load_file(file).items()}
            save_file(trained, target / file.name, metadata={"format": "pt"})
        elif file.name in (HEAD_FILE, "adapter_config.json"):
            shutil.copyfile(file, target / file.name)
    config = VanerConfig.from_pretrained(model)
    config.backbone_config._name_or_path = config.backbone
    config.save_pretrained(target)
    return target


def write_card(record: dict[str, Any], name: str) -> None:
    """Write the model card and the figures from the results: only the limits are typed by hand."""
    target = shipped_folder(name)
    config = VanerConfig.from_pretrained(target)
    text = card(record, config, name)
    (target / "README.md").write_text(text, "utf-8")
    write_stated(target, record["seeds"][0]["scores"])


def card(record: dict[str, Any], config: VanerConfig, name: str) -> str:
    """The card of an embedded model."""
    [run] = record["seeds"]
    size = sum(f.stat().st_size for f in shipped_folder(name).glob("*.safetensors")) / 1e6
    corpora = list(config.datasets)
    return f"""---
library_name: vaner
base_model: {EMBEDDED[config.backbone].hub}
language: en
license: apache-2.0
tags: [token-classification, biomedical, named-entity-recognition]
---

# {name}

Finds {", ".join(config.types)} in English biomedical text.

{size:.1f} MB: {_trained(config)} (bf16), head and CRF transitions (fp32),
on `{config.backbone}` ({EMBEDDED[config.backbone].licence}) as carried by the PyPI package
`{EMBEDDED[config.backbone].package}`. Attention is {config.attention};
{_passes(config)}.

```python
from vaner import Annotator

annotator = Annotator.from_pretrained("{name}")
print(annotator("Metformin is given for type 2 diabetes.").spans)
```

## Training data

Trained on {", ".join(record["trained_on"])}; chosen on {", ".join(record["chosen_on"])} (strict
micro F1 there {100 * run["dev_f1"]:.2f} %); test scored once, after the choice. One seed
({run["seed"]}), {run["seconds"] / 60:.0f} minutes on {record["machine"]["cpus"]} CPU cores.

| corpus | licence as the source of the files states it |
|---|---|
{chr(10).join(f"| {c} | {_licence(c)} |" for c in corpora)}

## Strict entity figures

Document, start, end and type must all agree; gold that words and tags cannot spell counts as
missed. 95% intervals by bootstrap over sentences.

| corpus and split | type | P % | R % | F1 % | 95% interval |
|---|---|--:|--:|--:|---|
{chr(10).join(_rows(run["scores"]))}

Made by commit {record["commit"] or "unknown"}; again with `vaner evaluate --model {name} --all`.

## Limits

- Annotation guidelines differ between corpora{_guidelines(config)}.
- Mentions it never saw in training are found less often; the evaluation prints seen and unseen
  ones apart.
- Discontinuous and nested mentions are outside what tags can spell.
- It is a research tool. It is not a medical device, and its output needs a reader.
"""


def _trained(config: VanerConfig) -> str:
    layers = config.own_backbone.get_text_config().num_hidden_layers
    if config.frozen_layers is None:
        return f"a LoRA adapter for the first {layers} layers"
    return f"layers {config.frozen_layers + 1} to {layers} of {layers}"


def _passes(config: VanerConfig) -> str:
    if config.joint:
        return "one pass finds all types"
    named, nameless = (config.instruction[kind].strip() for kind in ("named", "nameless"))
    return (
        f"every type is a pass under its own instruction\n(`{named}`, or without a corpus's name "
        f"`{nameless}`)"
    )


def _guidelines(config: VanerConfig) -> str:
    if config.joint:
        return (
            ", and none of them annotates all types: each type is\n  found as its own corpora have "
            "it. One word gets one type"
        )
    return (
        ": with a corpus's name in the instruction\n  (`--dataset`) the model follows that corpus, "
        "without one something between them"
    )


def _licence(corpus: str) -> str:
    info = lookup(corpus)
    return info.licence if info else "not registered"


def _rows(scores: dict[str, Any]) -> list[str]:
    rows = []
    for place, found in scores.items():
        kinds = found["types"] if len(found["types"]) > 1 else {}
        for name, score in [
            *kinds.items(),
            ("all" if kinds else found["scored_types"][0], found["micro"]),
        ]:
            low, high = score["intervals"]["f1"]
            p, r, f1 = (100 * score[k] for k in ("precision", "recall", "f1"))
            rows.append(
                f"| {place} | {name} | {p:.2f} | {r:.2f} | {f1:.2f} "
                f"| {100 * low:.2f} to {100 * high:.2f} |"
            )
    return rows
