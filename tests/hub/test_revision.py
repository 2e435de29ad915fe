"""A revision on the Hub, a token and a cache folder: wherever vaner accepts a Hub id."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
import torch

from tests.command_line import Run
from tests.hub_server import TOKEN, Hub
from tests.tiny_model import build_backbone, build_model
from vaner.annotator import Annotator
from vaner.backbones.hub_names import HubName, parse_hub_name
from vaner.errors import ModelError, VanerError
from vaner.hub.repository import collect_files
from vaner.selector.model import VanerSelector
from vaner.selector.selector import Selector
from vaner.tagger.model import VanerForTokenClassification

TEXT = "Aspirin-induced asthma was seen in patients with type 2 diabetes mellitus."
MODEL, BACKBONE = "me/model", "me/backbone"
NO_REVISION = "me/model has no branch, tag or commit v9"


@pytest.fixture
def online(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Hub:
    """Return a Hub that this process uses, with an empty cache and without a token."""
    constants = huggingface_hub.constants
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, hub.address)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "ENDPOINT", hub.address)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    # For the processes of the server.
    monkeypatch.setenv("HF_ENDPOINT", hub.address)
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("VANER_CACHE", str(tmp_path / "cache"))
    return hub


@pytest.fixture
def hub_model(online: Hub, tiny_model: Path, tiny_backbone: Path, tmp_path: Path) -> str:
    """Return a model on the Hub whose tag v1 has other weights than its main branch."""
    online.put_folder(BACKBONE, tiny_backbone)
    for seed, tag in ((1, "v1"), (2, "")):
        folder = build_model(tmp_path / f"model{seed}", tiny_backbone, seed=seed)
        config = folder / "config.json"
        stored = json.loads(config.read_text()) | {"backbone": BACKBONE, "backbone_origin": "hub"}
        config.write_text(json.dumps(stored))
        (folder / "adapter").mkdir()  # as `vaner push` does
        for file in folder.glob("adapter_*"):
            file.rename(folder / "adapter" / file.name)
        online.put_folder(MODEL, folder, tag=tag)
    return MODEL


def spans(folder: Path) -> Any:
    return Annotator.from_pretrained(folder, device="cpu")(TEXT).spans


def test_names_with_a_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse_hub_name("me/model@refs/pr/1") == HubName("me/model", "refs/pr/1")
    assert parse_hub_name("me/model@v1", "v1") == parse_hub_name("me/model", "v1")
    assert parse_hub_name("/data/a@b/model").revision is None
    (tmp_path / "me/model@v1").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert parse_hub_name("me/model@v1") == HubName("me/model@v1")  # a folder
    with pytest.raises(ModelError, match="me/other@v1 has a revision already"):
        parse_hub_name("me/other@v1", "v2")


def test_annotator_has_the_weights_of_the_revision(hub_model: str, tmp_path: Path) -> None:
    expected = {tag: spans(tmp_path / f"model{seed}") for seed, tag in ((1, "v1"), (2, "main"))}
    assert expected["v1"] != expected["main"]
    for name, options in ((MODEL, {"revision": "v1"}), (f"{MODEL}@v1", {})):
        annotator = Annotator.from_pretrained(name, device="cpu", **options)
        assert annotator(TEXT).spans == expected["v1"]
    assert Annotator.from_pretrained(MODEL, device="cpu")(TEXT).spans == expected["main"]


def test_unknown_revision_is_one_line_for_every_command(
    hub_model: str, run: Run, tmp_path: Path
) -> None:
    gold = tmp_path / "gold.tsv"
    gold.write_text("Flu\tB-Disease\n\n")
    for arguments in (
        ("annotate", "--model", MODEL, "--text", TEXT),
        ("evaluate", "--model", MODEL, "--corpus", gold),
        ("export", MODEL, "-o", tmp_path / "exported"),
        ("serve", "--model", MODEL, "--port", "0"),
    ):
        assert NO_REVISION in run(*arguments, "--revision", "v9").error, arguments
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        f"name: a\nmodel: {{init_from: {MODEL}}}\nstages: [{{sources: [{{corpus: c}}]}}]\n"
        "dev: [{corpus: c}]\n"
    )
    assert NO_REVISION in run("train", recipe, "-o", tmp_path / "run", "--revision", "v9").error
    tried = run("doctor", "--backbone", BACKBONE, "--revision", "v9")
    assert tried.code == 1 and "Traceback" not in tried.err
    assert "broken: me/backbone: backbone 'me/backbone@v9' was not found" in tried.err
    assert "me/backbone has no branch, tag or commit v9" in tried.err


def test_options_that_need_a_model_on_the_hub(run: Run, tiny_model: Path, tmp_path: Path) -> None:
    result = run("annotate", "--model", tiny_model, "--revision", "v1", "--text", TEXT)
    assert "is not on the Hub, and has no revision v1" in result.error
    assert (
        "biomedical is not on the Hub" in run("annotate", "--revision", "v1", "--text", TEXT).error
    )
    assert "--revision needs --backbone" in run("doctor", "--revision", "v1").error
    result = run("evaluate", "--kb", "open", "--revision", "v1", "--corpus", "NCBI-disease")
    assert "--revision applies to models" in result.error


def test_results_name_the_revision(hub_model: str, run: Run, tmp_path: Path) -> None:
    result = run(
        "annotate", "--model", MODEL, "--revision", "v1", "--text", TEXT, "--format", "jsonl",
        "--provenance",
    )  # fmt: skip
    assert json.loads(result.out)["metadata"]["provenance"]["model"] == "model@v1"
    (tmp_path / "gold.tsv").write_text("Asthma\tB-Disease\n\n")
    written = tmp_path / "results.json"
    run("evaluate", "--model", MODEL, "--revision", "v1", "--corpus", tmp_path / "gold.tsv",
        "--json", written)  # fmt: skip
    assert json.loads(written.read_text())["model"] == "me/model@v1"


def test_backbone_of_a_revision_is_loaded_again(
    online: Hub, tiny_backbone: Path, tmp_path: Path
) -> None:
    online.put_folder(BACKBONE, tiny_backbone, tag="v1")
    other = build_backbone(tmp_path / "other")
    from safetensors.torch import load_file, save_file

    weights = load_file(other / "model.safetensors")
    save_file({n: w + 1 for n, w in weights.items()}, other / "model.safetensors", {"format": "pt"})
    online.put_folder(BACKBONE, other)
    model = VanerForTokenClassification.from_backbone(
        BACKBONE, revision="v1", types=["Disease"], lora={"r": 2, "target_modules": ["q_proj"]}
    )
    assert model.config.backbone == "me/backbone@v1" and model.config.backbone_origin == "hub"
    model.save_pretrained(tmp_path / "saved")
    adapter = json.loads((tmp_path / "saved/adapter_config.json").read_text())
    assert adapter["base_model_name_or_path"] == BACKBONE and adapter["revision"] == "v1"
    shutil.copyfile(tiny_backbone / "tokenizer.json", tmp_path / "saved/tokenizer.json")
    files = collect_files(tmp_path / "saved", "me/model")
    card = files["README.md"]
    assert isinstance(card, bytes) and b"base_model: me/backbone\n" in card
    assert b"`me/backbone@v1`" in card
    stored = files["adapter/adapter_config.json"]
    assert isinstance(stored, Path) and json.loads(stored.read_text()) == adapter
    again = VanerForTokenClassification.from_pretrained(tmp_path / "saved")
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, again.state_dict()[name]), name
    expected = load_file(tiny_backbone / "model.safetensors")["model.embed_tokens.weight"]
    assert torch.equal(again.backbone.get_input_embeddings().weight, expected)


def test_token_cache_folder_and_offline(online: Hub, tiny_backbone: Path, tmp_path: Path) -> None:
    online.put_folder(BACKBONE, tiny_backbone, private=True)
    options: dict[str, Any] = {"types": ["Disease"]}
    with pytest.raises(ModelError, match="no repository me/backbone, or it is private: log in"):
        VanerForTokenClassification.from_backbone(BACKBONE, **options)
    cache = tmp_path / "elsewhere"
    options["cache_dir"] = str(cache)
    with pytest.raises(ModelError, match="me/backbone is not in the cache"):
        VanerForTokenClassification.from_backbone(BACKBONE, local_files_only=True, **options)
    model = VanerForTokenClassification.from_backbone(BACKBONE, token=TOKEN, **options)
    assert (cache / "models--me--backbone").is_dir() and not (tmp_path / "hub").exists()
    # Without the network, and without the token.
    VanerForTokenClassification.from_backbone(BACKBONE, local_files_only=True, **options)
    annotator = Annotator.from_model(model.eval(), "cpu")  # its tokenizer is in that cache
    assert annotator(TEXT).text == TEXT


def test_model_and_selector_have_a_token_and_a_cache(
    online: Hub, tiny_backbone: Path, hub_model: str, tmp_path: Path
) -> None:
    selector = VanerSelector.from_backbone(
        BACKBONE, instructions={"Chemical": "a drug", "Disease": "an illness"}
    )
    selector.save_pretrained(tmp_path / "selector")
    (tmp_path / "selector/tokenizer.json").write_bytes(
        (tiny_backbone / "tokenizer.json").read_bytes()
    )
    online.put_folder("me/selector", tmp_path / "selector", private=True, tag="v1")
    with pytest.raises(ModelError, match="no repository me/selector, or it is private"):
        Annotator.from_pretrained(MODEL, selector="me/selector", device="cpu")
    annotator = Annotator.from_pretrained(
        MODEL, revision="v1", selector="me/selector@v1", device="cpu", token=TOKEN,
        cache_dir=str(tmp_path / "elsewhere"),
    )  # fmt: skip
    assert annotator(TEXT).text == TEXT
    assert (tmp_path / "elsewhere/models--me--selector").is_dir()
    with pytest.raises(ModelError, match="me/selector has no branch, tag or commit v9"):
        Selector.from_pretrained("me/selector", revision="v9", token=TOKEN)


def test_unknown_keywords_are_refused(tiny_model: Path, tiny_backbone: Path) -> None:
    with pytest.raises(TypeError, match="a vaner model has no option revison"):
        VanerForTokenClassification.from_backbone(str(tiny_backbone), revison="v1")
    with pytest.raises(ModelError, match="unknown option revison"):
        VanerForTokenClassification.from_pretrained(tiny_model, revison="v1")
    with pytest.raises(TypeError, match="a selector has no option revison"):
        Selector.from_pretrained(tiny_model, revison="v1")


def test_pipeline_and_auto_model_have_a_revision(hub_model: str, tmp_path: Path) -> None:
    from transformers import AutoModel, pipeline

    import vaner.integrations.transformers  # noqa: F401 - registers the pipeline

    expected = [span.score for span in spans(tmp_path / "model1")]
    recognize = pipeline("vaner-ner", model=MODEL, revision="v1", device="cpu")
    assert [entity["score"] for entity in recognize(TEXT)] == pytest.approx(expected, abs=1e-5)
    with pytest.raises((OSError, VanerError), match="v9"):
        AutoModel.from_pretrained(MODEL, revision="v9")


def test_spacy_component_has_a_revision(hub_model: str, tmp_path: Path) -> None:
    spacy = pytest.importorskip("spacy", reason="spaCy is not installed")
    import vaner.integrations.spacy  # noqa: F401 - registers the component

    settings = {"model": MODEL, "device": "cpu", "cache_dir": str(tmp_path / "elsewhere")}
    nlp = spacy.blank("en")
    nlp.add_pipe("vaner", config={**settings, "revision": "v1"})
    scores = nlp(TEXT).spans["vaner"].attrs["scores"]
    assert scores == pytest.approx([span.score for span in spans(tmp_path / "model1")], abs=1e-5)
    with pytest.raises(ModelError, match="me/model has no branch, tag or commit v9"):
        spacy.blank("en").add_pipe("vaner", config={**settings, "revision": "v9"})
