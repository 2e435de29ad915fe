"""Distillation: a student learns the distribution of its teacher."""

from __future__ import annotations

import itertools
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.training.test_train import DISEASES, DRUGS, corpus_folder, recipe
from vaner.annotator import Annotator
from vaner.corpora import load
from vaner.errors import CorpusError, ModelError, RecipeError
from vaner.formats import write
from vaner.hub.model_card import build_card
from vaner.hub.model_description import describe
from vaner.tagger import crf_algorithms
from vaner.tagger.crf import CRF
from vaner.text.documents import Document, Span
from vaner.text.words import split_words
from vaner.training.examples import posteriors
from vaner.training.examples.distillation import annotate_with_teacher
from vaner.training.examples.sentences import SentenceExample
from vaner.training.plan import resolve_recipe
from vaner.training.recipe.schema import Recipe
from vaner.training.train import train

__all__ = ["corpus_folder"]


def test_distillation_loss_is_cross_entropy_of_two_chains() -> None:
    torch.manual_seed(0)
    teacher, student = CRF(3), CRF(3)
    for parameter in (*teacher.parameters(), *student.parameters()):
        torch.nn.init.normal_(parameter)
    theirs, ours = torch.randn(2, 4, 3), torch.randn(2, 4, 3)
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]]).bool()
    sums = crf_algorithms.sum_sequences(teacher.chain(), theirs, mask)
    transitions = sums.expected_transitions()
    tags = sums.marginals.permute(2, 0, 1)
    likelihoods = student.distillation_log_likelihood(
        ours, tags.float(), transitions.float(), mask, reduction="none"
    )
    for row, words in enumerate(mask.sum(1).tolist()):
        paths = torch.tensor(list(itertools.product(range(3), repeat=words)))
        many = len(paths)
        mask_of_paths = torch.ones(many, words).bool()
        likelihood = [
            crf(emissions[row, :words].expand(many, -1, -1), paths, mask_of_paths, reduction="none")
            for crf, emissions in ((teacher, theirs), (student, ours))
        ]
        expected = (likelihood[0].exp() * likelihood[1]).sum()
        torch.testing.assert_close(likelihoods[row], expected, rtol=1e-4, atol=1e-4)


@pytest.fixture(scope="module")
def teacher(
    tiny_backbone: Path, corpus_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    plan = recipe(tiny_backbone, corpus_folder, lora=False, epochs=10, learning_rate=0.005)
    folder = tmp_path_factory.mktemp("teacher") / "run"
    return train(plan, folder, report=lambda _: None)[0].folder


def distillation_recipe(
    teacher: str, text: Path, backbone: Path, corpus: Path, **model: Any
) -> Recipe:
    plan = recipe(backbone, corpus, lora=False, epochs=15, learning_rate=0.005).model_dump()
    plan["model"] |= {"layers": 1} | model
    source = {"corpus": str(text), "teacher": teacher, "license": "by hand, CC0"}
    plan["stages"][0]["sources"] = [source]
    return Recipe.model_validate(plan)


@pytest.mark.heavy
@pytest.mark.parametrize("head", ["crf", "softmax"])
def test_student_learns_from_plain_text(
    head: str,
    teacher: Path,
    tiny_backbone: Path,
    corpus_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = tmp_path / "abstracts.txt"
    pairs = itertools.product(DRUGS, DISEASES)
    text.write_text("\n\n".join(f"{a} helps against {b} ." for a, b in pairs), "utf-8")
    plan = distillation_recipe(str(teacher), text, tiny_backbone, corpus_folder, head=head)
    lines: list[str] = []
    [student] = train(plan, tmp_path / "run", report=lines.append)
    assert student.dev_f1 > 0.7
    assert "running model: 72 of 72 sentences" in capsys.readouterr().err
    annotator = Annotator.from_pretrained(student.folder)
    assert annotator.types == ("Chemical", "Disease") and annotator.corpora == {}
    written = (student.folder / "training.json").read_text("utf-8")
    assert "abstracts.txt, tagged by toy" in written and str(tmp_path) not in written
    # The record names the teacher's training data with its license.
    first = f"{corpus_folder.name} train"
    assert json.loads(written)["taught_on"] == [first]
    assert corpus_folder.name in annotator.training_corpora
    card = build_card(describe(student.folder), "student")
    assert f"- Teachers trained on {first}\n" in card
    assert f"| {corpus_folder.name} | not registered |" in card
    assert "| abstracts.txt | by hand, CC0 |" in card


@pytest.mark.heavy
def test_student_learns_from_gold_and_teacher(
    teacher: Path, tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    plan = distillation_recipe(
        str(teacher), corpus_folder, tiny_backbone, corpus_folder
    ).model_dump()
    plan["stages"][0]["sources"].append({"corpus": str(corpus_folder), "nameless_fraction": 1.0})
    plan["stages"][0] |= {"epochs": 2}
    [student] = train(Recipe.model_validate(plan), tmp_path / "run", report=lambda _: None)
    losses = [entry["loss"] for entry in student.history if "loss" in entry]
    assert losses[-1] < losses[0]


@pytest.mark.heavy
def test_student_with_other_tags_learns_mentions(
    teacher: Path, tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    base = distillation_recipe(str(teacher), corpus_folder, tiny_backbone, corpus_folder)
    plan = base.model_dump()
    plan["model"] |= {"joint": True, "instruction": "none"}
    plan["stages"][0]["sources"][0]["min_teacher_score"] = 0.5
    [student] = train(Recipe.model_validate(plan), tmp_path / "run", report=lambda _: None)
    assert student.dev_f1 > 0.6
    record = json.loads((student.folder / "training.json").read_text("utf-8"))
    assert record["trained_on"] == [f"{corpus_folder.name}, tagged by toy"]


def test_min_teacher_score_drops_uncertain_sentences(teacher: Path, corpus_folder: Path) -> None:
    corpus = load(str(corpus_folder), "train")
    all_sentences, certain, none = (
        annotate_with_teacher(str(teacher), corpus, least) for least in (0.0, 0.6, 1.0)
    )
    assert len(all_sentences) >= len(certain) > len(none)
    scores = [span.score or 0 for document in certain for span in document.spans]
    assert scores and min(scores) >= 0.6
    assert all(document.mention(span).strip() for document in certain for span in document.spans)
    assert not any(document.spans for document in none)


def test_posteriors_are_computed_once(
    teacher: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VANER_CACHE", str(tmp_path))
    monkeypatch.setattr(posteriors, "_PART_SIZE", 2)
    text = "Gout hurts. No fever."
    words = split_words(text)
    sentences = [
        SentenceExample(text, tuple(words[first:last]), (), type, "", 1.0, 9)
        for first, last in ((0, 3), (3, 6), (0, 6))
        for type in ("Chemical", "Disease")
    ]
    computed = posteriors.compute_posteriors(str(teacher), sentences[:4])
    assert [each.tags.shape[0] for each in computed] == [3, 3, 3, 3]
    assert all(abs(each.tags.sum(1) - 1).max() < 0.01 for each in computed)
    for each in computed:  # a chain of three words has two transitions
        assert float(each.transitions.sum()) == pytest.approx(2, abs=0.01)

    parts: list[int] = []
    compute_part = posteriors._compute_part
    monkeypatch.setattr(
        posteriors,
        "_compute_part",
        lambda tagger, part, odds: parts.append(len(part)) or compute_part(tagger, part, odds),
    )
    again = posteriors.compute_posteriors(str(teacher), sentences)
    assert parts == [2]
    for first, second in zip(computed, again, strict=False):
        assert (first.tags == second.tags).all()
        assert (first.transitions == second.transitions).all()
    shutil.copytree(teacher, tmp_path / "other")
    config = json.loads((tmp_path / "other" / "config.json").read_text("utf-8"))
    (tmp_path / "other" / "config.json").write_text(json.dumps(config | {"note": "x"}), "utf-8")
    posteriors.compute_posteriors(str(tmp_path / "other"), sentences[:2])
    assert parts == [2, 2]
    weights = load_file(teacher / "model.safetensors")  # another seed of the same recipe
    weights["classifier.bias"] += 1
    shutil.copytree(teacher, tmp_path / "retrained")
    save_file(weights, tmp_path / "retrained" / "model.safetensors", {"format": "pt"})
    posteriors.compute_posteriors(str(tmp_path / "retrained"), sentences[:2])
    assert parts == [2, 2, 2]


def test_annotation_odds_multiply_odds_of_annotated_tags(
    teacher: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VANER_CACHE", str(tmp_path))
    words = tuple(split_words("Gout"))

    def probabilities(tag: int, odds: float) -> list[float]:
        sentence = SentenceExample("Gout", words, (tag,), "Chemical", "", 1.0, 9)
        [posterior] = posteriors.compute_posteriors(str(teacher), [sentence], odds)
        return [float(p) for p in posterior.tags[0]]

    ignored = probabilities(1, 1.0)
    assert probabilities(0, 50.0) == pytest.approx(ignored, abs=0.001)  # O is no annotation
    raised = probabilities(1, 50.0)  # not those of the cache
    odds = 50 * ignored[1] / (1 - ignored[1])
    assert raised[1] == pytest.approx(odds / (1 + odds), rel=0.01)
    assert sum(raised) == pytest.approx(1, abs=0.001)


@pytest.mark.heavy
def test_student_learns_uncertain_annotations(
    teacher: Path, tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    names = tmp_path / "names.jsonl"
    texts = [f"{name} hurts." for name in ("xyzzy", "plugh", "plover")]
    documents = [Document(t, t, (Span(0, t.index(" "), "Disease"),)) for t in texts]
    write(documents, names, "jsonl")
    plan = distillation_recipe(str(teacher), names, tiny_backbone, corpus_folder).model_dump()

    def count_found(odds: float) -> int:
        plan["stages"][0]["sources"][0]["annotation_odds"] = odds
        recipe = Recipe.model_validate(plan)
        [student] = train(recipe, tmp_path / f"run-{odds}", report=lambda _: None)
        annotator = Annotator.from_pretrained(student.folder)
        return sum(bool(annotator(text, types=["Disease"]).spans) for text in texts)

    assert count_found(1e6) > count_found(1.0)


def test_annotation_odds_need_teacher_with_same_tags(
    teacher: Path, tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    plan = distillation_recipe(str(teacher), corpus_folder, tiny_backbone, corpus_folder)
    content = plan.model_dump()
    source = content["stages"][0]["sources"][0]
    source["annotation_odds"] = 9
    content["model"] |= {"joint": True, "instruction": "none"}
    with pytest.raises(RecipeError, match="has annotation_odds, but its teacher has other tags"):
        train(Recipe.model_validate(content), tmp_path / "run", report=lambda _: None)
    source |= {"teacher": None}
    with pytest.raises(ValueError, match="annotation_odds needs a teacher"):
        Recipe.model_validate(content)


def test_annotation_odds_need_types_of_teacher(
    teacher: Path, tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    names = tmp_path / "names.jsonl"
    write([Document("1", "Zebra", (Span(0, 5, "Species"),))], names, "jsonl")
    plan = distillation_recipe(str(teacher), names, tiny_backbone, corpus_folder).model_dump()
    resolve_recipe(Recipe.model_validate(plan))
    plan["stages"][0]["sources"][0]["annotation_odds"] = 9
    with pytest.raises(CorpusError, match="annotates Species, but its teacher finds Chemical"):
        resolve_recipe(Recipe.model_validate(plan))
    plan["stages"][0]["sources"][0]["rename"] = {"Species": "Disease"}
    [stage] = resolve_recipe(Recipe.model_validate(plan)).stages
    assert [span.type for span in stage.sources[0].corpus.documents[0].spans] == ["Disease"]


def test_teacher_without_backbone_raises_error_before_training(
    teacher: Path, tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(teacher, tmp_path / "teacher")
    config = json.loads((copy / "config.json").read_text("utf-8"))
    (copy / "config.json").write_text(json.dumps(config | {"backbone": str(tmp_path / "gone")}))
    plan = distillation_recipe(str(copy), corpus_folder, tiny_backbone, corpus_folder)
    with pytest.raises(ModelError, match=r"teacher: .*gone"):
        resolve_recipe(plan)


@pytest.mark.parametrize(
    ("fields", "message"),
    [({"types": ["Disease"]}, "a teacher fixes the types"), ({"rename": {"a": "b"}}, "not used")],
)
def test_teacher_with_types_raises_error(
    teacher: Path,
    tiny_backbone: Path,
    corpus_folder: Path,
    fields: dict[str, Any],
    message: str,
) -> None:
    plan = distillation_recipe(str(teacher), corpus_folder, tiny_backbone, corpus_folder)
    stages = [{"sources": [{"corpus": "x", "teacher": "y"} | fields]}]
    with pytest.raises(ValueError, match=message):
        Recipe.model_validate(plan.model_dump() | {"stages": stages})
