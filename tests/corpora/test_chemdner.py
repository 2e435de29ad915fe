"""Reading the original archive of BC4CHEMD, with a small invented archive."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.corpora.archives import make_chemdner_archive, make_tar_gz
from vaner.corpora import chemdner
from vaner.errors import FormatError


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "inner" / "corpus.tar.gz"
    path.parent.mkdir()
    path.write_bytes(make_chemdner_archive())
    return path


def test_mentions_of_title_and_abstract_are_read(archive: Path) -> None:
    (document,) = chemdner.read(archive, "training")
    assert document.id == "101"
    assert document.text == "Aspirin and β-alanine\nNeither aspirin nor rest helped."
    mentions = [(document.mention(span), span.type) for span in document.spans]
    assert mentions == [("β-alanine", "SYSTEMATIC"), ("aspirin", "TRIVIAL")]
    assert document.spans[1].start == 30


def test_paths_in_the_archive_are_ignored(archive: Path, tmp_path: Path) -> None:
    before = sorted(os.walk(tmp_path))
    list(chemdner.read(archive, "evaluation"))
    assert sorted(os.walk(tmp_path)) == before and not (tmp_path / "outside.txt").exists()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"annotations": "101\tT\t0\t7\taspirin\n"}, r"annotations.txt:1: expected ID, T or A"),
        ({"annotations": "101\tX\t0\t7\taspirin\tTRIVIAL\n"}, r":1: expected ID, T or A"),
        ({"annotations": "101\tT\t0\tx\taspirin\tTRIVIAL\n"}, r":1: expected ID, T or A"),
        ({"annotations": "101\tT\t0\t7\tibuprofen\tTRIVIAL\n"}, r":1: .*'ibuprofen' in the anno"),
        ({"annotations": "101\tT\t0\t99\tAspirin\tTRIVIAL\n"}, r":1: .*is outside the text"),
        ({"annotations": "7\tT\t0\t7\tAspirin\tTRIVIAL\n"}, r":1: annotates 7, which is not in"),
        ({"abstracts": "101\tAspirin\n"}, r"abstracts.txt:1: expected ID, title and abstract"),
    ],
)
def test_errors_name_the_line(tmp_path: Path, changed: dict[str, str], words: str) -> None:
    path = tmp_path / "corpus.tar.gz"
    path.write_bytes(make_chemdner_archive(**changed))
    with pytest.raises(FormatError, match=words):
        list(chemdner.read(path, "training"))


def test_unusable_archives_are_rejected(archive: Path) -> None:
    content = archive.read_bytes()
    archive.write_bytes(content[: len(content) // 2])
    with pytest.raises(FormatError, match=r"corpus.tar.gz: cannot be read"):
        list(chemdner.read(archive, "evaluation"))
    archive.write_bytes(make_tar_gz({"other": ""}))
    with pytest.raises(
        FormatError, match=r"corpus.tar.gz: contains no file training.abstracts.txt"
    ):
        list(chemdner.read(archive, "training"))
