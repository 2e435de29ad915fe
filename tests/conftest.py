"""What every test gets: no network, one thread a worker, and the corpora where there are any."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Before any Hugging Face library is imported: these are read once, at import.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
if "PYTEST_XDIST_WORKER" in os.environ:
    # Two workers with two threads each are slower on two cores than two with one.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

pytest_plugins = ["tests.command_line", "tests.hub_server", "tests.tiny_model", "tests.web"]

NO_CORPORA = "VANER_CORPORA names no folder of corpora"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs the corpora where there are none."""
    if not os.environ.get("VANER_CORPORA"):
        for item in items:
            if item.get_closest_marker("corpora"):
                item.add_marker(pytest.mark.skip(reason=NO_CORPORA))


@pytest.fixture(scope="session")
def corpora_root() -> Path:
    """The folder that `VANER_CORPORA` names; the test is skipped where it names none."""
    folder = os.environ.get("VANER_CORPORA")
    if not folder:
        pytest.skip(NO_CORPORA)
    if not Path(folder).is_dir():
        pytest.fail(f"VANER_CORPORA={folder} is not a folder")
    return Path(folder)
