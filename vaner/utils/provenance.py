"""Where a number comes from: the commit, the machine, the versions, the command, the day."""

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
    """What to put down beside every figure that is kept.

    >>> sorted(provenance())
    ['command', 'commit', 'date', 'machine', 'versions']
    """
    return {
        "commit": get_commit(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join([Path(sys.argv[0]).name, *map(_published, sys.argv[1:])]),
        "machine": _machine(),
        "versions": {"python": platform.python_version()} | _versions(),
    }


def get_commit() -> str | None:
    """Commit of the checkout this package runs from, ``-dirty`` where it was changed since.

    None for an installed package: the repository that a virtual environment happens to lie in
    says nothing about it.
    """
    here = Path(__file__).resolve()
    try:
        _git(here.parent, "ls-files", "--error-unmatch", here.name)
        head = _git(here.parent, "rev-parse", "HEAD")
        changed = _git(here.parent, "status", "--porcelain", "--untracked-files=no", ".")
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{head}-dirty" if changed else head


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        capture_output=True, text=True, check=True, timeout=20,
    )  # fmt: skip
    return done.stdout.strip()


def _published(argument: str) -> str:
    """An argument, of a path from the root its name: where it lies is nobody else's business.

    >>> _published("--output=/home/me/runs"), _published("runs/mine")
    ('--output=runs', 'runs/mine')
    """
    name, sign, value = argument.rpartition("=")
    return f"{name}{sign}{Path(value).name}" if Path(value).is_absolute() else argument


def _machine() -> dict[str, Any]:
    found: dict[str, Any] = {"system": platform.platform(), "cpus": os.cpu_count()}
    torch = sys.modules.get("torch")  # whoever needs the GPU's name has loaded it
    if torch is not None and torch.cuda.is_available():
        found["gpu"] = torch.cuda.get_device_name()
    return found


def _versions() -> dict[str, str]:
    found = {}
    for name in ("vaner", *_PACKAGES):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
