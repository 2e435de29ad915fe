"""A backbone whose package is cut in slices: joined, checked, unpacked once."""

from __future__ import annotations

import hashlib
import io
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from vaner.backbones import locate
from vaner.backbones.embedded import EMBEDDED, Embedded
from vaner.errors import ModelError

PARTS = ("001", "002")


@pytest.fixture
def sliced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Embedded:
    """An invented backbone, installed as two packages with a slice each."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("small/config.json", "{}")
        archive.writestr("small/model.safetensors", b"weights")
        archive.writestr("small/tokenizer.json", "{}")
        archive.writestr("small/desktop.ini", "of no use")
        archive.writestr("small/1_Pooling/config.json", "another one")
        archive.writestr("../config.json", "out of its folder")
    data = buffer.getvalue()
    for part, half in zip(PARTS, (data[:100], data[100:]), strict=True):
        folder = tmp_path / "site" / f"small-part_{part}" / "input"
        folder.mkdir(parents=True)
        (folder / f"small.zip.{part}").write_bytes(half)
        (folder.parent / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setenv("VANER_CACHE", str(tmp_path / "cache"))
    known = Embedded(
        hub="small/small", package="small-part-001 small-part-002", module="small-part_{part}",
        license="Apache-2.0", weights="input/small.zip.{part}", parts=PARTS,
        sha256=hashlib.sha256(data).hexdigest(),
    )  # fmt: skip
    monkeypatch.setitem(EMBEDDED, "small", known)
    return known


@pytest.mark.usefixtures("sliced")
def test_slices_are_joined_and_unpacked_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = locate.locate_backbone("small", "package").folder
    assert folder == tmp_path / "cache" / "backbones" / "small"
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        "config.json": "{}", "model.safetensors": "weights", "tokenizer.json": "{}",
    }  # fmt: skip
    assert "unpacking" in capsys.readouterr().err
    assert locate.locate_backbone("small", "package").folder == folder
    assert capsys.readouterr().err == ""


def test_damaged_slices_raise_error(
    sliced: Embedded, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(EMBEDDED, "small", replace(sliced, sha256="0" * 64))
    with pytest.raises(ModelError, match=r"damaged: SHA-256 is .*force-reinstall"):
        locate.locate_backbone("small", "package")
    assert not list((tmp_path / "cache" / "backbones").iterdir())


def test_message_for_missing_slice_names_all_packages(
    sliced: Embedded, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(EMBEDDED, "small", replace(sliced, parts=("001", "003")))
    assert locate.find_package_files(EMBEDDED["small"]) == []
    monkeypatch.setattr(locate, "_from_hub", lambda repo: None)
    with pytest.raises(ModelError, match="small-part-001 small-part-002"):
        locate.locate_backbone("small", "package")
    assert "small" not in sys.modules


def test_the_five_packages_of_mpnet() -> None:
    known = EMBEDDED["mpnet-base"]
    assert len(known.package.split()) == len(known.modules) == 5
    assert len(known.sha256) == 64
