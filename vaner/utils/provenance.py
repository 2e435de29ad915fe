"""Provenance of a figure: commit, machine, versions, command and date."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

_PACKAGES = ("torch", "transformers", "peft")


def collect_provenance() -> dict[str, Any]:
    """Return the provenance to store with each figure.

    >>> sorted(collect_provenance())
    ['command', 'commit', 'date', 'machine', 'versions']
    """
    return {
        "commit": get_commit(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join([Path(sys.argv[0]).name, *map(_hide_folders, sys.argv[1:])]),
        "machine": _describe_machine(),
        "versions": {"python": platform.python_version()} | _get_versions(),
    }


def get_package_version() -> str:
    """Return the version of this package."""
    return str(sys.modules["vaner"].__version__)  # imported with this module


def get_commit() -> str | None:
    """Return the commit of the checkout that this package runs from.

    ``-dirty`` is appended if the checkout has uncommitted changes. The result is None for an
    installed package: the repository around a virtual environment is unrelated to it.
    """
    module = Path(__file__).resolve()
    try:
        _run_git(module.parent, "ls-files", "--error-unmatch", module.name)
        head = _run_git(module.parent, "rev-parse", "HEAD")
        changes = _run_git(module.parent, "status", "--porcelain", "--untracked-files=no", ".")
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{head}-dirty" if changes else head


def _run_git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    return result.stdout.strip()


def _hide_folders(argument: str) -> str:
    """Replace an absolute path in an argument by its last part. Results files are published.

    >>> _hide_folders("--output=/home/me/runs"), _hide_folders("runs/mine")
    ('--output=runs', 'runs/mine')
    """
    name, sign, value = argument.rpartition("=")
    return f"{name}{sign}{Path(value).name}" if Path(value).is_absolute() else argument


def _describe_machine() -> dict[str, Any]:
    machine: dict[str, Any] = {"system": platform.platform(), "cpus": os.cpu_count()}
    torch = sys.modules.get("torch")  # a program that uses the GPU has imported torch already
    if torch is not None and torch.cuda.is_available():
        machine["gpu"] = torch.cuda.get_device_name()
    return machine


def _get_versions() -> dict[str, str]:
    versions = {"vaner": get_package_version()}
    for name in _PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions
