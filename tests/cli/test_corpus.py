"""``vaner corpus``: list, stats, check, convert."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command_line import Run
from vaner.corpora.statistics import compute_statistics
from vaner.formats import read, write
from vaner.text.documents import Corpus, Document, Span
from vaner.text.reachability import count_unreachable

WORDS = "A long sentence about severe asthma that is repeated word for word .".split()
LONG = "".join(f"{word}\tO\n" for word in WORDS) + "\n"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "train.tsv").write_text("Asthma\tB-Disease\nkills\tO\n\nGout\tB-Disease\n\n")
    (folder / "dev.tsv").write_text("Flu\tB-Disease\n\n")
    (folder / "test.tsv").write_text("Asthma\tB-Disease\nkills\tO\n\nMumps\tB-Disease\n\n")
    return folder


def test_list_prints_splits_and_licenses(run: Run, tmp_path: Path) -> None:
    done = run("corpus", "list", "--corpora", tmp_path)
    assert done.code == 0
    line = next(row for row in done.out.splitlines() if row.startswith("BC5CDR"))
    assert "Chemical, Disease" in line and "not available" in line and "CC BY" in line


def test_list_marks_missing_splits(run: Run, tmp_path: Path) -> None:
    (tmp_path / "BC5CDR").mkdir()
    (tmp_path / "BC5CDR" / "train.tsv").touch()
    done = run("corpus", "list", "--corpora", tmp_path)
    assert "train 9,385, (devel 9,593 missing), (test 9,809 missing)" in done.out


def test_list_prints_views_and_sources(run: Run, tmp_path: Path) -> None:
    rows = run("corpus", "list", "--corpora", tmp_path).out.splitlines()
    assert next(row for row in rows if row.startswith("CoNLL-2003 ")).count("manual") == 1
    assert next(row for row in rows if row.startswith("WNUT-17 ")).count("fetch") == 1
    view = next(row for row in rows if row.startswith("BC5CDR-chem"))
    assert (
        view.split() == "BC5CDR-chem BC5CDR Chemical train 5,203, devel 5,347, test 5,385".split()
    )


def test_list_prints_details_of_named_corpora(run: Run, tmp_path: Path) -> None:
    (tmp_path / "BC5CDR").mkdir()
    (tmp_path / "BC5CDR" / "train.tsv").touch()
    out = run("corpus", "list", "bc5cdr", "BC5CDR-disease", "--corpora", tmp_path).out
    assert "views      BC5CDR-chem, BC5CDR-disease" in out and "view of    BC5CDR" in out
    assert "1 in BC2GM" in out and "https://raw.githubusercontent.com/" in out
    train = next(line for line in out.splitlines() if "train.tsv" in line)
    assert train.split() == ["train", "train.tsv", "4,560", "9,385", "yes"]


def test_list_prints_known_problems_and_shared_texts(run: Run, tmp_path: Path) -> None:
    out = run("corpus", "list", "GENIA-nested", "CMeEE-V2", "--corpora", tmp_path).out
    assert "known problems  train_partial is not the standard train split" in out
    assert "texts shared with JNLPBA train, devel; JNLPBA-original train, devel" in out
    assert "devel (as test)  devel.jsonl      5,000" in out and "身体 (bod)" in out


def test_list_without_a_folder(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VANER_CORPORA", raising=False)
    done = run("corpus", "list")
    assert done.code == 0 and "VANER_CORPORA" in done.err
    assert "train 5,134, devel 787, test 960" in done.out and "not available" not in done.out


def test_stats_of_a_folder(run: Run, corpus: Path) -> None:
    rows = [line.split() for line in run("corpus", "stats", corpus).out.splitlines()]
    assert [row[:6] for row in rows[1:]] == [
        ["mine", "train", "2", "2", "3", "2"],
        ["mine", "devel", "1", "1", "1", "1"],
        ["mine", "test", "2", "2", "3", "2"],
    ]


def test_statistics_count_unreachable_mentions() -> None:
    text = "Lung and breast cancer. Anti-TNF"
    spans = (
        Span(0, 22, "D", None, (), ((0, 4), (16, 22))),
        Span(9, 22, "D"),
        Span(16, 22, "D"),
        Span(16, 28, "D"),
        Span(24, 27, "D"),
        Span(16, 22, "Other"),
    )
    document = Document("d", text, spans)
    assert count_unreachable(document, ["D", "Other"]) == {
        "discontinuous": 1,
        "overlaps another mention": 1,
        "crosses a sentence boundary": 1,
        "boundary inside a word": 1,
    }
    together = count_unreachable(document, ["D", "Other"], joint=True)
    assert together["overlaps another mention"] == 2  # in one pass a word has one type
    counts = compute_statistics(Corpus("c", "s", (document,)))
    assert (counts.discontinuous, counts.nested, counts.crossing, counts.sentences) == (1, 8, 3, 2)
    assert counts.unreachable_share == pytest.approx(4 / 6)
    assert counts.longest[0] == 3


def test_check_passes_and_notes_short_repetitions(run: Run, corpus: Path) -> None:
    done = run("corpus", "check", corpus)
    assert done.code == 0
    assert "note: test: 1 short sentence also in train" in done.out
    assert "no problems" in done.out


def test_check_finds_leaks_and_broken_tags(run: Run, corpus: Path) -> None:
    for name in ("train.tsv", "test.tsv"):
        with (corpus / name).open("a") as file:
            file.write(LONG)
    with (corpus / "dev.tsv").open("a") as file:
        file.write("mild\tI-Disease\n\nbad\tX-Y\n\n")
    done = run("corpus", "check", corpus, "--from", "conll")
    assert done.code == 1
    wrong = [line for line in done.out.splitlines() if ": problem: " in line]
    assert len(wrong) == 3
    assert any("1 long sentence also in train" in line for line in wrong)
    assert any("dev.tsv:3: " in line for line in wrong)


def test_check_counts_nested_mentions(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "nested.jsonl"
    entities = [{"start": s, "end": e, "type": "病"} for s, e in ((0, 2), (1, 2), (1, 3), (5, 6))]
    source.write_text(json.dumps({"text": "痛风会痛吗？", "entities": entities}) + "\n")
    out = run("corpus", "check", source).out
    assert "note: all: pairs of mentions in 1 of 1 texts: 2 nested, 1 crossing" in out
    pieces = {"start": 0, "end": 6, "type": "病", "fragments": [[0, 1], [3, 6]]}
    source.write_text(json.dumps({"text": "痛风会痛吗？", "spans": [pieces]}) + "\n")
    out = run("corpus", "check", source).out
    assert "note: all: discontinuous mentions: 1" in out and "pairs" not in out


def test_check_compares_with_the_registry(run: Run, tmp_path: Path) -> None:
    (tmp_path / "NCBI-disease").mkdir()
    (tmp_path / "NCBI-disease" / "test.tsv").write_text("Flu\tB-Disease\n\n")
    done = run("corpus", "check", "ncbi-disease", "--corpora", tmp_path)
    assert done.code == 1
    assert "problem: test: mentions of Disease: 1, the registry has 960" in done.out
    assert "problem: test: sentences: 1, the registry has 940" in done.out
    assert "note: train: the file is missing" in done.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["stats", "nothing"], "neither registered nor a folder or file"),
        (["check", "nothing"], "neither registered nor a folder or file"),
        (["check"], "give the names of corpora, or --all"),
        (["check", "BC5CDR", "--all"], "give the names of corpora, or --all"),
        (["list", "nothing"], "'nothing' is not registered; see vaner corpus list"),
        (["list", "NCBI"], "see vaner corpus list. Did you mean NCBI-disease?"),
        (["stats", "BC5CDR", "--corpora", "/nowhere"], "/nowhere does not exist"),
        (["convert", "nothing.tsv", "x.jsonl"], "nothing.tsv: no such file"),
        (["convert", "-", "x.doc"], "does not determine a format; name one with --to"),
        (["convert", "-", "x.jsonl", "--from", "doc"], "unknown format 'doc'"),
    ],
)
def test_mistakes_are_errors_of_one_line(
    run: Run, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.delenv("VANER_CORPORA", raising=False)
    assert message in run("corpus", *arguments).error


def test_a_finding_names_its_place_once(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "x.json"
    source.write_text("[1, 2]")
    assert run("corpus", "check", source).out.startswith(f"{source}: problem: its format cannot be")
    source.write_text('[{"data": {"text": "Flu."}},\n{')
    assert run("corpus", "check", source).out.startswith(f"{source}:2: problem: broken JSON")


def test_rejected_records_are_not_a_problem(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "x.jsonl"
    source.write_text(
        '{"text": "Flu.", "answer": "accept", "spans": [{"start": 0, "end": 3, "label": "D"}]}\n'
        '{"text": "Flu.", "answer": "reject"}\n'
    )
    done = run("corpus", "check", source)
    assert done.code == 0 and f"{source}: note: left out: rejected (1)" in done.out


def test_a_folder_of_folders_is_an_error(run: Run, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x.txt").write_text("Flu.")
    message = f"contains only folders; give one of them, such as {tmp_path / 'b'}"
    assert message in run("corpus", "convert", tmp_path, tmp_path / "o.jsonl").error


def test_context_is_added_to_mentions(run: Run, tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    write([Document("1", "No fever, but cough.", (Span(3, 8, "D"), Span(14, 19, "D")))], source)
    for arguments, expected in (([], [[], []]), (["--context"], [["negated"], []])):
        assert run("corpus", "convert", source, target, *arguments).code == 0
        [document] = read(target)
        assert [[cue.attribute for cue in s.context] for s in document.spans] == expected


def test_subfolders_are_read(run: Run, tmp_path: Path) -> None:
    source, target = tmp_path / "notes", tmp_path / "out.jsonl"
    texts = {"b/c/x.txt": "Flu.", "b/x.txt": "Gout.", "b/.hidden/y.txt": "No.", "d/z.png": ""}
    texts |= {"x.txt": "Rat.", "b/1.pubtator": "7|t|Fever", "e/lines.jsonl": '{"text": "Pain."}'}
    texts |= {"x.ann": "T1\tD 0 3\tRat\n", "f/y.ann": "T1\tD 0 3\tRat\n", "f/y.txt": "Rat."}
    for name, text in texts.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text)
    done = run("corpus", "convert", source, target, "--recursive")
    documents = {d.id: (d.text, len(d.spans)) for d in read(target)}
    assert list(documents) == ["x", "7", "b/x", "b/c/x", "e/lines-1", "f/y"]
    assert documents["x"] == documents["f/y"] == ("Rat.", 1)
    assert done.code == 0 and "left out" not in done.err
    empty = run("corpus", "convert", source / "d", target, "--recursive")
    assert "d: contains no file with one of the suffixes" in empty.error


def test_missing_parts_of_a_job_are_reported(run: Run, tmp_path: Path) -> None:
    parts = [tmp_path / "parts" / f"part-{i:05d}-of-00003.jsonl" for i in range(3)]
    parts[0].parent.mkdir()
    for part in parts:
        part.write_text('{"id": "1", "text": "Gout", "spans": []}\n')
    assert "missing" not in run("corpus", "convert", parts[0].parent, "-").err
    parts[1].unlink()
    result = run("corpus", "convert", parts[0].parent, "-")
    assert f"warning: {parts[0].parent}: missing parts: 1 of 3; continue the job" in result.err


def test_broken_links_are_reported(run: Run, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.jsonl").write_text('{"text": "Gout", "spans": []}\n')
    (tmp_path / "notes" / "b.jsonl").symlink_to("a.jsonl")
    (tmp_path / "notes" / "c.jsonl").symlink_to("missing.jsonl")
    result = run("corpus", "convert", tmp_path / "notes", "-")
    assert "notes: left out: 1 broken symbolic link, such as c.jsonl" in result.err
    assert "a-1" in result.out and "b-1" in result.out


def test_an_empty_folder_is_an_error(run: Run, tmp_path: Path) -> None:
    assert "no file for any split" in run("corpus", "stats", tmp_path).error


def test_convert_there_and_back(run: Run, corpus: Path, tmp_path: Path) -> None:
    there, back = tmp_path / "x.jsonl", tmp_path / "x.tsv"
    assert run("corpus", "convert", corpus / "train.tsv", there).code == 0
    done = run("corpus", "convert", there, back, "--to", "conll")
    assert back.read_text() == (corpus / "train.tsv").read_text()
    assert "2 documents converted to conll" in done.err


@pytest.mark.parametrize("command", [["convert", "-", "-"], ["split", "-", "-o"]])
def test_json_on_standard_input_needs_its_format(
    run: Run, tmp_path: Path, command: list[str]
) -> None:
    is_split = command[0] == "split"
    arguments = [*command, *([tmp_path / "out"] if is_split else ["--to", "jsonl"])]
    records = b'{"text": "Gout.", "spans": [{"start": 0, "end": 4, "type": "D"}]}\n' * 9
    for option in ([], ["--skip-bad"]):
        done = run("corpus", *arguments, *option, stdin=records)
        assert "looks like jsonl; name its format with --input-format" in done.error
        assert done.out == "" and not (tmp_path / "out").exists()
    assert run("corpus", *arguments, "--from", "jsonl", stdin=records).code == 0
    if not is_split:
        assert '"text": "Gout."' in run("corpus", *arguments, stdin=b"Gout.").out


@pytest.mark.parametrize("source", ["a.ann", "."])
def test_convert_does_not_write_over_the_text_of_a_brat_file(
    run: Run, tmp_path: Path, source: str
) -> None:
    (tmp_path / "a.txt").write_text("Gout")
    (tmp_path / "a.ann").write_text("T1\tD 0 4\tGout\n")
    done = run("corpus", "convert", tmp_path / source, tmp_path / "a.txt", "--to", "pubtator")
    assert "is also an input" in done.error
    assert (tmp_path / "a.txt").read_text() == "Gout"


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.iob2", "a.IOBES", "a.jsonl.gz"])
def test_convert_opens_files_of_a_folder_by_their_suffix(
    run: Run, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text("Gout.\n")
    done = run("corpus", "convert", tmp_path, "-", "--from", "lines", "--to", "lines")
    assert done.out == "Gout.\n"


def test_convert_renames_types(run: Run, tmp_path: Path) -> None:
    source, target = tmp_path / "in.tsv", tmp_path / "out.jsonl"
    source.write_text("Gout\tB-DISO\n\nAspirin\tB-Drug\n")
    done = run("corpus", "convert", source, target, "--rename", "DISO=Disease", "--rename", "X=Y")
    assert [span.type for document in read(target) for span in document.spans] == [
        "Disease",
        "Drug",
    ]
    assert "warning: --rename X: no mention has this type" in done.err
    assert "OLD=NEW" in run("corpus", "convert", source, target, "--rename", "DISO").error


BRAT = """T3	Drug 0 7	Aspirin
T5	DISO 14 18	gout
T6	DISO 23 27	gout
R1	treats Arg1:T3 Arg2:T5
N1	Reference T3 MESH:D1	Aspirin
A1	Negated T6
"""


def test_convert_keeps_relations_of_renamed_mentions(run: Run, tmp_path: Path) -> None:
    source, target, bioc = tmp_path / "in", tmp_path / "out", tmp_path / "in.xml"
    source.mkdir()
    (source / "x.txt").write_text("Aspirin hurts gout and gout.")
    (source / "x.ann").write_text(BRAT)
    names = ("--rename", "Drug=Chemical", "--rename", "DISO=Disease")
    done = run("corpus", "convert", source, target, "--to", "brat", *names)
    renamed = BRAT.replace("Drug", "Chemical").replace("DISO", "Disease")
    assert (target / "x.ann").read_text() == renamed and "left out" not in done.err
    mentions = "".join(
        f'<annotation id="{id}"><infon key="{key}">DISO</infon><infon key="by">me</infon>'
        f'<location offset="{start}" length="4"/><text>gout</text></annotation>'
        for id, key, start in ((7, "type", 14), (9, "kind", 23))
    )
    bioc.write_text(
        "<collection><document><id>1</id><passage><offset>0</offset>"
        f"<text>Aspirin hurts gout and gout.</text>{mentions}"
        '<relation id="R1"><node refid="7" role="a"/><node refid="9" role="b"/></relation>'
        "</passage></document></collection>"
    )
    again = tmp_path / "out.xml"
    done = run("corpus", "convert", bioc, again, "--rename", "DISO=Disease")
    assert "left out" not in done.err and '<relation id="R1">' in again.read_text()
    assert again.read_text().count('<infon key="by">me</infon>') == 2
    assert again.read_text().count('<infon key="type">Disease</infon>') == 1
    assert again.read_text().count('<infon key="kind">DISO</infon>') == 1


def test_convert_counts_losses(run: Run, tmp_path: Path) -> None:
    spans = [{"start": 0, "end": 6, "type": "D"}, {"start": 0, "end": 10, "type": "D"}]
    source = tmp_path / "nested.jsonl"
    source.write_text(json.dumps({"id": "1", "text": "Asthma flu", "spans": spans}) + "\n")
    done = run("corpus", "convert", source, "-", "--to", "conll")
    assert done.out == "Asthma\tB-D\nflu\tI-D\n\n"
    assert "vaner: conll cannot hold everything, jsonl can: document id has " in done.err
    assert "; overlapping mention left out, the longest is written (1)" in done.err
    for format in ("bioc", "biocjson", "pubtator", "jsonl"):
        assert "cannot hold" not in run("corpus", "convert", source, "-", "--to", format).err


def test_convert_reads_named_columns(run: Run, tmp_path: Path) -> None:
    table, output = tmp_path / "notes.csv", tmp_path / "notes.jsonl"
    table.write_text("key,Finding,year\nk1,Rat fever,2026\n")
    columns = ("--text-column", "finding", "--id-column", "key")
    assert run("corpus", "convert", table, output, *columns).code == 0
    (document,) = read(output)
    assert (document.id, document.text) == ("k1", "Rat fever")
    done = run("corpus", "convert", table, output)
    expected = "which column is the text? There are key, Finding, year; name it with --text-column"
    assert expected in done.error


def test_convert_stops_at_an_error_with_a_message(run: Run, tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.xml"
    source.write_text('{"text": "Flu."}\n{}\n{"text": "Gout."}\n')
    done = run("corpus", "convert", source, target)
    assert f"{source}:2: " in done.error and "1 document written" in done.err
    lossy = run("corpus", "convert", source, "-", "--to", "conll")
    assert "conll cannot hold everything" in lossy.err and lossy.code == 2
    assert [document.text for document in read(target)] == ["Flu."]
    done = run("corpus", "convert", source, target, "--skip-bad")
    assert done.code == 0 and "skipped 1 invalid record" in done.err
    assert len(list(read(target))) == 2


def test_check_all_checks_available_corpora(run: Run, tmp_path: Path) -> None:
    for name in ("BC5CDR", "NCBI-disease"):
        (tmp_path / name).mkdir()
    (tmp_path / "BC5CDR" / "train.tsv").write_text(LONG)
    (tmp_path / "NCBI-disease" / "test.tsv").write_text(LONG)
    done = run("corpus", "check", "--all", "--corpora", tmp_path)
    assert done.code == 1 and done.out.startswith("not available: BC2GM, BC4CHEMD, ")
    assert "BC5CDR: problem: train: sentences: 1, the registry has 4,560" in done.out
    assert "across: problem: NCBI-disease test: 1 long sentence also in BC5CDR train" in done.out
    assert "long sentences have 8 words or more" in done.err
    (tmp_path / "NCBI-disease" / "test.tsv").unlink()
    done = run("corpus", "check", "BC5CDR", "--corpora", tmp_path)
    assert "long sentence" not in done.out + done.err


def test_check_all_without_corpora_is_an_error(run: Run, tmp_path: Path) -> None:
    done = run("corpus", "check", "--all", "--corpora", tmp_path)
    assert f"{tmp_path}: contains no registered corpus" in done.error


@pytest.mark.heavy
@pytest.mark.corpora
def test_registered_corpora_match_the_registry(run: Run, corpora_root: Path) -> None:
    done = run("corpus", "check", "BC5CDR", "--corpora", corpora_root)
    assert done.code == 0 and "BC5CDR: no problems" in done.out


@pytest.fixture
def latin(tmp_path: Path) -> Path:
    path = tmp_path / "latin.tsv"
    path.write_bytes("1\tMénière\tB-Disease\tx\n1\thurts\tO\ty\n".encode("latin-1"))
    return path


@pytest.mark.parametrize("command", ["check", "stats"])
def test_encoding_and_columns_of_a_corpus(run: Run, latin: Path, command: str) -> None:
    failed = run("corpus", command, latin, "--columns", "token=2,tag=3")
    assert failed.code and "--encoding" in failed.out + failed.err
    options = ("--encoding", "latin-1", "--columns", "token=2,tag=3", "--input-format", "conll")
    assert run("corpus", command, latin, *options).code == 0


@pytest.mark.parametrize("command", ["check", "stats", "split", "evaluate"])
def test_the_field_of_the_text_is_named(run: Run, tmp_path: Path, command: str) -> None:
    value = {"start": 0, "end": 6, "labels": ["Disease"]}
    task = {
        "data": {"note": "Scurvy hurts.", "plan": "Fruit."},
        "annotations": [{"result": [{"type": "labels", "value": value}]}],
    }
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps([task] * 9), "utf-8")
    calls = {
        "split": ("corpus", "split", path, "-o", tmp_path / "out"),
        "evaluate": ("evaluate", "--corpus", path, "--model", "no-such-model"),
    }
    call = calls.get(command, ("corpus", command, path))
    failed = run(*call)
    assert failed.code and "name it with --text-field" in failed.out + failed.err
    done = run(*call, "--text-field", "note")
    assert "no-such-model" in done.err if command == "evaluate" else done.code == 0


def test_stats_skip_bad_records(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"text": "Gout."}\n{"text": 3}\n', "utf-8")
    assert run("corpus", "stats", path).code == 2
    done = run("corpus", "stats", path, "--skip-bad")
    assert done.code == 0 and done.out.splitlines()[1].split()[2] == "1"
    assert "x.jsonl:2" in done.err and "skipped 1 invalid record" in done.err


def test_encoding_of_a_corpus_to_score(run: Run, latin: Path) -> None:
    options = ("--encoding", "latin-1", "--columns", "token=2,tag=3", "--seen-in", "none")
    done = run("evaluate", "--model", "no-such-model", "--corpus", latin, *options)
    assert "no-such-model" in done.err and "latin.tsv" not in done.err
    done = run("evaluate", "--all", "--encoding", "latin-1")
    assert done.code == 2 and "--encoding" in done.err
