"""Corpora and views by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from vaner.corpora import REGISTRY, load
from vaner.corpora.counts import differences
from vaner.errors import CorpusError

BOTH = "Cisplatin\tB-Chemical\ncauses\tO\nanaemia\tB-Disease\n\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "BC5CDR").mkdir()
    (tmp_path / "BC5CDR" / "train.tsv").write_text(BOTH)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "types", "found"),
    [
        ("BC5CDR", ("Chemical", "Disease"), ["Cisplatin", "anaemia"]),
        ("bc5cdr-CHEM", ("Chemical",), ["Cisplatin"]),
        ("BC5CDR-disease", ("Disease",), ["anaemia"]),
    ],
)
def test_a_view_keeps_its_types(
    root: Path, name: str, types: tuple[str, ...], found: list[str]
) -> None:
    corpus = load(name, "train", root=root)
    assert corpus.types == types and corpus.name.casefold() == name.casefold()
    (document,) = corpus
    assert [document.mention(span) for span in document.spans] == found


def test_the_collapsed_view_of_jnlpba(tmp_path: Path) -> None:
    (tmp_path / "JNLPBA").mkdir()
    (tmp_path / "JNLPBA" / "test.tsv").write_text("p53\tB-protein\nin\tO\nHeLa\tB-cell_line\n\n")
    (document,) = load("JNLPBA-Gene", "test", root=tmp_path)
    assert [span.type for span in document.spans] == ["Gene", "Gene"]
    (document,) = load("JNLPBA-Gene-BioBERT", "test", root=tmp_path)
    assert [document.mention(span) for span in document.spans] == ["p53"]


def test_a_split_in_another_format(tmp_path: Path) -> None:
    (tmp_path / "BC4CHEMD").mkdir()
    (tmp_path / "BC4CHEMD" / "train.tsv").write_text("Aspirin\tB-Chemical\n\n")
    assert load("BC4CHEMD", "train", root=tmp_path).counts() == {"Chemical": 1}


def test_records_of_tokens_and_of_characters(tmp_path: Path) -> None:
    (tmp_path / "genia_nested").mkdir()
    entities = '[{"start": 0, "end": 2, "type": "DNA"}, {"start": 0, "end": 1, "type": "protein"}]'
    (tmp_path / "genia_nested" / "train_partial.jsonl").write_text(
        f'{{"tokens": ["NF-kappa B", "site", "."], "entities": {entities}}}\n', "utf-8"
    )
    (document,) = load("GENIA-nested", "train_partial", root=tmp_path)
    assert [document.mention(span) for span in document.spans] == ["NF-kappa B site", "NF-kappa B"]
    (tmp_path / "chinese" / "cmeee").mkdir(parents=True)
    (tmp_path / "chinese" / "cmeee" / "devel.jsonl").write_text(
        '{"text": "肺癌会痛", "entities": [{"start": 0, "end": 2, "type": "dis"}, '
        '{"start": 0, "end": 1, "type": "bod"}]}\n',
        "utf-8",
    )
    (document,) = load("CMeEE", "devel", root=tmp_path)
    assert [(document.mention(s), s.type) for s in document.spans] == [
        ("肺癌", "疾病"),
        ("肺", "身体"),
    ]


@pytest.mark.corpora
@pytest.mark.parametrize(
    ("name", "split"),
    [("GENIA-nested", "test"), ("CMeEE-V2", "devel"), ("cMedQANER", "test"), ("CCKS2019", "test")],
)
def test_real_corpora_of_spans(corpora_root: Path, name: str, split: str) -> None:
    info = REGISTRY[name]
    if not (corpora_root / info.folder).is_dir():
        pytest.skip(f"{name} does not lie in VANER_CORPORA")
    corpus = load(name, split, root=corpora_root)
    assert corpus.counts() == info.mentions(split) and corpus.types == info.entity_types
    assert list(differences(info, corpus)) == []


@pytest.mark.parametrize(
    ("name", "split", "words"),
    [
        ("CMeEE", "test", "has no split 'test'; it has train, devel; devel stands for it"),
        ("GENIA-nested", "train", "has no split 'train'; it has train_partial, devel, test"),
        ("BC5CDR", "devel", "devel.tsv does not exist; get it with vaner corpus fetch BC5CDR"),
        ("BC5CDR-chem", "devel", "does not exist; get it with vaner corpus fetch BC5CDR"),
        ("CoNLL-2003", "train", "does not exist; it must be got by hand, see https://"),
        ("BC5CDR", "validation", "has no split 'validation'; it has train, devel, test"),
        ("BC5", "train", "'BC5' is neither registered nor a folder or file; see vaner corpus list"),
        ("ncbi_disease", "train", "nor a folder or file; did you mean NCBI-disease?"),
    ],
)
def test_what_is_not_there(root: Path, name: str, split: str, words: str) -> None:
    with pytest.raises(CorpusError, match=words) as told:
        load(name, split, root=root)
    assert "\n" not in str(told.value)


def test_a_label_that_is_not_registered(root: Path) -> None:
    (root / "BC5CDR" / "test.tsv").write_text("Gout\tB-Illness\n\n")
    with pytest.raises(CorpusError, match=r"'Illness', which the registry does not list"):
        load("BC5CDR", "test", root=root)
