"""``vaner kb match``, ``vaner annotate --kb`` and ``vaner evaluate --kb``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command_line import Run
from tests.knowledge.bases import write_base
from vaner.formats import FORMATS, read, write
from vaner.text.documents import Document, Span

TEXT = "Metformin for Crohn's disease; DIF."
FOUND = [
    (0, 9, "Chemical", ("MESH:D008687",)),
    (14, 29, "Disease", ("MESH:D003424",)),
    (31, 34, "Gene", ("HGNC:11892", "HGNC:99")),
]


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VANER_CACHE", str(tmp_path / "cache"))
    return write_base(tmp_path / "ten.parquet").path


def spans(path: Path) -> list[tuple[int, int, str, tuple[str, ...]]]:
    (document,) = read(path)
    return [(s.start, s.end, s.type, s.identifiers) for s in document.spans]


def test_match_text_and_files(run: Run, base: Path, tmp_path: Path) -> None:
    shown = run("kb", "match", "--text", TEXT, "--kb", base)
    assert shown.code == 0 and "MESH:D003424" in shown.out
    assert "1 document, 3 mentions (Chemical 1, Disease 1, Gene 1) in " in shown.err
    (tmp_path / "notes.txt").write_text("\n".join([TEXT] * 300), "utf-8")
    output = tmp_path / "out.jsonl"
    done = run(
        "kb", "match", tmp_path / "notes.txt", "--input-format", "lines", "--kb", base,
        "--types", "Disease,Gene", "-o", output, "-q",
    )  # fmt: skip
    assert (done.code, done.out, done.err) == (0, "", "")
    records = [json.loads(line) for line in output.read_text("utf-8").splitlines()]
    assert len(records) == 300
    assert {tuple(s["type"] for s in r["spans"]) for r in records} == {("Disease", "Gene")}
    assert "score" not in records[0]["spans"][0]


@pytest.mark.parametrize("format", [f.name for f in FORMATS.values() if f.is_writable])
def test_identifiers_in_every_format_that_holds_them(
    run: Run, base: Path, tmp_path: Path, format: str
) -> None:
    output = tmp_path / "out"
    done = run("kb", "match", "--text", TEXT, "--kb", base, "--format", format, "-o", output)
    assert done.code == 0
    if format not in ("conll", "doccano", "label_studio", "text", "lines"):
        (document,) = read(output, format)
        mentions = [(s.start, s.end, s.type, s.identifiers) for s in document.spans]
        assert mentions == FOUND
    else:
        assert "cannot hold everything, jsonl can: " in done.err


def test_rules_from_the_command_line(run: Run, base: Path) -> None:
    arguments = ("kb", "match", "--kb", base, "--text", "dif", "--format", "jsonl")
    assert json.loads(run(*arguments).out).get("spans") == []
    changed = run(*arguments, "--rule", "Gene.case=fold")
    assert [span["type"] for span in json.loads(changed.out)["spans"]] == ["Gene"]


def test_an_old_name_of_a_rule_works_with_a_notice(run: Run, base: Path) -> None:
    arguments = ("kb", "match", "--kb", base, "--text", "dif", "--format", "jsonl")
    changed = run(*arguments, "--rule", "Gene.shortest=2")
    assert changed.code == 0
    assert "vaner: warning: rule shortest is now called min_length" in changed.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--types", "Drug"], "has no type Drug; it has Chemical"),
        (["--rule", "Gene=fold"], "'Gene=fold' is not a rule such as Gene.case=fold"),
        (["--rule", "Gene.size=3"], "unknown rule 'size'; rules: case, max_symbol_length"),
        (["--rule", "Gene.case=3"], "case must be one of symbols, fold, keep"),
        (["--rule", "Gene.min_length=x"], "min_length must be a number of up to 3 digits"),
        (["--rule", f"Gene.min_length={10**20}"], "min_length must be a number of up to 3 digits"),
        (["--rule", "Drug.case=fold"], "has no type Drug"),
        (["--kb", "none"], "unknown knowledge base 'none'; see vaner kb list"),
        (["--kb", "none.parquet"], "no such knowledge base"),
        (["file"], "give either --text or files"),
    ],
)
def test_invalid_arguments_are_errors(
    run: Run, base: Path, arguments: list[str], message: str
) -> None:
    chosen = [] if "--kb" in arguments else ["--kb", base]
    assert message in run("kb", "match", "--text", TEXT, *chosen, *arguments).error


def test_annotate_gives_identifiers(annotate: Run, base: Path, tmp_path: Path) -> None:
    before = annotate("--text", TEXT, "--format", "jsonl")
    after = annotate("--text", TEXT, "--format", "jsonl", "--kb", base)
    assert before.code == after.code == 0
    plain, known = (json.loads(result.out)["spans"] for result in (before, after))
    assert [(s["start"], s["end"], s["type"], s["score"]) for s in plain] == [
        (s["start"], s["end"], s["type"], s["score"]) for s in known
    ]
    named = {(s["start"], s["end"], s["type"]): s.get("identifiers") for s in known}
    expected = {mention[:3]: list(mention[3]) for mention in FOUND}
    assert all(value in (None, expected.get(key)) for key, value in named.items())
    assert "unknown knowledge base" in annotate("--text", TEXT, "--kb", "none").error


def test_evaluate_a_dictionary(run: Run, base: Path, tmp_path: Path) -> None:
    gold = [Document("d", TEXT, (Span(0, 9, "Chemical"), Span(14, 21, "Disease")))]
    write(gold, tmp_path / "gold.jsonl")
    results_file = tmp_path / "kept.json"
    done = run(
        "evaluate", "--kb", base, "--corpus", tmp_path / "gold.jsonl", "--bootstrap", 0,
        "--json", results_file, "-q",
    )  # fmt: skip
    assert done.code == 0, done.err
    record = json.loads(results_file.read_text("utf-8"))
    assert record["knowledge_base"] == str(base) and "model" not in record
    assert record["types"]["Chemical"]["f1"] == 1 and record["types"]["Disease"]["f1"] == 0
    both = run("evaluate", "--kb", base, "--model", "x", "--corpus", tmp_path / "gold.jsonl")
    assert "give either --model or --kb" in both.error
    four = ("--quantization", "nf4")
    bits = run("evaluate", "--kb", base, *four, "--corpus", tmp_path / "gold.jsonl")
    assert "cannot be used with --kb" in bits.error and bits.code == both.code
    wrong = run("evaluate", "--kb", base, "--corpus", tmp_path / "gold.jsonl", "--types", "Gene")
    assert "does not annotate Gene" in wrong.error
