"""Training in two processes, as torchrun and accelerate start them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.training.test_train import corpus_folder, recipe
from vaner.annotator import Annotator

__all__ = ["corpus_folder"]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.slow
def test_two_processes_learn_together_and_leave_one_model(
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
    assert done.stdout.count("model in") <= 1  # one of them tells
