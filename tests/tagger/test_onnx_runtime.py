"""Exported taggers: the same mentions without PyTorch, in any batch."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from datasets import Dataset
from datasets.fingerprint import Hasher

from tests.command_line import Run
from tests.tiny_model import SENTENCES
from vaner.annotator import Annotator
from vaner.errors import ModelError, VanerError
from vaner.hub.training_record import write_training_record
from vaner.integrations.datasets import BatchAnnotator
from vaner.tagger import onnx_runtime
from vaner.tagger.exported_forms import (
    MODEL_FILE,
    SHIPPED,
    TRANSITIONS_FILE,
    cached_form_folder,
    find_exported_form,
)
from vaner.tagger.model import VanerForTokenClassification
from vaner.tagger.onnx_export import export
from vaner.tagger.recognizer import Tagger

TEXTS = [*SENTENCES, "", "a " * 300 + "asthma", "naïve 中文 😀 β-blocker\r\n\x00 end"]


def exported_model(model: Path, folder: Path, precision: str) -> Path:
    tagger = Annotator.from_pretrained(model, device="cpu").recognizer
    assert isinstance(tagger, Tagger)
    export(
        tagger.model, model / "tokenizer.json", folder, precision=precision,  # type: ignore[arg-type]
    )  # fmt: skip
    assert not tagger.model.training  # the exporter would leave it in training mode
    return folder


@pytest.fixture(scope="module")
def forms(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("exported")
    return {p: exported_model(tiny_model, folder / p, p) for p in ("fp32", "int8")}


@pytest.mark.heavy
def test_fp32_export_gives_same_mentions(tiny_model: Path, forms: dict[str, Path]) -> None:
    model = Annotator.from_pretrained(tiny_model, device="cpu")
    other = Annotator.from_pretrained(forms["fp32"])
    assert other.types == model.types and other.corpora.keys() == model.corpora.keys()
    for first, second in zip(model.annotate(TEXTS), other.annotate(TEXTS), strict=True):
        assert first.text == second.text and len(first.spans) == len(second.spans)
        for a, b in zip(first.spans, second.spans, strict=True):
            assert (a.start, a.end, a.type) == (b.start, b.end, b.type)
            assert a.score == pytest.approx(b.score, abs=1e-4)


@pytest.mark.parametrize("options", [{"shared_instruction": True}, {"casing": True}], ids=str)
def test_exported_graph_supports_option(
    tiny_backbone: Path, tmp_path: Path, options: dict[str, bool]
) -> None:
    torch.manual_seed(0)
    model = VanerForTokenClassification.from_backbone(
        str(tiny_backbone), types=["Disease", "Chemical"], **options
    ).eval()
    torch.nn.init.normal_(model.classifier.weight)
    if model.casing is not None:
        torch.nn.init.normal_(model.casing.weight)
    model.save_pretrained(tmp_path / "model")
    shutil.copyfile(tiny_backbone / "tokenizer.json", tmp_path / "model" / "tokenizer.json")
    annotator = Annotator.from_pretrained(tmp_path / "model", device="cpu")
    expected = list(annotator.annotate(TEXTS))
    other = Annotator.from_pretrained(exported_model(tmp_path / "model", tmp_path / "onnx", "fp32"))
    assert sum(len(document.spans) for document in expected) > 10
    for first, second in zip(expected, other.annotate(TEXTS), strict=True):
        assert [(s.start, s.end, s.type) for s in first.spans] == [
            (s.start, s.end, s.type) for s in second.spans
        ]
        for a, b in zip(first.spans, second.spans, strict=True):
            assert a.score == pytest.approx(b.score, abs=1e-4)


def test_export_does_not_change_model(tiny_model: Path, tmp_path: Path) -> None:
    annotator = Annotator.from_pretrained(tiny_model, device="cpu")
    before = list(annotator.annotate(TEXTS))
    model = annotator.recognizer.model  # type: ignore[attr-defined]
    export(model, tiny_model / "tokenizer.json", tmp_path / "onnx", precision="fp32")
    assert list(annotator.annotate(TEXTS)) == before
    assert annotator.form == "PyTorch"
    assert Annotator.from_pretrained(tmp_path / "onnx").form == "exported, fp32"


def test_batch_does_not_change_int8_mentions(forms: dict[str, Path]) -> None:
    annotator = Annotator.from_pretrained(forms["int8"])
    batch = list(annotator.annotate(TEXTS * 3))
    assert batch[: len(TEXTS)] != [] and sum(len(d.spans) for d in batch) > 10
    for document, text in zip(batch, TEXTS * 3, strict=True):
        assert annotator(text).spans == document.spans


@pytest.mark.heavy
def test_exported_model_annotates_without_pytorch(forms: dict[str, Path], tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from vaner.cli.app import main\n"
        "code = main(['annotate', '--model', sys.argv[1], '-t', 'asthma', '-q'])\n"
        "assert not {'torch', 'transformers', 'peft'} & set(sys.modules), code\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, forms["int8"]], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


def test_cached_form_is_used_until_model_changes(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.setenv("VANER_CACHE", str(tmp_path / "cache"))
    model = shutil.copytree(tiny_model, tmp_path / "model")
    assert find_exported_form(model, "cpu") is None
    done = run("export", model)
    assert done.code == 0 and str(tmp_path / "cache" / "exported") in done.err
    assert find_exported_form(model, "cpu") == cached_form_folder(model, "int8")
    assert Annotator.from_pretrained(model, device="cpu").recognizer.model is None  # type: ignore[attr-defined]
    assert find_exported_form(model, "cuda") is None
    assert "exists already; replace it with --overwrite" in run("export", model).error
    refused = run("export", model, "-o", model, "--overwrite")
    assert "was not written by vaner export" in refused.error
    assert run("export", model, "--overwrite").code == 0
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(config) + "\n\n")
    assert find_exported_form(model, "cpu") is None


def test_the_form_is_chosen_by_its_name(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.setenv("VANER_CACHE", str(tmp_path / "cache"))
    model = shutil.copytree(tiny_model, tmp_path / "model")
    with pytest.raises(ModelError, match="model has no form int8; make it with: vaner export"):
        find_exported_form(model, form="int8")
    assert run("export", model, "--in-model").code == 0
    assert find_exported_form(model, "cpu") == model / "int8"
    assert run("export", model, "--precision", "fp32").code == 0
    assert find_exported_form(model, "cpu") == cached_form_folder(model, "fp32")
    assert find_exported_form(model, form="int8") == model / "int8"
    assert find_exported_form(model, form="pytorch") is None
    names = {"pytorch": "PyTorch", "int8": "exported, int8", "fp32": "exported, fp32"}
    for form, name in names.items():
        done = run("annotate", "--model", model, "-t", SENTENCES[0], "--form", form)
        assert f"by model ({name})" in done.err
    with pytest.raises(ModelError, match="the form int8 runs on the CPU, not on cuda"):
        find_exported_form(model, "cuda", "int8")
    with pytest.raises(ModelError, match="an exported model, int8; it has no form fp32"):
        find_exported_form(model / "int8", form="fp32")
    with pytest.raises(VanerError, match="form is 'int4'; choose pytorch or fp32 or int8"):
        Annotator.from_pretrained(model, form="int4")  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="quantization cannot be used with the form int8"):
        Annotator.from_pretrained(model, form="int8", quantization="nf4")


def test_a_missing_form_of_a_shipped_model_names_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VANER_CACHE", str(tmp_path / "cache"))
    command = "make it with: vaner export biomedical --precision fp32"
    with pytest.raises(ModelError, match=f"^biomedical has no form fp32; {command}$"):
        find_exported_form(SHIPPED / "biomedical", form="fp32")


def test_a_form_of_other_weights_is_not_used(
    tiny_model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, run: Run
) -> None:
    model = shutil.copytree(tiny_model, tmp_path / "model")
    assert run("export", model, "--in-model").code == 0
    head = (model / "head.safetensors").read_bytes()
    (model / "head.safetensors").write_bytes(head[:-1] + bytes([head[-1] ^ 1]))
    assert find_exported_form(model, "cpu") is None
    assert "was exported from other weights and is not used" in caplog.text
    assert run("export", model, "--in-model").code == 0  # replaces the old one
    assert find_exported_form(model, "cpu") == model / "int8"


def test_an_exported_model_is_pickled(forms: dict[str, Path]) -> None:
    annotator = Annotator.from_pretrained(forms["int8"])
    before = Hasher.hash(annotator)
    expected = list(annotator.annotate(TEXTS))
    assert list(pickle.loads(pickle.dumps(annotator)).annotate(TEXTS)) == expected
    assert Hasher.hash(annotator) == before == Hasher.hash(Annotator.from_pretrained(forms["int8"]))


@pytest.mark.heavy
def test_an_exported_model_in_several_processes(forms: dict[str, Path]) -> None:
    annotator = Annotator.from_pretrained(forms["int8"])
    texts = [*SENTENCES, *SENTENCES]
    rows = Dataset.from_dict({"text": texts}).map(
        BatchAnnotator(annotator), batched=True, batch_size=2, num_proc=2
    )
    expected = [[s.type for s in document.spans] for document in annotator.annotate(texts)]
    assert [[span["type"] for span in row["spans"]] for row in rows] == expected


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_an_exported_model_in_a_forked_process(forms: dict[str, Path]) -> None:
    script = (
        "import os, sys\n"
        "from vaner import Annotator\n"
        "annotator = Annotator.from_pretrained(sys.argv[1])\n"
        "expected = annotator(sys.argv[2])\n"
        "if child := os.fork():\n"
        "    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
        "os._exit(annotator(sys.argv[2]) != expected)\n"
    )
    arguments = [sys.executable, "-c", script, forms["int8"], " ".join(SENTENCES)]
    assert subprocess.run(arguments, timeout=120, check=False).returncode == 0


def test_export_from_the_command_line(
    tiny_model: Path, tmp_path: Path, run: Run, forms: dict[str, Path]
) -> None:
    folder, model = tmp_path / "out", shutil.copytree(tiny_model, tmp_path / "model")
    record = {"name": "tiny", "seed": 1, "dev_f1": 0.5, "seconds": 60, "chosen_on": []}
    write_training_record(model, {**record, "trained_on": ["tiny train"]})
    assert run("export", model, "-o", folder, "--precision", "fp32").code == 0
    assert "tiny" in Annotator.from_pretrained(folder).training_corpora
    exported = run("annotate", "--model", folder, "-t", SENTENCES[0], "-f", "jsonl", "-q")
    original = run("annotate", "--model", tiny_model, "-t", SENTENCES[0], "-f", "jsonl", "-q")
    spans = [
        [(s["start"], s["end"]) for s in json.loads(r.out)["spans"]] for r in (exported, original)
    ]
    assert spans[0] == spans[1]
    assert "is an exported model already" in run("export", folder, "-o", tmp_path / "x").error


@pytest.mark.parametrize("name", [MODEL_FILE, TRANSITIONS_FILE, "config.json", "tokenizer.json"])
def test_message_names_damaged_file(forms: dict[str, Path], tmp_path: Path, name: str) -> None:
    folder = shutil.copytree(forms["int8"], tmp_path / "broken")
    (folder / name).write_bytes(b"no")
    with pytest.raises(ModelError, match=name.replace(".", r"\.")):
        Annotator.from_pretrained(folder)
    if name == MODEL_FILE:  # without it, the folder is not recognized as an exported model
        (folder / name).unlink()
        with pytest.raises(ModelError, match="not complete"):
            Annotator.from_pretrained(folder)


def test_count_cores_without_affinity(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert onnx_runtime.count_cores() == len(os.sched_getaffinity(0))
    monkeypatch.delattr(os, "sched_getaffinity")  # as on macOS and Windows
    assert onnx_runtime.count_cores() == os.cpu_count()
