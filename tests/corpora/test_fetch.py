"""A registered corpus from its address to its folder."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from tests.corpora.archives import chemdner_archive
from tests.registering import register
from tests.web import Site
from vaner.corpora import REGISTRY, load
from vaner.corpora.fetch import fetch
from vaner.corpora.registry import CorpusInfo, SplitInfo
from vaner.errors import CorpusError

TRAIN = b"Gout\tB-Disease\nhurts\tO\n\nHe\tO\nslept\tO\n\n"
TEST = b"Severe\tO\nasthma\tB-Disease\n\n"


@pytest.fixture
def own(site: Site, monkeypatch: pytest.MonkeyPatch) -> CorpusInfo:
    """An invented corpus at the server."""
    site.files |= {"/own/train.txt": TRAIN, "/own/test.tsv": TEST}
    files = {
        "train": SplitInfo("train.tsv", "train.txt", sentences=2, mentions={"Disease": 1}),
        "test": SplitInfo("test.tsv", sha256=hashlib.sha256(TEST).hexdigest()),
    }
    info = CorpusInfo(
        "Own", "own", {"Disease": "Disease"}, files, "ours", "home.example", f"{site.address}own/"
    )
    register(monkeypatch, info)
    return info


@pytest.mark.usefixtures("own")
def test_every_split_is_put_in_place_and_verified(tmp_path: Path) -> None:
    found = list(fetch("own", tmp_path / "new"))
    assert [(each.split, each.new, each.verified) for each in found] == [
        ("train", True, True),
        ("test", True, True),
    ]
    folder = tmp_path / "new" / "own"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "train.tsv": TRAIN,
        "test.tsv": TEST,
    }
    assert len(load("Own", "train", root=tmp_path / "new")) == 2


@pytest.mark.usefixtures("own")
def test_what_is_there_is_left_unless_forced(site: Site, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "train.tsv").write_text("mine")
    found = list(fetch("Own", tmp_path))
    assert [(each.split, each.new) for each in found] == [("train", False), ("test", True)]
    assert (tmp_path / "own" / "train.tsv").read_text() == "mine"
    assert all(each.new for each in fetch("Own", tmp_path, force=True))
    assert (tmp_path / "own" / "train.tsv").read_bytes() == TRAIN


@pytest.mark.usefixtures("own")
def test_a_broken_connection_keeps_what_came(site: Site, tmp_path: Path) -> None:
    site.break_after["/own/test.tsv"] = 10
    with pytest.raises(CorpusError, match=r"run it again"):
        list(fetch("Own", tmp_path))
    assert not (tmp_path / "own" / "test.tsv").exists()
    list(fetch("Own", tmp_path))
    assert (tmp_path / "own" / "test.tsv").read_bytes() == TEST
    assert site.asked[-1] == ("/own/test.tsv", "bytes=10-")


@pytest.mark.usefixtures("own")
def test_a_wrong_checksum_keeps_nothing(site: Site, tmp_path: Path) -> None:
    site.files["/own/test.tsv"] = b"Flu\tB-Disease\n\n"
    with pytest.raises(
        CorpusError, match=r"SHA-256 is .*the registry has .*nothing of it was kept"
    ):
        list(fetch("Own", tmp_path))
    assert [path.name for path in (tmp_path / "own").iterdir()] == ["train.tsv"]
    site.files["/own/test.tsv"] = TEST
    assert list(fetch("Own", tmp_path))[1].verified


@pytest.mark.usefixtures("own")
def test_other_counts_are_told_and_the_file_kept(site: Site, tmp_path: Path) -> None:
    site.files["/own/train.txt"] = TRAIN * 2
    train = next(fetch("Own", tmp_path))
    assert train.differences == (
        "sentences: 4, the registry has 2",
        "mentions of Disease: 2, the registry has 1",
    )
    assert not train.verified and (tmp_path / "own" / "train.tsv").read_bytes() == TRAIN * 2


@pytest.mark.usefixtures("own")
def test_a_web_page_is_no_corpus(site: Site, tmp_path: Path) -> None:
    site.files["/own/train.txt"] = b"<html>\n<p>Please log in to go on.\n</html>\n"
    with pytest.raises(CorpusError, match=r"not the file that is expected .line 1: .*home.example"):
        list(fetch("Own", tmp_path))
    assert not list((tmp_path / "own").iterdir())


@pytest.mark.usefixtures("own")
def test_a_file_that_is_gone(site: Site, tmp_path: Path) -> None:
    del site.files["/own/train.txt"]
    with pytest.raises(CorpusError, match=r"own/train.txt: 404 Not Found"):
        list(fetch("Own", tmp_path))


def test_tags_without_a_type_get_it(
    site: Site, own: CorpusInfo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    site.files["/own/train.txt"] = b"E.\tB\ncoli\tI\ngrew\tO\n\nNo\tO\n\n"
    files = {"train": replace(own.splits["train"], mentions={"Species": 1})}
    species = replace(own, types={"Species": "Species"}, default_type="Species", splits=files)
    register(monkeypatch, species)
    assert next(fetch("Own", tmp_path)).verified
    (folder,) = tmp_path.iterdir()
    assert [path.name for path in folder.iterdir()] == ["train.tsv"]
    text = (folder / "train.tsv").read_text()
    assert text == "E.\tB-Species\ncoli\tI-Species\ngrew\tO\n\nNo\tO\n\n"


@pytest.mark.parametrize(
    ("name", "words"), [("JNLPBA", "JNLPBA-original"), ("CoNLL-2003", "apply")]
)
def test_closed_corpora_say_what_to_do(name: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=f"cannot be downloaded: .*{words}.*home page") as told:
        list(fetch(name, tmp_path))
    assert "\n" not in str(told.value) and not list(tmp_path.iterdir())


def test_a_view_of_a_closed_corpus_is_closed(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"corpus JNLPBA cannot be downloaded"):
        list(fetch("jnlpba-gene", tmp_path))


def test_an_unknown_name(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"'BC6' is not registered; registered: NCBI-disease"):
        list(fetch("BC6", tmp_path))


@pytest.fixture
def chemdner(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    site.files["/chemdner.tar.gz"] = chemdner_archive()
    info = REGISTRY["BC4CHEMD"]
    files = {s: replace(known, documents=1, mentions=2) for s, known in info.splits.items()}
    register(monkeypatch, replace(info, url=f"{site.address}chemdner.tar.gz", splits=files))
    return site


def test_an_archive_gives_all_splits(chemdner: Site, tmp_path: Path) -> None:
    found = list(fetch("BC4CHEMD", tmp_path))
    assert [(each.split, each.verified) for each in found] == [
        ("train", True),
        ("devel", True),
        ("test", True),
    ]
    assert len(chemdner.asked) == 1
    names = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert names == {"train.jsonl", "devel.jsonl", "test.jsonl"}
    train = load("BC4CHEMD", "train", root=tmp_path)
    assert train.count_mentions() == {"Chemical": 2}


def test_an_archive_that_is_none(chemdner: Site, tmp_path: Path) -> None:
    chemdner.files["/chemdner.tar.gz"] = b"<html>moved</html>"
    with pytest.raises(CorpusError, match=r"not the file that is expected"):
        list(fetch("BC4CHEMD", tmp_path))
    assert not list((tmp_path / "BC4CHEMD").iterdir())
