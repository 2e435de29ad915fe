"""The program: help, version, start time, unknown commands and former options."""

from __future__ import annotations

import errno
import io
import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.command_line import Run
from vaner.cli.app import app, main

ROOT = Path(__file__).parents[2]
COMMANDS = [[], ["annotate"], ["train"], ["evaluate"], ["corpus"], ["corpus", "list"],
            ["corpus", "stats"], ["corpus", "check"], ["corpus", "convert"], ["serve"]]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(run: Run, command: list[str]) -> None:
    done = run(*command, "--help")
    assert done.code == 0
    if command not in ([], ["corpus"]):
        assert "vaner " + " ".join(command) in done.out  # the example


@pytest.mark.parametrize("width", [80, 120])
def test_help_cuts_no_name_of_an_option(
    run: Run, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for command in (names for names in COMMANDS if names not in ([], ["corpus"])):
        words = set(re.split(r"[\s,/│]+", run(*command, "--help").out))
        program: Any = typer.main.get_command(app)
        for name in command:
            program = program.commands[name]
        options = [name for p in program.params for name in (*p.opts, *p.secondary_opts)]
        assert {name for name in options if name.startswith("-")} <= words, command


def test_version(run: Run) -> None:
    assert run("--version").out.startswith("vaner ")


@pytest.mark.heavy
def test_help_needs_no_torch() -> None:
    """Importing torch and transformers takes seconds; help must be there at once."""
    code = (
        "import sys\n"
        "from vaner.cli.app import main\n"
        "try: main(['annotate', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'transformers', 'peft', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(
        [sys.executable, "-c", code], check=True, env=environment, capture_output=True, timeout=60
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fly"], "No such command 'fly'"),
        (["anotate"], "Did you mean 'annotate'; see vaner --help"),
        (["--colour"], "No such option: --colour"),
        (["annotate", "--colour", "red"], "No such option: --colour"),
        (["convert", "a.txt"], "No such command 'convert'. Did you mean vaner corpus convert?"),
        (
            ["annotate", "--text", "a", "--model", "biomedcal"],
            "unknown model 'biomedcal'. Did you mean biomedical?",
        ),
        (["corpus", "fly"], "No such command 'fly'; see vaner corpus --help"),
    ],
)
def test_unknown_commands_and_options(run: Run, arguments: list[str], message: str) -> None:
    done = run(*arguments)
    assert done.code == 2 and message in done.err
    assert done.err.startswith("vaner: error: ") and done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["annotate", "-t", "gout", "--text", "flu"],
            "--text is given 2 times, but takes one value",
        ),
        (["kb", "related", "-t", "gout", "-t", "flu"], "--text is given 2 times"),
        (["evaluate", "--corpus", "a", "--split", "b", "--corpus=c"], "--corpus is given 2 times"),
        (["annotate", "--min-score", "0.5", "--min-score", "2"], "--min-score is given 2 times"),
    ],
)
def test_repeated_options_with_one_value_are_errors(
    run: Run, arguments: list[str], message: str
) -> None:
    assert message in run(*arguments).error


@pytest.mark.parametrize(
    "command",
    [["annotate"], ["corpus", "stats"], ["corpus", "convert", "--to", "jsonl", "-"]],
)
def test_a_text_instead_of_a_file_is_an_error_of_one_line(run: Run, command: list[str]) -> None:
    done = run(*command, "She has gout. " * 40, stdin=b"gout")
    assert "She has gout. She has" in done.error and done.error.endswith(" …: File name too long")
    assert len(done.error) < 130


def test_denied_access_is_an_error_of_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(path: Path, **options: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "stat", closed)
    assert run("corpus", "convert", "shut/x.txt", "-").error.endswith(
        "shut/x.txt: Permission denied"
    )


def call(*arguments: object) -> object:
    """Return the exit code of a command, with the streams of this process."""
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return ended.value.code


@pytest.mark.parametrize("name", ["stdin", "stdout", "stderr"])
def test_closed_streams(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    """Python has None for a stream that is closed, as with ``<&-`` and in services."""
    streams = {other: io.StringIO() for other in ("stdin", "stdout", "stderr")}
    for other, stream in streams.items():
        monkeypatch.setattr(sys, other, None if other == name else stream)
    source, target = "-" if name == "stdin" else tmp_path / "a.txt", tmp_path / "out.jsonl"
    (tmp_path / "a.txt").write_text("Gout.")
    assert call("corpus", "convert", source, target) == 0
    assert target.exists() and not streams["stdout"].getvalue()
    if name == "stdout":
        assert call("corpus", "convert", source, "-", "--to", "jsonl") == 2
        assert "error: -: cannot be written: Bad file" in streams["stderr"].getvalue()
    with suppress(OSError):
        getattr(sys, name).close()


class FullDisk(io.StringIO):
    """A stream that cannot be written."""

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_messages_on_a_full_disk_do_not_end_a_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "stderr", FullDisk())
    (tmp_path / "a.txt").write_text("Gout.")
    assert call("corpus", "convert", tmp_path / "a.txt", tmp_path / "out.jsonl") == 0
    assert (tmp_path / "out.jsonl").read_text()


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["annotate", "--help"]])
def test_help_on_a_full_disk_is_an_error_of_one_line(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    messages = io.StringIO()
    monkeypatch.setattr(sys, "stdout", FullDisk())
    monkeypatch.setattr(sys, "stderr", messages)
    assert call(*arguments) == 2
    message = "vaner: error: No space left on device; free some space, or write to another disk\n"
    assert messages.getvalue() == message


def test_list_options_and_flags_can_be_repeated(annotate: Run) -> None:
    done = annotate("-t", "gout", "--types", "Disease", "--types", "Chemical", "-q", "--quiet")
    assert done.code == 0 and done.err == ""


def test_without_a_command_help_is_shown(run: Run) -> None:
    for group in ([], ["corpus"], ["kb"]):
        done = run(*group)
        assert "Usage: vaner" in done.out + done.err and "error" not in done.err


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (["annotate"], "--input-format"),
        (["evaluate", "--corpus"], "--input-format"),
        (["corpus", "stats"], "--input-format"),
        (["corpus", "convert", "-", "--to", "jsonl"], "--input-format"),
    ],
)
def test_an_error_names_the_option_of_its_command(
    run: Run, tmp_path: Path, tiny_model: Path, command: list[str], option: str
) -> None:
    path = tmp_path / "x.bin"
    path.write_text("prose, no format")
    position = 2 if "convert" in command else len(command)
    more = ["--model", tiny_model] if command[0] != "corpus" else []
    done = run(*command[:position], path, *command[position:], *more)
    assert done.error.endswith(f"its format cannot be detected; name it with {option}")
    checked = run("corpus", "check", path)
    assert checked.code == 1 and "name it with --input-format" in checked.out


def test_messages_name_the_option_that_helps(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.txt").write_bytes(b"\xff")
    has = run("corpus", "convert", tmp_path / "x.txt", "-")
    assert has.error.endswith("; name the file's encoding with --encoding")
    monkeypatch.delenv("VANER_CORPORA", raising=False)
    done = run("corpus", "check", "NCBI-disease")
    assert done.error.endswith("give the folder with --corpora")


def test_the_package_of_commands_does_not_import_the_program() -> None:
    """Else `cli` and `cli.app` would need each other."""
    code = "import sys, vaner.cli.options\nassert 'vaner.cli.app' not in sys.modules\n"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, timeout=60)


@pytest.mark.parametrize(
    ("args", "notice"),
    [
        (["annotate", "--dataset", "X", "-t", "a", "-o", "/"], "--dataset is deprecated"),
        (["annotate", "--dataset=X", "-t", "a", "-o", "/"], "--dataset is deprecated"),
        (["serve", "--rate", "3", "--host", "-"], "--rate is deprecated; use --max-rate"),
        (["serve", "--waiting", "3", "--host", "-"], "use --max-waiting"),
    ],
)  # fmt: skip
def test_old_spellings_of_options_work_with_a_notice(
    run: Run, args: list[str], notice: str
) -> None:
    done = run(*args)
    assert notice in done.err.splitlines()[0]
    assert "No such option" not in done.error
    assert args[1].partition("=")[0] not in run(args[0], "--help").out


def test_text_that_looks_like_an_old_option_is_an_argument(run: Run) -> None:
    assert "deprecated" not in run("annotate", "--", "--dataset").err


def test_an_address_of_mcp_requires_http(run: Run) -> None:
    assert "--port and --api-key-file require --http" in run("mcp", "--port", "8001").error
