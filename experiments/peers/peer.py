"""What a peer is: it learns from one split, chooses on another, and tags words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments.peers.sentences import Split, Tags

Tagger = Callable[[Sequence[Sequence[str]]], list[Tags]]
"""Sentences as words -> a BIO tag for each word."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a peer is given to learn.

    Args:
        train: what it is trained on.
        devel: what it chooses on; it never sees test.
        folder: scratch space, gone afterwards.
        seed: of all its randomness.
        threads: CPU threads for training, where it can use more than one.
        settings: what its `Peer.settle` chose once for all corpora.
    """

    train: Split
    devel: Split
    folder: Path
    seed: int = 0
    threads: int = 1
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Learnt:
    """A trained peer: it tags, on one thread, and says how it was set."""

    tag: Tagger
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Peer:
    """One of the peers.

    Args:
        learn: trains it.
        package: that it needs, as pip names it.
        seeded: whether two seeds can differ; one without randomness is run once.
        settle: chooses, on one corpus, what then holds for all; None if there is no such thing.
    """

    learn: Callable[[Task], Learnt]
    package: str
    seeded: bool = True
    settle: Callable[[Task], dict[str, Any]] | None = None
