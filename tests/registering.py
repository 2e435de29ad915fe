"""Registering corpora for a test."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from vaner import corpora
from vaner.corpora import CorpusInfo

# Modules that have imported the registry.
_MODULES = ("corpora", *(f"corpora.{n}" for n in ("fetch", "common_texts", "loader", "registry")))


def register(monkeypatch: pytest.MonkeyPatch, *infos: CorpusInfo) -> None:
    """Register corpora, and replace those of the same names."""
    register_only(monkeypatch, {**corpora.REGISTRY, **{info.name: info for info in infos}})


def register_only(monkeypatch: pytest.MonkeyPatch, infos: Mapping[str, CorpusInfo]) -> None:
    """Replace all registered corpora, but not the views."""
    for module in _MODULES:
        monkeypatch.setattr(f"vaner.{module}.REGISTRY", infos)
