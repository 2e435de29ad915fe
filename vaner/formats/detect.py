"""Format detection: from the beginning of a file, then from its suffix."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from vaner.errors import FormatError
from vaner.formats import (
    chemdner,
    conll_columns,
    csv_table,
    i2b2_con,
    knowtator,
    medline,
    pubtator,
    ris,
    token_table,
    webanno,
    xmi,
    xml_standoff,
)
from vaner.formats.brat import ANNOTATION_SUFFIXES
from vaner.formats.compression import describe_office_file, detect_compression
from vaner.formats.csv_rows import find_delimiter
from vaner.formats.detect_json import detect_json
from vaner.formats.file_names import find_file, is_readme
from vaner.formats.label_studio.tasks import is_target_storage
from vaner.formats.mention_tables import are_lines_of_mentions
from vaner.formats.registry import FORMAT_BY_SUFFIX, FORMATS
from vaner.formats.signatures import describe_markup
from vaner.formats.source import (
    InputFile,
    check_is_text,
    get_suffix,
    read_bytes,
    read_chunks,
)
from vaner.text.tags import OUTSIDE, is_tag

_HEAD_LENGTH = 1 << 14
_SIGNATURE_LENGTH = 16
_TABLE_SUFFIXES = {".csv", ".tsv", ".tab"}
_MAX_LINE_LENGTH = 1 << 22
_XML_ROOT = re.compile(r"\s*<([A-Za-z_][\w.-]*)[\s>]")
_XML_ROOTS = {
    "collection": "bioc_xml",
    "PubmedArticleSet": "pubmed",
    "PubmedBookArticleSet": "pubmed",
    "article": "jats",
    "articles": "jats",
    "pmc-articleset": "jats",
    "xmi": "xmi",
    "MedlineCitationSet": "pubmed",
}


def detect_format(path: str | Path, *, encoding: str = "utf-8") -> str:
    """Return the name of the format of a file or folder.

    The content decides, because ``.txt`` and ``.tsv`` are used for many formats. The suffix decides
    if the content does not identify a format. The suffix of a compression is ignored.

    Args:
        path: file or folder.
        encoding: encoding of the file.

    Raises:
        FormatError: if the format cannot be detected, the file cannot be read, or the path is
            standard input.
    """
    file = InputFile(path)
    if file.is_stdin or file.is_pipe:  # detection would consume the content
        name = "standard input" if file.is_stdin else "a pipe"
        raise file.error(f"the format of {name} cannot be detected; name it", argument="format")
    if file.is_folder:
        return _detect_folder(file, encoding)
    by_suffix = FORMAT_BY_SUFFIX.get(get_suffix(file.path))
    if binary_format := _detect_binary(file):
        return binary_format
    if by_suffix and (
        by_suffix.path_writer or by_suffix.name == "docbin"
    ):  # binary, or not the file that holds the text
        return by_suffix.name
    try:
        head = _read_head(file, encoding)
    except FormatError as error:
        if error.argument == "encoding" and by_suffix and by_suffix.is_binary:
            return by_suffix.name  # whose reader reports that the file is damaged
        raise
    check_is_text(file, head, encoding)
    if format := _detect_xml(head) or detect_json(head) or _detect_lines(head):
        return format
    if get_suffix(file.path) in _TABLE_SUFFIXES and _has_only_texts(head):
        return "csv"
    if kind := describe_markup(head):
        raise file.error(f"its format is unknown: it looks like {kind}")
    if are_lines_of_mentions(head):
        raise file.error(
            "is a table of mentions without their texts; give a file with both, such as JSON Lines"
        )
    if by_suffix and by_suffix.name == "text" and _has_annotation_file(file.path):
        return "brat"
    if by_suffix and not by_suffix.is_identified_by_content and not by_suffix.is_binary:
        return by_suffix.name
    if not head.strip():
        if by_suffix and by_suffix.is_binary and not by_suffix.member_reader:
            raise file.error("is empty")
        return "jsonl"  # whose reader yields no documents
    if root := _XML_ROOT.match(head):
        raise file.error(f"its format is unknown: it looks like XML with the root <{root[1]}>")
    raise file.error("its format cannot be detected; name it", argument="format")


def _has_annotation_file(text: Path) -> bool:
    """Return whether a text has an annotation file of the same name, as in brat."""
    return any(find_file(text.with_suffix(suffix)).is_file() for suffix in ANNOTATION_SUFFIXES)


def _detect_binary(file: InputFile) -> str | None:
    """Return the format of a binary file from its signature, or None if it may be text."""
    content = read_bytes(file, _SIGNATURE_LENGTH)
    if content.startswith(b"%PDF-"):
        return "pdf"
    if content.startswith(b"PAR1"):
        return "parquet"
    if detect_compression(content) != "zip":
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(read_bytes(file))) as archive:
            kind = describe_office_file(archive) or ""
    except zipfile.BadZipFile:
        return "zip"  # whose reader reports what is wrong
    return "docx" if "DOCX" in kind and "Word" in kind else "xlsx" if "XLSX" in kind else "zip"


def suggest_format(path: str | Path) -> str:
    """Return the format to write a file in, from its suffix; a folder format if it has none.

    Raises:
        FormatError: if the suffix does not determine a format that holds mentions.
    """
    suffix = get_suffix(Path(path))
    if not suffix:
        return next(format.name for format in FORMATS.values() if format.folder_writer)
    format = FORMAT_BY_SUFFIX.get(suffix)
    if format is None or not format.is_writable or not format.holds or format.folder_writer:
        raise FormatError(
            f"the suffix {suffix} does not determine a format; name one",
            path,
            argument="output_format",
        )
    return format.name


def _read_head(file: InputFile, encoding: str) -> str:
    """Return the beginning of a file: of JSON Lines at least the first line, up to a limit.

    The keys that distinguish JSON dialects may come after the text. An XML file may declare an
    encoding other than the given one.
    """
    try:
        return _join_head(read_chunks(file, encoding))
    except FormatError:
        head = read_bytes(file, _HEAD_LENGTH).decode("latin-1")
        head = head.replace("\x00", "").lstrip("\xff\xfe")
        if head.startswith("<?xml"):
            return head
        raise


def _join_head(chunks: Iterator[str]) -> str:
    # A single chunk is enough for other formats, and reading more is slow on a network disk.
    head = "".join(islice(chunks, 1))
    is_object = head.lstrip()[:1] == "{"
    while is_object and "\n" not in head and len(head) < _MAX_LINE_LENGTH:
        if not (chunk := next(chunks, "")):
            break
        head += chunk
    # The first record of a JSON file should be complete.
    return head if head.lstrip()[:1] in ("{", "[") else head[:_HEAD_LENGTH]


def _detect_folder(folder: InputFile, encoding: str) -> str:
    visible = (path for path in folder.path.iterdir() if not path.name.startswith("."))
    paths = sorted(path for path in visible if not is_readme(path))
    suffixes = {path.suffix.lower() for path in paths}
    if not suffixes.isdisjoint(ANNOTATION_SUFFIXES):
        return "brat"
    if any(path.name.endswith(knowtator.ENDING) for path in paths):
        return "knowtator"
    if i2b2_con.SUFFIX in suffixes:
        return "i2b2_con"
    if xmi.SUFFIX in suffixes:
        return "xmi"
    if is_target_storage(folder.path):
        return "label_studio"
    tables = [path for path in paths if path.suffix.lower() == webanno.SUFFIX and path.is_file()]
    if tables and _is_webanno(tables[0], encoding):
        return "webanno"
    texts = [path for path in paths if path.suffix.lower() == ".txt" and path.is_file()]
    if not texts:
        raise folder.error("the folder has neither .ann nor .txt files")
    if not any(_is_plain_text(path, encoding) for path in texts):  # usually the first one is
        raise folder.error("the .txt files of the folder are not plain text; name one of them")
    return "text"


def _is_webanno(path: Path, encoding: str) -> bool:
    """Return whether a table is one of WebAnno, and not, e.g., of CoNLL."""
    try:
        return detect_format(path, encoding=encoding) == "webanno"
    except FormatError:
        return False


def _is_plain_text(path: Path, encoding: str) -> bool:
    """Return whether a file is plain text, possibly in another encoding."""
    try:
        return detect_format(path, encoding=encoding) == "text"
    except FormatError:
        return True


def _detect_xml(head: str) -> str | None:
    if not head.lstrip().startswith("<"):
        return None
    root = re.search(r"<([A-Za-z_][\w.-]*)", head)
    if root and root[1] in _XML_ROOTS:
        return _XML_ROOTS[root[1]]
    if knowtator.matches(head):
        return "knowtator"
    return "xml_standoff" if xml_standoff.matches(head) else None


def _detect_lines(head: str) -> str | None:
    complete = head if len(head) < _HEAD_LENGTH else head.rpartition("\n")[0]
    lines = [line.removesuffix("\r") for line in complete.split("\n") if line.strip()]
    if not lines:
        return None
    if lines[0].startswith(webanno.MAGIC):
        return "webanno"
    if pubtator.has_title(lines):
        return "pubtator"
    if re.match(r"@@\d+/\S+ ", lines[0]):
        return "genetag"
    if medline.FIRST_LINE.match(lines[0]):
        return "medline"
    if ris.begins_reference(lines):
        return "ris"
    if token_table.is_token_table(lines[:50]):
        return "conll"
    if _has_tags([line for line in lines[:50] if not conll_columns.is_comment(line)]):
        return "conll"
    for pattern in (chemdner.TYPICAL_ABSTRACT, chemdner.TYPICAL_MENTION):
        if all(map(pattern.fullmatch, lines[:50])):
            return "chemdner"
    is_table = csv_table.is_header(lines[0]) and len(lines) > 1
    return "csv" if is_table and find_delimiter(lines[0]) in lines[1] else None


def _has_only_texts(head: str) -> bool:
    """Return whether a table has one column, and the name of the column says that it is texts."""
    lines = [line for line in head.split("\n") if line.strip()]
    return bool(lines) and csv_table.is_column_of_texts(lines)


def _has_tags(lines: list[str]) -> bool:
    """Return whether the last column of each line is a tag, or another one in a file with numbers.

    Prose may look the same, e.g. lines that end in "hepatitis B" or "L-dopa". So without tabs there
    must be several lines and a tag O. A table of values may also look the same, with L for low. So
    there must be a tag O or a tag with a type.
    """
    if not lines:
        return False
    if lines[0].startswith("-DOCSTART-"):
        return True
    rows = list(map(conll_columns.split_row, lines))
    is_table = len({len(row) for row in rows}) == 1
    if is_table and conll_columns.has_tags(rows, needs_outside="\t" not in lines[0]):
        return True
    tags = [row[-1] for row in rows]
    has_outside = any(tag in (OUTSIDE, OUTSIDE.lower()) for tag in tags)
    if "\t" not in lines[0] and not (len(rows) > 1 and has_outside):
        return False
    if not has_outside and not any("-" in tag for tag in tags):
        return False
    if has_outside:  # other spellings, such as b-Disease
        tags = list(map(conll_columns.repair_tag, tags))
    return is_table and len(rows[0]) > 1 and all(map(is_tag, tags))
