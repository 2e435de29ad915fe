"""Finding onnxruntime-web: what is given, what npm downloads, and one line where it is missing."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import pytest

from tests.command_line import Run
from vaner.browser.runtime import FILES, PACKAGE, copy_runtime
from vaner.errors import VanerError


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """An unpacked package: the folder that contains ``package``."""
    folder = tmp_path / "package" / "dist"
    folder.mkdir(parents=True)
    for name in FILES:
        (folder / name).write_text(name)
    return tmp_path


def check(folder: Path) -> None:
    assert {path.name: path.read_text() for path in folder.iterdir()} == {n: n for n in FILES}


@pytest.mark.parametrize("given", [".", "package", "package/dist"])
def test_a_folder_of_the_package_is_given(package: Path, given: str) -> None:
    copy_runtime(package / "copy", package / given)
    check(package / "copy")


def test_a_packed_package_is_given(package: Path) -> None:
    with tarfile.open(package / "packed.tgz", "w:gz") as archive:
        archive.add(package / "package", "package")
    copy_runtime(package / "copy", package / "packed.tgz")
    check(package / "copy")


@pytest.mark.parametrize("name", ["empty", "broken.tgz", "other.tgz"])
def test_another_file_or_folder_is_an_error(package: Path, name: str) -> None:
    (package / "empty").mkdir()
    (package / "broken.tgz").write_bytes(b"no archive")
    with tarfile.open(package / "other.tgz", "w:gz") as archive:
        archive.add(package / "empty", "package")
    with pytest.raises(VanerError, match=r"onnxruntime-web.*--runtime FILE"):
        copy_runtime(package / "copy", package / name)


def test_npm_downloads_the_package_once(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tarfile.open(package / "packed.tgz", "w:gz") as archive:
        archive.add(package / "package", "package")
    npm = package / "npm"
    npm.write_text(
        f'#!/bin/sh\nfor last; do true; done\ncp {package}/packed.tgz "$last"\necho "$2"\n'
    )
    npm.chmod(0o755)
    monkeypatch.setenv("VANER_CACHE", str(package / "cache"))
    monkeypatch.setattr(shutil, "which", lambda name: str(npm))
    copy_runtime(package / "copy")
    npm.unlink()
    copy_runtime(package / "again")
    check(package / "copy")
    check(package / "again")


def test_no_npm_is_one_line_with_the_advice(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnx", reason="onnx is not installed")
    monkeypatch.setenv("VANER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("vaner.browser.runtime.shutil.which", lambda name: None)
    error = run("export", "--browser", tmp_path / "site").error
    assert "npm is not installed" in error and f"npm pack {PACKAGE}" in error
    assert not (tmp_path / "site").exists()


def test_npm_that_fails_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VANER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(shutil, "which", lambda name: "false")
    with pytest.raises(VanerError, match="cannot be downloaded"):
        copy_runtime(tmp_path / "copy")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--browser", "x", "-o", "y"), "give either --output or --browser"),
        (("--runtime", "."), "--runtime is for a page"),
        (("--browser", "."), "exists already"),
    ],
)
def test_options_that_do_not_fit(run: Run, arguments: tuple[str, ...], expected: str) -> None:
    assert expected in run("export", *arguments).error


def test_a_model_with_another_tokenizer_is_refused(run: Run, tmp_path: Path) -> None:
    from vaner.models.locate import list_embedded

    folder = tmp_path / "model"
    shutil.copytree(list_embedded()["biomedical"] / "int8", folder)
    path = folder / "tokenizer.json"
    path.write_text(
        path.read_text("utf-8")
        .replace('"type":"BertNormalizer"', '"type":"NFC"')
        .replace(
            '"clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true',
            '"x":1',
        ),
        "utf-8",
    )
    error = run("export", folder, "--browser", tmp_path / "site").error
    assert "WordPiece" in error
