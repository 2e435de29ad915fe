"""One file over HTTP: whole, in two goes, or one clear line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.web import Site
from vaner.corpora.download import download
from vaner.errors import CorpusError

CONTENT = bytes(range(256)) * 2000


@pytest.fixture
def address(site: Site) -> str:
    site.files["/file"] = CONTENT
    return f"{site.address}file"


def test_a_file_comes_whole(address: str, tmp_path: Path) -> None:
    target, told = tmp_path / "file", list[tuple[int, int | None]]()
    download(address, target, lambda done, total: told.append((done, total)))
    assert target.read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT)) and told == sorted(told)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_broke_off_is_gone_on_with(site: Site, address: str, tmp_path: Path) -> None:
    target = tmp_path / "file"
    site.break_after["/file"] = 100_000
    with pytest.raises(
        CorpusError, match=r"broke off after 100,000 of 512,000 bytes; run it again"
    ):
        download(address, target)
    assert target.read_bytes() == CONTENT[:100_000]
    download(address, target)
    assert target.read_bytes() == CONTENT
    assert site.asked == [("/file", None), ("/file", "bytes=100000-")]
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_no_two_versions_are_put_together(site: Site, address: str, tmp_path: Path) -> None:
    site.break_after["/file"] = 100_000
    with pytest.raises(CorpusError, match=r"broke off"):
        download(address, tmp_path / "file")
    site.files["/file"], site.version = CONTENT[::-1], '"two"'
    download(address, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT[::-1]


def test_a_server_without_ranges_gives_it_anew(site: Site, address: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(CONTENT[:10])
    site.ranges = False
    download(address, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize("left", [CONTENT, CONTENT + b"of another file"])
def test_what_is_left_is_the_whole_file_or_more(address: str, tmp_path: Path, left: bytes) -> None:
    (tmp_path / "file").write_bytes(left)
    download(address, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_answers_that_are_no_file(site: Site, tmp_path: Path) -> None:
    site.errors["/busy"] = 503
    with pytest.raises(CorpusError, match=r"/busy: 503 Service Unavailable; try later"):
        download(f"{site.address}busy", tmp_path / "file")
    with pytest.raises(CorpusError, match=r"/gone: 404 Not Found; it may have moved"):
        download(f"{site.address}gone", tmp_path / "file")
    assert not list(tmp_path.iterdir())


def test_no_connection(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(
        CorpusError, match=r"127.0.0.1:1/x: Connection refused; run it again"
    ) as told:
        download("http://127.0.0.1:1/x", tmp_path / "file")
    assert "\n" not in str(told.value)


def test_a_place_that_cannot_be_written(address: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"cannot be written: No such file or directory"):
        download(address, tmp_path / "nowhere" / "file")
