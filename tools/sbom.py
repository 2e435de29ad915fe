"""Writes a software bill of materials from the lock files: python tools/sbom.py > sbom.json

The format is CycloneDX 1.6. It lists every package that `make install` may install, with its
version, its package URL, and the hashes and licenses that are known. It needs no network.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCK_FILES = ("requirements.lock", "weights.lock", "mpnet.lock")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(?:\s*;\s*([^\\\n]+?))?\s*\\?$")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def read_components(lock_file: Path) -> Iterator[dict[str, Any]]:
    """Yield a component for each pin of a lock file."""
    component: dict[str, Any] = {}
    for line in lock_file.read_text("utf-8").splitlines():
        if pin := _PIN.match(line):
            if component:
                yield component
            component = make_component(pin[1], pin[2], pin[3] or "")
        elif hashed := _HASH.search(line):
            component.setdefault("hashes", []).append({"alg": "SHA-256", "content": hashed[1]})
    if component:
        yield component


def make_component(name: str, version: str, marker: str) -> dict[str, Any]:
    """Return a component of CycloneDX.

    Args:
        name: name of the package.
        version: its version.
        marker: the condition under which this version is installed; empty if there is none.
    """
    normalized = re.sub(r"[-_.]+", "-", name).lower()
    purl = f"pkg:pypi/{normalized}@{version}"
    component: dict[str, Any] = {
        "type": "library", "bom-ref": purl, "name": normalized, "version": version, "purl": purl,
    }  # fmt: skip
    if marker:
        component["properties"] = [{"name": "python:marker", "value": marker}]
    if license := installed_license(name, version):
        component["licenses"] = [{"license": {"name": license}}]
    return component


def installed_license(name: str, version: str) -> str:
    """Return the license of a package as its metadata states it, if this version is installed."""
    try:
        fields = metadata(name)
    except PackageNotFoundError:
        return ""
    if fields["Version"] != version:
        return ""
    stated = fields.get("License-Expression") or fields.get("License") or ""
    classifiers = [c for c in fields.get_all("Classifier") or () if c.startswith("License ::")]
    if not stated or len(stated) > 100 or "\n" in stated:  # some packages state the full text
        stated = classifiers[0].rpartition(" :: ")[2] if classifiers else ""
    return stated


def build_sbom(root: Path) -> dict[str, Any]:
    """Return the bill of materials of a checkout."""
    components = {
        component["bom-ref"]: component
        for file in LOCK_FILES
        for component in read_components(root / file)
    }
    setup = ConfigParser()
    setup.read(root / "setup.cfg", "utf-8")
    name, source = setup["metadata"]["name"], (root / "vaner" / "__init__.py").read_text("utf-8")
    version = re.search(r'^__version__ = "(.+)"', source, re.M)
    application = {"type": "application", "name": name, "bom-ref": name}
    application |= {"version": version[1]} if version else {}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": application},
        "components": [components[ref] for ref in sorted(components)],
    }


if __name__ == "__main__":
    json.dump(build_sbom(ROOT), sys.stdout, indent=1)
    print()
