"""The registered corpora, read from ``registry.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class CorpusInfo:
    """What is known of a corpus without opening it.

    Args:
        name: registered name.
        folder: folder below the corpora root.
        types: label in the files -> entity type here.
        splits: split -> file name.
        mentions: split -> number of mentions, to check against.
        licence: what the source of the files says of their licence.
        home: the corpus's home page.
    """

    name: str
    folder: str
    types: Mapping[str, str]
    splits: Mapping[str, str]
    mentions: Mapping[str, int]
    licence: str
    home: str

    @property
    def entity_types(self) -> tuple[str, ...]:
        """The types it annotates, sorted."""
        return tuple(sorted(set(self.types.values())))


def _read() -> Mapping[str, CorpusInfo]:
    content = tomllib.loads((files("vaner.corpora") / "registry.toml").read_text("utf-8"))
    return MappingProxyType(
        {name: CorpusInfo(name=name, **entry) for name, entry in content.items()}
    )


REGISTRY = _read()


def lookup(name: str) -> CorpusInfo | None:
    """A registered corpus by name, whatever the case of its letters."""
    folded = {key.casefold(): info for key, info in REGISTRY.items()}
    return folded.get(name.casefold())
