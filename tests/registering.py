"""Corpora of a test's own in the registry."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from vaner import corpora
from vaner.corpora import CorpusInfo

# Each of them has the registry by name.
_HOLDERS = ("corpora", *(f"corpora.{n}" for n in ("fetch", "common_texts", "loader", "registry")))


def register(monkeypatch: pytest.MonkeyPatch, *infos: CorpusInfo) -> None:
    """Register corpora, in place of those of the same names."""
    register_only(monkeypatch, {**corpora.REGISTRY, **{info.name: info for info in infos}})


def register_only(monkeypatch: pytest.MonkeyPatch, infos: Mapping[str, CorpusInfo]) -> None:
    """Let these be all the registered corpora; views stay as they are."""
    for module in _HOLDERS:
        monkeypatch.setattr(f"vaner.{module}.REGISTRY", infos)
