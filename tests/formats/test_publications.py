"""Formats without mentions that people have: full texts, exports, tables, PDF, DOCX, archives."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import sys
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest

from vaner.errors import FormatError, VanerError
from vaner.formats import FormatWarning, detect_format, read, write
from vaner.formats.skipped_records import SkippedRecordsWarning
from vaner.text.documents import Document


@pytest.fixture
def put(tmp_path: Path) -> Any:
    def put(content: str | bytes, name: str) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return put


def texts(path: Path, format: str, **options: Any) -> list[tuple[str, str]]:
    assert detect_format(path) == format
    return [(document.id, document.text) for document in read(path, **options)]


# JATS -------------------------------------------------------------------------------------------

ARTICLE = """<article xmlns:xlink="http://www.w3.org/1999/xlink">
<front><journal-meta><journal-id>J</journal-id></journal-meta><article-meta>
<article-id pub-id-type="pmid">5</article-id><article-id pub-id-type="pmc">77</article-id>
<title-group><article-title>Fever in <italic>rats</italic></article-title></title-group>
<abstract><sec><title>Aim</title><p>We study
  fever.</p></sec></abstract></article-meta></front>
<body><p>A foreword.</p>
<sec sec-type="methods"><title>What we did</title>
<p>We counted<xref ref-type="bibr">1</xref> rats.<fig><label>Figure 1</label><caption>
<title>A rat.</title><p>It is ill.</p></caption><graphic/></fig> All had H<sub>2</sub>O.</p>
<sec><title>Mice</title><p>None.</p></sec></sec>
<sec><title>Results and findings</title>
<table-wrap><label>Table 1</label><caption><p>Counts.</p></caption><table>
<thead><tr><th>Animal</th><th>Fever</th></tr></thead><tbody><tr><td>rat</td><td>3</td></tr></tbody>
</table></table-wrap><list><list-item><p>First.</p></list-item></list></sec></body>
<back><ref-list><ref><mixed-citation>Ignored</mixed-citation></ref></ref-list></back></article>"""
PASSAGES = [
    ("Fever in rats", "TITLE", "front"),
    ("Aim", "ABSTRACT", "abstract_title_1"),
    ("We study fever.", "ABSTRACT", "abstract"),
    ("A foreword.", "OTHER", "paragraph"),
    ("What we did", "METHODS", "title_1"),
    ("We counted1 rats. All had H2O.", "METHODS", "paragraph"),
    ("Figure 1 A rat.", "FIG", "fig_caption"),
    ("It is ill.", "FIG", "fig_caption"),
    ("Mice", "METHODS", "title_2"),
    ("None.", "METHODS", "paragraph"),
    ("Results and findings", "RESULTS", "title_1"),
    ("Table 1 Counts.", "TABLE", "table_caption"),
    ("Animal\tFever\nrat\t3", "TABLE", "table"),
    ("First.", "RESULTS", "paragraph"),
]
DOCTYPE = '<?xml version="1.0"?>\n<!DOCTYPE article PUBLIC "-//NLM//DTD JATS v1.2" "a.dtd">\n'


@pytest.mark.parametrize(
    "content", [ARTICLE, DOCTYPE + ARTICLE, f"<pmc-articleset>{ARTICLE}</pmc-articleset>"]
)
def test_full_texts_are_read_in_passages(put: Any, content: str) -> None:
    path = put(content, "article.xml")
    assert detect_format(path) == "jats"
    (document,) = read(path)
    assert document.id == "PMC77"
    assert document.text == "\n".join(text for text, _, _ in PASSAGES)
    units = document.metadata["bioc"]["passages"]
    read_passages = [
        (document.text[u["offset"] : u["offset"] + u["length"]], *u["infons"].values())
        for u in units
    ]
    assert [passage[:3] for passage in read_passages] == PASSAGES
    assert units[-1]["infons"]["section"] == "Results and findings"


def test_passages_of_full_texts_are_written_as_bioc(put: Any, tmp_path: Path) -> None:
    documents = list(read(put(ARTICLE, "article.nxml")))
    assert not write(documents, tmp_path / "bioc.xml", "bioc_xml").lost
    (again,) = read(tmp_path / "bioc.xml")
    assert again.text == documents[0].text
    kinds = [unit["infons"]["type"] for unit in again.metadata["bioc"]["passages"]]
    assert kinds == [kind for _, _, kind in PASSAGES]


def make_article(body: str) -> str:
    front = '<front><article-meta><article-id pub-id-type="pmid">5</article-id>'
    front += "<title-group><article-title>T</article-title><subtitle>S</subtitle></title-group>"
    return f"<article>{front}</article-meta></front><body>{body}</body></article>"


DEFINITIONS = (
    "<def-list><def-item><term>RA</term><def><p>rheumatoid</p><p>arthritis</p></def></def-item>"
    "<def-item><term>MS</term><def><p>sclerosis</p></def></def-item></def-list>"
)
MATH = "<disp-formula><label>1</label><math><mi>x</mi><mo>=</mo><mn>1</mn></math></disp-formula>"
PICTURE = "<inline-formula><tex-math>x</tex-math></inline-formula>"
CELLS = "<td><p>a</p><p>b</p></td><td><list><list-item><p>c</p></list-item><list-item><p>d</p>"
CELLS += "</list-item></list></td><td>H<sub>2</sub>O<break/>e</td>"


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        (f"<p>x</p>{DEFINITIONS}", ["x", "RA\trheumatoid arthritis", "MS\tsclerosis"]),
        (f"<p>x:{DEFINITIONS}y</p>", ["x: y", "RA\trheumatoid arthritis", "MS\tsclerosis"]),
        (
            "<verse-group><title>V</title><verse-line>a</verse-line><verse-line>b</verse-line>"
            "<attrib>Doe</attrib></verse-group>",
            ["V", "a", "b", "Doe"],
        ),
        ("<sec><speech><speaker>Doe</speaker><p>Gout.</p></speech></sec>", ["Doe", "Gout."]),
        ("<preformat>a  b\nc</preformat><sec><code>x = 1</code></sec>", ["a b c", "x = 1"]),
        (
            "<sec><p>a</p><media><label>1</label><caption><title>M</title><p>Gout.</p></caption>"
            "</media></sec>",
            ["a", "M", "Gout."],
        ),
        (f"<p>Where {MATH} holds.</p>", ["Where x=1 holds."]),
        (f"<p>Where{MATH}, and</p>{MATH}", ["Where x=1, and", "x=1"]),
        (
            f"<table-wrap><label>T1</label><table><tr>{CELLS}</tr></table></table-wrap>",
            ["T1", "a b\tc d\tH2O e"],
        ),
        (f"<fig><caption><p>a</p></caption>{DEFINITIONS[:-11]}</def-list></fig>", [
            "a", "RA\trheumatoid arthritis", "MS\tsclerosis",
        ]),
        ("<disp-quote>a<p>b</p></disp-quote><chem-struct>c</chem-struct>", ["a", "b", "c"]),
    ],
)  # fmt: skip
def test_parts_of_full_texts(put: Any, body: str, lines: list[str]) -> None:
    (document,) = read(put(make_article(body), "a.xml"))
    assert document.text.split("\n") == ["T", "S", *lines]


def test_formulas_without_text_are_counted(put: Any) -> None:
    path = put(make_article(f"<p>Where {PICTURE} holds.</p>"), "a.xml")
    with pytest.warns(SkippedRecordsWarning, match=r"left out: a formula without text \(1\)"):
        assert texts(path, "jats") == [("5", "T\nS\nWhere holds.")]


def test_an_article_without_an_id_is_named_after_the_file(put: Any) -> None:
    article = "<article>{}<body><p>Rat.</p></body></article>"
    front = (
        '<front><article-meta><article-id pub-id-type="{}">{}</article-id></article-meta></front>'
    )
    assert texts(put(article.format(""), "a.xml"), "jats") == [("a", "Rat.")]
    other = article.format(front.format("manuscript", "M7"))
    assert texts(put(other, "a.xml"), "jats") == [("M7", "Rat.")]
    articles = article.format("") + article.format(front.format("pmid", "5")) + article.format("")
    several = texts(put(f"<articles>{articles}</articles>", "a.xml"), "jats")
    assert [id for id, _ in several] == ["a-1", "5", "a-3"]


def test_broken_articles(put: Any) -> None:
    with pytest.raises(FormatError, match=r"a\.xml:\d+: broken XML in article"):
        list(read(put(ARTICLE[:-50], "a.xml")))
    bomb = '<!DOCTYPE article [<!ENTITY a "aaaa">]><article><body>&a;</body></article>'
    with pytest.raises(FormatError, match=r"a\.xml:1: declares entities"):
        list(read(put(bomb, "a.xml")))


# MEDLINE ----------------------------------------------------------------------------------------

NBIB = """
PMID- 7
OWN - NLM
TI  - Fever in
      rats.
AB  - It is hot: we
      measured it.
FAU - Doe, J

PMID- 8
TI  - No abstract.

PMID- 9
OWN - NLM
"""


@pytest.mark.parametrize("name", ["x.nbib", "x.txt", "export"])
def test_medline_records(put: Any, name: str) -> None:
    with pytest.warns(SkippedRecordsWarning, match=r"record without title and abstract \(1\)"):
        assert texts(put(NBIB, name), "medline") == [
            ("7", "Fever in rats.\nIt is hot: we measured it."), ("8", "No abstract."),
        ]  # fmt: skip


def test_medline_records_of_pubmed_central(put: Any) -> None:
    content = "PMC - PMC7\nPMID- 8\nTI  - Rat.\n\nPMC - PMC9\nTI  - Gout.\nAB  - It hurts.\n"
    assert texts(put(content, "pmc_result.txt"), "medline") == [
        ("8", "Rat."), ("PMC9", "Gout.\nIt hurts."),
    ]  # fmt: skip


@pytest.mark.parametrize("original", ["TT  - Titre\n      goutte.\n", ""])
def test_the_original_title_of_a_medline_record(put: Any, original: str) -> None:
    path = put(f"PMID- 2\nTI  - [Not Available].\n{original}AB  - z\n", "x.nbib")
    title = "Titre goutte." if original else "[Not Available]."
    assert texts(path, "medline") == [("2", f"{title}\nz")]


def test_title_of_medline_may_begin_on_the_next_line(put: Any) -> None:
    (document,) = read(put("PMID- 7\nTI  -\n      Rat\n      fever.\nAB  - Hay.\n", "x.nbib"))
    assert document.text == "Rat fever.\nHay."


def test_broken_medline_records(put: Any) -> None:
    errors: list[FormatError] = []
    path = put("PMID- 7\nTI  - Rat.\nwrong\n\nTI  - Gout.\n", "x.nbib")
    assert [d.text for d in read(path, on_error=errors.append)] == ["Rat. Gout."]
    assert [error.line for error in errors] == [3]


# RIS --------------------------------------------------------------------------------------------

RIS = """Provider: a database

TY  - JOUR
AU  - Doe, J
T1  - Fever in rats.
AB  - It is hot: we
measured it.

AND we - both - wrote it.
DO  - 10.1/x
ER  - 

TY  - JOUR
TI  - No abstract.
ER  -
TY  - BOOK
AU  - Doe, J
"""


@pytest.mark.parametrize("name", ["x.ris", "x.txt", "export"])
def test_references_in_ris(put: Any, name: str) -> None:
    with pytest.warns(SkippedRecordsWarning, match=r"record without title and abstract \(1\)"):
        assert texts(put(RIS, name), "ris") == [
            (
                "10.1/x",
                "Fever in rats.\nIt is hot: we measured it. AND we - both - wrote it.",
            ),
            (f"{Path(name).stem}-2", "No abstract."),
        ]


def test_broken_references(put: Any) -> None:
    errors: list[FormatError] = []
    path = put("TY  - JOUR\nTI  - Rat.\nER  - \nTI  - Gout.\nTY  - JOUR\nTI  - Flu.\n", "x.ris")
    assert [d.text for d in read(path, on_error=errors.append)] == ["Rat.", "Flu."]
    assert [error.line for error in errors] == [4]


# Tables -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.txt"])
def test_tables_with_usual_columns(put: Any, delimiter: str, name: str) -> None:
    rows = [["pmid", "year", "title", "abstract"], ["1", "2026", "Rat", "It bites."]]
    path = put("\n".join(delimiter.join(row) for row in rows) + "\n", name)
    assert texts(path, "csv") == [("1", "Rat\nIt bites.")]
    assert next(read(path)).metadata == {"table": {"year": "2026"}}


@pytest.mark.parametrize("end", ["", "\n", "\n3,x", "\n3,x\n"])
def test_an_unclosed_quotation_mark_is_an_error(put: Any, end: str) -> None:
    path = put(f'id,text\n1,"Gout\n""now"""\n2,"Fever{end}', "a.csv")
    documents = read(path)
    assert next(documents).text == 'Gout\n"now"'
    with pytest.raises(FormatError, match=r"a\.csv:4: the row has a quotation mark that opens"):
        next(documents)
    assert [d.text for d in read(put('id,text\n1,6" of "x\n', "b.csv"))] == ['6" of "x']


def test_quoted_cells_are_unchanged(put: Any) -> None:
    path = put('\ufeffid,text\r\na,"Rat, ""fever""\r\nand\nmice"\r\n\r\nb,Gout.\r\n', "t.csv")
    assert texts(path, "csv") == [("a", 'Rat, "fever"\r\nand\nmice'), ("b", "Gout.")]


def test_columns_by_name(put: Any) -> None:
    path = put("key,Finding,text\nk1,Rat fever,no\nk2,,no\n", "t.csv")
    with pytest.warns(SkippedRecordsWarning, match=r"row without text \(1\)"):
        read_texts = texts(path, "csv", text_column="finding", id_column="key")
    assert read_texts == [("k1", "Rat fever")]
    assert texts(path, "csv", text_column="Finding,text")[0] == ("t-1", "Rat fever\nno")
    with pytest.raises(FormatError, match="there is no column 'note'; there are key, finding"):
        list(read(path, text_column="note"))
    with pytest.raises(FormatError, match="which column is the text"):
        list(read(put("a,b\n1,2\n", "u.csv")))
    with pytest.raises(
        VanerError, match="text has no option text_column; it is an option of label_studio, csv"
    ):
        list(read(put("Gout.", "x.txt"), "text", text_column="note"))
    with pytest.raises(FormatError, match="there is no column 'note'; there are gout"):
        list(read(put("Gout.", "x.txt"), text_column="note"))


def test_broken_rows(put: Any) -> None:
    errors: list[FormatError] = []
    path = put('id,text\na,"Rat\nfever"\nb,Gout,x\nc,Flu\n', "t.csv")
    assert [d.id for d in read(path, on_error=errors.append)] == ["a", "c"]
    assert [(error.line, error.message) for error in errors] == [
        (4, "expected 2 columns, found 3"),
    ]  # fmt: skip


def test_prose_is_not_a_table(put: Any) -> None:
    for content in ("Title, abstract\nRat, fever\n", "text\nRat\n", "Rat\tfever text\nA\tb\n"):
        assert detect_format(put(content, "t.txt")) == "text"


# CHEMDNER ---------------------------------------------------------------------------------------


def test_chemdner_files(put: Any) -> None:
    put(
        "1234567\tT\t0\t7\tAspirin\tTRIVIAL\n1234567\tA\t5\t12\taspirin\tTRIVIAL\n"
        "1234567\tA\t5\t13\taspirins\tTRIVIAL\n7654321\tT\t0\t3\tRat\tX\n",
        "train.annotations.txt",
    )
    path = put("1234567\tAspirin helps.\tGive aspirin.\n", "train.abstracts.txt")
    errors: list[FormatError] = []
    with pytest.warns(FormatWarning, match="mentions of abstracts that are not in .*: 1$"):
        (document,) = read(path, on_error=errors.append)
    assert detect_format(path) == "chemdner"
    assert [(document.mention(s), s.start, s.type) for s in document.spans] == [
        ("Aspirin", 0, "TRIVIAL"), ("aspirin", 20, "TRIVIAL"),
    ]  # fmt: skip
    assert [str(e).rpartition("/")[2].partition(": ")[0] for e in errors] == [
        "train.annotations.txt:3"
    ]


def test_files_of_drugprot(put: Any) -> None:
    abstracts = put("1234567\tAspirin helps.\tGive COX-2.\n", "drugprot_training_abstracs.tsv")
    entities = put(
        "1234567\tT1\tCHEMICAL\t0\t7\tAspirin\n1234567\tT2\tGENE-Y\t20\t25\tCOX-2\n",
        "drugprot_training_entities.tsv",
    )
    (document,) = read(abstracts)
    assert detect_format(abstracts) == "chemdner"
    assert [(document.mention(s), s.start, s.type) for s in document.spans] == [
        ("Aspirin", 0, "CHEMICAL"), ("COX-2", 20, "GENE-Y"),
    ]  # fmt: skip
    with pytest.warns(FormatWarning, match="its mentions belong to drugprot_training_abstracs"):
        assert list(read(entities)) == []


def test_chemdner_mentions_are_not_text(put: Any) -> None:
    put("7654321\tZinc today.\tIt helps.\n", "set.abstracts.txt")
    path = put("7654321\tT\t0\t4\tZinc\tFORMULA\n", "set.annotations.txt")
    with pytest.warns(FormatWarning, match=r"its mentions belong to set\.abstracts\.txt"):
        assert list(read(path)) == []
    with pytest.raises(FormatError, match="give the file of abstracts"):
        list(read(path.rename(path.with_name("other.txt"))))


def test_chemdner_abstracts_without_mentions(put: Any) -> None:
    path = put("1234567\tAspirin helps.\tGive aspirin.\n", "some.txt")
    with pytest.warns(FormatWarning, match="without mentions"):
        assert texts(path, "chemdner") == [("1234567", "Aspirin helps.\nGive aspirin.")]
    path = put("1234567\tGout.\tA case of <D>gout</D>.\n" * 2, "tagged.txt")
    with pytest.warns(FormatWarning) as caught:
        assert len(texts(path, "chemdner")) == 2
    messages = [str(warning.message).partition(": ")[2] for warning in caught]
    assert messages[1:] == ["tags such as </D> are read as text"]


# PDF and DOCX -----------------------------------------------------------------------------------


def make_pdf(*pages: str) -> bytes:
    """Return a PDF with a line of text on each page."""
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(len(pages)))
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    for i, text in enumerate(pages):
        stream = f"BT /F1 12 Tf 72 700 Td ({text}) Tj ET" if text else ""
        objects += [
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</Font<</F1 3 0 R>>>>"
            f"/Contents {5 + 2 * i} 0 R>>",
            f"<</Length {len(stream)}>>stream\n{stream}\nendstream",
        ]
    content, offsets = "%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(content))
        content += f"{number} 0 obj{body}endobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    content += f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer<</Size {size}/Root 1 0 R>>\n"
    return (content + f"startxref\n{content.rindex('xref')}\n%%EOF").encode()


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["low con-", "centration"], "low concentration"),
        (["Hyper-", "ten-", "sion in rats"], "Hypertension in rats"),
        (["as\\255", "thma"], "asthma"),
        (["TNF-", "alpha and IL-", "6, mRNA-", "based"], "TNF-alpha and IL-6, mRNA-based"),
        (["p-", "value of Epstein-", "Barr"], "p-value of Epstein-Barr"),
        (["beta-", "catenin, Beta-catenin"], "beta-catenin, Beta-catenin"),
        (["beta-", "catenin, betacatenin"], "betacatenin, betacatenin"),
        (["ELE-", "MENT, Element"], "ELEMENT, Element"),
        (["short-", "and long-term"], "short-\nand long-term"),
        (["mosqui-", "to and a mosquito"], "mosquito and a mosquito"),
        (["rat -", "fever"], "rat -\nfever"),
    ],
)
def test_divided_words_of_a_pdf_are_joined(put: Any, lines: list[str], text: str) -> None:
    pytest.importorskip("pypdf")
    content = ") Tj 0 -14 Td (".join(lines)
    assert next(iter(read(put(make_pdf(content, "x"), "x.pdf")))).text == f"{text}\nx"


def test_pages_of_a_pdf(put: Any) -> None:
    pytest.importorskip("pypdf")
    for name in ("paper.pdf", "paper.txt"):
        path = put(make_pdf("Rat fever.", "Gout."), name)
        assert detect_format(path) == "pdf"
        (document,) = read(path)
        assert (document.id, document.text) == ("paper", "Rat fever.\nGout.")
        bounds = document.metadata["pages"]
        assert [document.text[start:end] for start, end in bounds] == ["Rat fever.", "Gout."]
    with pytest.raises(FormatError, match="the PDF contains no text"):
        list(read(put(make_pdf(""), "x.pdf")))
    with pytest.raises(FormatError, match="cannot be read as PDF"):
        list(read(put("%PDF-1.4\n", "x.pdf")))


def test_paragraphs_and_tables_of_a_word_document(tmp_path: Path) -> None:
    docx = pytest.importorskip("docx")
    document = docx.Document()
    document.add_heading("Rat fever")
    document.add_paragraph("It bites.")
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "rat", "3"
    document.save(tmp_path / "note.docx")
    assert texts(tmp_path / "note.docx", "docx") == [("note", "Rat fever\nIt bites.\nrat\t3")]
    with pytest.raises(FormatError, match="cannot be read as DOCX"):
        list(read(__file__, "docx"))


@pytest.mark.parametrize(
    ("module", "format", "command"),
    [("pypdf", "pdf", 'pip install "pypdf>=5"'), ("docx", "docx", 'pip install "python-docx>=')],
)
def test_missing_packages_are_named(
    put: Any, monkeypatch: pytest.MonkeyPatch, module: str, format: str, command: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(FormatError, match=command.replace("(", r"\(")) as caught:
        list(read(put(make_pdf("Rat."), "x"), format))
    assert "looks like" in str(caught.value)


# Compression and archives -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("compress", "suffix"), [(gzip.compress, "gz"), (bz2.compress, "bz2"), (lzma.compress, "xz")]
)
def test_compressed_files(put: Any, tmp_path: Path, compress: Any, suffix: str) -> None:
    content = compress(b"Rat fever.\r\n")
    assert texts(put(content, f"notes.txt.{suffix}"), "text") == [("notes", "Rat fever.\r\n")]
    assert texts(put(content, "notes.txt"), "text") == [("notes", "Rat fever.\r\n")]
    with pytest.raises(FormatError, match=r"compression is broken|cannot be read"):
        list(read(put(content[:-9], "x.txt"), "text"))
    documents = [Document("1", "Rat.")]
    write(documents, tmp_path / f"out.jsonl.{suffix}")
    assert list(read(tmp_path / f"out.jsonl.{suffix}")) == documents
    assert compress(b"")[:2] == (tmp_path / f"out.jsonl.{suffix}").read_bytes()[:2]


def make_zip(files: dict[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def test_each_file_of_an_archive_is_read(put: Any) -> None:
    record = json.dumps({"id": "r", "text": "Gout."})
    files: dict[str, str | bytes] = {
        "b/notes.txt": "Rat.", "a.jsonl": record, "__MACOSX/a.txt": "x", "b/.hidden": "x",
        "t.csv": "id,text\nc,Flu.\n",
    }  # fmt: skip
    path = put(make_zip(files), "all.zip")
    assert texts(path, "zip") == [("r", "Gout."), ("notes", "Rat."), ("c", "Flu.")]
    single = put(make_zip({"notes.txt": "Rat."}), "one.zip")
    assert texts(single, "zip") == [("notes", "Rat.")]
    assert [d.text for d in read(single, "lines")] == ["Rat."]
    with pytest.raises(FormatError, match=r"all\.zip: is a zip archive of 3 files"):
        list(read(path, "text"))
    broken = put(make_zip({"x.jsonl": '{"text": 7}'}), "bad.zip")
    with pytest.raises(FormatError, match=r"bad\.zip/x\.jsonl:1: text is int"):
        list(read(broken))
    with pytest.raises(FormatError, match="contains a folder of brat; unpack it"):
        list(read(put(make_zip({"a.txt": "Rat.", "a.ann": ""}), "brat.zip")))


# What is none of these --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x89PNG\r\n\x1a\n", "looks like an image"),
        (b"{\\rtf1 Rat}", "Rich Text Format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "Word or Excel 97"),
        (b"<!DOCTYPE html>\n<html><body>Rat</body></html>", "looks like HTML"),
        (b'<?xml version="1.0"?><tei><p>Rat</p></tei>', "XML with the root <tei>"),
        (b'[{"a": 1}]', "looks like JSON"),
        (make_zip({"xl/workbook.xml": "", "mimetype": ""}), "looks like an Excel|read as Excel"),
        (b"@article{doe, title={Gout}\n}\n", "references of BibTeX or EndNote; export them as RIS"),
        (b"%0 Journal Article\n%T Gout\n", "references of BibTeX or EndNote"),
        (b"[Error] : No result can be found. <BR>", "an error message of a service"),
    ],
)
def test_other_files_are_not_plain_text(put: Any, content: bytes, message: str) -> None:
    for name in ("x.txt", "x.tsv", "x"):
        with pytest.raises(FormatError, match=message), warnings.catch_warnings():
            list(read(put(content, name)))


def test_brackets_in_plain_text(put: Any) -> None:
    for content in (
        "[Gout in men.]",
        "<5 mg of aspirin",
        "{note} Rat",
        "[1] Rat fever",
        "BZh",
        "@rat",
    ):
        assert detect_format(put(content, "x.txt")) == "text"
