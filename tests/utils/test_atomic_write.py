"""Atomic file writing: a file is either complete or unchanged."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from vaner.utils.atomic_write import atomic_write, find_replaceable_file


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
    with pytest.raises(ValueError), atomic_write(link) as temporary:
        temporary.write_text("ne")
        raise ValueError
    assert link.is_symlink() and target.read_text() == "figures"
    assert sorted(tmp_path.iterdir()) == [link, target]


def test_permissions(tmp_path: Path) -> None:
    """A new file has those of the umask; one that replaces a private file is as private."""
    path = tmp_path / "figures.json"
    umask = os.umask(0o027)
    try:
        for mode in (0o640, 0o600):
            with atomic_write(path) as temporary:
                temporary.write_text("figures")
            assert stat.S_IMODE(path.stat().st_mode) == mode
            path.chmod(0o600)
    finally:
        os.umask(umask)


def test_links_of_the_system_are_written_directly() -> None:
    """Otherwise the file that the output is redirected to would be replaced, and not extended."""
    assert find_replaceable_file(Path("/dev/stdout")) is None


def test_device_is_written_directly() -> None:
    with atomic_write(Path("/dev/null")) as temporary:
        assert temporary == Path("/dev/null")
