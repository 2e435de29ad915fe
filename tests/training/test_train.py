"""Training of a tiny model on a small corpus."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import TrainerState

from vaner.annotator import Annotator
from vaner.backbones.encoding import Encoder, Row
from vaner.backbones.saved_parts import head_state
from vaner.corpora import load
from vaner.errors import CorpusError, RecipeError
from vaner.tagger.instructions import COMPACT
from vaner.text.documents import Corpus, Document, Span
from vaner.text.tags import TagSet, UnreachableReason
from vaner.training import progress
from vaner.training import train as training
from vaner.training.data.mixture import LengthGroupedSampler, Mixture
from vaner.training.examples.sentences import Coverage, make_sentence_examples
from vaner.training.learners.tagger import TaggerLearner
from vaner.training.recipe.schema import Recipe
from vaner.training.result import describe_progress
from vaner.training.trainer import VanerTrainer

DRUGS = ["metformin", "aspirin", "ibuprofen", "warfarin", "digoxin", "lithium"]
DISEASES = ["asthma", "diabetes", "lung cancer", "gout", "sepsis", "renal failure"]


def row(encoder: Encoder, example: Any, rng: Random) -> Row:
    """As a tagger's learner has it."""
    encoded: Row = example.encode(encoder, COMPACT, rng)
    return encoded


def sentence(drug: str, disease: str) -> str:
    rows = [(drug, "B-Chemical"), ("helps", "O"), ("against", "O")]
    rows += [(w, "B-Disease" if i == 0 else "I-Disease") for i, w in enumerate(disease.split())]
    return "\n".join(f"{word}\t{tag}" for word, tag in [*rows, (".", "O")])


@pytest.fixture(scope="module")
def corpus_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpora") / "toy"
    folder.mkdir()
    pairs = [(drug, disease) for drug in DRUGS for disease in DISEASES]
    for split, chosen in (("train", pairs), ("devel", pairs[::5])):
        text = "\n\n".join(sentence(*pair) for pair in chosen) + "\n"
        (folder / f"{split}.tsv").write_text(text, "utf-8")
    return folder


def recipe(backbone: Path, corpus: Path, *, lora: bool = True, **stage: Any) -> Recipe:
    return Recipe.model_validate(
        {
            "name": "toy",
            "model": {"backbone": str(backbone), "instruction": "compact", "max_subwords": 128,
                      "lora": {"rank": 4, "alpha": 8, "dropout": 0.1} if lora else None},
            "stages": [{"sources": [{"corpus": str(corpus), "nameless_fraction": 0.5}], "epochs": 2,
                        "batch_size": 8, "learning_rate": 0.02, **stage}],
            "dev": [{"corpus": str(corpus)}],
            "precision": "fp32",
        }
    )  # fmt: skip


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return {
        **load_file(folder / "adapter_model.safetensors"),
        **load_file(folder / "head.safetensors"),
    }


def test_a_recipe_learns_and_leaves_a_model_that_can_be_used(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    lines: list[str] = []
    # All weights: an adapter on random ones has nothing to adapt.
    plan = recipe(tiny_backbone, corpus_folder, lora=False, epochs=10, learning_rate=0.005)
    [trained] = training.train(plan, tmp_path / "run", report=lines.append)
    assert trained.dev_f1 > 0.8
    record = json.loads((tmp_path / "run/seed-1/training.json").read_text())
    assert record["dev_f1"] == trained.dev_f1 and record["unreachable"] == {}
    assert (tmp_path / "run/seed-1/training.png").stat().st_size > 5000
    assert any("all 72 gold mentions can be learned" in line for line in lines)
    annotator = Annotator.from_pretrained(trained.folder)
    assert annotator.corpora == {"toy": ["Chemical", "Disease"]}
    spans = annotator("aspirin helps against lung cancer .").spans
    assert [(s.start, s.end, s.type) for s in spans] == [(0, 7, "Chemical"), (22, 33, "Disease")]


def logged(output: Path) -> list[dict[str, float]]:
    history: list[dict[str, float]] = json.loads((output / "seed-1/history.json").read_text())
    return history


class Killed(Exception):
    """Simulates a power cut."""


@pytest.mark.heavy
@pytest.mark.parametrize("stages", [1, 2])
def test_resumed_run_has_identical_weights(
    stages: int,
    tiny_backbone: Path,
    corpus_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Killed in its last stage, in an epoch, half an epoch after a checkpoint, and moved."""
    plan = recipe(tiny_backbone, corpus_folder, evaluations_per_epoch=2)
    before = [plan.stages[0].model_copy(update={"name": "before", "epochs": 1})]
    plan = plan.model_copy(update={"stages": [*before, *plan.stages][-stages:]})
    [unbroken] = training.train(plan, tmp_path / "a", report=lambda _: None)

    calls, last = 0, 7 if stages == 1 else 16  # the stage before has nine
    step = VanerTrainer.training_step

    def dies(self: Any, *args: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == last:
            raise Killed
        return step(self, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(VanerTrainer, "training_step", dies)
        with pytest.raises(Killed):
            training.train(plan, tmp_path / "b", report=lambda _: None)
    steps = [entry["step"] for entry in logged(tmp_path / "b")]
    assert steps[-1] == 6 and (tmp_path / "b/seed-1/training.png").is_file()
    with pytest.raises(RecipeError, match="--resume"):
        training.train(plan, tmp_path / "b", report=lambda _: None)
    (tmp_path / "b").rename(tmp_path / "c")
    for file in (tmp_path / "c").rglob("trainer_state.json"):
        state = json.loads(file.read_text())
        for entry in state["log_history"]:
            entry["seconds"] += 1000
        file.write_text(json.dumps(state))
    [resumed] = training.train(plan, tmp_path / "c", resume=True, report=lambda _: None)

    both = [
        # A stage that had ended has no summary of the Trainer.
        [(entry["stage"], entry["step"]) for entry in logged(run) if "train_runtime" not in entry]
        for run in (tmp_path / "c", tmp_path / "a")
    ]
    assert both[0] == both[1]  # none twice
    assert resumed.dev_f1 == unbroken.dev_f1
    assert resumed.seconds > 1000 > unbroken.seconds  # what it took before counts
    expected = weights(unbroken.folder)
    for name, tensor in weights(resumed.folder).items():
        assert torch.equal(tensor, expected[name]), name


@pytest.mark.heavy
def test_gradient_checkpointing_does_not_change_weights(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    all_weights = []
    for name, stage in (
        ("plain", {"batch_size": 8}),
        ("saved", {"batch_size": 8, "gradient_checkpointing": True}),
    ):
        plan = recipe(tiny_backbone, corpus_folder, epochs=1, **stage)
        [trained] = training.train(plan, tmp_path / name, report=lambda _: None)
        all_weights.append(weights(trained.folder))
    for name, tensor in all_weights[0].items():
        torch.testing.assert_close(all_weights[1][name], tensor, rtol=1e-4, atol=1e-5, msg=name)


@pytest.mark.heavy
def test_best_checkpoint_on_dev_is_saved(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = iter([0.9, 0.2, 0.1])
    head_states: list[dict[str, torch.Tensor]] = []
    real = TaggerLearner.score

    def scorer(learner: Any, *rest: Any) -> Any:
        head_states.append(
            {k: v.clone() for k, v in head_state(learner.model._head_modules()).items()}
        )
        score = next(scores, None)
        return real(learner, *rest) if score is None else {"eval_f1": score}

    monkeypatch.setattr(TaggerLearner, "score", scorer)
    plan = recipe(tiny_backbone, corpus_folder, epochs=3)
    [trained] = training.train(plan, tmp_path / "run", report=lambda _: None)
    chosen = load_file(trained.folder / "head.safetensors")
    torch.testing.assert_close(chosen["classifier.weight"], head_states[0]["classifier.weight"])
    assert not torch.equal(chosen["classifier.weight"], head_states[2]["classifier.weight"])


@pytest.mark.heavy
def test_training_stops_early(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = iter([0.5, 0.9, 0.8, 0.7, 0.6, 0.5])
    monkeypatch.setattr(TaggerLearner, "score", lambda *_: {"eval_f1": next(scores)})
    plan = recipe(tiny_backbone, corpus_folder, epochs=6, patience=2)
    lines: list[str] = []
    [trained] = training.train(plan, tmp_path / "run", report=lines.append)
    stop = r"stopped at step (\d+): dev F1 has not risen for 2 evaluations; best at step (\d+)"
    [last, best] = map(int, next(m for m in (re.search(stop, s) for s in lines) if m).groups())
    assert last == 2 * best
    evaluations = [entry for entry in trained.history if "eval_f1" in entry]
    assert [entry["eval_f1"] for entry in evaluations] == [0.5, 0.9, 0.8, 0.7]


@pytest.mark.heavy
def test_model_that_finds_nothing_is_reported(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for score, is_warned in ((0.0, True), (0.1, False)):
        monkeypatch.setattr(TaggerLearner, "score", lambda *_, f1=score: {"eval_f1": f1})
        plan = recipe(tiny_backbone, corpus_folder, steps=1)
        lines: list[str] = []
        training.train(plan, tmp_path / str(score), report=lines.append)
        assert ("found no mention of the dev sets; train for more" in lines[-1]) == is_warned


@pytest.mark.heavy
def test_resumed_run_keeps_used_patience(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the first of two evaluations that it may fail, and again after the end."""
    scores: list[float | None] = [0.5, 0.9, 0.8, None, 0.7, 0.6, 0.5, 0.95, 0.99]

    def score(*_: Any) -> dict[str, float]:
        next_score = scores.pop(0)
        if next_score is None:
            raise Killed
        return {"eval_f1": next_score}

    monkeypatch.setattr(TaggerLearner, "score", score)
    plan = recipe(tiny_backbone, corpus_folder, epochs=6, patience=2)
    with pytest.raises(Killed):
        training.train(plan, tmp_path / "run", report=lambda _: None)
    for left in (4, 3):
        # The last score is that of the saved model.
        [trained] = training.train(
            plan, tmp_path / "run", resume=True, keep_checkpoints=True, report=lambda _: None
        )
        dev_scores = [entry["eval_f1"] for entry in trained.history if "eval_f1" in entry]
        assert dev_scores == [0.5, 0.9, 0.8, 0.7]
        assert len(scores) == left - 1
        (tmp_path / "run/seed-1/training.json").unlink()  # killed before it was written


@pytest.fixture
def encoder(tiny_backbone: Path) -> Encoder:
    return Encoder.from_folder(tiny_backbone, 96)


def test_examples_include_every_type_and_negative_sentences(
    corpus_folder: Path, encoder: Encoder
) -> None:
    corpus = load(str(corpus_folder), "train")
    examples, coverage = make_sentence_examples(corpus, corpus.types, encoder, TagSet(), COMPACT)
    assert len(examples) == 2 * len(corpus)
    assert coverage.mentions == 72 and coverage.share == 0
    diseases, _ = make_sentence_examples(corpus, ["Disease"], encoder, TagSet(), COMPACT)
    assert {e.type for e in diseases} == {"Disease"}


def test_unannotated_type_raises_error(corpus_folder: Path, encoder: Encoder) -> None:
    """Otherwise the model would learn its absence."""
    corpus = load(str(corpus_folder), "train")
    with pytest.raises(CorpusError, match="does not annotate Gene"):
        make_sentence_examples(corpus, ["Gene"], encoder, TagSet(), COMPACT)


def test_unreachable_mentions_are_counted(encoder: Encoder) -> None:
    text = "renal and liver failure, antiCD3"
    spans = (
        Span(0, 23, "X", fragments=((0, 5), (16, 23))), Span(10, 23, "X"),
        Span(16, 23, "X"), Span(29, 32, "X"),
    )  # fmt: skip
    corpus = Corpus("c", "train", (Document("d", text, spans),))
    _, coverage = make_sentence_examples(corpus, ["X"], encoder, TagSet(), COMPACT)
    assert coverage.unreachable == {
        UnreachableReason.DISCONTINUOUS: 1,
        UnreachableReason.OVERLAPPING: 1,
        UnreachableReason.BOUNDARY: 1,
    }
    assert str(coverage).startswith("3 of 4 gold mentions (75.00%) cannot be learned: ")
    complete = [str(Coverage(number, {}, 0)) for number in (0, 1, 2)]
    assert complete == [
        "no gold mentions", "1 gold mention can be learned", "all 2 gold mentions can be learned",
    ]  # fmt: skip


def test_long_sentences_become_windows_with_legal_tags(encoder: Encoder) -> None:
    text = "gene " * 300
    corpus = Corpus("c", "train", (Document("d", text, (Span(0, 1499, "Gene"),)),))
    examples, _ = make_sentence_examples(corpus, ["Gene"], encoder, TagSet(), COMPACT)
    assert len(examples) > 3
    assert all(e.tags[0] == 1 and set(e.tags[1:]) == {2} for e in examples)
    mixture = Mixture(examples, partial(row, encoder), seed=1)
    assert max(len(mixture[i]) for i in range(len(mixture))) <= 96


def test_order_and_instructions_depend_on_seed_and_epoch_only(
    corpus_folder: Path, encoder: Encoder
) -> None:
    corpus = load(str(corpus_folder), "train")
    examples, _ = make_sentence_examples(
        corpus, ["Disease"], encoder, TagSet(), COMPACT, nameless_fraction=0.5
    )

    def draw(seed: int, epoch: int) -> tuple[list[int], list[tuple[int, ...]]]:
        mixture = Mixture(examples, partial(row, encoder), seed)
        sampler = LengthGroupedSampler(mixture, 8)
        sampler.set_epoch(epoch)
        return list(sampler), [mixture[i].input_ids for i in range(len(mixture))]

    order, rows = draw(1, 0)
    assert sorted(order) == list(range(36))
    assert (order, rows) == draw(1, 0)
    for other in (draw(1, 1), draw(2, 0)):
        assert other[0] != order and other[1] != rows
    assert len({len(r) for r in rows}) > 1  # some with the corpus's name, some without


@pytest.mark.heavy
def test_finished_run_has_no_checkpoints_and_is_not_trained_again(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    plan = recipe(tiny_backbone, corpus_folder, epochs=1)
    [trained] = training.train(plan, tmp_path / "run", report=lambda _: None)
    assert not list((tmp_path / "run").rglob("checkpoint-*"))
    lines: list[str] = []
    [again] = training.train(plan, tmp_path / "run", resume=True, report=lines.append)
    assert again.dev_f1 == trained.dev_f1 and again.history == trained.history and not lines
    assert again.coverage == trained.coverage and again.folder == trained.folder
    file = tmp_path / "run/seed-1/training.json"
    file.write_text(file.read_text()[:99])
    with pytest.raises(RecipeError, match=r"training\.json: damaged \(.*delete .*seed-1 to train"):
        training.train(plan, tmp_path / "run", resume=True, report=lambda _: None)


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("name", "content"),
    [("optimizer.pt", b"PK\x03\x04 cut"), ("scheduler.pt", b""), ("rng_state.pth", b"x" * 50),
     ("trainer_state.json", b'{"global_step": "a"}'),
     ("trainer_state.json", b'{"logging_steps": "a"}'), ("head.safetensors", b"\0" * 8)],
)  # fmt: skip
def test_damaged_checkpoint_is_one_line(
    tiny_backbone: Path,
    corpus_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    content: bytes,
) -> None:
    plan = recipe(tiny_backbone, corpus_folder, epochs=2, evaluations_per_epoch=2)
    calls = 0
    step = VanerTrainer.training_step

    def dies(self: Any, *args: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 6:
            raise KeyboardInterrupt
        return step(self, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(VanerTrainer, "training_step", dies)
        with pytest.raises(KeyboardInterrupt):
            training.train(plan, tmp_path / "run", report=lambda _: None)
    so_far = describe_progress(tmp_path / "run")
    assert so_far is not None and "the best dev F1 so far is" in so_far
    [*_, last] = sorted((tmp_path / "run").rglob("checkpoint-*"))
    (last / name).write_bytes(content)
    with pytest.raises(RecipeError, match=f"{last}: damaged checkpoint .*; delete it, and"):
        training.train(plan, tmp_path / "run", resume=True, report=lambda _: None)


def test_training_that_diverges_is_an_error(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    plan = recipe(tiny_backbone, corpus_folder, learning_rate=1e30)
    with pytest.raises(RecipeError, match=r"training diverged before step \d+: weights are not"):
        training.train(plan, tmp_path / "run", report=lambda _: None)


def test_unknown_trackers_are_an_error_before_the_work(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    plan = recipe(tiny_backbone, corpus_folder).model_copy(update={"report_to": ["paper"]})
    with pytest.raises(RecipeError, match=r"cannot be used .paper is not supported"):
        training.train(plan, tmp_path / "run", report=lambda _: None)
    assert not (tmp_path / "run").exists()


def test_a_log_has_plain_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "MESSAGE_INTERVAL", 0.0)
    bar = progress.progress_bar("training", "step", 3, done=1)
    bar.set_postfix({"loss": "0.100"}, refresh=False)
    bar.update(1)
    bar.update(1)
    bar.close()
    assert list(progress.progress_bar("reading", "document", 2, [5, 6])) == [5, 6]
    lines = capsys.readouterr().err.split("\n")
    assert lines[0].startswith("vaner: training: 2 of 3 steps, loss 0.100, ")
    assert lines[1:3] == ["vaner: training: 3 of 3 steps, loss 0.100"] * 2
    assert lines[-2] == "vaner: reading: 2 of 2 documents" and "\r" not in "".join(lines)


def test_training_that_stops_early_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    state = TrainerState(global_step=80, max_steps=220, best_global_step=30)
    assert progress.describe_early_stop(state, 5) == (
        "stopped at step 80: dev F1 has not risen for 5 evaluations; best at step 30"
    )
    assert "not risen for 1 evaluation;" in progress.describe_early_stop(state, 1)
    assert progress.describe_early_stop(replace(state, max_steps=80), 5) == ""
    monkeypatch.setattr(progress, "MESSAGE_INTERVAL", 1e9)
    with progress.progress_bar("training", "step", 220) as bar:
        bar.update(80)
    assert capsys.readouterr().err == "vaner: training: 80 of 220 steps\n"
