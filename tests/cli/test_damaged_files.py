"""What a full disk, a kill, little memory or a hostile name do to a command: one line, no loss."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import Run
from vaner.cli import messages, outputs, split_files
from vaner.errors import (
    VanerError,
    escape_control_characters,
    library_errors,
    summarize_error,
)
from vaner.formats import read
from vaner.utils.atomic_write import apply_umask
from vaner.utils.temporary_folder import temporary_folder

ESCAPE = "\x1b]0;title\x07\x1b[31m\u202e"


def write_corpus(path: Path, number: int = 10, type: str = "Disease") -> Path:
    spans = [{"start": 3, "end": 7, "type": type, "identifiers": [f"X:{type}"]}]
    lines = (json.dumps({"id": f"{i}", "text": "No gout.", "spans": spans}) for i in range(number))
    path.write_text("\n".join(lines) + "\n")
    return path


class Terminal:
    """A standard output that is a terminal."""

    def __init__(self) -> None:
        self.text = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        """Do nothing."""


def test_an_error_line_has_no_control_characters(run: Run, tmp_path: Path) -> None:
    done = run("corpus", "convert", tmp_path / f"{ESCAPE}\nsecond.jsonl", tmp_path / "out.jsonl")
    assert "\\x1b]0;title\\x07\\x1b[31m\\u202e second.jsonl" in done.error
    assert not set(ESCAPE) & {"\x1b", "\x07", "\u202e"} & set(done.err)


def test_a_table_has_no_control_characters(run: Run, tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "a.jsonl", type=ESCAPE)
    done = run("corpus", "stats", corpus)
    assert done.code == 0 and "␛" in done.out and "\x1b" not in done.out + done.err


@pytest.mark.parametrize("format", ["conll", "pubtator", "html", "jsonl"])
def test_documents_on_a_terminal_have_no_control_characters(tmp_path: Path, format: str) -> None:
    terminal: Any = Terminal()
    documents = list(read(write_corpus(tmp_path / "a.jsonl", type="A\x9b\x7fB")))
    outputs.write_to_stream(documents, terminal, format)
    assert "gout" in terminal.text and not {"\x9b", "\x7f"} & set(terminal.text)


def test_results_are_escaped_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(messages.typer, "echo", shown.append)
    monkeypatch.setattr(sys, "stdout", Terminal())
    messages.print_result("a\x9b\n")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False, raising=False)
    messages.print_result("a\x9b\n")
    assert shown == ["a\\x9b\n", "a\x9b\n"]
    assert escape_control_characters("a\tb\n", keep="\t\n") == "a\tb\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
@pytest.mark.parametrize("format", ["parquet", "jsonl", "bioc_xml", "html"])
def test_a_full_disk_is_one_line(run: Run, tmp_path: Path, format: str) -> None:
    corpus = write_corpus(tmp_path / "a.jsonl", 300)
    done = run("corpus", "convert", corpus, "/dev/full", "--to", format)
    assert "/dev/full: cannot be written: " in done.error
    assert done.error.endswith("No space left on device")


def test_texts_of_a_table_that_are_not_utf_8_are_one_line(run: Run, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = pa.array([b"caf\xe9"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"text": texts}), tmp_path / "a.parquet")
    done = run("corpus", "convert", tmp_path / "a.parquet", tmp_path / "out.jsonl")
    assert "a.parquet" in done.error and "a text is not UTF-8" in done.error


@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
def test_an_existing_output_is_replaced_only_at_the_end(
    run: Run, tmp_path: Path, suffix: str
) -> None:
    output = tmp_path / f"out.{suffix}"
    corpus = write_corpus(tmp_path / "a.jsonl", 3)
    assert run("corpus", "convert", corpus, output).code == 0
    before = output.read_bytes()
    with corpus.open("a") as file:
        file.write("{\n")
    done = run("corpus", "convert", corpus, output)
    partial = tmp_path / f"out.partial.{suffix}"
    assert "a.jsonl:4" in done.error and f"3 documents written to {partial}" in done.err
    assert output.read_bytes() == before and len(list(read(partial))) == 3
    write_corpus(corpus, 5)
    assert run("corpus", "convert", corpus, output).code == 0
    assert len(list(read(output))) == 5 and not partial.exists()


def test_splits_are_written_completely_or_not_at_all(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus, folder = write_corpus(tmp_path / "a.jsonl"), tmp_path / "splits"
    real, calls = split_files.write, []

    def fails(*args: Any) -> Any:
        calls.append(args)
        if len(calls) == 2:
            raise VanerError(f"{args[1]}: cannot be written: No space left on device")
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(split_files, "write", fails)
        done = run("corpus", "split", corpus, "-o", folder)
    assert f"{folder}/devel.jsonl: cannot be written" in done.error
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl"]
    assert run("corpus", "split", corpus, "-o", folder).code == 0
    assert len(list(folder.iterdir())) == 3


@pytest.mark.parametrize(
    "error",
    [MemoryError(), RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")],
    ids=["python", "torch"],
)
def test_little_memory_is_one_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(split_files, "write", fails)
    corpus = write_corpus(tmp_path / "a.jsonl")
    done = run("corpus", "split", corpus, "-o", tmp_path / "splits")
    assert "out of memory; close other programs" in done.error


def test_a_folder_lists_what_is_not_read(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    write_corpus(folder / "a.jsonl")
    for name in ("b.png", "c.png", "d.sav", ".hidden"):
        (folder / name).write_bytes(b"x")
    done = run("corpus", "convert", folder, tmp_path / "out.jsonl")
    expected = f"warning: {folder}: 3 of 4 files of an unknown kind: .png 2, .sav 1"
    assert done.code == 0 and expected in done.err
    (folder / "_vaner").mkdir()  # of a job that wrote its parts into the folder
    write_corpus(folder / "_vaner" / "manifest.jsonl")
    assert "subfolder" not in run("corpus", "convert", folder, tmp_path / "out.jsonl").err
    (folder / "more").mkdir()
    write_corpus(folder / "more" / "e.jsonl")
    done = run("corpus", "convert", folder, tmp_path / "out.jsonl")
    assert done.code == 0 and f"warning: {folder}: left out: subfolder (1)" in done.err


def test_a_written_folder_of_uima_files_is_read(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("cassis")
    source, folder, back = tmp_path / "a.jsonl", tmp_path / "xmi", tmp_path / "back.jsonl"
    write_corpus(source, 3)
    assert run("corpus", "convert", source, folder, "--to", "xmi").code == 0
    assert (folder / "TypeSystem.xml").is_file()
    done = run("corpus", "convert", folder, back)
    assert done.code == 0 and [d.text[3:7] for d in read(back)] == ["gout"] * 3


def test_files_that_describe_tags_are_not_documents(run: Run, tmp_path: Path) -> None:
    folder, back = tmp_path / "tags", tmp_path / "back.jsonl"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.jsonl").write_text('{"tokens": ["No", "gout"], "ner_tags": [0, 1]}\n')
    (folder / "id2label.json").write_text('{"0": "O", "1": "B-Disease"}')
    (folder / "dataset_info.json").write_text('{"splits": {}}')
    done = run("corpus", "convert", folder, back)
    assert done.code == 0 and "unknown" not in done.err
    assert [s.type for d in read(back) for s in d.spans] == ["Disease", "Disease"]
    assert "Disease 2" in run("corpus", "stats", folder).out


@pytest.mark.parametrize("command", [("convert", "{}", "-"), ("stats", "{}")])
def test_a_folder_that_datasets_wrote_is_an_error(
    run: Run, tmp_path: Path, command: tuple[str, ...]
) -> None:
    for name in ("data-00000-of-00001.arrow", "dataset_info.json", "state.json"):
        (tmp_path / name).write_text("{}")
    done = run("corpus", *(part.format(tmp_path) for part in command))
    assert done.code == 2 and "save_to_disk" in done.error


def test_what_a_killed_process_leaves_is_removed(tmp_path: Path) -> None:
    target = tmp_path / "base.parquet"
    script = (
        "import sys, time; from pathlib import Path\n"
        "from vaner.utils.temporary_folder import temporary_folder\n"
        "with temporary_folder(Path(sys.argv[1])) as work:\n"
        "    (work / 'rows').write_text('x'); print(work, flush=True); time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(target)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    left = Path(process.stdout.readline().strip())
    with temporary_folder(target) as work:
        assert left.is_dir() and work.is_dir()  # the process is running
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with temporary_folder(target) as work:
        assert list(tmp_path.iterdir()) == [work]
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_files_get_the_permissions_of_the_umask(tmp_path: Path) -> None:
    (tmp_path / "adapter").mkdir()
    files = [tmp_path / "head.safetensors", tmp_path / "adapter/adapter_model.safetensors"]
    for file in files:
        file.touch(0o600)
    before = os.umask(0o027)
    try:
        apply_umask(tmp_path)
    finally:
        os.umask(before)
    assert [oct(file.stat().st_mode & 0o777) for file in files] == ["0o640", "0o640"]


def test_an_error_of_a_library_is_one_line() -> None:
    error = RuntimeError("Error(s) in loading state_dict for X:\n\tsize mismatch for crf.\n\tmore")
    assert summarize_error(error) == ("Error(s) in loading state_dict for X: size mismatch for crf")
    with (
        pytest.raises(VanerError, match=r"^model: damaged \(Error.* for crf\); copy it again$"),
        library_errors("model", "damaged", "copy it again"),
    ):
        raise error
    with pytest.raises(NameError), library_errors("model", "damaged"):
        undefined  # noqa: B018, F821 # type: ignore[name-defined]
