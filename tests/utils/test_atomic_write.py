"""Atomic file writing: a file is either complete or unchanged."""

from __future__ import annotations

from pathlib import Path

import pytest

from vaner.utils.atomic_write import atomic_write


def test_failed_write_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), atomic_write(path) as temporary:
        temporary.write_text("ne")
        assert path.read_text() == "old"
        raise KeyboardInterrupt
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_symbolic_link_is_preserved(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to(target)
    with atomic_write(link) as temporary:
        temporary.write_text("figures")
    assert link.is_symlink() and target.read_text() == "figures"


def test_device_is_written_directly() -> None:
    with atomic_write(Path("/dev/null")) as temporary:
        assert temporary == Path("/dev/null")
