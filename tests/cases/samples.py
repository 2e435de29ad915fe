"""A small file of every format, written by us, for the tests that damage files."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import docx
import spacy

from vaner.formats import FORMATS, write
from vaner.formats.dialects import DIALECTS
from vaner.text.documents import Document, Span

DOCUMENTS = (
    Document("21", "Scurvy at sea.\nLimes cure “scurvy”.", (
        Span(0, 6, "Disease", 0.5, ("MESH:D012614",)),
        Span(15, 20, "Food", None, ("X:1", "X:2")),
        Span(27, 33, "Disease", 0.25),
    )),
    Document("22", "Brittle bones and teeth.\nA rare disease.", (
        Span(0, 23, "Disease", None, (), ((0, 7), (18, 23))), Span(0, 13, "Disease"),
    )),
    Document("23", "Nothing here.\nReally nothing."),
)  # fmt: skip

TEXTS = {
    "pubmed": """<?xml version="1.0"?>
<PubmedArticleSet>
<PubmedArticle><MedlineCitation><PMID Version="1">31</PMID><Article>
<ArticleTitle>Scurvy at <i>sea</i>.</ArticleTitle>
<Abstract><AbstractText Label="AIM">To cure.</AbstractText></Abstract>
</Article></MedlineCitation></PubmedArticle>
<PubmedArticle><MedlineCitation><PMID>32</PMID><Article>
<ArticleTitle>[Not Available].</ArticleTitle><VernacularTitle>Skorbut.</VernacularTitle>
</Article></MedlineCitation></PubmedArticle>
</PubmedArticleSet>
""",
    "jats": """<?xml version="1.0"?>
<article><front><article-meta><article-id pub-id-type="pmc">77</article-id>
<title-group><article-title>Scurvy</article-title></title-group>
<abstract><p>Limes cure it.</p></abstract></article-meta></front>
<body><sec><title>Methods</title><p>Ships <xref>1</xref> and limes.</p>
<table-wrap><caption><p>Crew.</p></caption><table><tr><td>a</td></tr></table></table-wrap>
</sec></body></article>
""",
    "medline": "PMID- 41\nOWN - NLM\nTI  - Scurvy at\n      sea.\nAB  - Limes cure it.\n\n"
    "PMID- 42\nTI  - Rickets.\n",
    "csv": 'id,title,text\n51,"Scurvy, at sea",Limes.\n52,Rickets,"Two\nlines"\n',
    "conll_x": "# sent_id = 1\n1\tScurvy\tscurvy\tNOUN\t_\t_\t0\troot\t_\tNE=B-Disease\n"
    "2\tkills\tkill\tVERB\t_\t_\t1\tdep\t_\tSpaceAfter=No\n3\t.\t.\tPUNCT\t_\t_\t1\tp\t_\t_\n\n",
    "bmes": "Scurvy S-D\nis O\n\nbrittle B-D\nold M-D\nbones E-D\n",
    "kazu_list": '[{"text": "Scurvy.", "spans": [{"start": 0, "end": 6, "type": "Disease"}]},\n'
    ' {"text": "Rickets.", "ner": [[0, 7, "Disease"]]}]\n',
    "pubtator_relations": "61|t|Scurvy at sea.\n61|a|Limes.\n61\t0\t6\tScurvy\tDisease\tD1\n"
    "61\t15\t20\tLimes\tFood\tD2|D3\n61\tTreats\tD1\tD2\n\n62|t|Rickets.\n62|a|\n",
    "pubtator3": '{"PubTator3": [{"id": "71", "infons": {}, "passages": [{"infons": {"type": '
    '"title"}, "offset": 0, "text": "Scurvy", "annotations": [{"id": "2", "infons": {"identifier":'
    ' "MESH:D1", "type": "Disease"}, "text": "Scurvy", "locations": [{"offset": 0, "length": 6}]}]'
    '}], "relations": []}]}\n',
}
"""Files of one file only; the names that are not a format are dialects of one."""

FORMAT_OF = {
    "conll_x": "conll", "bmes": "conll", "kazu_list": "jsonl", "pubtator_relations": "pubtator",
    "pubtator3": "bioc_json",
}  # fmt: skip


class Sample(NamedTuple):
    """A file, or a folder with several files.

    Args:
        name: name for the ids of tests.
        format: its format.
        create: writes it into a folder and returns its path.
    """

    name: str
    format: str
    create: Callable[[Path], Path]


def _writer(name: str, content: str | bytes, suffix: str) -> Callable[[Path], Path]:
    def create(folder: Path) -> Path:
        path = folder / f"{name}{suffix}"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return create


def _written_by_us(format: str) -> Callable[[Path], Path]:
    def create(folder: Path) -> Path:
        suffix = "" if FORMATS[format].folder_writer else FORMATS[format].suffixes[0]
        path = folder / f"{format}{suffix}"
        write(DOCUMENTS, path, format)
        return path

    return create


def _genetag(folder: Path) -> Path:
    (folder / "gene.in").write_text("@@81/NN BRCA1/GENE is/VB old/JJ\n@@82/NN None/NN here/RB\n")
    (folder / "Gold.format").write_text("@@81|0 0|BRCA1\n")
    return folder / "gene.in"


def _chemdner(folder: Path) -> Path:
    (folder / "x.abstracts.txt").write_text("91000\tAspirin.\tIt helps.\n92000\tNone.\tX.\n")
    (folder / "x.annotations.txt").write_text("91000\tT\t0\t7\tAspirin\tTRIVIAL\n")
    return folder / "x.abstracts.txt"


def _i2b2_con(folder: Path) -> Path:
    (folder / "x.txt").write_text("Scurvy at\nsea .\n")
    (folder / "x.con").write_text('c="scurvy" 1:0 1:0||t="problem"\n')
    return folder / "x.con"


def _knowtator(folder: Path) -> Path:
    (folder / "x.txt").write_text("Scurvy at sea.")
    (folder / "x.txt.knowtator.xml").write_text(
        '<annotations textSource="x.txt"><annotation><mention id="1"/><span start="0" end="6"/>'
        '<spannedText>Scurvy</spannedText></annotation><classMention id="1"><mentionClass id="D"/>'
        "</classMention></annotations>"
    )
    return folder / "x.txt.knowtator.xml"


def _zip(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "z.zip", "w") as archive:
        archive.writestr("a.txt", "Scurvy.")
        archive.writestr("b.pubtator", TEXTS["pubtator_relations"])
    return folder / "z.zip"


def _pdf(folder: Path) -> Path:
    text = b"BT /F1 9 Tf 9 90 Td (Scurvy at sea.) Tj ET"
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(text), text),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    body, offsets = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        offsets.append(len(body))
        body += b"%d 0 obj%s endobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    body += b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\n" % table
    body += b"startxref\n%d\n%%%%EOF" % body.rindex(b"xref")
    (folder / "x.pdf").write_bytes(body)
    return folder / "x.pdf"


def _docx(folder: Path) -> Path:
    document = docx.Document()
    document.add_paragraph("Scurvy at sea.")
    document.save(str(folder / "x.docx"))
    return folder / "x.docx"


def _docbin(folder: Path) -> Path:
    doc = spacy.blank("en")("Scurvy at sea.")
    doc.ents = [doc.char_span(0, 6, "Disease")]
    spacy.tokens.DocBin(docs=[doc]).to_disk(folder / "x.spacy")
    return folder / "x.spacy"


def list_samples() -> list[Sample]:
    """Return a sample of every format that we can write, and of the dialects."""
    samples = [Sample(name, name, _written_by_us(name)) for name, f in FORMATS.items()
               if f.is_writable]  # fmt: skip
    samples += [
        Sample(name, FORMAT_OF.get(name, name),
               _writer(name, text, FORMATS[FORMAT_OF.get(name, name)].suffixes[0]))
        for name, text in TEXTS.items()
    ]  # fmt: skip
    for dialect in DIALECTS:
        name = dialect.name.replace(" ", "_").lower()
        samples.append(Sample(name, "jsonl", _writer(name, dialect.example + "\n", ".jsonl")))
    samples.append(Sample("genetag", "genetag", _genetag))
    samples.append(Sample("chemdner", "chemdner", _chemdner))
    samples.append(Sample("i2b2_con", "i2b2_con", _i2b2_con))
    samples.append(Sample("knowtator", "knowtator", _knowtator))
    samples.append(Sample("zip", "zip", _zip))
    samples.append(Sample("pdf", "pdf", _pdf))
    samples.append(Sample("docx", "docx", _docx))
    samples.append(Sample("docbin", "docbin", _docbin))
    return samples
