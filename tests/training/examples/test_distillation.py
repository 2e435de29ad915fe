"""Distillation: a pupil learns a teacher's whole distribution, exactly, from text nobody tagged."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.test_train import DISEASES, DRUGS, corpus_folder, recipe
from vaner.annotator import Annotator
from vaner.corpora import load
from vaner.hub.model_card import build_card
from vaner.hub.model_description import describe
from vaner.tagger import crf_algorithms
from vaner.tagger.crf import CRF
from vaner.training.examples.distillation import annotate_with_teacher
from vaner.training.recipe.schema import Recipe
from vaner.training.train import train

__all__ = ["corpus_folder"]


def test_what_is_minimised_is_the_cross_entropy_of_two_chains() -> None:
    torch.manual_seed(0)
    teacher, pupil = CRF(3), CRF(3)
    for parameter in (*teacher.parameters(), *pupil.parameters()):
        torch.nn.init.normal_(parameter)
    theirs, ours = torch.randn(2, 4, 3), torch.randn(2, 4, 3)
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]]).bool()
    sums = crf_algorithms.sum_sequences(teacher.chain(), theirs, mask)
    transitions = sums.expected_transitions()
    tags = sums.marginals.permute(2, 0, 1)
    found = pupil.distillation_log_likelihood(
        ours, tags.float(), transitions.float(), mask, reduction="none"
    )
    for row, words in enumerate(mask.sum(1).tolist()):
        paths = torch.tensor(list(itertools.product(range(3), repeat=words)))
        many = len(paths)
        one = torch.ones(many, words).bool()
        likelihood = [
            crf(emissions[row, :words].expand(many, -1, -1), paths, one, reduction="none")
            for crf, emissions in ((teacher, theirs), (pupil, ours))
        ]
        expected = (likelihood[0].exp() * likelihood[1]).sum()
        torch.testing.assert_close(found[row], expected, rtol=1e-4, atol=1e-4)


@pytest.fixture(scope="module")
def teacher(
    tiny_backbone: Path, corpus_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    plan = recipe(tiny_backbone, corpus_folder, lora=False, epochs=10, learning_rate=0.005)
    folder = tmp_path_factory.mktemp("teacher") / "run"
    return train(plan, folder, report=lambda _: None)[0].folder


def taught_by(teacher: str, text: Path, backbone: Path, corpus: Path, **model: Any) -> Recipe:
    plan = recipe(backbone, corpus, lora=False, epochs=15, learning_rate=0.005).model_dump()
    plan["model"] |= {"layers": 1} | model
    source = {"corpus": str(text), "teacher": teacher, "license": "by hand, CC0"}
    plan["stages"][0]["sources"] = [source]
    return Recipe.model_validate(plan)


@pytest.mark.heavy
@pytest.mark.parametrize("head", ["crf", "softmax"])
def test_a_pupil_learns_from_text_that_nobody_tagged(
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
    plan = taught_by(str(teacher), text, tiny_backbone, corpus_folder, head=head)
    lines: list[str] = []
    [pupil] = train(plan, tmp_path / "run", report=lines.append)
    assert pupil.dev_f1 > 0.7
    assert "running model: 100%" in capsys.readouterr().err
    annotator = Annotator.from_pretrained(pupil.folder)
    assert annotator.types == ("Chemical", "Disease") and annotator.corpora == {}
    written = (pupil.folder / "training.json").read_text("utf-8")
    assert "abstracts.txt, tagged by model" in written and str(tmp_path) not in written
    # What the teacher learnt from has taught the pupil, and is told with its licence.
    first = f"{corpus_folder.name} train"
    assert json.loads(written)["taught_on"] == [first]
    assert corpus_folder.name in annotator.training_corpora
    told = build_card(describe(pupil.folder), "pupil")
    assert f"- Teachers trained on {first}\n" in told
    assert f"| {corpus_folder.name} | not registered |" in told
    assert "| abstracts.txt | by hand, CC0 |" in told


@pytest.mark.heavy
def test_a_pupil_learns_from_gold_and_teacher_together(
    teacher: Path, tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    plan = taught_by(str(teacher), corpus_folder, tiny_backbone, corpus_folder).model_dump()
    plan["stages"][0]["sources"].append({"corpus": str(corpus_folder), "nameless_fraction": 1.0})
    plan["stages"][0] |= {"epochs": 2}
    [pupil] = train(Recipe.model_validate(plan), tmp_path / "run", report=lambda _: None)
    losses = [entry["loss"] for entry in pupil.history if "loss" in entry]
    assert losses[-1] < losses[0]


@pytest.mark.heavy
def test_from_a_teacher_of_other_tags_its_sure_mentions_are_learnt(
    teacher: Path, tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    alike = taught_by(str(teacher), corpus_folder, tiny_backbone, corpus_folder)
    plan = alike.model_dump()
    plan["model"] |= {"joint": True, "instruction": "none"}
    plan["stages"][0]["sources"][0]["min_teacher_score"] = 0.5
    [pupil] = train(Recipe.model_validate(plan), tmp_path / "run", report=lambda _: None)
    assert pupil.dev_f1 > 0.6
    record = json.loads((pupil.folder / "training.json").read_text("utf-8"))
    assert record["trained_on"] == [f"{corpus_folder.name}, tagged by model"]


def test_sentences_that_a_teacher_is_not_sure_of_are_left_out(
    teacher: Path, corpus_folder: Path
) -> None:
    corpus = load(str(corpus_folder), "train")
    every, sure, none = (
        annotate_with_teacher(str(teacher), corpus, least) for least in (0.0, 0.6, 1.0)
    )
    assert len(every) >= len(sure) > len(none)
    scores = [span.score or 0 for document in sure for span in document.spans]
    assert scores and min(scores) >= 0.6
    assert all(document.mention(span).strip() for document in sure for span in document.spans)
    assert not any(document.spans for document in none)


def test_a_teacher_says_all_there_is(
    teacher: Path, tiny_backbone: Path, corpus_folder: Path
) -> None:
    plan = taught_by(str(teacher), corpus_folder, tiny_backbone, corpus_folder)
    with pytest.raises(ValueError, match="a teacher fixes the types"):
        Recipe.model_validate(
            plan.model_dump()
            | {"stages": [{"sources": [{"corpus": "x", "teacher": "y", "types": ["Disease"]}]}]}
        )
