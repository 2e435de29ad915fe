"""``vaner corpus fetch``, from a server on localhost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.command_line import Run
from tests.registering import register
from tests.web import Site
from vaner.corpora import REGISTRY
from vaner.corpora.registry import SplitInfo

TEXT = b"Gout\tB-Disease\nhurts\tO\n\n"


@pytest.fixture
def here(site: Site) -> Iterator[Site]:
    """NCBI-disease and WNUT-17 as one file each at the server; the registry knows one's count."""
    site.files |= {"/ncbi/test.tsv": TEXT, "/wnut/test.tsv": TEXT.replace(b"Disease", b"person")}
    known = {"NCBI-disease": ("ncbi/", SplitInfo("test.tsv", sentences=1)),
             "WNUT-17": ("wnut/", SplitInfo("test.tsv"))}  # fmt: skip
    infos = [
        replace(REGISTRY[name], url=site.address + folder, splits={"test": split})
        for name, (folder, split) in known.items()
    ]
    with pytest.MonkeyPatch.context() as patch:
        register(patch, *infos)
        yield site


@pytest.mark.usefixtures("here")
def test_fetch_prints_its_results(run: Run, tmp_path: Path) -> None:
    done = run("corpus", "fetch", "ncbi-disease", "WNUT-17", "--to", tmp_path / "new")
    assert done.code == 0 and not done.out
    assert "NCBI-disease: license: files: CC BY 4.0" in done.err
    first = tmp_path / "new" / "NCBI-disease" / "test.tsv"
    assert f"NCBI-disease test: {first} downloaded; matches the registry" in done.err
    assert "downloaded, not verified: the registry has no counts of it; the next" in done.err
    again = run("corpus", "fetch", "NCBI-disease", "--corpora", tmp_path / "new")
    assert again.code == 0 and "exists already; matches the registry" in again.err
    first.write_bytes(TEXT * 2)
    changed = run("corpus", "fetch", "NCBI-disease", "--corpora", tmp_path / "new")
    assert changed.code == 1 and "exists already, but differs from the registry" in changed.err
    assert "sentences: 2, the registry has 1" in changed.err and first.read_bytes() == TEXT * 2
    forced = run("corpus", "fetch", "NCBI-disease", "--to", tmp_path / "new", "--force", "-q")
    assert forced.code == 0 and not forced.err


def test_an_interrupted_download_is_resumed(run: Run, here: Site, tmp_path: Path) -> None:
    here.break_after["/ncbi/test.tsv"] = 5
    done = run("corpus", "fetch", "NCBI-disease", "--to", tmp_path)
    assert "download interrupted after 5 of 24 bytes; run the command again" in done.error
    assert run("corpus", "fetch", "NCBI-disease", "--to", tmp_path).code == 0
    assert here.requests[-1] == ("/ncbi/test.tsv", "bytes=5-")


def test_differing_counts_give_exit_code_1(run: Run, here: Site, tmp_path: Path) -> None:
    here.files["/ncbi/test.tsv"] = TEXT * 2
    done = run("corpus", "fetch", "NCBI-disease", "--to", tmp_path)
    assert done.code == 1 and "sentences: 2, the registry has 1" in done.err


def test_a_failed_download_does_not_stop_the_others(run: Run, here: Site, tmp_path: Path) -> None:
    del here.files["/ncbi/test.tsv"]
    names = ("NCBI-disease", "WNUT-17")
    assert "404 Not Found" in run("corpus", "fetch", *names, "--to", tmp_path).error
    assert (tmp_path / "general" / "wnut17" / "test.tsv").is_file()


def test_corpora_without_download_are_errors(run: Run, tmp_path: Path) -> None:
    done = run("corpus", "fetch", "CoNLL-2003", "--to", tmp_path)
    assert "cannot be downloaded" in done.error and "apply at https://" in done.error


def test_fetch_requires_a_folder(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VANER_CORPORA", raising=False)
    assert "use --to FOLDER" in run("corpus", "fetch", "WNUT-17").error
