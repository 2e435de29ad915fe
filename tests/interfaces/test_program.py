"""The program as a whole: help, version, how fast it starts, what an unknown command gets."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interfaces.conftest import Run

ROOT = Path(__file__).parents[2]
COMMANDS = [[], ["annotate"], ["train"], ["evaluate"], ["corpus"], ["corpus", "list"],
            ["corpus", "stats"], ["corpus", "check"], ["corpus", "convert"]]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(run: Run, command: list[str]) -> None:
    done = run(*command, "--help")
    assert done.code == 0
    if command not in ([], ["corpus"]):
        assert "vaner " + " ".join(command) in done.out  # the example


def test_version(run: Run) -> None:
    assert run("--version").out.startswith("vaner ")


def test_help_needs_no_torch() -> None:
    """Importing torch and transformers takes seconds; help must be there at once."""
    code = (
        "import sys\n"
        "from vaner.interfaces.cli import main\n"
        "try: main(['annotate', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'transformers', 'peft', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(
        [sys.executable, "-c", code], check=True, env=environment, capture_output=True, timeout=60
    )


@pytest.mark.parametrize("arguments", [["fly"], ["annotate", "--colour", "red"], ["corpus", "fly"]])
def test_unknown_commands_and_options(run: Run, arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.code == 2 and "Traceback" not in done.err
