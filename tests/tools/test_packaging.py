"""The files that package vaner for others agree with its metadata."""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from vaner import __version__

ROOT = Path(__file__).parents[2]
OF_CONDA = {"pytorch": "torch", "matplotlib-base": "matplotlib"}
"""Names of conda packages -> their names on PyPI, where they differ."""


def requirements(lines: str) -> dict[str, str]:
    """Return the name on PyPI and the version specifier of each requirement."""
    parsed = [Requirement(line) for line in lines.split("\n") if line]
    return {
        canonicalize_name(OF_CONDA.get(item.name, item.name)): str(item.specifier)
        for item in parsed
    }


def test_the_conda_recipe_has_the_requirements_of_the_package() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", "utf-8")
    recipe: dict[str, Any] = yaml.safe_load((ROOT / "conda" / "recipe.yaml").read_text("utf-8"))
    options, extras = setup["options"], setup["options.extras_require"]
    from_pypi = re.findall(r'"([^"]+)"', recipe["build"]["script"])
    expected = requirements(options["install_requires"] + extras["serve"])
    expected["python"] = options["python_requires"]
    given = requirements("\n".join([*recipe["requirements"]["run"], *from_pypi]))
    assert given == expected
    assert recipe["context"]["version"] == __version__
    assert recipe["package"]["name"] == setup["metadata"]["name"]
    assert recipe["build"]["python"]["entry_points"] == [
        setup["options.entry_points"]["console_scripts"].strip()
    ]


def test_the_container_has_what_the_build_needs() -> None:
    """Each file that the Dockerfile copies exists, and pip can build from them."""
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    copied = " ".join(re.findall(r"^COPY (?!--from)(.*) \S+$", dockerfile, re.M)).split()
    assert all((ROOT / name).exists() for name in copied)
    assert {"setup.cfg", "pyproject.toml", "README.md", "LICENSE", "vaner"} <= set(copied)
    sent = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert sent[0] == "*" and {f"!{name}" for name in copied} <= set(sent)
    links = [path for path in (ROOT / "vaner").rglob("*") if path.is_symlink()]
    assert {path.resolve().relative_to(ROOT).parts[0] for path in links} <= set(copied)
    extras = re.search(r"'\.\[([a-z,]+)\]'", dockerfile)
    assert extras
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", "utf-8")
    assert set(extras[1].split(",")) <= set(setup["options.extras_require"])
    assert re.search(r"^USER \d+$", dockerfile, re.M)  # not root
    compose: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    (service,) = compose["services"].values()
    assert service["build"] == "." and all(
        port.startswith("127.0.0.1:") for port in service["ports"]
    )
