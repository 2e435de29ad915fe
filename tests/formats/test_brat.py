"""brat: documents, references, file names and errors. All texts are invented."""

from __future__ import annotations

import pytest

from tests.formats.mentions import mentions
from vaner.errors import FormatError
from vaner.formats import FormatWarning, detect_format, read, write
from vaner.formats.skipped_records import SkippedRecordsWarning
from vaner.text.documents import Document, Span
from vaner.text.mention_details import Cue


def test_hidden_files_are_ignored(put):
    put("Gout", "brat/a.txt")
    put("T1\tD 0 4\tGout\n", "brat/a.ann")
    path = put(b"\x00\xff", "brat/._a.txt")
    assert [d.id for d in read(path.parent)] == ["a"]


def test_brat(put, tmp_path):
    put("Left\nor right leg, fever\r\n", "in/a.txt")
    ann = (
        "T2\tPart 0 4;14 17\tLeft leg\nT7\tDisease 19 24\tfever\n"
        "R1\tNear Arg1:T2 Arg2:T7\nA1\tNegated T7\n#1\tAnnotatorNotes T7\tsure?\n"
        "N1\tReference T7 MESH:D5\tFever\n"
    )
    put(ann, "in/a.ann")
    put("No mention", "in/b.txt")
    first, second = read(tmp_path / "in")
    assert mentions(first) == [("Left leg", "Part"), ("fever", "Disease")]
    assert first.spans[1].identifiers == ("MESH:D5",)
    assert first.text.endswith("\r\n")
    assert second.spans == ()
    write([first, second], tmp_path / "out", "brat")
    assert (tmp_path / "out/a.ann").read_text() == ann
    assert (tmp_path / "out/b.ann").read_text() == ""
    # New mentions must not inherit annotations of the old ones.
    other = first.with_spans([Span(8, 13, "Side")])
    report = write([other], tmp_path / "new", "brat")
    assert (tmp_path / "new/a.ann").read_text() == "T1\tSide 8 13\tright\n"
    assert sum(report.lost.values()) == 4


def test_brat_is_configured_for_the_types_of_a_folder(put, tmp_path):
    put("p53 binds MDM2.", "in/a.txt")
    lines = ["T1\tGene:x 0 3\tp53", "T2\tProtein 10 14\tMDM2", "T3\tBinding 4 9\tbinds"]
    lines += ["E1\tBinding:T3 Theme:T1 Theme2:T2", "R1\tNear Arg1:T1 Arg2:T2"]
    lines += ["A1\tCertain E1 high", "A2\tCertain E1 low", "N1\tReference T1 G:1\tp53"]
    (document,) = read(put("\n".join(lines), "in/a.ann"))
    span = Span(0, 3, "Gene:x", context=(Cue("negated", 4, 9),))
    write([document, Document("c", "p53 binds", (span,))], tmp_path / "out", "brat")
    assert (tmp_path / "out" / "annotation.conf").read_text().splitlines() == [
        "[entities]", "Gene:x", "Protein",
        "[relations]", "Near\tArg1:<ANY>, Arg2:<ANY>",
        "[events]", "Binding\tTheme*:<ANY>",
        "[attributes]", "Certain\tArg:<ANY>, Value:high|low", "negated\tArg:<ANY>",
    ]  # fmt: skip
    assert len(list(read(tmp_path / "out"))) == 2


def test_a_configuration_of_brat_is_not_replaced(put, tmp_path):
    config = put("[entities]\n", "out/annotation.conf")
    write([Document("a", "Gout", (Span(0, 4, "D"),))], tmp_path / "out", "brat")
    assert config.read_text() == "[entities]\n"
    write([Document("a", "Gout")], tmp_path / "empty", "brat")
    assert not (tmp_path / "empty" / "annotation.conf").exists()


@pytest.mark.parametrize("suffix", [".ann", ".a1"])
def test_a_text_with_an_annotation_file_is_brat(put, suffix):
    text, alone = put("Gout", "in/a.txt"), put("Gout", "in/b.txt")
    put("T1\tD 0 4\tGout\n", f"in/a{suffix}")
    (document,) = read(text)
    assert mentions(document) == [("Gout", "D")]
    assert [document.spans for document in read(text, "text")] == [()]
    assert detect_format(alone) == "text"


def test_brat_names_stay_in_the_folder(tmp_path):
    documents = [Document(i, "x") for i in ("../up", "a/b", "a:b", "A_B", "", "é" * 300)]
    report = write(documents, tmp_path / "out", "brat")
    assert report.documents == 6
    assert len(list((tmp_path / "out").glob("*.txt"))) == 6
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("id", ["README", "License", "CHANGELOG-2"])
def test_names_that_readers_leave_out_are_changed(tmp_path, id):
    report = write([Document(id, "Gout"), Document(f"_{id}", "Flu")], tmp_path / "out", "brat")
    assert report.lost == {"document id changed for a file name": 2}
    documents = [(document.id, document.text) for document in read(tmp_path / "out")]
    assert sorted(documents) == [(f"_{id}", "Gout"), (f"_{id}-2", "Flu")]


def test_what_is_left_out_of_a_folder_is_counted(put):
    for name in ("a.txt", "a.ann", "README.md", "annotation.conf", ".hidden/a.txt", "empty/.x"):
        put("", f"brat/{name}")
    folder = put("", "brat/a.a2").parent
    assert len(list(read(folder))) == 1
    for name in ("sub/c.txt", "sub/c.ann", "b.pubtator", "c.jsonl", "d.jsonl"):
        put("", f"brat/{name}")
    expected = r"brat: left out: .pubtator file \(1\); .jsonl file \(2\); subfolder \(1\)$"
    with pytest.warns(SkippedRecordsWarning, match=expected):
        assert len(list(read(folder))) == 1
    put("", "texts/sub/b.txt")
    folder = put("Gout", "texts/a.txt").parent
    with pytest.warns(SkippedRecordsWarning, match=r"texts: left out: subfolder \(1\)$"):
        assert [document.text for document in read(folder)] == ["Gout"]


def test_brat_errors(put, tmp_path):
    put("T1\tX 0 1\ta\n", "only.ann")
    with pytest.raises(FormatError, match=r"only\.txt: cannot be read"):
        list(read(tmp_path / "only.ann"))
    put("abc", "c.txt")
    put("T1\tX 0 q\ta\n", "c.ann")
    with pytest.raises(FormatError, match=r"c\.ann:1: expected T1"):
        list(read(tmp_path / "c.ann"))


def test_brat_of_the_bionlp_shared_tasks(put):
    put("p53 binds MDM2.", "bionlp/PMID-1.txt")
    put("T1\tProtein 0 3\tp53\nT2\tProtein 10 14\tMDM2\n", "bionlp/PMID-1.a1")
    path = put("T3\tBinding 4 9\tbinds\nE1\tBinding:T3 Theme:T1 Theme2:T2\n", "bionlp/PMID-1.a2")
    assert detect_format(path) == detect_format(path.parent) == "brat"
    (document,) = read(path.parent)
    assert mentions(document) == [("p53", "Protein"), ("MDM2", "Protein"), ("binds", "Binding")]
    assert document.metadata["brat"]["lines"] == ("E1\tBinding:T3 Theme:T1 Theme2:T2",)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (" T2\tX 0 4\tGout", "begins with none of T R E A M N # *"),
        ("t2\tX 0 4\tGout", "begins with none"),
        ("T1\tX 0 4\tGout", "T1 occurs twice"),
    ],
)
def test_brat_malformed_mention_lines(put, line, message):
    put("Gout", "b/a.txt")
    path = put(f"T1\tD 0 4\tGout\n{line}\n", "b/a.ann")
    with pytest.raises(FormatError, match=f"a.ann:2: {message}".replace("*", r"\*")):
        list(read(path.parent))


def test_offsets_from_before_the_line_ends_changed(put):
    put("Chronic kidney\r\nfailure.\r\nMumps.\r\n", "in/a.txt")
    path = put("T1\tDisease 8 14;15 22\tkidney failure\nT2\tDisease 24 29\tMumps\n", "in/a.ann")
    with pytest.warns(FormatWarning, match="line end as one; converted"):
        (document,) = read(path.parent)
    assert mentions(document) == [("kidney\r\nfailure", "Disease"), ("Mumps", "Disease")]
    assert [(span.start, span.end) for span in document.spans] == [(8, 23), (26, 31)]


def test_offsets_that_count_carriage_returns(put):
    put("Chronic kidney\r\nfailure.\r\nMumps.\r\n", "in/a.txt")
    annotations = "T1\tD 8 14;16 23\tkidney failure\nT2\tD 26 31\tMumps\n"
    (document,) = read(put(annotations, "in/a.ann").parent)
    assert mentions(document) == [("kidney\r\nfailure", "D"), ("Mumps", "D")]


def test_offsets_that_fit_neither_line_ends_are_refused(put):
    put("Acute\r\nmumps.", "in/a.txt")
    path = put("T1\tD 6 11\tmumps\nT2\tD 0 5\tHeavy\n", "in/a.ann")
    with pytest.raises(FormatError, match=r"a\.ann:1: mention 6:11"):
        list(read(path.parent))


def test_suffixes_may_be_in_capital_letters(put):
    put("Gout", "in/1.TXT")
    put("T1\tD 0 4\tGout\n", "in/1.ANN")
    folder = put("Flu", "in/2.txt").parent
    for path in (folder, folder / "1.TXT", folder / "1.ANN", folder / "2.txt"):
        assert detect_format(path) == ("text" if path.name == "2.txt" else "brat")
    first, second = read(folder)
    assert mentions(first) == [("Gout", "D")] and second.text == "Flu"
    for name in ("1.TXT", "1.ANN"):
        assert list(read(folder / name)) == [first]
    (folder / "1.ANN").unlink()
    assert detect_format(folder) == "text"
    assert [document.text for document in read(folder)] == ["Gout", "Flu"]


@pytest.mark.parametrize("format", ["brat", "genetag"])
def test_standard_input_is_not_a_folder(format):
    with pytest.raises(FormatError, match="cannot be read from standard input"):
        list(read("-", format))
