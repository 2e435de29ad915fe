"""What vaner requires, read from its metadata, and the commands that install what is missing."""

from __future__ import annotations

import configparser
from importlib import metadata
from pathlib import Path

import pytest

from vaner.utils import distribution
from vaner.utils.distribution import describe_install, list_extras, list_requirements

LINES = (
    "numpy>=2",
    'never>=1; python_version < "3"',
    'numpy>=1; extra == "partly"',
    'no-such-package>=3; extra == "partly"',
    'numpy>=9999; extra == "outdated"',
    'numpy>=1; extra == "complete"',
    'other[data]>=1; python_version > "3" and extra == "marked"',
)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distribution, "_read_lines", lambda: tuple(distribution._parse(LINES)))


@pytest.mark.parametrize(
    ("extra", "command"),
    [
        ("partly", 'pip install "no-such-package>=3"'),
        ("outdated", 'pip install "numpy>=9999"'),
        ("complete", 'pip install "numpy>=1"'),
        ("marked", 'pip install "other[data]>=1"'),
        ("", 'pip install "numpy>=2"'),
    ],
)
def test_only_what_is_missing_is_named(lines: None, extra: str, command: str) -> None:
    assert describe_install(extra) == command


def test_the_requirements_of_extras(lines: None) -> None:
    assert list_extras() == ["complete", "marked", "outdated", "partly"]
    assert [str(item) for item in list_requirements()] == ["numpy>=2"]


def test_a_checkout_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def raise_error(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", raise_error)
    distribution._read_lines.cache_clear()
    try:
        assert {item.name for item in list_requirements("pdf")} == {"pypdf"}
        assert "torch" in {item.name for item in list_requirements()}
    finally:
        distribution._read_lines.cache_clear()


def test_the_name_of_the_distribution() -> None:
    parser = configparser.ConfigParser()
    parser.read(Path(__file__).parents[2] / "setup.cfg", "utf-8")
    assert parser["metadata"]["name"] == distribution.DISTRIBUTION == "vaner-ner"
    assert set(parser["options.extras_require"]) == set(list_extras())
