"""Corpora and views by name."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from vaner.corpora import REGISTRY, is_one_split, load
from vaner.corpora.check import available_splits
from vaner.corpora.expected_counts import find_differences
from vaner.errors import CorpusError
from vaner.formats import write
from vaner.text.documents import Document, Span

BOTH = "Cisplatin\tB-Chemical\ncauses\tO\nanaemia\tB-Disease\n\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "BC5CDR").mkdir()
    (tmp_path / "BC5CDR" / "train.tsv").write_text(BOTH)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "types", "mentions"),
    [
        ("BC5CDR", ("Chemical", "Disease"), ["Cisplatin", "anaemia"]),
        ("bc5cdr-CHEM", ("Chemical",), ["Cisplatin"]),
        ("BC5CDR-disease", ("Disease",), ["anaemia"]),
    ],
)
def test_a_view_includes_only_its_types(
    root: Path, name: str, types: tuple[str, ...], mentions: list[str]
) -> None:
    corpus = load(name, "train", root=root)
    assert load(Path(name), "train", root=root) == corpus
    assert corpus.types == types and corpus.name.casefold() == name.casefold()
    (document,) = corpus
    assert [document.mention(span) for span in document.spans] == mentions


def test_the_merged_view_of_jnlpba(tmp_path: Path) -> None:
    (tmp_path / "JNLPBA").mkdir()
    (tmp_path / "JNLPBA" / "test.tsv").write_text("p53\tB-protein\nin\tO\nHeLa\tB-cell_line\n\n")
    (document,) = load("JNLPBA-Gene", "test", root=tmp_path)
    assert [span.type for span in document.spans] == ["Gene", "Gene"]
    (document,) = load("JNLPBA-Gene-BioBERT", "test", root=tmp_path)
    assert [document.mention(span) for span in document.spans] == ["p53"]


def test_a_split_may_be_in_another_format(tmp_path: Path) -> None:
    (tmp_path / "BC4CHEMD").mkdir()
    (tmp_path / "BC4CHEMD" / "train.tsv").write_text("Aspirin\tB-Chemical\n\n")
    assert load("BC4CHEMD", "train", root=tmp_path).count_mentions() == {"Chemical": 1}


def test_text_files_may_be_splits(tmp_path: Path) -> None:
    for split, word in (("train", "Gout"), ("dev", "Flu"), ("test", "Mumps")):
        (tmp_path / f"{split}.txt").write_text(f"{word}\tB-Disease\nhurts\tO\n\n")
    (tmp_path / "README.txt").write_text("See the license.")
    for split, word in (("train", "Gout"), ("devel", "Flu"), ("test", "Mumps")):
        (document,) = load(str(tmp_path), split)
        assert [document.mention(span) for span in document.spans] == [word]
    assert not is_one_split(str(tmp_path))
    with pytest.raises(CorpusError, match="no file for split 'other'"):
        load(str(tmp_path), "other")


@pytest.mark.parametrize(
    "names",
    [
        ("NCBItrainset_corpus.txt", "NCBIdevelopset_corpus.txt", "NCBItestset_corpus.txt"),
        ("CDR_TrainingSet.PubTator.txt", "CDR_DevelopmentSet.x.txt", "CDR_TestSet.PubTator.txt"),
        ("NLM-train.pubtator", "NLM-dev.pubtator", "NLM-test.pubtator"),
    ],
)
def test_common_file_names_of_splits_are_recognized(
    tmp_path: Path, names: tuple[str, str, str]
) -> None:
    for name, word in zip(names, ("Gout", "Flu", "Mumps"), strict=True):
        (tmp_path / name).write_text(f"1|t|{word}\n1|a|\n1\t0\t{len(word)}\t{word}\tD\n\n")
    (tmp_path / "README.txt").write_text("The training and test sets.")
    for split, word in (("train", "Gout"), ("devel", "Flu"), ("test", "Mumps")):
        (document,) = load(str(tmp_path), split)
        assert [document.mention(span) for span in document.spans] == [word]
    assert available_splits(str(tmp_path)) == ["train", "devel", "test"]


def test_folders_may_be_splits(tmp_path: Path) -> None:
    for split, word in (("train", "Gout"), ("devel", "Flu"), ("test", "Mumps")):
        folder = tmp_path / f"corpus_2013_{split}_data"
        folder.mkdir()
        (folder / "1.txt").write_text(word)
        (folder / "1.a1").write_text(f"T1\tD 0 {len(word)}\t{word}\n")
        (document,) = load(str(tmp_path), split)
        assert [document.mention(span) for span in document.spans] == [word]
    assert available_splits(str(tmp_path)) == ["train", "devel", "test"]


def test_a_folder_with_one_file_per_document_is_one_corpus(tmp_path: Path) -> None:
    for word in ("Gout", "Flu"):
        write([Document(word, word, (Span(0, len(word), "D"),))], tmp_path / f"{word}.xml")
    (tmp_path / "README.md").write_text("A file for each document.")
    assert is_one_split(str(tmp_path)) and available_splits(str(tmp_path)) == ["all"]
    assert [document.id for document in load(str(tmp_path), "test")] == ["Flu", "Gout"]
    (tmp_path / "list.tsv").write_text("Gout\tFlu\n")
    with pytest.raises(CorpusError, match="vaner corpus convert"):
        load(str(tmp_path), "test")


def test_a_document_named_test_is_not_a_test_split(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Gout hurts.")
    (tmp_path / "blood test.txt").write_text("Flu kills.")
    assert is_one_split(str(tmp_path)) and len(load(str(tmp_path), "train")) == 2


def test_a_folder_of_text_files_is_one_corpus(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Gout hurts.")
    (tmp_path / "b.txt").write_text("Flu kills.")
    assert is_one_split(str(tmp_path)) and len(load(str(tmp_path), "train")) == 2


def test_files_with_longer_names_are_not_the_split(tmp_path: Path) -> None:
    record = {"id": "1", "text": "Gout.", "spans": [{"start": 0, "end": 4, "type": "Disease"}]}
    (tmp_path / "test.jsonl").write_text(json.dumps(record))
    (tmp_path / "test.found.jsonl").write_text(json.dumps(record | {"spans": []}))
    assert load(str(tmp_path), "test").documents[0].spans
    (tmp_path / "test.tsv").write_text("Gout\tB-Disease\n")
    with pytest.raises(CorpusError, match=r"more than one file .*: test\.jsonl, test\.tsv"):
        load(str(tmp_path), "test")


def test_a_registered_split_may_be_gzipped(tmp_path: Path) -> None:
    folder = tmp_path / "NCBI-disease"
    folder.mkdir()
    (folder / "test.tsv.gz").write_bytes(gzip.compress(b"Gout\tB-Disease\n"))
    assert len(load("NCBI-disease", "test", root=tmp_path)) == 1


def test_records_with_token_and_character_offsets_are_loaded(tmp_path: Path) -> None:
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
def test_real_span_corpora_match_the_registry(corpora_root: Path, name: str, split: str) -> None:
    info = REGISTRY[name]
    if not (corpora_root / info.folder).is_dir():
        pytest.skip(f"{name} is not in VANER_CORPORA")
    corpus = load(name, split, root=corpora_root)
    assert corpus.count_mentions() == info.mentions(split) and corpus.types == info.entity_types
    assert list(find_differences(info, corpus)) == []


@pytest.mark.parametrize(
    ("name", "split", "words"),
    [
        ("CMeEE", "test", "has no split 'test'; it has train, devel; use devel instead"),
        ("GENIA-nested", "train", "has no split 'train'; it has train_partial, devel, test"),
        ("BC5CDR", "devel", "devel.tsv does not exist; download it with vaner corpus fetch BC5CDR"),
        ("BC5CDR-chem", "devel", "does not exist; download it with vaner corpus fetch BC5CDR"),
        ("CoNLL-2003", "train", "does not exist; it must be downloaded manually, see https://"),
        ("BC5CDR", "fold", "has no split 'fold'; it has train, devel, test"),
        ("BC5", "train", "nor a folder or file; see vaner corpus list. Did you mean BC5CDR"),
        ("nothing", "train", "neither registered nor a folder or file; see vaner corpus list"),
        ("ncbi_disease", "train", "see vaner corpus list. Did you mean NCBI-disease?"),
    ],
)
def test_missing_corpora_and_splits_are_reported(
    root: Path, name: str, split: str, words: str
) -> None:
    with pytest.raises(CorpusError, match=words) as error:
        load(name, split, root=root)
    assert "\n" not in str(error.value)


def test_an_unregistered_label_is_rejected(root: Path) -> None:
    (root / "BC5CDR" / "test.tsv").write_text("Gout\tB-Illness\n\n")
    with pytest.raises(CorpusError, match=r"'Illness', which the registry does not list"):
        load("BC5CDR", "test", root=root)


@pytest.mark.parametrize("split", ["dev", "devel", "Validation", "val", "valid", "testa"])
def test_a_split_has_several_names(tmp_path: Path, split: str) -> None:
    for name in ("train", "dev", "test"):
        (tmp_path / f"{name}.tsv").write_text(f"{name}\tB-Disease\n", "utf-8")
    corpus = load(str(tmp_path), split)
    assert (corpus.split, corpus.documents[0].text) == ("devel", "dev")


def test_a_missing_split_lists_those_of_the_folder(tmp_path: Path) -> None:
    for name in ("train", "test"):
        (tmp_path / f"{name}.tsv").write_text("asthma\tB-Disease\n", "utf-8")
    with pytest.raises(CorpusError, match=r"no file for split 'devel' .*; it has train, test"):
        load(str(tmp_path), "dev")


@pytest.mark.parametrize("format", ["webanno", "xmi", "brat"])
def test_folder_of_a_file_per_document_is_one_corpus(tmp_path: Path, format: str) -> None:
    documents = [Document(id, "Scurvy.", (Span(0, 6, "Disease"),)) for id in ("1", "2")]
    write(documents, tmp_path / "folder", format)
    assert is_one_split(str(tmp_path / "folder"))
    assert [len(d.spans) for d in load(str(tmp_path / "folder"), "test")] == [1, 1]


def test_folder_of_tables_per_document_is_one_corpus(tmp_path: Path) -> None:
    for name in ("a.tsv", "b.tsv"):
        (tmp_path / name).write_text("Scurvy\tB-Disease\n")
    assert len(load(str(tmp_path), "test")) == 2
