"""The registry of formats: names, suffixes, declared capabilities, and generated tables."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from vaner.errors import FormatError, VanerError
from vaner.formats import (
    FORMATS,
    detect_format,
    get_format,
    list_formats,
    read,
    resolve_format_name,
    suggest_format,
    write,
)
from vaner.formats.declaration import Format
from vaner.formats.registry import FORMAT_BY_SUFFIX
from vaner.formats.tables import make_table, update_table
from vaner.text.documents import Document, Span

ROOT = Path(__file__).resolve().parents[2]
WITH_MENTIONS = [f for f in FORMATS.values() if f.is_writable and f.holds]

SCORED = Document("a", "Rat fever", (Span(4, 9, "D", 0.5),))
IDENTIFIED = Document("a", "Rat fever", (Span(4, 9, "D", None, ("M:1",)),))
NESTED = Document("a", "Rat fever", (Span(0, 9, "D"), Span(0, 3, "S")))
DISCONTINUOUS = Document(
    "a", "Rat or mouse fever", (Span(0, 18, "D", fragments=((0, 3), (13, 18))),)
)
SPACED = Document("a", "Rat\n fever\n", (Span(0, 3, "S"),))
NAMED = Document("my id", "Rat", (Span(0, 3, "S"),))


def round_trip(document: Document, format: Format, folder: Path) -> Document:
    path = folder / f"out{'' if format.folder_writer else format.suffixes[0]}"
    write([document], path, format.name)
    return next(iter(read(path, format.name)))


def values(document: Document) -> Any:
    return [(s.start, s.end, s.type, s.score, s.identifiers, s.fragments) for s in document.spans]


@pytest.mark.parametrize("format", WITH_MENTIONS, ids=lambda f: f.name)
@pytest.mark.parametrize(
    ("field", "document"),
    [
        ("nested", NESTED),
        ("discontinuous", DISCONTINUOUS),
        ("scores", SCORED),
        ("identifiers", IDENTIFIED),
    ],
)
def test_declared_capabilities_of_mentions(
    tmp_path: Path, format: Format, field: str, document: Document
) -> None:
    is_preserved = values(round_trip(document, format, tmp_path)) == values(document)
    assert is_preserved == (getattr(format.holds, field) is True)


@pytest.mark.parametrize("format", WITH_MENTIONS, ids=lambda f: f.name)
def test_declared_capabilities_of_documents(tmp_path: Path, format: Format) -> None:
    assert format.holds
    id = round_trip(NAMED, format, tmp_path).id
    assert (id == NAMED.id) == bool(format.holds.document_ids)
    folder = tmp_path / "other"
    folder.mkdir()
    text = round_trip(SPACED, format, folder).text
    assert (text == SPACED.text) == (format.holds.white_space is True)


@pytest.mark.parametrize("format", FORMATS.values(), ids=lambda f: f.name)
def test_names_and_aliases_are_the_same_for_input_and_output(format: Format) -> None:
    for name in (format.name, *format.aliases):
        for spelling in (name, name.upper(), name.replace("_", "-"), name.replace("_", "")):
            assert resolve_format_name(spelling) == format.name
    assert get_format(format.name) is format
    assert (format.name in list_formats(writable=True)) == format.is_writable


def test_old_names_are_aliases(tmp_path: Path) -> None:
    old = {"biocjson": "bioc_json", "bioc": "bioc_xml", "biocxml": "bioc_xml", "txt": "text"}
    assert {name: resolve_format_name(name) for name in old} == old
    assert write([NAMED], tmp_path / "x.json", "biocjson").documents == 1
    assert [d.id for d in read(tmp_path / "x.json", "BioC-JSON")] == ["my id"]


def test_names_and_aliases_are_unique() -> None:
    names = Counter(name for f in FORMATS.values() for name in (f.name, *f.aliases))
    assert set(names.values()) == {1}


def test_unknown_name_gives_a_suggestion() -> None:
    with pytest.raises(VanerError, match=r"'pubtater'; .*html, text.* Did you mean pubtator\?"):
        resolve_format_name("pubtater", views=["html"])
    assert resolve_format_name("HTML", views=["html"]) == "html"
    assert resolve_format_name(None) is None


@pytest.mark.parametrize("format", WITH_MENTIONS, ids=lambda f: f.name)
def test_suffixes_determine_a_format(tmp_path: Path, format: Format) -> None:
    for suffix in format.suffixes:
        first = FORMAT_BY_SUFFIX[suffix]
        if first.holds and not first.folder_writer:
            assert suggest_format(tmp_path / f"x{suffix}.gz") == first.name
    path = tmp_path / f"x{format.suffixes[0]}"
    if not format.folder_writer:
        write([NESTED], path, format.name)
        assert detect_format(path) == format.name


@pytest.mark.parametrize("name", ["x.txt", "x.ann", "x.doc", "x.in"])
def test_suffixes_that_determine_no_output_format(name: str) -> None:
    with pytest.raises(FormatError, match="does not determine a format"):
        suggest_format(name)


def test_page_has_the_generated_table() -> None:
    page = (ROOT / "docs" / "formats.md").read_text("utf-8")
    assert make_table() in page
    assert update_table(page) == page, "run: python -m vaner.formats.tables docs/formats.md"
