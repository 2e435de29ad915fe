"""The package: its version, its public names, its data files and the cost of importing it."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from pytest_socket import SocketConnectBlockedError

import vaner
from vaner.utils.distribution import DISTRIBUTION

ROOT = Path(vaner.__file__).parents[1]


def test_version_is_the_same_everywhere() -> None:
    assert metadata.version(DISTRIBUTION) == vaner.__version__
    assert f"\nversion: {vaner.__version__}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"## {vaner.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


@pytest.mark.heavy
def test_import_and_reading_need_no_torch() -> None:
    code = (
        "import sys, vaner, vaner.corpora, vaner.formats, vaner.evaluation, vaner.cli.app\n"
        "vaner.Document('1', 'x')\n"
        "print(sorted({'torch', 'transformers', 'peft', 'datasets'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", vaner.__all__)
def test_public_names(name: str) -> None:
    assert getattr(vaner, name) is not None
    assert name in dir(vaner)


def test_unknown_name() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Anotator'"):
        _ = vaner.Anotator


def test_typing_marker_and_data_files_exist() -> None:
    package = Path(vaner.__file__).parent
    assert (package / "py.typed").is_file()
    assert (package / "corpora" / "registry.toml").is_file()
    assert (package / "integrations" / "entity_f1" / "entity_f1.py").is_file()


def test_lock_pins_every_requirement_and_nothing_else() -> None:
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9.-]+==[^\s;]+( ; .+)?", pin) for pin in pins)
    names = {pin.partition("==")[0] for pin in pins}
    wanted = {
        re.split(r"[<>=!~;\[ (]", requirement)[0].lower().replace("_", "-")
        for requirement in metadata.requires(DISTRIBUTION) or []
        # Extras that are not in the lock file: of experiments and of clusters.
        if not re.search(r"extra == .(peers|ray).", requirement)
    }
    assert wanted <= names


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_the_network_is_closed() -> None:
    with pytest.raises(SocketConnectBlockedError), socket.socket() as opened:
        opened.connect(("192.0.2.1", 80))
