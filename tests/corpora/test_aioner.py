"""PubTator files of AIONER, divided into splits when fetched."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.registering import register
from tests.web import Site
from vaner.corpora import CorpusInfo, load
from vaner.corpora.aioner import assign_split
from vaner.corpora.fetch import fetch_corpus
from vaner.corpora.registry import REGISTRY, VIEWS, SplitInfo
from vaner.errors import CorpusError
from vaner.formats.skipped_records import SkippedRecordsWarning

IDS = [str(number) for number in range(1, 41)]
DEVEL = [name for name in IDS if assign_split(name) == "devel"]
TRAIN = [name for name in IDS if assign_split(name) == "train"]


def document(name: str, *lines: str) -> str:
    mention = f"{name}\t0\t4\tGout\tDisease\tD006073"
    return "\n".join((f"{name}|t|Gout hurts.", f"{name}|a|", mention, *lines)) + "\n\n"


@pytest.fixture
def cut(site: Site, monkeypatch: pytest.MonkeyPatch) -> CorpusInfo:
    """An invented corpus: one file, and a test file that has the first train document too."""
    site.files |= {
        "/all.PubTator": "".join(map(document, IDS)).encode(),
        "/test.PubTator": document(TRAIN[0]).encode(),
    }
    files = {
        "train": SplitInfo("train.PubTator", documents=len(TRAIN) - 1),
        "devel": SplitInfo("devel.PubTator", documents=len(DEVEL)),
    }
    info = CorpusInfo(
        "Cut", "cut", {"Disease": "Disease"}, files, "ours", "home.example",
        f"{site.address}all.PubTator", archive="aioner",
        excluded_urls=(f"{site.address}test.PubTator",),
    )  # fmt: skip
    register(monkeypatch, info)
    return info


@pytest.mark.usefixtures("cut")
def test_a_file_is_divided_by_document_id(tmp_path: Path) -> None:
    assert DEVEL and TRAIN
    fetched = list(fetch_corpus("Cut", tmp_path))
    assert [(each.split, each.is_verified, each.differences) for each in fetched] == [
        ("train", True, ()),
        ("devel", True, ()),
    ]
    assert [each.id for each in load("Cut", "devel", root=tmp_path)] == DEVEL
    assert [each.id for each in load("Cut", "train", root=tmp_path)] == TRAIN[1:]
    names = {path.name for path in (tmp_path / "cut").iterdir()}
    assert names == {"train.PubTator", "devel.PubTator"}


@pytest.mark.usefixtures("cut")
def test_a_file_in_another_format_is_rejected(site: Site, tmp_path: Path) -> None:
    site.files["/all.PubTator"] = b"<html>not here</html>"
    with pytest.raises(CorpusError, match=r"line 1: expected ID\|t\|Title"):
        list(fetch_corpus("Cut", tmp_path))
    assert not list((tmp_path / "cut").iterdir())


def test_known_wrong_offsets_are_skipped_and_reported(
    cut: CorpusInfo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from dataclasses import replace

    wrong = f"{TRAIN[0]}\t5\t9\tGout\tDisease\t-"
    (tmp_path / "cut").mkdir()
    path = tmp_path / "cut" / "train.PubTator"
    path.write_text(document(TRAIN[0], wrong))
    files = {"train": replace(cut.splits["train"], wrong_offsets=1)}
    register(monkeypatch, replace(cut, splits=files))
    with pytest.warns(SkippedRecordsWarning, match=r"Cut train: mentions skipped, .*: 1$"):
        corpus = load("Cut", "train", root=tmp_path)
    assert [len(each.spans) for each in corpus] == [1]
    path.write_text(document(TRAIN[0], wrong, wrong))  # one more than is known
    with pytest.raises(Exception, match=r"train.PubTator:5: document 3: mention 5:9"):
        load("Cut", "train", root=tmp_path)


def test_type_views_include_one_type() -> None:
    view = VIEWS["tmVar3-Variant"]
    assert view.view_of == "tmVar3" and view.entity_types == ("Variant",)
    assert "SNP" in view.types and "Disease" in view.excluded_labels
    assert view.mentions("train") == {"Variant": 712}
    assert set(REGISTRY["BioRED"].entity_types) == {
        name.removeprefix("BioRED-") for name in VIEWS if name.startswith("BioRED-")
    }
