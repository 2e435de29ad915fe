"""A process that is killed in training, and the same run continued by another process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import TrainerState

from tests.training.test_train import corpus_folder, recipe
from vaner.training import train as training
from vaner.training.recipe.schema import Recipe

__all__ = ["corpus_folder"]

ROOT = Path(__file__).resolve().parents[2]
_TRAIN = (
    "import sys; from pathlib import Path\n"
    "from vaner.training import train as training\n"
    "from vaner.training.recipe.schema import Recipe\n"
    "recipe = Recipe.model_validate_json(Path(sys.argv[1]).read_text())\n"
    "training.train(recipe, sys.argv[2])\n"
)


def train_and_kill(plan: Recipe, folder: Path) -> None:
    """Train in a process, and kill it as soon as there is a checkpoint."""
    file = folder.with_suffix(".json")
    file.write_text(plan.model_dump_json())
    environment = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    with subprocess.Popen(
        [sys.executable, "-c", _TRAIN, file, folder], cwd=ROOT, env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        while not list(folder.glob("seed-1/*/checkpoint-*/trainer_state.json")):
            assert process.poll() is None, "the process ended before its first checkpoint"
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    """Return all stored weights of a model."""
    files = sorted(folder.glob("*.safetensors"))
    return {f"{file.name} {n}": w for file in files for n, w in load_file(file).items()}


@pytest.mark.heavy
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("lora", [True, False])
def test_run_after_sigkill_has_identical_weights(
    lora: bool, tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    plan = recipe(tiny_backbone, corpus_folder, lora=lora, epochs=6, evaluate_every=3)
    train_and_kill(plan, tmp_path / "killed")
    assert not (tmp_path / "killed/seed-1/model").exists()
    check_resumed_weights(plan, tmp_path)


@pytest.mark.heavy
@pytest.mark.parametrize(("number", "written"), [(1, ""), (2, '{"best_global_step": 3,')])
def test_run_killed_while_a_state_is_written_has_identical_weights(
    tiny_backbone: Path,
    corpus_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    written: str,
) -> None:
    save, calls = TrainerState.save_to_json, iter(range(1, 9))

    def write_and_die(self: TrainerState, path: str) -> None:
        if next(calls) == number:
            Path(path).write_text(written)
            raise KeyboardInterrupt
        save(self, path)

    plan = recipe(tiny_backbone, corpus_folder, epochs=2, evaluate_every=3)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(TrainerState, "save_to_json", write_and_die)
        training.train(plan, tmp_path / "killed", report=lambda _: None)
    check_resumed_weights(plan, tmp_path)


def check_resumed_weights(plan: Recipe, folder: Path) -> None:
    """Resume the run that was killed, and compare its weights with those of an unbroken run."""
    [resumed] = training.train(plan, folder / "killed", resume=True, report=lambda _: None)
    [unbroken] = training.train(plan, folder / "unbroken", report=lambda _: None)
    actual, expected = weights(resumed.folder), weights(unbroken.folder)
    assert list(actual) == list(expected) != []
    for name, tensor in actual.items():
        assert torch.equal(tensor, expected[name]), name
