"""Files that are held in memory are read like those on the disk, and nothing else is."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from vaner.errors import FormatError
from vaner.formats import FORMATS, detect_format, read, write
from vaner.formats.source import InMemoryFile
from vaner.text.documents import Document, Span

DOCUMENTS = [Document("1", "β-Asthma 😀 and\nAIDS.", (Span(2, 8, "Disease"),)), Document("2", "x")]
WRITTEN = [f.name for f in FORMATS.values() if f.writer]


@pytest.mark.parametrize("format", WRITTEN)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_in_memory_file_is_read_like_a_file(tmp_path: Path, format: str, pack: object) -> None:
    path = tmp_path / f"notes{FORMATS[format].suffixes[0]}"
    write(DOCUMENTS, path, format)
    assert callable(pack)
    content = InMemoryFile(path.name, pack(path.read_bytes()))
    assert list(read(content, format)) == list(read(path, format))
    assert detect_format(content) == detect_format(path)


def test_in_memory_file_ignores_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "secret.ann").write_text("T1\tDisease 0 6\tsecret\n")
    (tmp_path / "a.eval").write_text("a|0 1|secret\n")
    monkeypatch.chdir(tmp_path)
    for name in (str(tmp_path), ".", "-", "<stdin>", "secret.txt"):
        assert [d.text for d in read(InMemoryFile(name, b"mine"), "text")] == ["mine"]
    for format in ("brat", "genetag"):
        with pytest.raises(FormatError, match="read from a folder"):
            list(read(InMemoryFile("secret.txt", b"mine"), format))


def test_large_gaps_between_passages_are_rejected() -> None:
    passages = [{"offset": 900_000 * i, "text": "a"} for i in range(1_000)]
    record = {"documents": [{"id": "1", "passages": passages}]}
    with pytest.raises(FormatError, match="has the offset 1800000"):
        list(read(InMemoryFile("gaps.json", json.dumps(record).encode()), "bioc_json"))
