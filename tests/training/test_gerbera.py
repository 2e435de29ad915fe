"""Training with the general domain (GERBERA): a second head, and the backbone in common."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch

from tests.training.test_train import corpus_folder, recipe, sentence
from vaner.annotator import Annotator
from vaner.backbones.encoding import Encoder
from vaner.corpora import load
from vaner.errors import RecipeError
from vaner.tagger.batch_tensors import collate
from vaner.tagger.instructions import COMPACT
from vaner.tagger.model import VanerForTokenClassification
from vaner.text.tags import TagSet
from vaner.training import train as training
from vaner.training.data.sources import load_source
from vaner.training.examples.sentences import make_sentence_examples
from vaner.training.recipe.schema import CorpusSource, Recipe
from vaner.training.train import train

__all__ = ["corpus_folder"]


@pytest.fixture(scope="module")
def general_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("general") / "news"
    folder.mkdir()
    people, places = ["Ann", "Bob", "Cy"], ["Rome", "New York"]
    text = "\n\n".join(sentence(a, b) for a in people for b in places) + "\n"
    text = text.replace("-Chemical", "-PER").replace("-Disease", "-LOC")
    (folder / "train.tsv").write_text(text, "utf-8")
    return folder


def batch(
    model: VanerForTokenClassification, backbone: Path, sources: list[tuple[Path, bool]]
) -> dict[str, Any]:
    encoder = Encoder.from_folder(backbone, 128)
    examples = []
    for folder, general in sources:
        corpus = load(str(folder), "train")
        corpus = corpus.rename_types(dict.fromkeys(corpus.types, "Entity")) if general else corpus
        folder_examples, _ = make_sentence_examples(
            corpus, corpus.types, encoder, TagSet(), COMPACT, general=general
        )
        examples += folder_examples[:3]
    return collate([example.encode(encoder, COMPACT, Random(1)) for example in examples], "packed")


def tagger(backbone: Path, **config: Any) -> VanerForTokenClassification:
    torch.manual_seed(0)
    return VanerForTokenClassification.from_backbone(
        str(backbone), lora={"r": 4, "target_modules": "all-linear"}, general_head=True,
        types=["Chemical", "Disease"], instruction=COMPACT.to_dict(), corpora={}, dropout=0.0,
        **config,
    )  # fmt: skip


def gradients(model: VanerForTokenClassification, inputs: dict[str, Any]) -> dict[str, float]:
    model.zero_grad()
    model(**inputs).loss.backward()
    totals: dict[str, float] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            part = name.split(".")[0]
            size = 0.0 if parameter.grad is None else float(parameter.grad.abs().sum())
            totals[part] = totals.get(part, 0.0) + size
    return totals


@pytest.mark.parametrize("head", ["crf", "softmax"])
def test_general_example_does_not_train_biomedical_head(
    tiny_backbone: Path, general_folder: Path, corpus_folder: Path, head: str
) -> None:
    model = tagger(tiny_backbone, head=head)
    torch.nn.init.normal_(next(p for n, p in model.named_parameters() if "lora_B" in n))
    general = batch(model, tiny_backbone, [(general_folder, True)])
    norms = gradients(model, general)
    assert norms["classifier"] == norms.get("crf", 0.0) == 0.0
    assert norms["general"] > 0 and norms["backbone"] > 0
    medical = batch(model, tiny_backbone, [(corpus_folder, False)])
    assert "general" not in medical
    norms = gradients(model, medical)
    assert norms["general"] == 0.0 and norms["classifier"] > 0


@pytest.mark.parametrize("head", ["crf", "softmax"])
def test_mixed_batch_loss_is_mean_of_row_losses(
    tiny_backbone: Path, general_folder: Path, corpus_folder: Path, head: str
) -> None:
    """Of its words, for the softmax head: neither domain counts for more than its part."""
    model = tagger(tiny_backbone, head=head).eval()
    sources = [(general_folder, True), (corpus_folder, False)]
    batches = [batch(model, tiny_backbone, [source]) for source in sources]
    parts = [int(b["word_mask"].sum()) if head == "softmax" else 1 for b in batches]
    losses = [part * model(**b).loss for part, b in zip(parts, batches, strict=True)]
    mixed = model(**batch(model, tiny_backbone, sources)).loss
    torch.testing.assert_close(mixed, sum(losses) / sum(parts))


def test_collapse_merges_all_types(general_folder: Path) -> None:
    corpus = load_source(CorpusSource(corpus=str(general_folder), collapse="Entity"), load).corpus
    assert corpus.types == ("Entity",)
    assert {span.type for document in corpus for span in document.spans} == {"Entity"}


def two_stages(backbone: Path, corpus: Path, general: Path, **source: Any) -> Recipe:
    content = recipe(backbone, corpus).model_dump()
    target = content["stages"][0]["sources"]
    other = {"corpus": str(general), "collapse": "Entity", **source}
    first = content["stages"][0] | {"name": "both", "sources": [*target, other], "epochs": 1}
    second = content["stages"][0] | {"name": "target", "epochs": 1}
    return Recipe.model_validate(content | {"stages": [first, second]})


@pytest.mark.heavy
def test_two_stage_recipe_trains_and_saves(
    tiny_backbone: Path, corpus_folder: Path, general_folder: Path, tmp_path: Path
) -> None:
    gerbera = two_stages(tiny_backbone, corpus_folder, general_folder, domain="general")
    (trained,) = train(gerbera, tmp_path / "run", report=lambda _: None)
    assert {entry["stage"] for entry in trained.history} == {1, 2}
    annotator = Annotator.from_pretrained(trained.folder, device="cpu")
    assert annotator.types == ("Chemical", "Disease")
    assert "news" not in annotator.corpora


@pytest.mark.heavy
def test_second_stage_starts_from_best_checkpoint(
    tiny_backbone: Path,
    corpus_folder: Path,
    general_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage_scores: list[tuple[float, float]] = []  # dev F1 as each stage begins, and the best in it
    run_stage = training.train_stage

    def watch(
        recipe: Any, stage: Any, learner: Any, mixture: Any, scorer: Any, *rest: Any, **options: Any
    ) -> Any:
        begins = scorer()["eval_f1"]
        state = run_stage(recipe, stage, learner, mixture, scorer, *rest, **options)
        stage_scores.append((begins, float(state.best_metric)))
        return state

    monkeypatch.setattr(training, "train_stage", watch)
    plan = two_stages(tiny_backbone, corpus_folder, general_folder, domain="general")
    first = plan.stages[0].model_copy(update={"epochs": 6, "learning_rate": 0.005})
    model = plan.model.model_copy(update={"lora": None})
    plan = plan.model_copy(update={"model": model, "stages": [first, plan.stages[1]]})
    training.train(plan, tmp_path / "run", report=lambda _: None)
    (begins, best), (goes_on, _) = stage_scores
    assert best > begins and goes_on == pytest.approx(best)


@pytest.mark.heavy
def test_general_type_by_instruction_is_an_extra_type(
    tiny_backbone: Path, corpus_folder: Path, general_folder: Path, tmp_path: Path
) -> None:
    routed = two_stages(tiny_backbone, corpus_folder, general_folder)
    (trained,) = train(routed, tmp_path / "run", report=lambda _: None)
    model = VanerForTokenClassification.from_pretrained(trained.folder)
    assert model.general is None
    assert model.config.corpora["news"] == ["Entity"]


def test_general_domain_only_raises_error(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    content = recipe(tiny_backbone, corpus_folder).model_dump()
    content["stages"][0]["sources"][0]["domain"] = "general"
    with pytest.raises(RecipeError, match="every source is of the general domain"):
        train(Recipe.model_validate(content), tmp_path / "run", report=lambda _: None)


def test_general_rows_without_general_head_raise_error(
    tiny_backbone: Path, general_folder: Path
) -> None:
    model = tagger(tiny_backbone)
    inputs = batch(model, tiny_backbone, [(general_folder, True)])
    model.general = None
    with pytest.raises(ValueError, match="need a model with a general head"):
        model(**inputs)


def test_teacher_and_general_domain_in_one_stage_raise_error(
    tiny_backbone: Path, corpus_folder: Path, general_folder: Path, tmp_path: Path
) -> None:
    tagger(tiny_backbone).save_pretrained(tmp_path / "teacher")
    plan = recipe(tiny_backbone, corpus_folder).model_dump()
    plan["stages"][0]["sources"] = [
        {"corpus": str(corpus_folder), "teacher": str(tmp_path / "teacher")},
        {"corpus": str(general_folder), "collapse": "Entity", "domain": "general"},
    ]
    with pytest.raises(RecipeError, match="stage main: a teacher's probabilities and the general"):
        train(Recipe.model_validate(plan), tmp_path / "run", report=lambda _: None)


def test_several_types_without_instruction_raise_error(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    plan = recipe(tiny_backbone, corpus_folder).model_dump()
    plan["model"]["instruction"] = "none"
    with pytest.raises(RecipeError, match="which of Chemical, Disease to find"):
        train(Recipe.model_validate(plan), tmp_path / "run", report=lambda _: None)
