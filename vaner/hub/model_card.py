"""The model card: written from a model's own files, so that it says what they say.

Only the limits are typed by hand. What stands outside of its two marks is a person's, and kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from vaner.backbones.embedded import EMBEDDED
from vaner.corpora import lookup
from vaner.hub.card_metadata import build_metadata
from vaner.hub.model_description import ModelDescription
from vaner.hub.training_record import list_training_splits

_BEGIN = "<!-- vaner:card begins: this part is written anew with every push -->"
_END = "<!-- vaner:card ends: what stands below is kept -->"
_HEAD = re.compile(r"\A---\r?\n(.*?)^---\s*?$\n?", re.DOTALL | re.MULTILINE)


def build_card(model: ModelDescription, name: str, license: str | None = None) -> str:
    """The card of a model.

    Args:
        model: the model.
        name: what it is called: a repository on the Hub, or an embedded name.
        license: of the model, in the Hub's spelling; not told if None.
    """
    parts = [
        f"# {name.rpartition('/')[2]}",
        f"{_told(model)}\n\n{_made(model)}",
        _example(model, name),
        "## Training data\n\n" + "\n\n".join(_training(model)),
        "## Strict entity figures\n\n" + "\n\n".join(_figures(model, name)),
        *_scores(model),
        "## Limits\n\n" + "\n".join(f"- {limit}" for limit in _limits(model)),
    ]
    body = "\n\n".join(parts)
    return f"{_front(build_metadata(model, name, license))}\n{_BEGIN}\n\n{body}\n\n{_END}\n"


def merge_cards(new: str, old: str) -> str:
    r"""A card in place of another one, of which all that a person wrote stays.

    Where the other one has no part of ours, all of its text stays, below. So does its licence.

    >>> old = "---\nlicense: mit\ndoi: 10.1\n---\nMine.\n"
    >>> print(merge_cards("---\nlibrary_name: vaner\n---\nCard.\n", old), end="")
    ---
    license: mit
    doi: 10.1
    library_name: vaner
    ---
    Card.
    <BLANKLINE>
    Mine.
    """
    ours, body = _split(new)
    theirs, text = _split(old)
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if begin and end:
        text = f"{before.lstrip()}{body.strip()}{after}"
    else:
        text = f"{body.strip()}\n\n{text.strip()}".rstrip() + "\n"
    return f"{_front({**theirs, **ours} if ours else theirs)}{text.lstrip()}"


def _split(text: str) -> tuple[dict[str, Any], str]:
    found = _HEAD.match(text)
    if found is None:
        return {}, text
    try:
        head = yaml.safe_load(found[1])
    except yaml.YAMLError:
        head = None
    return head if isinstance(head, dict) else {}, text[found.end() :]


def _front(head: Mapping[str, Any]) -> str:
    text = yaml.safe_dump(dict(head), sort_keys=False, allow_unicode=True, width=100)
    return f"---\n{text}---\n"


def _told(model: ModelDescription) -> str:
    types, chinese = ", ".join(model.types), "zh" in model.training.get("languages", ())
    english = "en" in model.training.get("languages", ("en",))
    language = " and ".join(["English"] * english + ["Chinese"] * chinese)
    if model.kind == "selector":
        return f"Tells right mentions of {types} from wrong ones in {language} biomedical text."
    nested = ", nested ones too" if model.kind == "generator" else ""
    return f"Finds {types} in {language} biomedical text{nested}."


def _made(model: ModelDescription) -> str:
    heads = {"tagger": ", head and CRF transitions (fp32)", "selector": ", head (fp32)"}
    own = f"{model.size / 1e6:.1f} MB: {_trained(model)} ({', '.join(model.dtypes)})"
    own += heads.get(model.kind, "") if model.on_backbone else ""
    embedded = EMBEDDED.get(model.backbone)
    on = f"on `{model.backbone}`"
    if embedded:
        on += f" ({embedded.license})"
        if model.config.get("backbone_origin") == "package":
            on += f" as carried by the PyPI package\n`{embedded.package}`"
    return f"{own},\n{on}. Attention is {model.config.get('attention')};\n{_passes(model)}."


def _trained(model: ModelDescription) -> str:
    frozen, layers = model.config.get("frozen_layers"), model.layers
    if frozen is not None:
        return f"layers {frozen + 1} to {layers} of {layers}"
    if model.adapted:
        return f"a LoRA adapter for the first {layers} layers"
    return f"all weights of {layers} layers"


def _passes(model: ModelDescription) -> str:
    if model.kind == "generator":
        return "it copies each sentence and puts brackets round the mentions of one type a pass"
    if model.kind == "selector":
        return "each mention is judged by itself, marked in its sentence"
    if model.config.get("joint"):
        return "one pass finds all types"
    named, nameless = (model.config["instruction"][kind].strip() for kind in ("named", "nameless"))
    return (
        f"every type is a pass under its own instruction\n(`{named}`, or without a corpus's name "
        f"`{nameless}`)"
    )


def _example(model: ModelDescription, name: str) -> str:
    text = "Metformin is given for type 2 diabetes."
    if "en" not in model.training.get("languages", ("en",)):
        text = "患者因糖尿病服用二甲双胍。"
    given = f'selector="{name}"' if model.kind == "selector" else f'"{name}"'
    lines = [
        "from vaner import Annotator",
        "",
        f"annotator = Annotator.from_pretrained({given})",
        f'print(annotator("{text}").spans)',
    ]
    return "```python\n" + "\n".join(lines) + "\n```"


def _training(model: ModelDescription) -> Iterator[str]:
    known = model.training
    if known:
        minutes = max(1, round(known["seconds"] / 60))
        first = known.get("began_with")
        chosen = (
            f", chosen on {'; '.join(known['chosen_before'])}" if "chosen_before" in known else ""
        )
        began = f"Began with the weights of {first}{chosen}. " if first else ""
        yield (
            f"{began}Trained on {'; '.join(known['trained_on'])}{_taught(known)}; chosen on "
            f"{'; '.join(known['chosen_on'])}\n(strict micro F1 there {100 * known['dev_f1']:.2f} "
            f"%); test is never read in training. Seed {known['seed']},\n"
            f"{minutes} minute{'s' * (minutes > 1)} on {_machine(known.get('machine', {}))}."
        )
    else:
        yield "How it was trained is not written down beside its weights."
    stated = known.get("licences", {})
    texts = (
        name for name, _ in list_training_splits(known)
    )  # those that a teacher tagged among them
    names = dict.fromkeys((*model.corpora, *texts, *stated))
    rows = [f"| {corpus} | {_licence(corpus, stated)} |" for corpus in names]
    if rows:
        head = "| corpus | licence as the source of the files states it |\n|---|---|\n"
        yield head + "\n".join(rows)


def _taught(known: Mapping[str, Any]) -> str:
    taught = known.get("taught_on")
    return f"\n(the teachers on {'; '.join(taught)})" if taught else ""


def _machine(machine: Mapping[str, Any]) -> str:
    gpu = machine.get("gpu")
    return f"one {gpu}" if gpu else f"{machine.get('cpus', 'some')} CPU cores"


def _licence(corpus: str, stated: Mapping[str, str]) -> str:
    info = lookup(corpus)
    return info.license if info else stated.get(corpus, "not registered")


def _figures(model: ModelDescription, name: str) -> Iterator[str]:
    if not model.figures:
        yield "It states none yet."
        return
    yield (
        "Document, start, end and type must all agree; gold that it cannot express counts as "
        "missed.\n95% intervals by bootstrap over documents, or sentences where none are named."
    )
    head = "| corpus and split | type | P % | R % | F1 % | 95% interval |\n"
    yield head + "|---|---|--:|--:|--:|---|\n" + "\n".join(_rows(model))
    made = model.training.get("commit")
    by = f"Trained by commit {made}; scored again" if made else "Scored again"
    yield f"{by} with `vaner evaluate --model {name} --all`."


def _rows(model: ModelDescription) -> Iterator[str]:
    for place, types in model.figures.items():
        for type, score in types.items():
            p, r, f1 = (100 * score[kind] for kind in ("precision", "recall", "f1"))
            low, high = (100 * bound for bound in score["intervals"]["f1"])
            yield (f"| {place} | {type} | {p:.2f} | {r:.2f} | {f1:.2f} | {low:.2f} to {high:.2f} |")


def _scores(model: ModelDescription) -> Iterator[str]:
    """How far its scores can be trusted, where they were calibrated."""
    found = model.calibration
    if found is None:
        return
    places = (
        f"{one['corpus']} {one['split']} ({one['documents']} of {one['drawn_from']} documents)"
        for one in found.record.get("fitted_on", ())
    )
    head = "| type | mentions | temperature | ECE % before | after |\n|---|--:|--:|--:|--:|\n"
    rows = "\n".join(
        f"| {type} | {fit.mentions} | {fit.temperature:.2f} | {100 * fit.error:.1f} "
        f"| {100 * fit.calibrated_error:.1f} |"
        for type, fit in (*found.types.items(), ("all", found.all_types))
    )
    yield (
        "## Scores\n\nThey are probabilities, calibrated on "
        f"{', '.join(places)}.\nThe errors (ECE) are of documents of these that were not fitted on."
        f"\n\n{head}{rows}"
    )


def _limits(model: ModelDescription) -> Iterator[str]:
    guidelines = "Annotation guidelines differ between corpora"
    if model.config.get("joint"):
        yield (
            f"{guidelines}, and none of them annotates all types: each type is\n  found as its own "
            "corpora have it. One word gets one type."
        )
    elif model.kind == "tagger" and model.config.get("instruction", {}).get("named"):
        yield (
            f"{guidelines}: with a corpus's name in the instruction\n  (`--corpus`) the model "
            "follows that corpus, without one something between them."
        )
    else:
        yield f"{guidelines}; it follows those that it was trained on."
    if model.kind != "selector":
        yield (
            "Mentions it never saw in training are found less often; the evaluation prints seen "
            "and unseen\n  ones apart."
        )
    if model.kind == "tagger":
        yield "Discontinuous and nested mentions are outside what tags can spell."
    if model.kind == "generator":
        yield "Discontinuous mentions, and those of one type that cross, are outside its brackets."
    if model.on_backbone:
        yield "The backbone's own weights are not here; they are found by its name on loading."
    yield "It is a research tool. It is not a medical device, and its output needs a reader."
