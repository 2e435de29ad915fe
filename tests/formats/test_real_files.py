"""Real corpora in their original formats. Needs VANER_CORPORA, the folder with the corpora."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path

import pytest

from vaner.formats import FormatWarning, detect_format, read, write, write_to

CORPORA = os.environ.get("VANER_CORPORA")
pytestmark = pytest.mark.skipif(not CORPORA, reason="needs the corpora: set VANER_CORPORA")
ROOT = Path(CORPORA or ".")
NATIVE = ROOT / "native"

COUNTS = {
    "native/pubtator/BC5CDR_Test.PubTator": ("pubtator", 500, 9796),
    "native/pubtator/BC5CDR_TrainDev.PubTator": ("pubtator", 1000, 18974),
    "native/pubtator/Linnaeus_Test.PubTator": ("pubtator", 20, 576),
    "native/pubtator/Linnaeus_Train.PubTator": ("pubtator", 80, 2321),
    "native/pubtator/NCBIdisease_Test.PubTator": ("pubtator", 100, 960),
    "native/pubtator/NCBIdisease_TrainDev.PubTator": ("pubtator", 693, 5932),
    "native/pubtator/SPECIES_Test.PubTator": ("pubtator", 160, 739),
    "native/pubtator/SPECIES_Train.PubTator": ("pubtator", 639, 3053),
    "native/ncbi_original/NCBIdevelopset_corpus.txt": ("pubtator", 100, 787),
    "native/ncbi_original/NCBItestset_corpus.txt": ("pubtator", 100, 960),
    "native/bioc_xml/CDR_sample.gold.PubTator": ("pubtator", 50, 934),
    "native/bioc_xml/pmc_fulltext_unannotated.BioC.xml": ("bioc_xml", 1, 0),
    "native/brat_jnlpba_test": ("brat", 200, 4943),
    "native/conll_4col/conll2003_testb.iob1.txt": ("conll", 231, 5648),
    "native/iobes/NCBI-disease_test.iobes.tsv": ("conll", 940, 960),
    "native/vaner_jsonl/ncbi_test.jsonl": ("jsonl", 942, 960),
    "native/vaner_jsonl/s800_dev.jsonl": ("jsonl", 831, 384),
    "NCBI-disease/test.tsv": ("conll", 940, 960),
    "genia_nested/devel.jsonl": ("jsonl", 1765, 4714),
    "chinese/cmeee_v2/devel.jsonl": ("jsonl", 5000, 26081),
}


@pytest.mark.parametrize("name", COUNTS)
def test_number_of_mentions(name):
    path = ROOT / name
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        documents = list(read(path))
    actual = detect_format(path), len(documents), sum(len(d.spans) for d in documents)
    assert actual == COUNTS[name]


def test_known_defects_are_corrected():
    """Tokens counted in another way, and a location that is one character too early."""
    documents = list(read(NATIVE / "genetag_bc1/sentences.test"))
    assert sum(len(d.spans) for d in documents) == 2987
    (odd,) = [d for d in documents if d.id == "@@89145327162"]
    assert odd.mention(odd.spans[-1]) == "( 1-->4 )-beta-xylan endohydrolase isoenzyme X-I"
    with pytest.warns(FormatWarning) as caught:
        documents = list(read(NATIVE / "bioc_xml/CDR_sample.gold.BioC.xml"))
    assert sum(len(d.spans) for d in documents) == 945
    # Five documents whose abstract is placed behind an escaped title, and the location.
    assert len({str(w.message) for w in caught}) == 2
    assert any("opistothonus dysfunction" in str(w.message) for w in caught)


@pytest.mark.parametrize("name", [n for n, (f, _, _) in COUNTS.items() if f == "pubtator"])
def test_pubtator_round_trip_is_exact(name):
    """Except for surplus empty lines, and quotation marks that the file has as spaces."""
    path = ROOT / name
    stream = io.StringIO()
    assert not write_to(read(path), stream, "pubtator").lost
    expected = [line for line in path.read_text(encoding="utf-8").split("\n") if line]
    lines = [line for line in stream.getvalue().split("\n") if line]
    differing = [f for f, e in zip(lines, expected, strict=True) if f != e]
    assert all('"' in line for line in differing)


def test_conll_round_trip_is_exact():
    path = ROOT / "NCBI-disease/devel.tsv"
    stream = io.StringIO()
    assert not write_to(read(path), stream, "conll").lost
    assert stream.getvalue() == path.read_text(encoding="utf-8")


def test_brat_round_trip_is_exact(tmp_path):
    folder = NATIVE / "brat_jnlpba_test"
    assert not write(read(folder), tmp_path, "brat").lost
    for file in folder.iterdir():
        assert (tmp_path / file.name).read_bytes().rstrip() == file.read_bytes().rstrip()


@pytest.mark.parametrize("format", ["bioc_xml", "bioc_json", "jsonl"])
def test_bioc_and_jsonl_round_trip_of_real_files(tmp_path, format):
    for name in ("native/bioc_xml/CDR_sample.gold.BioC.xml", "native/iobes"):
        path = ROOT / name if name.endswith("xml") else next((ROOT / name).iterdir())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FormatWarning)
            documents = list(read(path, on_error=lambda error: None))
        assert not write(documents, tmp_path / "out", format).lost
        back = list(read(tmp_path / "out", format))
        assert [(d.id, d.text, d.spans) for d in back] == [
            (d.id, d.text, d.spans) for d in documents
        ]
