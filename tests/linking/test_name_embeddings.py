"""Embedded names: written next to a base, and a feature of the ranking."""

from __future__ import annotations

import builtins
import errno
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.command_line import Run
from tests.linking.bases import build, link, mark
from vaner.backbones import text_encoder
from vaner.errors import KnowledgeError, ModelError
from vaner.formats import write
from vaner.knowledge.base import KnowledgeBase
from vaner.knowledge.concepts import Concept
from vaner.linking import name_embeddings
from vaner.linking.linker import Linker, read_weights
from vaner.linking.name_index import open_index


class Letters:
    """An encoder: a name that contains "sugar" is like one that contains "diabetes"."""

    def __init__(self, *_: object) -> None: ...

    def embed(self, names: Sequence[str]) -> Any:
        alike = [("sugar" in name or "diabetes" in name, True) for name in names]
        vectors = np.array(alike, np.float32).reshape(-1, 2)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def sugar(tmp_path: Path) -> KnowledgeBase:
    return build(
        tmp_path / "sugar.parquet",
        Concept("X:1", "Diabetes illness", "Disease", (), "mine"),
        Concept("X:2", "Cigar illness", "Disease", (), "mine"),
    )


def test_a_base_is_linked_with_its_embeddings(
    sugar: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_encoder, "TextEncoder", Letters)
    document = mark("A sugar illness.", "sugar illness")
    before = [candidate.identifier for candidate in Linker.open(sugar).rank(document)[0]]
    name_embeddings.write_embeddings(sugar, open_index(sugar))
    after = [candidate.identifier for candidate in Linker.open(sugar).rank(document)[0]]
    assert before == ["X:2", "X:1"] and after == ["X:1", "X:2"]
    assert Linker.open(sugar).rank(mark("A ?!.", "?!")) == [[]]
    name_embeddings.remove_embeddings(sugar)
    assert [candidate.identifier for candidate in Linker.open(sugar).rank(document)[0]] == before


def test_cosines_are_those_of_the_candidates() -> None:
    vectors = np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float16)
    embeddings = name_embeddings.NameEmbeddings(vectors, Letters())  # type: ignore[arg-type]
    candidates = [np.array([2, 0]), np.array([], np.int64)]
    cosines, of_none = embeddings.compare(["x", "sugar"], candidates)
    assert cosines == pytest.approx([0.8, 0], abs=1e-3) and len(of_none) == 0


def test_weights_of_embedded_names_have_every_feature() -> None:
    assert read_weights(True)["Disease"]["cosine"] > 0
    assert read_weights()["Disease"]["cosine"] == 0
    assert read_weights(True)["Gene"] == read_weights()["Gene"]


def test_embeddings_of_another_version_of_the_base_are_an_error(
    sugar: KnowledgeBase, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(text_encoder, "TextEncoder", Letters)
    name_embeddings.write_embeddings(sugar, open_index(sugar))
    other = build(tmp_path / "other.parquet", Concept("Y:1", "Gout", "Disease", (), "mine"))
    shutil.copytree(tmp_path / "sugar.embeddings", tmp_path / "other.embeddings")
    source = tmp_path / "in.jsonl"
    write([mark("A gout.", "gout")], source)
    result = run("kb", "link", source, "--kb", other.path)
    assert result.code == 2 and result.err.count("\n") == 1
    assert "other.embeddings: damaged, or of another version" in result.err
    assert run("kb", "index", other.path, "--no-embed").code == 0
    assert link(Linker.open(other), mark("A gout.", "gout")) == [("Y:1",)]


@pytest.mark.parametrize("damage", ["file", "link", "folder", "arrays"])
def test_damaged_embeddings_are_an_error_and_can_be_removed_or_replaced(
    sugar: KnowledgeBase, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    monkeypatch.setattr(text_encoder, "TextEncoder", Letters)
    index, folder = open_index(sugar), sugar.path.with_suffix(".embeddings")

    def write_damaged() -> None:
        if damage == "file":
            folder.write_text("x")
        elif damage == "link":
            folder.symlink_to(folder.with_name("nowhere"))
        elif damage == "folder":
            folder.mkdir()
        else:
            name_embeddings.write_embeddings(sugar, index)
            about = json.loads((folder / "about.json").read_text())
            (folder / "about.json").write_text(json.dumps(about | {"files": {}}))

    write_damaged()
    with pytest.raises(KnowledgeError, match=r"sugar\.embeddings: damaged"):
        Linker.open(sugar)
    name_embeddings.write_embeddings(sugar, index)
    assert name_embeddings.open_embeddings(sugar) is not None
    name_embeddings.remove_embeddings(sugar)
    write_damaged()
    name_embeddings.remove_embeddings(sugar)
    assert name_embeddings.open_embeddings(sugar) is None and not os.path.lexists(folder)


def test_embeddings_in_an_unwritable_folder_are_not_computed_nor_removed_in_part(
    sugar: KnowledgeBase, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_encoder, "TextEncoder", Letters)
    name_embeddings.write_embeddings(sugar, open_index(sugar))

    @contextmanager
    def refuse(target: Path) -> Iterator[Path]:
        raise PermissionError(errno.EACCES, "Permission denied", str(target))
        yield target

    monkeypatch.setattr(name_embeddings, "temporary_folder", refuse)
    monkeypatch.setattr(name_embeddings, "_load_encoder", pytest.fail)
    for option, problem in (("--embed", "cannot be written"), ("--no-embed", "cannot be removed")):
        result = run("kb", "index", sugar.path, option)
        assert result.code == 2 and result.err.count("\n") == 1
        assert f"sugar.embeddings: {problem}" in result.err
    monkeypatch.undo()
    monkeypatch.setattr(text_encoder, "TextEncoder", Letters)
    assert name_embeddings.open_embeddings(sugar) is not None


def test_without_the_weights_one_line_says_so(
    sugar: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> Letters:
        raise ModelError("backbone 'minilm-l6' was not found; install it with: pip install x")

    monkeypatch.setattr(text_encoder, "TextEncoder", Letters)
    name_embeddings.write_embeddings(sugar, open_index(sugar))
    monkeypatch.setattr(text_encoder, "TextEncoder", refuse)
    with pytest.raises(KnowledgeError, match=r"encoder: .*pip install x; or link without .*--no-e"):
        Linker.open(sugar)


def test_without_pytorch_one_line_says_so(
    sugar: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    importing = builtins.__import__

    def refuse(name: str, *arguments: Any) -> Any:
        if name.startswith("vaner.backbones"):
            raise ModuleNotFoundError("No module named 'torch'", name="torch")
        return importing(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(KnowledgeError, match="names of sugar need PyTorch: pip install torch"):
        name_embeddings.write_embeddings(sugar, open_index(sugar, cache=False))


@pytest.mark.heavy
def test_the_command_embeds_names(sugar: KnowledgeBase, run: Run) -> None:
    result = run("kb", "index", sugar.path, "--embed")
    assert result.code == 0 and "sugar: 2 names embedded in" in result.err
    [candidates] = Linker.open(sugar).rank(mark("Diabetes.", "Diabetes"))
    assert candidates[0].identifier == "X:1"
    assert run("kb", "index", sugar.path).code == 0
    assert sugar.path.with_suffix(".embeddings").exists()
