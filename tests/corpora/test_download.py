"""Downloading a file over HTTP: complete, resumed, or with a clear error."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.web import Site
from vaner.corpora.download import download
from vaner.errors import CorpusError

CONTENT = bytes(range(256)) * 2000


@pytest.fixture
def url(site: Site) -> str:
    site.files["/file"] = CONTENT
    return f"{site.address}file"


def test_download_writes_the_complete_file(url: str, tmp_path: Path) -> None:
    target, calls = tmp_path / "file", list[tuple[int, int | None]]()
    download(url, target, lambda done, total: calls.append((done, total)))
    assert target.read_bytes() == CONTENT
    assert calls[-1] == (len(CONTENT), len(CONTENT)) and calls == sorted(calls)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_an_interrupted_download_is_resumed(site: Site, url: str, tmp_path: Path) -> None:
    target = tmp_path / "file"
    site.break_after["/file"] = 100_000
    with pytest.raises(
        CorpusError, match=r"download interrupted after 100,000 of 512,000 bytes; run the"
    ):
        download(url, target)
    assert target.read_bytes() == CONTENT[:100_000]
    download(url, target)
    assert target.read_bytes() == CONTENT
    assert site.requests == [("/file", None), ("/file", "bytes=100000-")]
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_two_versions_are_never_joined(site: Site, url: str, tmp_path: Path) -> None:
    site.break_after["/file"] = 100_000
    with pytest.raises(CorpusError, match=r"interrupted"):
        download(url, tmp_path / "file")
    site.files["/file"], site.version = CONTENT[::-1], '"two"'
    download(url, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT[::-1]


@pytest.mark.parametrize("version", ['W/"weak"', ""])
def test_a_download_without_a_strong_version_starts_again(
    site: Site, url: str, tmp_path: Path, version: str
) -> None:
    site.version = version
    site.break_after["/file"] = 100_000
    with pytest.raises(CorpusError, match=r"interrupted"):
        download(url, tmp_path / "file")
    site.files["/file"] = CONTENT[::-1]
    download(url, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT[::-1]
    assert site.requests[-1] == ("/file", None)


def test_a_server_without_ranges_restarts_the_download(
    site: Site, url: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(CONTENT[:10])
    site.ranges = False
    download(url, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize("left", [CONTENT, CONTENT + b"of another file"])
def test_a_complete_or_longer_partial_file_is_handled(
    url: str, tmp_path: Path, left: bytes
) -> None:
    (tmp_path / "file").write_bytes(left)
    download(url, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_http_errors_are_reported(site: Site, tmp_path: Path) -> None:
    site.errors["/busy"] = 503
    with pytest.raises(CorpusError, match=r"/busy: 503 Service Unavailable; try again later"):
        download(f"{site.address}busy", tmp_path / "file")
    with pytest.raises(CorpusError, match=r"/gone: 404 Not Found; the file may have moved"):
        download(f"{site.address}gone", tmp_path / "file")
    assert not list(tmp_path.iterdir())


def test_connection_errors_are_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(
        CorpusError, match=r"127.0.0.1:1/x: Connection refused; run the command again"
    ) as error:
        download("http://127.0.0.1:1/x", tmp_path / "file")
    assert "\n" not in str(error.value)


def test_an_unwritable_path_is_reported(url: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"cannot be written: No such file or directory"):
        download(url, tmp_path / "nowhere" / "file")
