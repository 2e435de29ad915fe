"""INCEpTION: WebAnno TSV 3 and UIMA CAS XMI, read and written."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.mentions import mentions
from tests.formats.test_overlaps import full, slow_is_fine
from tests.growth import assert_linear
from vaner.errors import FormatError
from vaner.formats import detect_format, read, write
from vaner.formats.skipped_records import SkippedRecordsWarning
from vaner.text.documents import Document, Span

TEXT = "😷 Gout_1 and (hay) fever.\nSecond 100% [x]|y *flu* sentence."
DOCUMENT = Document(
    "a",
    TEXT,
    (
        Span(2, 8, "Dis|ease[1]", None, ("http://example.org/1",)),
        Span(13, 24, "D*"),
        Span(14, 17, "_"),
        Span(TEXT.index("flu"), TEXT.index("flu") + 3, "D"),
        Span(TEXT.index("u*"), TEXT.index("u*") + 1, "X\\"),
    ),
)
FORMATS = ["webanno", "xmi"]
RESERVED = "aB 😷_|[]*\\;\n(>é1"


@pytest.fixture(autouse=True)
def needs_cassis() -> None:
    pytest.importorskip("cassis")


@pytest.mark.parametrize("format", FORMATS)
def test_documents_are_written_and_read_again(tmp_path: Path, format: str) -> None:
    folder = tmp_path / "out"
    assert not write([DOCUMENT, Document("b", "Rat.")], folder, format).lost
    assert detect_format(folder) == format
    first, second = read(folder)
    assert (first.id, first.text, first.spans) == ("a", TEXT, DOCUMENT.spans)
    assert (second.id, second.text) == ("b", "Rat.")
    suffix = ".tsv" if format == "webanno" else ".xmi"
    assert detect_format(folder / f"a{suffix}") == format
    assert list(read(folder / f"a{suffix}")) == [first]


def test_time_grows_with_the_number_of_mentions(tmp_path: Path) -> None:
    def make_document(count: int) -> Document:
        starts = range(0, 14 * count, 14)
        spans = tuple(Span(start, start + 4, "D") for start in starts)
        return Document("a", "Gout in rats. " * count, spans)

    documents = (make_document(150), make_document(1200))
    assert_linear(lambda d: write([d], tmp_path / "out", "webanno"), *documents, growth=8)


@settings(deadline=None, max_examples=8, suppress_health_check=slow_is_fine)
@given(full(st.sampled_from(RESERVED)))
@pytest.mark.parametrize("format", FORMATS)
def test_mentions_are_preserved(
    tmp_path_factory: Any, format: str, documents: list[Document]
) -> None:
    folder = tmp_path_factory.mktemp("out")
    write(documents, folder, format)
    if not documents:
        return
    again = read(folder, format)
    assert sorted(map(hulls, again)) == sorted(map(hulls, documents))


@pytest.mark.parametrize("format", FORMATS)
def test_invisible_characters_in_a_mention_are_preserved(tmp_path: Path, format: str) -> None:
    text = "\ufeff As\u00adthma\u200b \u200b.\nGout"
    document = Document("a", text, (Span(2, 10, "D"), Span(11, 12, "D"), Span(14, 18, "D")))
    assert not write([document], tmp_path / "out", format).lost
    [again] = read(tmp_path / "out", format)
    assert (again.text, again.spans) == (text, document.spans)


@pytest.mark.parametrize("format", FORMATS)
def test_what_a_mention_loses_is_counted(tmp_path: Path, format: str) -> None:
    spans = (Span(0, 5, ""), Span(0, 4, "D\ud800", None, ("C\ud800",)))
    report = write([Document("a", "Gout in rats", spans)], tmp_path / "out", format)
    edge = {"white space at the edge of a mention left out": 1} if format == "webanno" else {}
    assert report.lost == edge | {
        "mention without a type, which is read as a NamedEntity": 1,
        "character written as U+FFFD, the format cannot hold it": 2,
    }
    [again] = read(tmp_path / "out", format)
    assert set(again.spans) == {
        Span(0, 4 if edge else 5, "NamedEntity"), Span(0, 4, "D\ufffd", None, ("C\ufffd",)),
    }  # fmt: skip


def hulls(document: Document) -> list[tuple[str, str]]:
    """Return the texts of all mentions, without white space at their borders, and their types."""
    texts = [document.text[span.start : span.end].split() for span in document.spans]
    return sorted(
        (" ".join(words), span.type) for words, span in zip(texts, document.spans, strict=True)
    )


# WebAnno TSV ------------------------------------------------------------------------------------

LAYERS = """#FORMAT=WebAnno TSV 3.2
#T_SP=de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS|PosValue
#T_SP=webanno.custom.Finding
#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value
#T_RL=webanno.custom.Link|kind|BT_webanno.custom.Finding


#Text=Rat fever
#Text=hurts.
1-1\t0-3\tRat\tNN\t_\t*[2]\tDisease[2]\t_\t_\t
1-2\t4-9\tfever\tNN\t*\thttp://x[2]|*[3]\tDisease[2]|_[3]\tlike\t1-1\t
1-2.1\t4-7\tfev\t_\t*[5]\t_\t_\t_\t_\t
1-3\t10-15\thurts\tVB\t_\t_\t_\t_\t_\t
1-4\t15-16\t.\t.\t_\t_\t_\t_\t_\t

#Text=😷 cough
2-1\t18-20\t😷\t_\t_\t_\t_\t_\t_\t
2-2\t21-26\tcough\t_\t_\t_\tSign\\|x\t_\t_\t
"""


def test_annotations_of_no_characters_and_links_of_webanno(tmp_path: Path) -> None:
    head = "#FORMAT=WebAnno TSV 3.3\n#T_SP=custom.Span|value\n"
    head += "#T_SP=custom.Host|ROLE_custom.Host:links_custom.Link|uima.tcas.Annotation\n\n"
    rows = ["1-1\t0-3\tRat\tA[2]\ta;b\t1-2[1];1-1[2]\t", "1-1.1\t3-3\t\tX\t_\t_\t"]
    rows += ["1-2\t4-9\tfever\tA[2]|B[1]\tc\t1-1[2]\t", "1-2.1\t4-5\tf\tA[2]\t_\t_\t"]
    path = tmp_path / "x.tsv"
    path.write_text("\n".join([f"{head}#Text=Rat fever", *rows]))
    with pytest.warns(SkippedRecordsWarning) as caught:
        (document,) = read(path)
    assert mentions(document) == [
        ("Rat fever", "A"), ("Rat", "Host"), ("fever", "B"), ("fever", "Host")
    ]  # fmt: skip
    (reasons,) = [str(warning.message).partition("left out: ")[2] for warning in caught]
    assert reasons == "a further feature of a mention (2); annotation of no characters (1)"


def test_layers_of_webanno(tmp_path: Path) -> None:
    path = tmp_path / "x.tsv"
    path.write_text(LAYERS, "utf-8")
    with pytest.warns(SkippedRecordsWarning, match="annotation of tokens.*relation or chain"):
        (document,) = read(path)
    assert document.text == "Rat fever\nhurts.\n 😷 cough"
    assert sorted(mentions(document)) == [
        ("Rat fever", "Disease"), ("cough", "Sign|x"), ("fev", "Finding"),
        ("fever", "Finding"), ("fever", "NamedEntity"),
    ]  # fmt: skip
    assert document.metadata["sentences"] == ((0, 16), (18, 25))


def test_broken_webanno_files(tmp_path: Path) -> None:
    path = tmp_path / "x.tsv"
    for line, message in [("1-2\tx\tfever", "expected number"), ("#Text=a\n9-1\t2-3\ta", "begins")]:
        path.write_text(LAYERS.replace("#Text=😷 cough", line), "utf-8")
        with pytest.raises(FormatError, match=rf"x\.tsv:\d+: .*{message}"):
            list(read(path))
    with pytest.raises(FormatError, match=r"x\.tsv:1: is not WebAnno TSV 3"):
        path.write_text("Rat\tO\n")
        list(read(path, "webanno"))


def test_a_sentence_of_webanno_may_look_like_pubtator(tmp_path: Path) -> None:
    write([Document("a", "1|t|Gout", (Span(4, 8, "D"),))], tmp_path / "out", "webanno")
    assert detect_format(tmp_path / "out" / "a.tsv") == "webanno"
    (document,) = read(tmp_path / "out")
    assert document.text == "1|t|Gout"


# UIMA CAS XMI -----------------------------------------------------------------------------------

XMI = """<?xml version="1.0"?>
<xmi:XMI xmlns:xmi="http://www.omg.org/XMI" xmlns:cas="http:///uima/cas.ecore"
 xmlns:o="http:///org/example.ecore" xmi:version="2.0"><cas:NULL xmi:id="0"/>
<o:Finding xmi:id="3" sofa="1" begin="3" end="12" label="Disease" conceptId="C1"/>
<o:Token xmi:id="4" sofa="1" begin="3" end="6"/>
<o:Relation xmi:id="6" sofa="1" begin="3" end="6" Governor="3" Dependent="3"/>
<o:Sign xmi:id="5" sofa="1" begin="13" end="18"/>
<cas:Sofa xmi:id="1" sofaNum="1" sofaID="_InitialView" mimeType="text"
 sofaString="😷 Rat fever hurts"/>
</xmi:XMI>"""
CONCEPT = '<o:Concept xmi:id="7" code="1"/>'
VIEW = '<cas:View sofa="1" members="3 4 5 6"/></xmi:XMI>'


@pytest.mark.parametrize("content", [XMI, XMI.replace("</xmi:XMI>", VIEW)])
def test_annotations_without_a_type_system(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.xml"
    path.write_text(content, "utf-8")
    assert detect_format(path) == "xmi"
    with pytest.warns(SkippedRecordsWarning, match=r"relation \(1\)"):
        (document,) = read(path)
    assert document.spans == (
        Span(2, 11, "Disease", None, ("C1",)), Span(12, 17, "Sign"),
    )  # fmt: skip


def test_annotations_of_no_characters_in_xmi(tmp_path: Path) -> None:
    path = tmp_path / "x.xmi"
    path.write_text(XMI.replace('end="18"', 'end="13"'), "utf-8")
    with pytest.warns(SkippedRecordsWarning, match=r"annotation of no characters \(1\)"):
        (document,) = read(path)
    assert document.spans == (Span(2, 11, "Disease", None, ("C1",)),)


def test_broken_cas_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.xmi"
    entity = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>'
    for content, message in [
        (XMI[:-30], "broken XML"),
        (XMI.replace('begin="3"', 'begin="three"'), "cannot be read as UIMA CAS XMI"),
        (XMI.replace('end="18"', 'end="99"'), "cannot be read as UIMA CAS XMI|mention 12:99"),
        (XMI.replace('<?xml version="1.0"?>', entity), "declares entities"),
    ]:
        path.write_text(content, "utf-8")
        with pytest.raises(FormatError, match=rf"x\.xmi:?\d*: .*({message})"):
            list(read(path))
    monkeypatch.setitem(sys.modules, "cassis", None)
    with pytest.raises(FormatError, match=r'pip install "dkpro-cassis>='):
        list(read(path))


def test_concepts_without_offsets_cause_no_warnings_of_cassis(tmp_path: Path) -> None:
    path = tmp_path / "x.xmi"
    path.write_text(XMI.replace("<cas:Sofa", f"{CONCEPT}<cas:Sofa"), "utf-8")
    with warnings.catch_warnings(record=True, action="always") as caught:
        (document,) = read(path)
    assert document.spans
    assert all(issubclass(warning.category, SkippedRecordsWarning) for warning in caught)
