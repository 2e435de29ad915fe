"""The registry: every corpus and every view is complete."""

from __future__ import annotations

import re

import pytest

from vaner.corpora import REGISTRY, VIEWS, lookup
from vaner.corpora.registry import CorpusInfo
from vaner.corpora.verification import has_counts
from vaner.formats import FORMATS

EIGHT = ("NCBI-disease", "BC5CDR", "BC2GM", "BC4CHEMD", "JNLPBA", "Linnaeus", "S800")
ALL = [*REGISTRY.values(), *VIEWS.values()]


def test_the_corpora_of_the_papers_are_registered() -> None:
    views = {"BC5CDR-chem", "BC5CDR-disease", "JNLPBA-Gene"}
    assert {*EIGHT, "CoNLL-2003", "WNUT-17"} <= REGISTRY.keys() and views <= VIEWS.keys()


@pytest.mark.parametrize("info", ALL, ids=lambda info: info.name)
def test_an_entry_is_complete(info: CorpusInfo) -> None:
    assert info.license and info.types and info.splits and info.format in FORMATS
    assert info.homepage.startswith(("http://", "https://"))
    assert bool(info.url) != bool(info.unavailable)
    assert info.url.startswith("https://") or info.unavailable
    assert info.archive or info.url.endswith("/") or info.unavailable
    assert "\n" not in info.unavailable
    for known in info.splits.values():
        assert not known.sha256 or re.fullmatch("[0-9a-f]{64}", known.sha256)
        assert not isinstance(known.mentions, dict) or known.mentions.keys() <= (
            info.types.keys() | info.excluded_labels
        )
        assert known.in_train.keys() <= REGISTRY.keys()
        for other, splits in known.same_texts.items():
            assert other != info.name and set(splits) <= REGISTRY[other].splits.keys()
    assert not info.substitute_test or (
        info.substitute_test in info.splits and "test" not in info.splits
    )
    assert "\n" not in info.caveat
    assert not ({"..", "~"} & set(info.folder.split("/")) or info.folder.startswith("/"))


def test_names_and_folders_are_unique() -> None:
    names = [info.name.casefold() for info in ALL]
    assert len(set(names)) == len(names)
    assert len({info.folder for info in REGISTRY.values()}) == len(REGISTRY)
    assert lookup("no such corpus") is None


def test_a_view_reads_the_files_of_its_corpus() -> None:
    view, corpus = VIEWS["BC5CDR-disease"], REGISTRY["BC5CDR"]
    assert (view.base_corpus, view.folder, view.splits) == ("BC5CDR", corpus.folder, corpus.splits)
    assert (view.entity_types, view.excluded_labels) == (("Disease",), {"Chemical"})
    assert view.mentions("train") == {"Disease": 4182}


def test_span_corpora_are_registered() -> None:
    names = "GENIA-nested CMeEE CMeEE-V2 CCKS2017 CCKS2019 Tianchi-TCM cEHRNER cMedQANER"
    infos = [REGISTRY[name] for name in names.split()]
    assert {info.format for info in infos} == {"jsonl"}
    assert REGISTRY["CMeEE"].mentions("devel") == {
        "身体": 5883, "疾病": 4935, "临床表现": 4130, "医疗程序": 2057, "药物": 1440,
        "医学检验项目": 923, "微生物类": 584, "医疗设备": 238, "科室": 110,
    }  # fmt: skip


def test_the_partial_train_split_of_genia_has_a_distinct_name() -> None:
    info = REGISTRY["GENIA-nested"]
    assert list(info.splits) == ["train_partial", "devel", "test"] and info.caveat


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("CMeEE", "devel"),
        ("CMeEE-V2", "devel"),
        ("CCKS2017", "devel"),
        ("CCKS2019", "test"),
        ("Tianchi-TCM", ""),
        ("JNLPBA-Gene", "test"),
        ("Few-NERD", "test"),
    ],
)
def test_evaluation_splits(name: str, split: str) -> None:
    info = lookup(name)
    assert info is not None and info.evaluation_split == split


def test_counts_of_a_merged_view_are_summed() -> None:
    assert VIEWS["JNLPBA-Gene"].mentions("test") == {"Gene": 8647}
    assert VIEWS["JNLPBA-Gene-BioBERT"].mentions("test") == {"Gene": 5058 + 1055 + 118}
    assert REGISTRY["Few-NERD"].mentions("test") == 30608
    original = REGISTRY["JNLPBA-original"]
    assert original.mentions("train") == 51301 - 4551  # the shared task's training set has 51,301


def test_every_split_that_can_be_downloaded_can_be_verified() -> None:
    for info in REGISTRY.values():
        for name, split in info.splits.items():
            assert split.sha256 or has_counts(split) or not info.url, f"{info.name} {name}"
