"""Fetching registered corpora."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from tests.corpora.archives import make_chemdner_archive
from tests.registering import register
from tests.web import Site
from vaner.corpora import REGISTRY, load
from vaner.corpora.fetch import fetch_corpus
from vaner.corpora.registry import CorpusInfo, SplitInfo
from vaner.errors import CorpusError

TRAIN = b"Gout\tB-Disease\nhurts\tO\n\nHe\tO\nslept\tO\n\n"
TEST = b"Severe\tO\nasthma\tB-Disease\n\n"


@pytest.fixture
def invented(site: Site, monkeypatch: pytest.MonkeyPatch) -> CorpusInfo:
    """Register an invented corpus on the test server."""
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


@pytest.mark.usefixtures("invented")
def test_every_split_is_downloaded_and_verified(tmp_path: Path) -> None:
    fetched = list(fetch_corpus("own", tmp_path / "new"))
    assert [(each.split, each.is_new, each.is_verified) for each in fetched] == [
        ("train", True, True),
        ("test", True, True),
    ]
    folder = tmp_path / "new" / "own"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "train.tsv": TRAIN,
        "test.tsv": TEST,
    }
    assert len(load("Own", "train", root=tmp_path / "new")) == 2


@pytest.mark.usefixtures("invented")
def test_existing_files_are_replaced_only_with_force(site: Site, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "train.tsv").write_text("mine")
    fetched = list(fetch_corpus("Own", tmp_path))
    assert [(each.split, each.is_new) for each in fetched] == [("train", False), ("test", True)]
    assert (tmp_path / "own" / "train.tsv").read_text() == "mine"
    assert all(each.is_new for each in fetch_corpus("Own", tmp_path, force=True))
    assert (tmp_path / "own" / "train.tsv").read_bytes() == TRAIN


@pytest.mark.usefixtures("invented")
def test_existing_files_are_compared_with_the_registry(tmp_path: Path) -> None:
    list(fetch_corpus("Own", tmp_path))
    again = list(fetch_corpus("Own", tmp_path))
    assert [(each.is_new, each.is_verified) for each in again] == [(False, True)] * 2
    (tmp_path / "own" / "train.tsv").write_bytes(TRAIN[:30])
    (tmp_path / "own" / "test.tsv").write_bytes(TEST[:10])
    train, test = fetch_corpus("Own", tmp_path)
    assert train.differences == ("sentences: 1, the registry has 2",)
    assert test.differences == ("the checksum differs from the registry",)
    assert not train.is_verified and not test.is_verified and not train.is_new


@pytest.mark.usefixtures("invented")
@pytest.mark.parametrize("counts", [True, False])
def test_a_cut_download_without_a_length_is_not_accepted(
    site: Site, invented: CorpusInfo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, counts: bool
) -> None:
    """Nothing but the counts shows that a file is cut; without them it is never verified."""
    if not counts:
        train = replace(invented.splits["train"], sentences=None, mentions=None)
        register(monkeypatch, replace(invented, splits={**invented.splits, "train": train}))
    site.lengths, site.break_after["/own/train.txt"] = False, TRAIN.index(b"He")
    first = next(fetch_corpus("Own", tmp_path))
    assert first.is_new and not first.is_verified and bool(first.differences) == counts
    second = next(fetch_corpus("Own", tmp_path))
    assert second.is_new and second.is_verified == counts
    assert second.path.read_bytes() == TRAIN
    third = next(fetch_corpus("Own", tmp_path))
    assert third.is_new != counts  # an unverified one is downloaded again
    (tmp_path / "own" / "train.tsv").write_text("He\tO\n")  # corrected by hand
    assert not next(fetch_corpus("Own", tmp_path)).is_new


@pytest.mark.usefixtures("invented")
def test_an_interrupted_fetch_is_resumed(site: Site, tmp_path: Path) -> None:
    site.break_after["/own/test.tsv"] = 10
    with pytest.raises(CorpusError, match=r"run the command again"):
        list(fetch_corpus("Own", tmp_path))
    assert not (tmp_path / "own" / "test.tsv").exists()
    list(fetch_corpus("Own", tmp_path))
    assert (tmp_path / "own" / "test.tsv").read_bytes() == TEST
    assert site.requests[-1] == ("/own/test.tsv", "bytes=10-")


@pytest.mark.usefixtures("invented")
def test_a_wrong_checksum_deletes_the_download(site: Site, tmp_path: Path) -> None:
    site.files["/own/test.tsv"] = b"Flu\tB-Disease\n\n"
    with pytest.raises(
        CorpusError, match=r"SHA-256 is .*the registry has .*the download was deleted"
    ):
        list(fetch_corpus("Own", tmp_path))
    assert [path.name for path in (tmp_path / "own").iterdir()] == ["train.tsv"]
    site.files["/own/test.tsv"] = TEST
    assert list(fetch_corpus("Own", tmp_path))[1].is_verified


@pytest.mark.usefixtures("invented")
def test_unexpected_counts_are_reported(site: Site, tmp_path: Path) -> None:
    site.files["/own/train.txt"] = TRAIN * 2
    train = next(fetch_corpus("Own", tmp_path))
    assert train.differences == (
        "sentences: 4, the registry has 2",
        "mentions of Disease: 2, the registry has 1",
    )
    assert not train.is_verified and (tmp_path / "own" / "train.tsv").read_bytes() == TRAIN * 2


@pytest.mark.usefixtures("invented")
def test_a_web_page_is_rejected(site: Site, tmp_path: Path) -> None:
    site.files["/own/train.txt"] = b"<html>\n<p>Please log in to go on.\n</html>\n"
    with pytest.raises(CorpusError, match=r"unexpected content .line 1: .*home.example"):
        list(fetch_corpus("Own", tmp_path))
    assert not list((tmp_path / "own").iterdir())


@pytest.mark.usefixtures("invented")
def test_a_missing_file_is_reported(site: Site, tmp_path: Path) -> None:
    del site.files["/own/train.txt"]
    with pytest.raises(CorpusError, match=r"own/train.txt: 404 Not Found"):
        list(fetch_corpus("Own", tmp_path))


def test_tags_without_a_type_get_the_default_type(
    site: Site, invented: CorpusInfo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    site.files["/own/train.txt"] = b"E.\tB\ncoli\tI\ngrew\tO\n\nNo\tO\n\n"
    files = {"train": replace(invented.splits["train"], mentions={"Species": 1})}
    species = replace(invented, types={"Species": "Species"}, default_type="Species", splits=files)
    register(monkeypatch, species)
    assert next(fetch_corpus("Own", tmp_path)).is_verified
    (folder,) = tmp_path.iterdir()
    assert [path.name for path in folder.iterdir()] == ["train.tsv"]
    text = (folder / "train.tsv").read_text()
    assert text == "E.\tB-Species\ncoli\tI-Species\ngrew\tO\n\nNo\tO\n\n"


@pytest.mark.parametrize(
    ("name", "words"), [("JNLPBA", "JNLPBA-original"), ("CoNLL-2003", "apply")]
)
def test_unavailable_corpora_say_what_to_do(name: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=f"cannot be downloaded: .*{words}.*home page") as error:
        list(fetch_corpus(name, tmp_path))
    assert "\n" not in str(error.value) and not list(tmp_path.iterdir())


def test_a_view_of_an_unavailable_corpus_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"corpus JNLPBA cannot be downloaded"):
        list(fetch_corpus("jnlpba-gene", tmp_path))


def test_an_unknown_name_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"'BC6' is not registered; see vaner corpus list"):
        list(fetch_corpus("BC6", tmp_path))


@pytest.fixture
def chemdner(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    site.files["/chemdner.tar.gz"] = make_chemdner_archive()
    info = REGISTRY["BC4CHEMD"]
    files = {s: replace(known, documents=1, mentions=2) for s, known in info.splits.items()}
    register(monkeypatch, replace(info, url=f"{site.address}chemdner.tar.gz", splits=files))
    return site


def test_an_archive_has_all_splits(chemdner: Site, tmp_path: Path) -> None:
    fetched = list(fetch_corpus("BC4CHEMD", tmp_path))
    assert [(each.split, each.is_verified) for each in fetched] == [
        ("train", True),
        ("devel", True),
        ("test", True),
    ]
    assert len(chemdner.requests) == 1
    names = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert names == {"train.jsonl", "devel.jsonl", "test.jsonl"}
    train = load("BC4CHEMD", "train", root=tmp_path)
    assert train.count_mentions() == {"Chemical": 2}


def test_an_invalid_archive_is_rejected(chemdner: Site, tmp_path: Path) -> None:
    chemdner.files["/chemdner.tar.gz"] = b"<html>moved</html>"
    with pytest.raises(CorpusError, match=r"unexpected content"):
        list(fetch_corpus("BC4CHEMD", tmp_path))
    assert not list((tmp_path / "BC4CHEMD").iterdir())
