"""Tests of push and pull over HTTP with a Hub on localhost, each in a separate process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from ast import literal_eval
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.command_line import Run
from tests.hub_server import TOKEN, Hub
from tests.tiny_model import build_model
from vaner.annotator import Annotator
from vaner.errors import ModelError, VanerError
from vaner.hub.model_card import build_card, merge_cards
from vaner.hub.model_description import describe
from vaner.hub.reported_results import parse_evaluation
from vaner.hub.repository import HubError, collect_files
from vaner.hub.training_record import write_training_record

ROOT = Path(__file__).resolve().parents[2]
TEXT = "Aspirin-induced asthma 😀 was seen in patients with type 2 diabetes mellitus."
BACKBONE = "someone/tiny-llama"

Python = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def python(hub: Hub, tmp_path: Path) -> Python:
    """Run Python in a process that uses the local Hub and a separate cache."""

    def run(*arguments: object, **more: str | None) -> subprocess.CompletedProcess[str]:
        variables = {
            **os.environ,
            "HF_ENDPOINT": hub.address,
            "HF_HOME": str(tmp_path / "hf"),
            "HF_TOKEN": TOKEN,
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "1",  # a protocol that the local Hub does not support
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "OMP_NUM_THREADS": "1",
            "no_proxy": "*",
            **more,
        }
        environment = {name: value for name, value in variables.items() if value is not None}
        return subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300,
        )  # fmt: skip

    return run


@pytest.fixture
def vaner(python: Python) -> Python:
    return lambda *arguments, **more: python("-m", "vaner", *arguments, **more)


@pytest.fixture
def model(tiny_model: Path, tiny_backbone: Path, hub: Hub, tmp_path: Path) -> Path:
    """Return a trained model with results, whose backbone is on the Hub."""
    files = {path.name: path.read_bytes() for path in tiny_backbone.iterdir()}
    hub.put(BACKBONE, files)
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    write_training_record(folder, TRAINING)
    (folder / "results.json").write_text(json.dumps(parse_evaluation(report(folder))))
    return folder


TRAINING: dict[str, Any] = {
    "name": "tiny", "seed": 7, "dev_f1": 0.5, "seconds": 60, "languages": ["en"],
    "trained_on": ["tiny train"], "chosen_on": ["tiny devel"], "commit": "abc",
    "machine": {"cpus": 2},
}  # fmt: skip


def report(model: Path) -> dict[str, Any]:
    scores = {"precision": 0.5, "recall": 0.25, "f1": 1 / 3, "gold": 9}
    scores |= {"intervals": {"f1": [0.25, 0.5]}}
    return {
        "model": str(model), "form": "PyTorch", "corpus": "tiny", "split": "test",
        "types": {"Disease": scores, "Chemical": scores}, "micro": scores,
    }  # fmt: skip


def push(vaner: Python, model: Path, *arguments: object, **more: str | None) -> Any:
    return vaner("push", model, "tester/tiny", "--backbone", BACKBONE, *arguments, **more)


ANSWERS = """
import sys
from vaner import Annotator
spans = Annotator.from_pretrained(sys.argv[1], device="cpu")(sys.argv[2]).spans
print([(span.start, span.end, span.type, round(span.score, 4)) for span in spans])
"""


def answers(python: Python, name: str, **more: str | None) -> list[Any]:
    """Return the entities that a model on the Hub finds."""
    done = python("-c", ANSWERS, name, TEXT, **more)
    assert done.returncode == 0, done.stderr
    entities: list[Any] = literal_eval(done.stdout)
    return entities


def answers_here(model: Path) -> list[Any]:
    """Return the entities that the pushed model finds, in this process, which is faster."""
    spans = Annotator.from_pretrained(model, device="cpu")(TEXT).spans
    return [(span.start, span.end, span.type, round(span.score, 4)) for span in spans]


def error_line(done: subprocess.CompletedProcess[str]) -> str:
    """Return the error line of a command that failed."""
    lines = done.stderr.strip().splitlines()
    assert done.returncode == 2 and len(lines) == 1, done
    return lines[0]


@pytest.mark.heavy
def test_private_model_gives_the_same_entities_online_and_offline(
    hub: Hub, vaner: Python, python: Python, model: Path
) -> None:
    done = push(vaner, model, "--private")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"{hub.address}/tester/tiny" and hub.repos["tester/tiny"].private
    files = hub.repos["tester/tiny"].files()
    assert set(files) == {
        ".gitattributes", "README.md", "adapter/adapter_config.json",
        "adapter/adapter_model.safetensors", "config.json", "head.safetensors", "results.json",
        "tokenizer.json", "training.json",
    }  # fmt: skip
    everything = b"".join(files.values())
    assert str(model.parent.parent).encode() not in everything  # no path of this machine
    there = answers(python, "tester/tiny")
    offline = answers(python, "tester/tiny", HF_HUB_OFFLINE="1", HF_TOKEN=None)
    assert there and there == offline == answers_here(model)


TRANSFORMERS = """
import sys, vaner
assert "transformers" not in sys.modules
import vaner.integrations.transformers
from transformers import AutoConfig, AutoModelForTokenClassification, pipeline
print(AutoConfig.from_pretrained(sys.argv[1]).types)
print(type(AutoModelForTokenClassification.from_pretrained(sys.argv[1])).__name__)
entities = pipeline("vaner-ner", model=sys.argv[1])(sys.argv[2])
print(
    [
        (entity["start"], entity["end"], entity["entity_group"], round(entity["score"], 4))
        for entity in entities
    ]
)
for example in sys.argv[3:]:
    exec(example)
"""


@pytest.mark.heavy
def test_auto_classes_and_the_example_of_the_card_load_from_the_hub(
    hub: Hub, vaner: Python, python: Python, model: Path
) -> None:
    assert push(vaner, model).returncode == 0
    card = hub.repos["tester/tiny"].files()["README.md"].decode()
    example = card.split("```python\n")[1].split("```")[0]
    done = python("-c", TRANSFORMERS, "tester/tiny", TEXT, example)
    assert done.returncode == 0, done.stderr
    types, name, entities, printed = done.stdout.splitlines()
    assert types == "['Chemical', 'Disease']"
    assert name == "VanerForTokenClassification"
    assert literal_eval(entities) == answers_here(model)
    assert printed.startswith("(Span(")


def test_card_agrees_with_the_files(hub: Hub, vaner: Python, model: Path) -> None:
    (model / "results.json").unlink()
    results_file = model.parent / "test.json"
    results_file.write_text(json.dumps(report(model)))
    assert push(vaner, model, "--results", results_file).returncode == 0
    files = hub.repos["tester/tiny"].files()
    card = files["README.md"].decode()
    head = yaml.safe_load(card.split("---")[1])
    assert head["base_model"] == BACKBONE and head["base_model_relation"] == "adapter"
    assert head["library_name"] == "vaner" and head["datasets"] == ["tiny"]
    [result] = head["model-index"][0]["results"]
    assert result["dataset"] == {"name": "tiny", "type": "tiny", "split": "test"}
    assert {"type": "f1", "value": 0.3333, "name": "strict f1 (all)"} in result["metrics"]
    assert "| tiny test | Disease | 50.00 | 25.00 | 33.33 | 25.00 to 50.00 |" in card
    assert (
        "- Selected on tiny devel (strict micro F1: 50.00 %)" in card and "not registered" in card
    )
    assert "- Seed 7; 1 minute on 2 CPU cores\n" in card
    assert 'Annotator.from_pretrained("tester/tiny")' in card
    assert "`vaner evaluate --model tester/tiny --corpus tiny --split test`" in card
    assert "tiny test" in json.loads(files["results.json"])


@pytest.mark.heavy
def test_update_preserves_other_files_and_handwritten_text(
    hub: Hub, vaner: Python, model: Path
) -> None:
    old = "---\nlicense: mit\ndoi: 10.1/x\n---\n# Mine\n\nBy hand.\n"
    files = {"README.md": old.encode(), "notes.txt": b"1", "model.safetensors": b"stale"}
    hub.put("tester/tiny", files)
    assert push(vaner, model).returncode == 0
    repo = hub.repos["tester/tiny"]
    first = repo.files()["README.md"].decode()
    assert repo.files()["notes.txt"] == b"1" and "model.safetensors" not in repo.files()
    assert "By hand." in first and "doi: 10.1/x" in first and "# tiny" in first
    assert repo.commits[0][1] == files  # the old files are in the history
    write_training_record(model, {**TRAINING, "seed": 8})
    assert push(vaner, model).returncode == 0
    second = repo.files()["README.md"].decode()
    assert second == first.replace("Seed 7", "Seed 8")
    assert (
        sum(request.startswith("PUT /lfs/") for request in hub.requests) == 2
    )  # one for each weight file


@pytest.mark.heavy
def test_push_without_a_valid_token_fails(hub: Hub, vaner: Python, model: Path) -> None:
    assert "no token for the Hub" in error_line(push(vaner, model, HF_TOKEN=None))
    assert "does not allow the push" in error_line(push(vaner, model, HF_TOKEN="hf_wrong"))
    assert "tester/tiny" not in hub.repos


@pytest.mark.heavy
def test_push_without_a_connection_fails(vaner: Python, model: Path) -> None:
    assert "HF_HUB_OFFLINE is set" in error_line(push(vaner, model, HF_HUB_OFFLINE="1"))
    done = push(vaner, model, HF_ENDPOINT="http://127.0.0.1:9")
    assert "the push was interrupted" in error_line(done)


@pytest.mark.heavy
def test_interrupted_push_can_be_repeated(hub: Hub, vaner: Python, model: Path) -> None:
    hub.breaking = {"/lfs/[0-9a-f]+$": 1, "/commit/": 1}  # the client retries the first
    assert "the push was interrupted" in error_line(push(vaner, model))
    assert list(hub.repos["tester/tiny"].files()) == [".gitattributes"]
    uploads = len([request for request in hub.requests if request.startswith("PUT")])
    assert push(vaner, model).returncode == 0
    assert len([request for request in hub.requests if request.startswith("PUT")]) == uploads
    files = hub.repos["tester/tiny"].files()
    for name in ("head.safetensors", "tokenizer.json"):
        assert files[name] == (model / name).read_bytes()


@pytest.mark.heavy
def test_private_repository_needs_a_token(hub: Hub, vaner: Python, model: Path) -> None:
    assert push(vaner, model, "--private").returncode == 0
    fresh = {"HF_TOKEN": None, "HF_HOME": str(model.parent / "other")}
    refused = vaner("annotate", "--model", "tester/tiny", "--text", "x", **fresh)
    assert "nor on the Hub" in error_line(refused)
    hub.put("tester/open", {})
    public = vaner("push", model, "tester/open", "--backbone", BACKBONE, "--private")
    assert "exists and is public" in error_line(public)
    assert not hub.repos["tester/open"].files()


WITHOUT_PYTORCH = """
import sys
from vaner.cli.app import main
try:
    main(sys.argv[1:])
finally:
    assert not {"torch", "transformers"} & set(sys.modules)
"""


def test_dry_run_lists_the_files_without_connecting(hub: Hub, python: Python, model: Path) -> None:
    vaner = partial(python, "-c", WITHOUT_PYTORCH)  # importing it takes seconds
    done = push(vaner, model, "--dry-run", HF_TOKEN=None)
    assert done.returncode == 0, done.stderr
    size = (model / "adapter_model.safetensors").stat().st_size
    assert ["adapter/adapter_model.safetensors", f"{size:,}"] in map(
        str.split, done.stdout.splitlines()
    )
    assert "# tiny" in done.stdout and not hub.requests


@pytest.mark.parametrize("repo", ["a/b/c", "me/my model", "me/é", "https://hub/me/x", "me/"])
def test_invalid_repositories_are_refused_before_the_connection(
    run: Run, tiny_model: Path, repo: str
) -> None:
    error = run("push", tiny_model, repo, "--backbone", "me/backbone", "--dry-run").error
    assert f"{repo!r} cannot be a repository; give a name such as owner/model" in error


IN_MEMORY = """
import sys
from vaner import Annotator, VanerForTokenClassification
name, path = sys.argv[1:]
model = VanerForTokenClassification.from_pretrained(path)
print(model.push_to_hub("tester/model", backbone=name))
model.classifier.weight.data += 1
print(model.push_to_hub("tester/other", backbone=name, private=True))
model.classifier.weight.data -= 1
annotator = Annotator.from_pretrained(path, device="cpu")
print(annotator.push_to_hub("tester/annotator", backbone=name))
print(Annotator.from_model(model.merge_adapter().eval(), "cpu").push_to_hub("tester/merged"))
"""


@pytest.mark.heavy
def test_push_from_python(hub: Hub, python: Python, model: Path) -> None:
    done = python("-c", IN_MEMORY, BACKBONE, model)
    assert done.returncode == 0, done.stderr
    names = ["model", "other", "annotator", "merged"]
    assert done.stdout.split() == [f"{hub.address}/tester/{name}" for name in names]
    plain, other, annotator, merged = (hub.repos[f"tester/{name}"].files() for name in names)
    assert plain["head.safetensors"] == annotator["head.safetensors"]
    assert "results.json" in plain and "results.json" in annotator
    assert "results.json" not in other  # results of other weights
    assert hub.repos["tester/other"].private
    assert "model.safetensors" in merged and not any("adapter" in name for name in merged)
    assert str(model.parent.parent).encode() not in b"".join(merged.values())
    output = python("-c", TRANSFORMERS, "tester/merged", TEXT)
    assert output.returncode == 0, output.stderr
    spans = [entity[:3] for entity in answers_here(model)]
    assert [entity[:3] for entity in literal_eval(output.stdout.splitlines()[2])] == spans


def test_incomplete_models_are_not_pushed(
    tmp_path: Path, tiny_model: Path, tiny_backbone: Path
) -> None:
    with pytest.raises(HubError, match="the backbone's name on the Hub"):
        collect_files(tiny_model, "a/b")
    with pytest.raises(ModelError, match=r"config\.json is missing"):
        collect_files(tmp_path, "a/b")
    with pytest.raises(ModelError, match="not a saved vaner model"):
        collect_files(tiny_backbone, "a/b")
    broken = build_model(tmp_path / "broken", tiny_backbone)
    head = broken / "head.safetensors"
    head.write_bytes(head.read_bytes()[:-7])
    with pytest.raises(ModelError, match="the weight file is incomplete"):
        collect_files(broken, "a/b", backbone="c/d")
    shipped = Path(str(files("vaner"))) / "models" / "biomedical" / "int8"
    with pytest.raises(HubError, match="int8 is an exported model; push the model"):
        collect_files(shipped, "a/b")


def test_results_of_another_evaluation_are_refused(tmp_path: Path, tiny_model: Path) -> None:
    results_file = tmp_path / "results.json"
    for record, message in (
        (report(tmp_path), "expected those of model"),
        ({**report(tiny_model), "selector": "x"}, "expected those of model"),
        ({**report(tiny_model), "model": tiny_model.name}, "expected those of model"),
        ({**report(tiny_model), "form": "exported, int8"}, "again with --form pytorch"),
        ({**report(tiny_model), "min_score": 0.5}, "was evaluated with min_score 0.5"),
        ({**report(tiny_model), "split": "train"}, "results on a training split"),
        ({**report(tiny_model), "types": {"Disease": {"f1": 0.5}}}, "no scores with intervals"),
        ([], "no scores"),
    ):
        results_file.write_text(json.dumps(record))
        with pytest.raises(VanerError, match=message):
            collect_files(tiny_model, "a/b", backbone="c/d", results=[results_file])


@pytest.mark.parametrize("old", ["---\nlicense: mit: x\n---\n", "---\ndate: 2001-02-30\n---\n"])
def test_metadata_that_cannot_be_read_is_not_lost(old: str) -> None:
    with pytest.raises(
        VanerError, match=r"README\.md: its metadata is not YAML \(.*\); correct it"
    ):
        merge_cards("---\nlibrary_name: vaner\n---\n# new\n", old)


def test_card_of_a_model_in_an_unknown_language(tiny_model: Path) -> None:
    model = replace(describe(tiny_model), training={**TRAINING, "languages": []})
    card = build_card(model, "me/tiny")
    assert "language" not in yaml.safe_load(card.split("---")[1])
    assert "Named entity recognition in biomedical text. Types: " in card
    assert "Metformin is given" in card


def test_card_with_older_markers_is_updated() -> None:
    """Cards that were pushed before the wording of the markers changed."""
    begin = "<!-- vaner:card begins: this part is written anew with every push -->"
    end = "<!-- vaner:card ends: what stands below is kept -->"
    old = f"---\nlicense: mit\n---\nAbove.\n\n{begin}\n\n# old\n\n{end}\n\nBelow.\n"
    new = "---\nlibrary_name: vaner\n---\n# new\n"
    expected = "---\nlicense: mit\nlibrary_name: vaner\n---\nAbove.\n\n# new\n\nBelow.\n"
    assert merge_cards(new, old) == expected
