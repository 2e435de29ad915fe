"""``vaner annotate``: every way in, every way out, one clear line for what is wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import Run
from vaner.annotator import Annotator
from vaner.cli.outputs import GuardedStream
from vaner.cli.stream import AnnotationStream
from vaner.formats import read
from vaner.text.documents import Document

TEXT = "Metformin treats type 2 diabetes mellitus."
PUBTATOR = "1|t|Asthma in adults.\n1|a|Aspirin can cause it.\n\n"


def records(out: str) -> list[dict[str, Any]]:
    """JSON lines, with every offset checked."""
    items = [json.loads(line) for line in out.split("\n") if line]
    for record in items:
        for span in record["spans"]:
            mention = record["text"][span["start"] : span["end"]]
            assert mention == span["text"] and mention == mention.strip() != ""
            assert 0 <= span["score"] <= 1
    return items


def test_a_text_gives_a_table_and_a_summary(annotate: Run) -> None:
    done = annotate("--text", TEXT)
    assert done.code == 0
    assert done.out.splitlines()[1].split()[:5] == ["start", "end", "type", "mention", "score"]
    assert "Metformin" in done.out
    assert "vaner: 1 document, " in done.err and done.err.endswith(" (PyTorch)\n")


def test_quiet_prints_no_messages(annotate: Run) -> None:
    assert annotate("--text", TEXT, "--quiet").err == ""


def test_jsonl_contains_offsets_scores_and_text(annotate: Run) -> None:
    [record] = records(annotate("-t", TEXT, "-f", "jsonl").out)
    assert record["id"] == "text" and record["text"] == TEXT
    assert {span["type"] for span in record["spans"]} <= {"Chemical", "Disease"}
    assert record["spans"]


@pytest.mark.parametrize("given", [["--types", "Disease"], ["--types", "Disease, ,Disease"]])
def test_types_selects_types(annotate: Run, given: list[str]) -> None:
    [record] = records(annotate("-t", TEXT, "-f", "jsonl", *given).out)
    assert {span["type"] for span in record["spans"]} == {"Disease"}


def test_types_may_be_repeated(annotate: Run) -> None:
    once = annotate("-t", TEXT, "-f", "jsonl", "--types", "Disease,Chemical").out
    assert (
        once == annotate("-t", TEXT, "-f", "jsonl", "--types", "Disease", "--types", "Chemical").out
    )


def test_standard_input_is_a_plain_text(annotate: Run) -> None:
    stdin = f"{TEXT}\nAsthma.\n".encode()
    [record] = records(annotate("-f", "jsonl", stdin=stdin).out)
    assert record["id"] == "stdin" and record["text"] == stdin.decode()


def test_standard_input_by_lines_and_by_format(annotate: Run) -> None:
    lines = annotate("-f", "jsonl", "--input-format", "lines", stdin=b"Asthma.\n\nFlu.\n").out
    assert [record["text"] for record in records(lines)] == ["Asthma.", "Flu."]
    for option in ("--input-format", "--from"):
        tagged = annotate("-", "-f", "jsonl", option, "pubtator", stdin=PUBTATOR.encode())
        assert records(tagged.out)[0]["id"] == "1"


@pytest.mark.parametrize(
    ("text", "format"),
    [('{"text": "Asthma."}', "jsonl"), ('[{"text": "Asthma."}]', "jsonl"), (PUBTATOR, "pubtator")],
)
def test_standard_input_in_another_format_has_a_warning(
    annotate: Run, text: str, format: str
) -> None:
    done = annotate("-f", "jsonl", stdin=text.encode())
    advice = "name its format with --input-format"
    assert f"read as plain text, but looks like {format}; {advice}" in done.err
    assert records(done.out)[0]["text"] == text
    assert "warning" not in annotate("-f", "jsonl", "--from", "text", stdin=text.encode()).err
    for plain in ("{Asthma} [1]", "Asthma, [\n"):
        assert "warning" not in annotate("-f", "jsonl", stdin=plain.encode()).err


def test_files_keep_their_order_and_folders_are_opened(annotate: Run, tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text(TEXT)
    (tmp_path / "a.pubtator").write_text(PUBTATOR)
    (tmp_path / "notes.dat").write_bytes(b"\x00\xff")
    (tmp_path / "c.jsonl").write_text('{"text": "Flu."}\n')
    items = records(annotate(tmp_path, tmp_path / "b.txt", "-f", "jsonl").out)
    assert [record["id"] for record in items] == ["1", "b", "c-1", "b"]


def test_subfolders_are_annotated(annotate: Run, tmp_path: Path) -> None:
    (tmp_path / "notes" / "ward").mkdir(parents=True)
    (tmp_path / "notes" / "ward" / "b.txt").write_text(TEXT)
    done = annotate(tmp_path / "notes", "--recursive", "-f", "jsonl")
    assert [record["id"] for record in records(done.out)] == ["ward/b"]
    message = "--recursive applies to files and cannot be used with --text"
    assert message in annotate("--text", TEXT, "--recursive").error


def test_equal_ids_in_several_files_are_reported(annotate: Run, tmp_path: Path) -> None:
    paths = [
        tmp_path / folder / name for folder in "ab" for name in ("1.txt", "2.txt", f"{folder}.txt")
    ]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        path.write_text(TEXT)
    done = annotate(*paths, "-f", "jsonl")
    assert [record["id"] for record in records(done.out)] == ["1", "2", "a", "1", "2", "b"]
    assert "warning: documents of several files have the same id, such as 1: 2; to" in done.err
    assert "the same id" not in annotate(*paths[:3], "-f", "jsonl").err
    assert "the same id, such as 1: 1; to" in annotate(*paths[:2], paths[0], "-f", "jsonl").err


def test_equal_ids_in_a_file_are_reported(annotate: Run, tmp_path: Path) -> None:
    table = tmp_path / "notes.csv"
    table.write_text("patient,visit,text\nP1,V1,Asthma.\nP1,V2,Flu.\nP2,V3,Gout.\nP1,V4,Flu.\n")
    done = annotate(table, "--id-column", "patient", "-f", "jsonl")
    assert [record["id"] for record in records(done.out)] == ["P1", "P1", "P2", "P1"]
    assert "documents of a file have the id of an earlier one, such as P1: 2; to" in done.err
    assert "(in a table, choose the column with --id-column)" in done.err
    assert "earlier one" not in annotate(table, "--id-column", "visit", "-f", "jsonl").err


def test_a_brat_folder_is_an_input(annotate: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Asthma.")
    (tmp_path / "a.ann").write_text("T1\tDisease 0 6\tAsthma\n")
    (tmp_path / "b.txt").write_text("Flu.")
    (tmp_path / "b.ann").write_text("")
    out = tmp_path / "out"
    assert annotate(tmp_path, "-f", "brat", "-o", out).code == 0
    assert [document.id for document in read(out)] == ["a", "b"]
    assert (out / "a.txt").read_text() == "Asthma."


@pytest.mark.parametrize(
    ("format", "name"),
    [("pubtator", "o.txt"), ("bioc", "o.xml"), ("biocjson", "o.json"), ("bioc-json", "o.json"),
     ("jsonl", "o.jsonl"), ("conll", "o.tsv"), ("parquet", "o.parquet"),
     ("label-studio", "o.json"), ("prodigy", "o.jsonl"), ("doccano", "o.jsonl")],
)  # fmt: skip
def test_every_format_can_be_read_back(
    annotate: Run, tmp_path: Path, format: str, name: str
) -> None:
    target = tmp_path / name
    done = annotate("-t", TEXT, "--types", "Disease", "--format", format, "-o", target)
    assert done.code == 0
    [document] = read(target)
    assert document.spans
    assert "".join(document.text.split()) == "".join(TEXT.split())


def test_the_suffix_of_the_output_selects_the_format(annotate: Run, tmp_path: Path) -> None:
    annotate("-t", TEXT, "-o", tmp_path / "a.jsonl")
    annotate("-t", TEXT, "-o", tmp_path / "a.html")
    annotate("-t", TEXT, "-o", tmp_path / "b.jsonl.gz")
    assert records((tmp_path / "a.jsonl").read_text())
    assert (tmp_path / "a.html").read_text().startswith("<!doctype html>")
    assert [document.text for document in read(tmp_path / "b.jsonl.gz")] == [TEXT]


@pytest.mark.parametrize(("format", "is_lost"), [("csv", True), ("jsonl", False)])
def test_options_without_effect_have_a_warning(annotate: Run, format: str, is_lost: bool) -> None:
    done = annotate("-t", "Asthma", "-f", format, "--provenance", "--abbreviations")
    for option in ("--provenance", "--abbreviations"):
        assert (f"warning: {option} has no effect on {format}; use" in done.err) is is_lost


def test_losses_of_the_format_are_printed(annotate: Run) -> None:
    assert "score has no place in the format" in annotate("-t", TEXT, "-f", "pubtator").err
    errors = annotate("-t", TEXT * 3, "-f", "conll").err
    assert "overlapping mention left out, the longest is written (" in errors
    assert "overlapping" not in annotate("-t", TEXT * 3, "-f", "conll", "--overlaps", "best").err


# What bad input gets ------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", " ", " \n\t \u3000\u00a0", "\n" * 1000])
def test_nothing_to_find(annotate: Run, text: str) -> None:
    [record] = records(annotate("-t", text, "-f", "jsonl").out)
    assert record["text"] == text and record["spans"] == []


def test_a_file_without_text_gives_a_warning_and_output(annotate: Run, tmp_path: Path) -> None:
    empty, blank, good = tmp_path / "a.txt", tmp_path / "b.jsonl", tmp_path / "c.txt"
    empty.touch()
    blank.write_text('{"text": " "}\n')
    good.write_text(TEXT)
    for files, message in (
        ([empty], f"no text in {empty}\n"), ([blank], f"no text in {blank}\n"),
        ([empty, blank], "no text in any of the 2 files\n"),
        (["-"], "no text in standard input\n"),
    ):  # fmt: skip
        done = annotate(*files, "-f", "jsonl", "-q")
        assert done.code == 0 and done.err == f"vaner: warning: there is {message}"
        assert not any(record["spans"] for record in records(done.out))
    assert [record["text"] for record in records(annotate(empty, "-f", "jsonl").out)] == [""]
    assert "warning" in annotate("--input-format", "lines", "-f", "jsonl", stdin=b"\n\n").err
    done = annotate(empty, blank, good, "-f", "jsonl", "-q")
    assert [record["text"] for record in records(done.out)] == ["", " ", TEXT] and not done.err


@pytest.mark.parametrize("format", ["jsonl", "bioc_json", "bioc_xml", "parquet", "label_studio"])
def test_no_text_gives_a_well_formed_file(annotate: Run, tmp_path: Path, format: str) -> None:
    target, lines = tmp_path / "out", ("--input-format", "lines")
    assert annotate("-f", format, "-o", target, *lines, stdin=b"\n").code == 0
    assert list(read(target, format)) == []


@pytest.mark.heavy
@pytest.mark.parametrize(
    "text",
    [
        "Asthma\x00and\x00flu",
        "يعاني المريض من السكري ويأخذ الميتفورمين.",
        "flu 😷 and 👩\u200d👩\u200d👧 with E\u0301mile\u0301",
        "糖尿病患者服用二甲双胍。",
        "Asthma\r\nis\r\ncommon\r\n",
        "lone \r return, \u2028 separator, \ufeff mark",
        "a\u0301" * 500,
        "\x1b[31mred\x1b[0m & <script>alert(1)</script>",
    ],
)
def test_text_is_not_changed(annotate: Run, tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.txt").write_bytes(text.encode())
    [record] = records(annotate(tmp_path / "odd.txt", "-f", "jsonl").out)
    assert record["text"] == text
    for format in ("table", "html", "pubtator", "bioc", "biocjson", "conll"):
        assert annotate(tmp_path / "odd.txt", "-f", format).code == 0


def test_lone_surrogates_survive(annotate: Run, tmp_path: Path) -> None:
    (tmp_path / "odd.jsonl").write_text('{"text": "Asthma \\ud800 flu"}\n')
    [record] = records(annotate(tmp_path / "odd.jsonl", "-f", "jsonl").out)
    assert record["text"] == "Asthma \ud800 flu"
    for format in ("table", "html", "pubtator", "bioc", "biocjson", "conll"):
        assert annotate(tmp_path / "odd.jsonl", "-f", format).code == 0


def test_a_megabyte_without_spaces(annotate: Run, tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("acgt" * 250_000)
    [record] = records(annotate(tmp_path / "long.txt", "-f", "jsonl").out)
    assert len(record["text"]) == 1_000_000
    shown = annotate(tmp_path / "long.txt", "-f", "table").out
    assert max(map(len, shown.splitlines())) < 150


def test_a_long_line_with_spaces_is_read_to_its_end(annotate: Run, tmp_path: Path) -> None:
    text = "asthma and " * 3_000
    (tmp_path / "long.txt").write_text(text)
    done = annotate(tmp_path / "long.txt", "-f", "jsonl", "--types", "Disease")
    [record] = records(done.out)
    assert record["text"] == text
    assert record["spans"][-1]["end"] > len(text) - 100


def test_wrong_encoding_names_file_and_line(annotate: Run, tmp_path: Path) -> None:
    path = tmp_path / "latin.txt"
    path.write_bytes("first\nSjögren".encode("latin-1"))
    assert f"{path}:2: " in annotate(path).error
    assert "unknown encoding 'klingon'" in annotate(path, "--encoding", "klingon").error
    [record] = records(annotate(path, "--encoding", "latin-1", "-f", "jsonl").out)
    assert record["text"] == "first\nSjögren"


def test_documents_before_an_error_are_written(annotate: Run, tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.json"
    source.write_text('{"text": "Asthma."}\n{"text": "Flu."}\n{"text": \n{"text": "Gout."}\n')
    done = annotate(source, "-o", target, "-f", "biocjson")
    assert f"{source}:3: " in done.error
    assert f"stopped early: 2 documents written to {target}" in done.err
    assert [document.text for document in read(target)] == ["Asthma.", "Flu."]
    assert "stopped early: 2 documents written to standard output" in annotate(source).err


def test_skip_bad_skips_and_counts_invalid_records(annotate: Run, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "Asthma."}\nnonsense\n{"text": "Gout."}\n')
    (tmp_path / "b.txt").write_bytes(b"\xff\xfe\xfd")
    (tmp_path / "c.txt").write_text("Flu.")
    done = annotate(tmp_path, "-f", "jsonl", "--skip-bad")
    assert done.code == 0
    assert [record["text"] for record in records(done.out)] == ["Asthma.", "Gout.", "Flu."]
    assert "a.jsonl:2: " in done.err
    assert "vaner: warning: skipped 2 invalid records" in done.err


def test_a_failed_start_leaves_the_old_output(annotate: Run, tmp_path: Path) -> None:
    target = tmp_path / "kept.jsonl"
    target.write_text("precious")
    (tmp_path / "bad.jsonl").write_text("nonsense\n")
    assert annotate(tmp_path / "bad.jsonl", "-o", target).error
    assert target.read_text() == "precious"


def test_broken_iob_is_read_with_a_warning(annotate: Run, tmp_path: Path) -> None:
    path = tmp_path / "broken.tsv"
    path.write_text("Asthma\tB-Disease\n\nsevere\tI-Disease\nflu\tI-Disease\n\n")
    done = annotate(path, "-f", "jsonl")
    assert done.code == 0 and len(records(done.out)) == 2
    assert "vaner: warning: " in done.err and "Traceback" not in done.err


@pytest.mark.parametrize("format", ["pubtator", "jsonl"])
def test_relations_of_replaced_mentions_are_left_out_and_counted(
    annotate: Run, tmp_path: Path, format: str
) -> None:
    file = tmp_path / "x.pubtator"
    gold = "1\t0\t6\tAsthma\tDisease\tD001249\n1\tAssociation\tD001249\tD001241\n\n"
    file.write_text(PUBTATOR.removesuffix("\n") + gold)
    done = annotate(file, "--format", format)
    assert "Association" not in done.out and "D001249" not in done.out
    left_out = "left out with mentions that were removed or replaced: relation or attribute (1)"
    assert left_out in done.err and "cannot hold everything, jsonl can: relation" not in done.err


def test_overlapping_gold_is_replaced(annotate: Run, tmp_path: Path) -> None:
    path = tmp_path / "nested.jsonl"
    spans = [{"start": 0, "end": n, "type": "Other"} for n in (6, 10)]
    path.write_text(json.dumps({"id": "x", "text": "Asthma flu", "spans": spans}) + "\n")
    [record] = records(annotate(path, "-f", "jsonl").out)
    assert "Other" not in {span["type"] for span in record["spans"]}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--types", "Gene"], "the model does not find Gene; it finds Chemical, Disease"),
        (["--types", ","], "--types contains no entity type"),
        (["--format", "odt"], "unknown format 'odt'"),
        (["--format", "pubmed"], "pubmed can only be read"),
        (["--format", "brat"], "give a folder with -o FOLDER"),
        (["--format", "parquet"], "give a file with -o FILE"),
        (["-t", "x", "--shard", "1/2"], "--shard applies to files and cannot be used with --text"),
        (["-t", "x", "--input-format", "lines"], "--input-format applies to files"),
        (["-t", "x", "--encoding", "latin-1"], "--encoding applies to files"),
        (["-t", "x", "--skip-bad"], "--skip-bad applies to files"),
        (["--input-format", "word"], "unknown format 'word'"),
        (["--device", "toaster"], "unknown device 'toaster'"),
        (["--device", "meta"], "device meta cannot be used here"),
        (["--corpus", "WNUT"], "not trained on a corpus called 'WNUT'"),
        (["missing.txt"], "missing.txt: no such file or folder"),
        (["-o", "pyproject.toml/x.jsonl"], "/pyproject.toml is not a folder; give another output"),
        (["-t", "x", "-o", ""], "--output is empty; give a value"),
        (["setup.py", ""], "FILES is empty; give a value"),
        (["-", "-"], "- is given several times, but standard input can be read only once"),
        (["-t", "x", "-o", "/dev/null"], "/dev/null: is a file, but brat needs a folder; give a"),
        (["-o", "results.doc"], "does not determine a format; name one with --format"),
        (["--quantization", "int1"], "'--quantization': 'int1' is not one of"),
        (["-t", "x", "setup.py"], "either --text or files"),
    ],
)
def test_mistakes_are_errors_of_one_line(annotate: Run, arguments: list[str], message: str) -> None:
    assert message in annotate(*arguments, stdin=TEXT.encode()).error


def test_folders_without_readable_files(annotate: Run, tmp_path: Path) -> None:
    assert "contains no file with one of the suffixes" in annotate(tmp_path).error
    assert "is a folder" in annotate("-t", TEXT, "-f", "jsonl", "-o", tmp_path).error


def test_the_input_is_not_overwritten(annotate: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "Asthma."}\n')
    assert "is also an input" in annotate(path, "-o", path).error
    assert path.read_text()


@pytest.mark.parametrize("file", ["head.safetensors", "adapter_model.safetensors", "config.json"])
def test_broken_model_folders(run: Run, tiny_model: Path, tmp_path: Path, file: str) -> None:
    import shutil

    broken = tmp_path / "model"
    shutil.copytree(tiny_model, broken)
    content = (broken / file).read_bytes()
    (broken / file).write_bytes(content[: len(content) // 2])
    assert str(broken) in run("annotate", "-t", TEXT, "--model", broken).error
    (broken / file).unlink()
    assert str(broken) in run("annotate", "-t", TEXT, "--model", broken).error


def test_a_backbone_is_not_a_model(run: Run, tiny_backbone: Path) -> None:
    assert (
        "not of a saved vaner model" in run("annotate", "-t", TEXT, "--model", tiny_backbone).error
    )


def test_a_missing_model_folder(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "no/such/model" in run("annotate", "-t", TEXT, "--model", "no/such/model").error


# Streams and processes ----------------------------------------------------------------------


def test_memory_is_bounded_by_the_batch(tiny_model: Path) -> None:
    """Results come before the input has ended."""
    taken = 0

    def endless() -> Iterator[Document]:
        nonlocal taken
        while True:
            taken += 1
            yield Document(str(taken), TEXT)

    annotator = Annotator.from_pretrained(tiny_model, device="cpu", batch_size=2)
    stream = iter(GuardedStream(annotator.annotate(GuardedStream(endless()))))
    assert next(stream).id == "1"
    assert taken < 100


@pytest.mark.parametrize("signal_name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_an_interrupted_command_keeps_its_output(
    annotate: Run, tmp_path: Path, signal_name: str
) -> None:
    number = getattr(signal, signal_name)
    former = signal.signal(number, signal.SIG_DFL)  # nohup ignores SIGHUP
    real = Annotator.annotate

    def interrupted(self: Annotator, *arguments: Any, **options: Any) -> Iterator[Document]:
        yield next(real(self, *arguments, **options))
        if signal_name == "SIGINT":  # which a process in the background may ignore
            raise KeyboardInterrupt
        signal.raise_signal(number)
        pytest.fail("the signal was ignored")

    path, target = tmp_path / "in.txt", tmp_path / "out.json"
    path.write_text("Asthma.\nFlu.\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Annotator, "annotate", interrupted)
        done = annotate(path, "--input-format", "lines", "-f", "biocjson", "-o", target)
    signal.signal(number, former)
    assert done.code == 130 and "vaner: stopped early: 1 document written to" in done.err
    assert [document.text for document in read(target)] == ["Asthma."]


def test_a_closed_pipe_is_not_an_error(tmp_path: Path) -> None:
    source = tmp_path / "long.tsv"
    source.write_text("Asthma\tB-Disease\n\n" * 20_000)
    root = Path(__file__).parents[2]
    command = f"{sys.executable} -m vaner corpus convert {source} - --to jsonl | head -n 1"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    assert done.stderr == ""
    assert json.loads(done.stdout)["text"] == "Asthma"


def test_overlaps_keep_or_best(annotate: Run) -> None:
    all_spans, best_spans = (
        records(annotate("-t", TEXT * 3, "-f", "jsonl", "--overlaps", choice).out)[0]["spans"]
        for choice in ("keep", "best")
    )
    assert len(best_spans) < len(all_spans) and all(span in all_spans for span in best_spans)
    assert all(a["end"] <= b["start"] for a, b in zip(best_spans, best_spans[1:], strict=False))
    assert "'neither' is not one of" in annotate("-t", "a", "--overlaps", "neither").err


def test_brat_is_not_written_among_other_files(run: Run, tiny_model: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "a.txt").write_text(TEXT)
    (mine / "a.ann").write_text("T1\tDisease 0 3\tgold\n")
    failed = run("annotate", mine / "a.txt", "--model", tiny_model, "-f", "brat", "-o", mine)
    assert "is not empty" in failed.error
    assert (mine / "a.ann").read_text() == "T1\tDisease 0 3\tgold\n"


# Shards -------------------------------------------------------------------------------------


def shard_of(source: Path, target: Path, shard: str | None) -> list[str]:
    """What a job reads, by the ids of the documents."""
    stream = AnnotationStream(
        [str(source)], None, input_format="lines", encoding="utf-8", output=str(target),
        format="jsonl", skip_bad=False, quiet=True, shard=shard,
    )  # fmt: skip
    stream.run(iter)
    return [record["id"] for record in records(target.read_text())]


@pytest.mark.parametrize("files", [1, 2, 7])
@pytest.mark.parametrize("number", [1, 3, 9])
def test_every_document_is_in_one_shard(tmp_path: Path, files: int, number: int) -> None:
    source, target = tmp_path / "in", tmp_path / "out.jsonl"
    source.mkdir()
    for file in range(files):
        (source / f"{file}.txt").write_text("".join(f"Flu {line}.\n" for line in range(4)))
    all_ids = shard_of(source, target, None)
    parts = [shard_of(source, target, f"{i}/{number}") for i in range(1, number + 1)]
    assert len(all_ids) == 4 * files and sorted(id for part in parts for id in part) == sorted(
        all_ids
    )
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= (4 if files >= number else 1)


def test_a_shard_of_many_files_opens_only_its_files(annotate: Run, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("broken")
    (tmp_path / "b.jsonl").write_text('{"text": "Flu."}\n')
    assert len(records(annotate(tmp_path, "-f", "jsonl", "--shard", "2/2").out)) == 1
    assert "a.jsonl:1: " in annotate(tmp_path, "-f", "jsonl", "--shard", "1/2").error


def test_a_shard_of_a_stream_may_be_empty(annotate: Run, tmp_path: Path) -> None:
    out = tmp_path / "x.jsonl"
    done = annotate("--shard", "3/3", "-o", out, "--input-format", "lines", stdin=b"Flu.\nGout.\n")
    assert done.code == 0 and out.read_text() == ""
    assert "no text in standard input" in annotate("--shard", "1/3", "-o", out, stdin=b"").err


@pytest.mark.parametrize("shard", ["0/3", "4/3", "1", "1/0", "a/b", "-1/3", "1/3/5", "1.5/3"])
def test_invalid_shards_are_errors(annotate: Run, shard: str) -> None:
    assert "must be i/n with i from 1 to n" in annotate("--shard", shard, stdin=b"Flu.").error


def test_label_studio_names_the_model(annotate: Run, tiny_model: Path) -> None:
    out = annotate("-t", TEXT, "-f", "label-studio").out
    assert json.loads(out)[0]["predictions"][0]["model_version"] == str(tiny_model)
