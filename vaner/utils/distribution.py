"""The metadata of the installed package: what vaner requires, and what of it is missing.

The distribution has another name than the package: `vaner` belongs to another project on PyPI. A
message says therefore which packages are missing, and names no extra of ours.
"""

from __future__ import annotations

import configparser
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.requirements import Requirement

DISTRIBUTION = "vaner-ner"
"""The name under which pip knows this package."""


def list_extras() -> list[str]:
    """Return the names of the extras, sorted."""
    return sorted({line.extra for line in _read_lines() if line.extra})


def list_requirements(extra: str = "") -> list[Requirement]:
    """Return the requirements of vaner on this machine; with a name, only those of that extra."""
    return [line.requirement for line in _read_lines() if line.extra == extra]


def installed_version(name: str) -> str | None:
    """Return the version of an installed distribution; None if it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def describe_install(*extras: str) -> str:
    """Return the command that installs what is missing of some extras.

    If nothing is missing, a package is broken, and the command has all of them.

    Args:
        extras: names of extras.

    >>> describe_install("no-such-extra")
    'pip install'
    """
    requirements = [item for extra in extras for item in list_requirements(extra)]
    missing = [item for item in requirements if not is_installed(item)]
    return format_install(missing or requirements)


def is_installed(requirement: Requirement) -> bool:
    """Return whether a distribution is installed in a version that a requirement accepts."""
    version = installed_version(requirement.name)
    return version is not None and requirement.specifier.contains(version, prereleases=True)


def format_install(requirements: Sequence[Requirement]) -> str:
    """Return the command that installs requirements, quoted for every shell.

    >>> from packaging.requirements import Requirement
    >>> format_install([Requirement("uvicorn>=0.38")])
    'pip install "uvicorn>=0.38"'
    """
    return " ".join(["pip install", *(f'"{requirement}"' for requirement in requirements)])


class _Line:
    """A requirement that applies on this machine, and the extra that it is part of."""

    def __init__(self, requirement: Requirement, extra: str) -> None:
        self.requirement, self.extra = requirement, extra


@cache
def _read_lines() -> tuple[_Line, ...]:
    try:
        lines = tuple(metadata.requires(DISTRIBUTION) or ())
    except metadata.PackageNotFoundError:
        lines = tuple(_read_checkout())
    return tuple(_parse(lines))


def _parse(lines: Sequence[str]) -> Iterator[_Line]:
    from packaging.requirements import Requirement

    for line in lines:
        requirement = Requirement(line)
        marker, requirement.marker = requirement.marker, None
        if marker is None or marker.evaluate({"extra": ""}):
            yield _Line(requirement, "")
            continue
        extra = str(marker).rpartition("extra == ")[2].strip("\"'() ")
        if marker.evaluate({"extra": extra}):
            yield _Line(requirement, extra)


def _read_checkout() -> Iterator[str]:
    """Yield the requirements of a checkout that runs without being installed."""
    parser = configparser.ConfigParser()
    parser.read(Path(__file__).parents[2] / "setup.cfg", "utf-8")
    if not parser.has_section("options"):
        return
    yield from parser["options"]["install_requires"].split("\n")[1:]
    for extra, lines in parser["options.extras_require"].items():
        for line in lines.split("\n")[1:]:
            yield f'{line} ; extra == "{extra}"'
