"""``vaner doctor``: what is found, what is broken, and that it stays quick."""

from __future__ import annotations

import configparser
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save
from tokenizers import Tokenizer, models

import vaner
from experiments.backbones.architectures import save_model
from tests.command_line import Run
from tests.stand_ins import write_corpora
from vaner.cli import diagnostics as doctor
from vaner.cli.diagnostics import EXTRAS, run_diagnostics
from vaner.utils import distribution
from vaner.utils.distribution import list_extras
from vaner.utils.file_integrity import is_complete_file

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VANER_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("VANER_CORPORA", raising=False)
    return tmp_path / "cache"


def test_a_machine_without_problems(run: Run, tmp_path: Path) -> None:
    write_corpora(tmp_path / "corpora")
    done = run("doctor", "--corpora", tmp_path / "corpora")
    assert done.code == 0 and done.err == ""
    for word in ("python", "transformers", "biomedical", "NCBI-disease", "spacy", "GB"):
        assert word in done.out
    message = json.loads(run("doctor", "--json").out)
    assert message["problems"] == []
    assert message["versions"]["vaner"] == vaner.__version__
    assert message["corpora"] == {
        "folder": "none; set VANER_CORPORA to the folder with your corpora"
    }
    assert set(message["extras"]) == set(list_extras())
    assert message["models"]["disease-chemical"].startswith("embedded")
    assert message["models"]["biomedical"].endswith("calibrated, form int8")


@pytest.mark.heavy
def test_torch_is_imported_only_on_request(run: Run) -> None:
    program = (
        "import sys\nfrom vaner.cli.diagnostics import run_diagnostics\nrun_diagnostics()\n"
        "assert not {'torch', 'transformers', 'datasets', 'spacy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    message = json.loads(run("doctor", "--json", "--torch").out)
    assert "cpu arithmetic" in message["devices"] and "threads" in message["devices"]


def test_problems_are_printed_with_a_solution(run: Run, cache: Path, tmp_path: Path) -> None:
    form = cache / "exported" / "biomedical-0123"
    backbone = cache / "backbones" / "smollm2-135m"
    for folder in (form, backbone, cache / "knowledge"):
        folder.mkdir(parents=True)
    for name in ("config.json", "tokenizer.json", "transitions.safetensors"):
        (form / name).write_text("{}")
    (backbone / "config.json").write_text("{}")
    (cache / "knowledge" / "open.parquet").write_text("no base")
    root = write_corpora(tmp_path / "corpora")
    next((root / "BC5CDR").glob("devel*")).write_text("")
    done = run("doctor", "--corpora", root)
    assert done.code == 1 and "Traceback" not in done.err
    for message in (
        f"biomedical-0123: model.onnx missing: delete {form} and export again",
        f"*.safetensors missing: delete {backbone}; it is converted again at the next use",
        "vaner kb build open",
        "BC5CDR: ",
        "found 4 problems",
    ):
        assert message in done.err
    (form / "model.onnx").write_text("")
    (form / "config.json").unlink()
    assert f"config.json missing: delete {form}" in run("doctor").err
    assert "no-folder" in run("doctor", "--corpora", tmp_path / "no-folder").err


@pytest.fixture
def exported_files() -> dict[str, bytes]:
    """Return the files of an exported model except the tokenizer."""
    onnx = pytest.importorskip("onnx")
    real, shape = onnx.TensorProto.FLOAT, (2, 2)
    a, b, c = (onnx.helper.make_tensor_value_info(name, real, shape) for name in "abc")
    node = onnx.helper.make_node("MatMul", ["a", "b"], ["c"])
    graph = onnx.helper.make_graph([node], "product", [a, b], [c])
    operators = [onnx.helper.make_opsetid("", 17)]  # of a version that every runtime has
    model = onnx.helper.make_model(graph, opset_imports=operators, ir_version=8)
    numbers = {"start": np.zeros(3, np.float32)}
    return {"model.onnx": model.SerializeToString(), "transitions.safetensors": save(numbers),
            "config.json": b'{"model_type": "vaner"}'}  # fmt: skip


@pytest.mark.heavy
def test_an_incomplete_file_is_named(
    run: Run, cache: Path, exported_files: dict[str, bytes]
) -> None:
    form = cache / "exported" / "biomedical-0123"
    form.mkdir(parents=True)
    (form / "tokenizer.json").write_text("{}")
    for name, content in exported_files.items():
        (form / name).write_bytes(content)
    assert run("doctor").code == 0
    for name, content in exported_files.items():
        for length in (0, 1, len(content) // 2, len(content) - 1):
            (form / name).write_bytes(content[:length])
            message = (
                f"biomedical-0123: {name} incomplete or damaged: delete {form} and export again"
            )
            assert message in run("doctor").err, length
        (form / name).write_bytes(content)


def test_files_that_are_not_models_are_not_complete(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    for content in (b"version https://git-lfs.example/spec/v1\n", b"\xff" * 100, b"\0" * 100):
        for name in ("model.onnx", "head.safetensors", "config.json"):
            (tmp_path / name).write_bytes(content)
            assert not is_complete_file(tmp_path / name)
    (tmp_path / "folder.onnx").mkdir()
    assert not is_complete_file(tmp_path / "folder.onnx") and not is_complete_file(
        tmp_path / "missing.json"
    )


def test_libraries_that_are_missing_or_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = ["numpy>=1", "regex>=9999", "no-such-library>=2", 'spacy>=3; extra == "spacy"',
              'no-such-part; extra == "odd"', 'never; python_version < "3"']  # fmt: skip
    monkeypatch.setattr(distribution, "_read_lines", lambda: tuple(distribution._parse(needed)))
    observations = {item.name: item for item in run_diagnostics()["versions"]}
    assert observations["numpy"].problem == ""
    assert (
        observations["regex"].problem == 'this version is not supported: pip install "regex>=9999"'
    )
    assert observations["no-such-library"].problem == 'pip install "no-such-library>=2"'
    assert not {"spacy", "no-such-part", "never"} & set(observations)
    [odd, spacy] = run_diagnostics()["extras"]
    assert odd.status == 'not installed: pip install "no-such-part"; for no-such-part'
    assert spacy.status.endswith(EXTRAS["spacy"])


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 1e6

    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: Usage)
    [free] = [item for item in run_diagnostics()["cache"] if item.name == "free"]
    assert free.status == "0.0 GB" and "VANER_CACHE" in free.problem


def test_every_extra_has_a_purpose() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    assert set(setup["options.extras_require"]) <= set(EXTRAS)


def test_trial_of_a_backbone(run: Run, tiny_backbone: Path, tmp_path: Path) -> None:
    done = run("doctor", "--backbone", tiny_backbone, "--max-subwords", "64")
    assert done.code == 0 and done.err == ""
    assert "layer 1-2     32 subwords to the left, 31 to the right" in done.out
    assert "packed" in done.out and "can be trained" in done.out
    folder = save_model("lfm2", tmp_path / "lfm2")
    done = run("doctor", "--backbone", folder, "--max-subwords", "64")
    assert (
        done.code == 1
        and "broken: result: a lfm2 backbone cannot be made bidirectional" in done.err
    )
    assert "cannot be loaded" in run("doctor", "--backbone", tmp_path / "nothing").out


def test_tokenizer_that_cannot_encode_unknown_characters(
    run: Run, tiny_backbone: Path, tmp_path: Path
) -> None:
    folder = save_model("llama", tmp_path)
    Tokenizer(models.Unigram([("b", -1.0)])).save(str(folder / "tokenizer.json"))
    done = run("doctor", "--backbone", folder, "--max-subwords", "64")
    assert done.code == 1 and "Traceback" not in done.err
    assert "tokenizer.json: the tokenizer cannot encode unknown characters" in done.err


def test_tokenizer_with_more_subwords_than_embeddings(
    run: Run, tiny_backbone: Path, tmp_path: Path
) -> None:
    folder = save_model("llama", tmp_path, vocab_size=200)
    done = run("doctor", "--backbone", folder, "--max-subwords", "64")
    assert done.code == 1 and "has only 200 embeddings: use the tokenizer" in done.err
