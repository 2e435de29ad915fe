"""The interface of a peer: it trains on one split, selects on another, and tags words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments.peers.sentences import Split, Tags

Tagger = Callable[[Sequence[Sequence[str]]], list[Tags]]
"""A function from sentences, as lists of words, to a BIO tag for each word."""


@dataclass(frozen=True, slots=True)
class Task:
    """A training task for a peer.

    Args:
        train: the split to train on.
        devel: the split to select on. A peer never sees test.
        folder: a temporary folder.
        seed: the random seed.
        threads: CPU threads for training.
        settings: the settings that `Peer.tune` chose once for all corpora.
    """

    train: Split
    devel: Split
    folder: Path
    seed: int = 0
    threads: int = 1
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrainedPeer:
    """A trained peer.

    Args:
        tag: tags sentences, on one thread.
        settings: the settings of the training.
    """

    tag: Tagger
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Peer:
    """A program to compare with.

    Args:
        train: trains it.
        package: the package that it requires, by its name for pip.
        is_seeded: whether seeds give different results. If not, it is run once.
        tune: chooses settings for all corpora on one of them; None if there are none.
    """

    train: Callable[[Task], TrainedPeer]
    package: str
    is_seeded: bool = True
    tune: Callable[[Task], dict[str, Any]] | None = None
