"""Pushing and pulling, over HTTP with a Hub on localhost, each in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from ast import literal_eval
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.hub_server import TOKEN, Hub
from tests.tiny_model import build_model
from vaner.annotator import Annotator
from vaner.errors import ModelError, VanerError
from vaner.hub.reported_results import parse_evaluation
from vaner.hub.repository import HubError, collect_files
from vaner.hub.training_record import write_training_record

ROOT = Path(__file__).resolve().parents[2]
TEXT = "Aspirin-induced asthma 😀 was seen in patients with type 2 diabetes mellitus."
BACKBONE = "someone/tiny-llama"

Python = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def python(hub: Hub, tmp_path: Path) -> Python:
    """Run Python in a process that knows the Hub, with a cache of its own."""

    def run(*arguments: object, **more: str | None) -> subprocess.CompletedProcess[str]:
        own = {
            **os.environ,
            "HF_ENDPOINT": hub.address,
            "HF_HOME": str(tmp_path / "hf"),
            "HF_TOKEN": TOKEN,
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "1",  # a protocol of its own, which the stand-in does not speak
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "OMP_NUM_THREADS": "1",
            "no_proxy": "*",
            **more,
        }
        environment = {name: value for name, value in own.items() if value is not None}
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
    """A trained model with figures, whose backbone somebody has put on the Hub."""
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
    figures = {"precision": 0.5, "recall": 0.25, "f1": 1 / 3, "gold": 9}
    figures |= {"intervals": {"f1": [0.25, 0.5]}}
    return {
        "model": str(model), "corpus": "tiny", "split": "test",
        "types": {"Disease": figures, "Chemical": figures}, "micro": figures,
    }  # fmt: skip


def push(vaner: Python, model: Path, *arguments: object, **more: str | None) -> Any:
    return vaner("push", model, "tester/tiny", "--backbone", BACKBONE, *arguments, **more)


ANSWERS = """
import sys
from vaner import Annotator
found = Annotator.from_pretrained(sys.argv[1], device="cpu")(sys.argv[2]).spans
print([(one.start, one.end, one.type, round(one.score, 4)) for one in found])
"""


def answers(python: Python, name: str, **more: str | None) -> list[Any]:
    """Of a model on the Hub."""
    done = python("-c", ANSWERS, name, TEXT, **more)
    assert done.returncode == 0, done.stderr
    found: list[Any] = literal_eval(done.stdout)
    return found


def answers_here(model: Path) -> list[Any]:
    """Of the model that was pushed, without another process: starting one takes many seconds."""
    found = Annotator.from_pretrained(model, device="cpu")(TEXT).spans
    return [(one.start, one.end, one.type, round(one.score, 4)) for one in found]


def told(done: subprocess.CompletedProcess[str]) -> str:
    """The one line of a command that failed."""
    lines = done.stderr.strip().splitlines()
    assert done.returncode == 2 and len(lines) == 1, done
    return lines[0]


@pytest.mark.heavy
def test_pushed_pulled_and_read_offline_with_the_same_answers(
    hub: Hub, vaner: Python, python: Python, model: Path
) -> None:
    done = push(vaner, model)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"{hub.address}/tester/tiny"
    files = hub.repos["tester/tiny"].files()
    assert set(files) == {
        ".gitattributes", "README.md", "adapter/adapter_config.json",
        "adapter/adapter_model.safetensors", "config.json", "head.safetensors", "results.json",
        "tokenizer.json", "training.json",
    }  # fmt: skip
    everything = b"".join(files.values())
    assert str(model.parent.parent).encode() not in everything  # no folder of this machine
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
found = pipeline("vaner-ner", model=sys.argv[1])(sys.argv[2])
print([(one["start"], one["end"], one["entity_group"], round(one["score"], 4)) for one in found])
for example in sys.argv[3:]:
    exec(example)
"""


@pytest.mark.heavy
def test_auto_classes_know_it_on_the_hub_and_the_example_of_its_card_runs(
    hub: Hub, vaner: Python, python: Python, model: Path
) -> None:
    assert push(vaner, model).returncode == 0
    card = hub.repos["tester/tiny"].files()["README.md"].decode()
    example = card.split("```python\n")[1].split("```")[0]
    done = python("-c", TRANSFORMERS, "tester/tiny", TEXT, example)
    assert done.returncode == 0, done.stderr
    types, name, found, printed = done.stdout.splitlines()
    assert types == "['Chemical', 'Disease']"
    assert name == "VanerForTokenClassification"
    assert literal_eval(found) == answers_here(model)
    assert printed.startswith("(Span(")


def test_the_card_says_what_the_files_say(hub: Hub, vaner: Python, model: Path) -> None:
    (model / "results.json").unlink()
    kept = model.parent / "test.json"
    kept.write_text(json.dumps(report(model)))
    assert push(vaner, model, "--results", kept).returncode == 0
    files = hub.repos["tester/tiny"].files()
    card = files["README.md"].decode()
    head = yaml.safe_load(card.split("---")[1])
    assert head["base_model"] == BACKBONE and head["base_model_relation"] == "adapter"
    assert head["library_name"] == "vaner" and head["datasets"] == ["tiny"]
    [result] = head["model-index"][0]["results"]
    assert result["dataset"] == {"name": "tiny", "type": "tiny", "split": "test"}
    assert {"type": "f1", "value": 0.3333, "name": "strict f1 (all)"} in result["metrics"]
    assert "| tiny test | Disease | 50.00 | 25.00 | 33.33 | 25.00 to 50.00 |" in card
    assert "chosen on tiny devel" in card and "not registered" in card
    assert "\n1 minute on " in card
    assert 'Annotator.from_pretrained("tester/tiny")' in card
    assert "tiny test" in json.loads(files["results.json"])


@pytest.mark.heavy
def test_a_repository_that_exists_is_updated_and_keeps_what_is_not_ours(
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
    assert repo.commits[0][1] == files  # the old is still in its history
    write_training_record(model, {**TRAINING, "seed": 8})
    assert push(vaner, model).returncode == 0
    second = repo.files()["README.md"].decode()
    assert second == first.replace("Seed 7", "Seed 8")
    assert (
        sum(one.startswith("PUT /lfs/") for one in hub.requests) == 2
    )  # once for each weight file


@pytest.mark.heavy
def test_without_a_token(hub: Hub, vaner: Python, model: Path) -> None:
    assert "no token for the Hub" in told(push(vaner, model, HF_TOKEN=None))
    assert "does not allow it" in told(push(vaner, model, HF_TOKEN="hf_wrong"))
    assert "tester/tiny" not in hub.repos


@pytest.mark.heavy
def test_offline_and_nobody_there(vaner: Python, model: Path) -> None:
    assert "HF_HUB_OFFLINE is set" in told(push(vaner, model, HF_HUB_OFFLINE="1"))
    nobody = push(vaner, model, HF_ENDPOINT="http://127.0.0.1:9")
    assert "the push broke off" in told(nobody)


@pytest.mark.heavy
def test_a_connection_that_breaks(hub: Hub, vaner: Python, model: Path) -> None:
    hub.breaking = {"/lfs/[0-9a-f]+$": 1, "/commit/": 1}  # the first is tried again by itself
    assert "the push broke off" in told(push(vaner, model))
    assert list(hub.repos["tester/tiny"].files()) == [".gitattributes"]
    uploads = len([one for one in hub.requests if one.startswith("PUT")])
    assert push(vaner, model).returncode == 0
    assert len([one for one in hub.requests if one.startswith("PUT")]) == uploads
    files = hub.repos["tester/tiny"].files()
    for name in ("head.safetensors", "tokenizer.json"):
        assert files[name] == (model / name).read_bytes()


@pytest.mark.heavy
def test_private(hub: Hub, vaner: Python, python: Python, model: Path) -> None:
    assert push(vaner, model, "--private").returncode == 0
    assert hub.repos["tester/tiny"].private
    assert answers(python, "tester/tiny") == answers_here(model)
    fresh = {"HF_TOKEN": None, "HF_HOME": str(model.parent / "other")}
    refused = vaner("annotate", "--model", "tester/tiny", "--text", "x", **fresh)
    assert "nor on the Hub" in told(refused)
    hub.put("tester/open", {})
    public = vaner("push", model, "tester/open", "--backbone", BACKBONE, "--private")
    assert "exists and is public" in told(public)
    assert not hub.repos["tester/open"].files()


def test_dry_run_lists_and_shows_and_asks_nobody(hub: Hub, vaner: Python, model: Path) -> None:
    done = push(vaner, model, "--dry-run", HF_TOKEN=None)
    assert done.returncode == 0, done.stderr
    size = (model / "adapter_model.safetensors").stat().st_size
    assert ["adapter/adapter_model.safetensors", f"{size:,}"] in map(
        str.split, done.stdout.splitlines()
    )
    assert "# tiny" in done.stdout and not hub.requests


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
def test_from_python(hub: Hub, python: Python, model: Path) -> None:
    done = python("-c", IN_MEMORY, BACKBONE, model)
    assert done.returncode == 0, done.stderr
    names = ["model", "other", "annotator", "merged"]
    assert done.stdout.split() == [f"{hub.address}/tester/{name}" for name in names]
    one, other, annotator, merged = (hub.repos[f"tester/{name}"].files() for name in names)
    assert one["head.safetensors"] == annotator["head.safetensors"]
    assert "results.json" in one and "results.json" in annotator
    assert "results.json" not in other  # the figures of other weights
    assert hub.repos["tester/other"].private
    assert "model.safetensors" in merged and not any("adapter" in name for name in merged)
    assert str(model.parent.parent).encode() not in b"".join(merged.values())
    found = python("-c", TRANSFORMERS, "tester/merged", TEXT)
    assert found.returncode == 0, found.stderr
    spans = [one[:3] for one in answers_here(model)]
    assert [one[:3] for one in literal_eval(found.stdout.splitlines()[2])] == spans


def test_what_cannot_be_pushed(tmp_path: Path, tiny_model: Path, tiny_backbone: Path) -> None:
    with pytest.raises(HubError, match="the backbone's name on the Hub"):
        collect_files(tiny_model, "a/b")
    with pytest.raises(ModelError, match=r"config\.json is missing"):
        collect_files(tmp_path, "a/b")
    with pytest.raises(ModelError, match="not of a saved vaner model"):
        collect_files(tiny_backbone, "a/b")
    broken = build_model(tmp_path / "broken", tiny_backbone)
    head = broken / "head.safetensors"
    head.write_bytes(head.read_bytes()[:-7])
    with pytest.raises(ModelError, match="not a whole weight file"):
        collect_files(broken, "a/b", backbone="c/d")


def test_figures_of_another_model_are_refused(tmp_path: Path, tiny_model: Path) -> None:
    kept = tmp_path / "kept.json"
    for record, problem in (
        (report(tmp_path), "not of model"),
        ({**report(tiny_model), "selector": "x"}, "not of model"),
        ({**report(tiny_model), "model": tiny_model.name}, "not of model"),
        ({**report(tiny_model), "form": "exported, int8"}, "another form of the model"),
        ({**report(tiny_model), "min_score": 0.5}, "not with min_score 0.5"),
        ({**report(tiny_model), "split": "train"}, "what is there to learn from"),
        ({**report(tiny_model), "types": {"Disease": {"f1": 0.5}}}, "no figures with intervals"),
        ([], "no figures"),
    ):
        kept.write_text(json.dumps(record))
        with pytest.raises(VanerError, match=problem):
            collect_files(tiny_model, "a/b", backbone="c/d", results=[kept])
