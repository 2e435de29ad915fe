"""``vaner annotate --engine``: in this process, and on Ray with a worker that is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.command_line import Run
from vaner.formats import read

ROOT = Path(__file__).parents[2]


def put(folder: Path, files: int, documents: int) -> Path:
    folder.mkdir()
    for file in range(files):
        texts = (f"Metformin treats type 2 diabetes of patient {i}." for i in range(documents))
        records = (json.dumps({"id": f"{file}-{i}", "text": t}) for i, t in enumerate(texts))
        (folder / f"{file}.jsonl").write_text("".join(f"{record}\n" for record in records))
    return folder


def ids(folder: Path) -> list[str]:
    return [d.id for part in sorted(folder.glob("part-*")) for d in read(part)]


def test_local_engine_resumes(annotate: Run, run: Run, tmp_path: Path) -> None:
    texts, out = put(tmp_path / "in", 2, 5), tmp_path / "out"
    options = (texts, "--engine", "local", "--part-size", "2", "-o", out)
    done = annotate(*options)
    assert done.code == 0 and "10 documents in 6 parts, " in done.err
    (out / "part-00002-of-00006.jsonl").unlink()
    assert "continue it with --resume" in annotate(*options).error
    again = annotate(*options, "--resume")
    assert "5 of 6 parts exist already" in again.err
    joined = tmp_path / "all.jsonl"
    assert run("corpus", "convert", out, joined).code == 0
    assert [d.id for d in read(joined)] == [f"{f}-{i}" for f in range(2) for i in range(5)]
    assert all(d.spans for d in read(joined))


def test_the_old_name_of_the_local_engine_works(annotate: Run, tmp_path: Path) -> None:
    done = annotate(put(tmp_path / "in", 1, 1), "--engine", "here", "-o", tmp_path / "out")
    assert done.code == 0
    assert "vaner: warning: --engine here is deprecated; use --engine local\n" in done.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--engine", "local"], "--engine writes a folder of parts; give a folder with -o FOLDER"),
        (["--engine", "local", "-o", "out", "-f", "brat"], "brat cannot be written in parts"),
        (["--engine", "local", "-o", "out", "-f", "table"], "table cannot be written in parts"),
        (["--engine", "local", "-o", "out", "--shard", "1/2"], "cannot be used with --engine"),
        (["--resume"], "require --engine"),
        (["--workers", "2"], "require --engine"),
        (["--part-size", "9"], "require --engine"),
        (["--engine", "local", "-o", "out", "--workers", "2"], "require --engine ray"),
    ],
)
def test_mistakes_are_errors_of_one_line(
    annotate: Run, tmp_path: Path, arguments: list[str], message: str
) -> None:
    assert message in annotate(put(tmp_path / "in", 1, 1), *arguments).error


def test_standard_input_is_an_error(annotate: Run, tmp_path: Path) -> None:
    options = ("--engine", "local", "-o", tmp_path / "out")
    assert "--engine cannot read standard input" in annotate(*options, stdin=b"Flu.").error
    assert "--engine cannot read standard input" in annotate("-", *options, stdin=b"Flu.").error


def test_missing_ray_is_an_error(
    annotate: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "vaner.cluster.ray_engine", raising=False)
    options = ("--engine", "ray", "-o", tmp_path / "out")
    assert 'pip install "ray[data]>=2.50"' in annotate(put(tmp_path / "in", 1, 1), *options).error


@pytest.mark.slow
def test_killing_a_ray_worker_loses_nothing(tiny_model: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="ray is not installed: pip install -e '.[ray]'")
    texts, out = put(tmp_path / "in", 2, 400), tmp_path / "out"
    command = [
        sys.executable, "-m", "vaner", "annotate", str(texts), "--model",
        str(tiny_model), "--engine", "ray", "--workers", "2", "--part-size", "100",
        "--device", "cpu", "-o", str(out), "-f", "parquet",
    ]  # fmt: skip
    paths = [str(ROOT), *sys.path]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as job:
        killed = kill_a_worker(out / "_vaner" / "unfinished", job)
        assert job.stderr is not None
        messages = job.stderr.read()
    assert killed and job.returncode == 0, messages
    assert "800 documents in 8 parts, " in messages
    assert ids(out) == [f"{f}-{i}" for f in range(2) for i in range(400)]


def kill_a_worker(folder: Path, job: subprocess.Popen[str]) -> bool:
    """Kill one that is in the middle of a part; its process is in the name of what it writes."""
    while job.poll() is None:
        for part in folder.glob("*") if folder.is_dir() else ():
            os.kill(int(part.name.split(".")[-2]), signal.SIGKILL)
            return True
        time.sleep(0.02)
    return False
