"""Files that are there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from vaner.utils.atomic_write import atomic_write


def test_what_fails_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), atomic_write(path) as new:
        new.write_text("ne")
        assert path.read_text() == "old"
        raise KeyboardInterrupt
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to(target)
    with atomic_write(link) as new:
        new.write_text("figures")
    assert link.is_symlink() and target.read_text() == "figures"


def test_a_device_is_written_straight() -> None:
    with atomic_write(Path("/dev/null")) as new:
        assert new == Path("/dev/null")
