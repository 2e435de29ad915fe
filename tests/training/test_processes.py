"""Training in two processes, as torchrun and accelerate start them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from functools import cached_property
from pathlib import Path

import pytest
import torch
import yaml
from transformers import TrainingArguments

from tests.training.test_train import corpus_folder, recipe
from vaner.annotator import Annotator
from vaner.training import trainer
from vaner.training.learners.learner import backbone_options
from vaner.training.precision import uses_bf16
from vaner.training.recipe.models import TaggerRecipe
from vaner.training.trainer import make_arguments

__all__ = ["corpus_folder"]


def free_port() -> int:
    with socket.socket() as connection:
        connection.bind(("127.0.0.1", 0))
        return int(connection.getsockname()[1])


@pytest.mark.slow
def test_two_processes_train_one_model(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    plan = recipe(tiny_backbone, corpus_folder, lora=False, epochs=20, learning_rate=0.005)
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(plan.model_dump(mode="json")), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2", "--master_port",
         str(free_port()), "-m", "vaner", "train", "recipe.yaml", "-o", "run"],
        cwd=tmp_path, capture_output=True, text=True, timeout=300,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    record = json.loads((tmp_path / "run/seed-1/training.json").read_text("utf-8"))
    # 72 examples in batches of 8, two of them at a time.
    assert max(entry["step"] for entry in record["history"]) == 20 * 5
    assert record["dev_f1"] > 0.8
    annotator = Annotator.from_pretrained(tmp_path / "run/seed-1/model")
    assert annotator("aspirin helps against lung cancer .").spans
    assert done.stdout.count("model in") <= 1  # only the main process reports


def test_process_uses_one_of_several_gpus(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def two(self: TrainingArguments) -> torch.device:
        self._n_gpu = 2
        return torch.device("cpu")

    devices = cached_property(two)
    devices.__set_name__(TrainingArguments, "_setup_devices")
    monkeypatch.setattr(TrainingArguments, "_setup_devices", devices)
    plan = recipe(tiny_backbone, corpus_folder)
    arguments = make_arguments(plan, plan.stages[0], 64, tmp_path, 1)
    assert arguments.n_gpu == 1 and arguments.train_batch_size == plan.stages[0].batch_size


def test_each_process_uses_its_local_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert backbone_options(TaggerRecipe(quantization="nf4"))["device"] == "cuda:1"


def test_more_processes_need_fewer_updates(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = recipe(tiny_backbone, corpus_folder, epochs=5, batch_size=8)
    all_arguments = []
    for number in (1, 4):
        monkeypatch.setattr(trainer, "count_processes", lambda number=number: number)
        all_arguments.append(make_arguments(plan, plan.stages[0], 320, tmp_path, 1))
    assert [arguments.eval_steps for arguments in all_arguments] == [40, 10]  # still once an epoch
    assert [arguments.warmup_steps for arguments in all_arguments] == [20, 5]  # still a tenth


def test_auto_precision_ignores_emulated_bf16(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation
    )
    assert not uses_bf16("auto") and uses_bf16("bf16")
