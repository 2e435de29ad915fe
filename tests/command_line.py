"""Running the command line in this process, streams and exit code caught."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from vaner.cli.app import main


class Result(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line that an error must be."""
        lines = [line for line in self.err.splitlines() if line.startswith("vaner: error: ")]
        assert self.code == 2 and len(lines) == 1, self
        assert "Traceback" not in self.err
        return lines[0]


Run = Callable[..., Result]


def _stream(content: bytes = b"") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call as ``run("annotate", path, stdin=b"…")``."""

    def call(*arguments: object, stdin: bytes = b"") -> Result:
        out, err = _stream(), _stream()
        code = 0
        with monkeypatch.context() as patch:  # what the test itself has patched stays
            for name, stream in (("stdin", _stream(stdin)), ("stdout", out), ("stderr", err)):
                patch.setattr(sys, name, stream)
            try:
                main([str(argument) for argument in arguments])
            except SystemExit as end:
                code = int(end.code or 0)
        texts = []
        for stream in (out, err):
            stream.flush()
            stream.seek(0)
            texts.append(stream.read())
        return Result(code, *texts)

    return call


@pytest.fixture
def annotate(run: Run, tiny_model: Path) -> Run:
    """``vaner annotate`` with the tiny model."""

    def call(*arguments: object, stdin: bytes = b"") -> Result:
        return run("annotate", "--model", tiny_model, *arguments, stdin=stdin)

    return call
