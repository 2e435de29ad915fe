"""The registry of document formats: `FORMATS` is the only list of them.

Names, aliases, suffixes, help texts, error messages, the server's lists and the tables of the
documentation are generated from it. To add a format, write a module with its reader and writer, and
add an entry here.
"""

from __future__ import annotations

from collections.abc import Mapping

from vaner.formats import (
    archive,
    brat,
    conll,
    csv_table,
    docbin,
    doccano,
    docx_text,
    excel,
    genetag,
    jats,
    jsonl,
    label_studio,
    medline,
    parquet,
    pdf,
    prodigy,
    pubannotation,
    pubmed,
    pubtator,
    ris,
    text,
    webanno,
    xmi,
)
from vaner.formats.bioc import json as bioc_json
from vaner.formats.bioc import xml as bioc_xml
from vaner.formats.corpus_formats import CORPUS_FORMATS
from vaner.formats.declaration import Capabilities, Format
from vaner.formats.unsupported_annotations import METADATA_KEYS

_EVERYTHING = Capabilities(candidates=True, context=True)
_HULL = "first to last character"
_FORMATS = (
    Format(
        "text",
        "plain text, a document per file",
        (".txt",),
        text.read,
        aliases=("txt",),
        writer=text.render,
    ),
    Format(
        "lines",
        "plain text, a document per line",
        (".txt",),
        text.read_each_line,
        writer=text.render_each_line,
    ),
    Format(
        "jsonl",
        "JSON Lines, holds everything; reads JSON of other programs",
        (".jsonl", ".ndjson"),
        jsonl.read,
        aliases=("json",),
        holds=_EVERYTHING,
        writer=jsonl.render,
        metadata_keys=METADATA_KEYS,
    ),
    Format(
        "parquet",
        "Parquet, a row per document",
        (".parquet",),
        parquet.read,
        holds=_EVERYTHING,
        file_writer=parquet.write_file,
        is_binary=True,
        metadata_keys=METADATA_KEYS,
        unread="other columns",
    ),
    Format(
        "conll",
        "CoNLL columns: a token per line, its tag last (IOB1, IOB2, BIOES, BMES)",
        (".tsv", ".conll", ".bio", ".iob", ".iob2", ".iobes", ".bmes", ".conllu"),
        conll.read,
        options=("columns",),
        writer=conll.render,
        holds=Capabilities(
            nested="the longest",
            discontinuous=False,
            scores=False,
            identifiers=False,
            relations=False,
            document_ids=False,
            white_space=False,
        ),
    ),
    Format(
        "pubtator",
        "PubTator: title, abstract, and tab-separated mentions",
        (".pubtator", ".txt"),
        pubtator.read,
        writer=pubtator.render,
        metadata_keys=("pubtator",),
        holds=Capabilities(
            discontinuous=_HULL,
            scores=False,
            relations="from PubTator",
            white_space="without line breaks",
        ),
    ),
    Format(
        "bioc_xml",
        "BioC XML",
        (".xml",),
        bioc_xml.read,
        aliases=("bioc",),
        holds=Capabilities(relations="from BioC", context="as infons"),
        writer=bioc_xml.render,
        is_identified_by_content=True,
        metadata_keys=("bioc",),
        unread="fields that BioC does not have",
    ),
    Format(
        "bioc_json",
        "BioC JSON",
        (".json",),
        bioc_json.read,
        aliases=("biocjson",),
        holds=Capabilities(relations="from BioC", context="as infons"),
        writer=bioc_json.render,
        is_identified_by_content=True,
        metadata_keys=("bioc",),
        unread="fields that BioC does not have",
    ),
    Format(
        "brat",
        "brat standoff: a folder of .txt and .ann files",
        brat.ANNOTATION_SUFFIXES,
        brat.read,
        folder_writer=brat.write_folder,
        needs_folder=True,
        metadata_keys=("brat",),
        holds=Capabilities(
            scores=False,
            relations="from brat",
            document_ids="as file names",
            context="as attributes",
        ),
    ),
    Format(
        "label_studio",
        "Label Studio JSON: writes predictions, reads annotations",
        (".json",),
        label_studio.read,
        options=("text_column",),
        writer=label_studio.render,
        is_identified_by_content=True,
        holds=Capabilities(discontinuous=_HULL, identifiers=False, relations=False),
        unread="relations, choices, notes",
    ),
    Format(
        "prodigy",
        "Prodigy JSON Lines",
        (".jsonl",),
        prodigy.read,
        writer=prodigy.render,
        holds=Capabilities(discontinuous=_HULL, relations=False),
        is_identified_by_content=True,
        unread="rejected answers, relations",
    ),
    Format(
        "doccano",
        "doccano JSON Lines",
        (".jsonl",),
        doccano.read,
        writer=doccano.render,
        is_identified_by_content=True,
        holds=Capabilities(discontinuous=_HULL, scores=False, identifiers=False, relations=False),
        unread="relations, comments",
    ),
    Format(
        "pubannotation",
        "PubAnnotation JSON: denotations, attributes and relations",
        (".json",),
        pubannotation.read,
        writer=pubannotation.render,
        holds=Capabilities(relations="from PubAnnotation"),
        is_identified_by_content=True,
        metadata_keys=("pubannotation",),
        unread="relations and attributes of tracks",
    ),
    Format(
        "pubmed",
        "PubMed or MEDLINE XML: titles and abstracts",
        (".xml",),
        pubmed.read,
        is_identified_by_content=True,
        unread="further abstracts, metadata",
    ),
    Format(
        "genetag",
        "BioCreative gene mentions: a file of sentences and a file of mentions",
        (".test", ".in"),
        genetag.read,
        is_identified_by_content=True,
        needs_folder=True,
        holds=Capabilities(
            nested=True, discontinuous=False, scores=False, identifiers=False, relations=False
        ),
    ),
    Format(
        "docbin",
        "spaCy's binary training data, DocBin (needs spacy)",
        (".spacy",),
        docbin.read,
        is_binary=True,
        holds=Capabilities(discontinuous=False, scores=False, relations=False),
    ),
    *CORPUS_FORMATS,
    Format(
        "jats",
        "JATS XML, full texts of PubMed Central: sections, figures and tables",
        (".nxml", ".xml"),
        jats.read,
        aliases=("pmc", "nxml"),
        is_identified_by_content=True,
        unread="references, footnotes, back matter",
    ),
    Format(
        "medline",
        "MEDLINE text, as PubMed exports it: titles and abstracts",
        (".nbib",),
        medline.read,
        aliases=("nbib",),
        unread="further abstracts, metadata",
    ),
    Format(
        "ris",
        "RIS, the references of EndNote, Zotero and Embase: titles and abstracts",
        (".ris",),
        ris.read,
        unread="metadata",
    ),
    Format(
        "csv",
        "CSV or TSV with named columns, a document per row",
        (".csv",),
        csv_table.read,
        aliases=("tsv",),
        options=("text_column", "id_column"),
    ),
    Format(
        "webanno",
        "WebAnno TSV 3 of INCEpTION: a folder with a file per document",
        (".tsv",),
        webanno.read,
        aliases=("webannotsv",),
        folder_writer=webanno.write_folder,
        is_identified_by_content=True,
        holds=Capabilities(
            discontinuous=_HULL,
            scores=False,
            relations=False,
            document_ids="as file names",
            white_space="within sentences",
        ),
        unread="relations, annotations of tokens, further features",
    ),
    Format(
        "xmi",
        "UIMA CAS XMI of INCEpTION: a folder with a file per document (needs dkpro-cassis)",
        (".xmi",),
        xmi.read,
        aliases=("cas", "uima"),
        folder_writer=xmi.write_folder,
        holds=Capabilities(
            discontinuous=_HULL, scores=False, relations=False, document_ids="as file names"
        ),
        unread="relations, annotations of tokens, further features",
    ),
    Format(
        "pdf",
        "PDF, the text of its pages (needs pypdf)",
        (".pdf",),
        pdf.read,
        is_binary=True,
        unread="images, comments, form fields, attached files",
    ),
    Format(
        "docx",
        "Word document, its paragraphs and tables (needs python-docx)",
        (".docx",),
        docx_text.read,
        is_binary=True,
        unread="headers, footers, notes, comments, text boxes, images",
    ),
    Format(
        "xlsx",
        "Excel table with named columns, a document per row (needs openpyxl)",
        (".xlsx",),
        excel.read,
        aliases=("excel",),
        is_binary=True,
        unread="further sheets",
        options=("text_column", "id_column"),
    ),
    Format(
        "zip",
        "zip archive, the format of each file is detected",
        (".zip",),
        member_reader=archive.read_members,
        is_binary=True,
    ),
)

FORMATS: Mapping[str, Format] = {format.name: format for format in _FORMATS}
"""Name -> format."""

FORMAT_BY_SUFFIX: Mapping[str, Format] = {
    suffix: format for format in reversed(_FORMATS) for suffix in format.suffixes
}
"""Suffix -> the first format that uses it."""
