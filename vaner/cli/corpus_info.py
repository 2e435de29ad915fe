"""What the registry knows of corpora, told to people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from vaner.corpora import REGISTRY, VIEWS, CorpusInfo, lookup, shared_texts, split_file
from vaner.display.text import aligned
from vaner.errors import CorpusError

_SHOWN = 5  # types; Few-NERD has 36


def wholes(names: Iterable[str]) -> list[str]:
    """The corpora of names and views, each once, in order; unknown names as they are."""
    infos = ((name, lookup(name)) for name in names)
    return list(dict.fromkeys(info.base_corpus if info else name for name, info in infos))


def overview(corpora: Iterable[CorpusInfo], root: Path | None) -> Iterator[tuple[str, ...]]:
    """A row for each corpus, and the head."""
    yield "corpus", "types", "splits and their mentions", "get it", "licence"
    for info in corpora:
        how = "fetch" if info.url else "by hand"
        yield info.name, _types(info), _splits(info, root), how, info.license


def views(infos: Iterable[CorpusInfo]) -> Iterator[tuple[str, ...]]:
    """A row for each view, and the head."""
    yield "view", "of", "types", "splits and their mentions"
    for info in infos:
        yield info.name, info.base_corpus, _mapping(info), _splits(info, None)


def described(name: str, root: Path | None) -> str:
    """All that is known of a corpus or a view.

    Raises:
        CorpusError: for a name that is not registered.
    """
    info = lookup(name)
    if info is None:
        known = ", ".join((*REGISTRY, *VIEWS))
        raise CorpusError(f"corpus {name!r} is not registered; registered: {known}")
    own = [view.name for view in VIEWS.values() if view.base_corpus == info.name]
    rows = [
        ("view of", info.view_of),
        ("types", _mapping(info)),
        ("views", ", ".join(own)),
        ("licence", info.license),
        ("home page", info.homepage),
        ("address", info.url),
        ("by hand", info.unavailable),
        ("odd", info.caveat),
        *(("same texts", told) for told in shared_texts(info)),
        ("folder", f"{info.folder} ({info.format})"),
    ]
    told = aligned((f"  {label}", text) for label, text in rows if text)
    head = ("split", "file", "documents", "sentences", "mentions", "long ones in train", "here")
    splits = [head, *(_split(info, split, root) for split in info.splits)]
    return f"{info.name}\n{told}\n\n{aligned([('', *row) for row in splits], right=(3, 4, 5))}"


def _split(info: CorpusInfo, split: str, root: Path | None) -> tuple[str, ...]:
    known = info.splits[split]
    leaks = ", ".join(f"{number} in {corpus}" for corpus, number in known.in_train.items())
    here = "" if root is None else "yes" if split_file(info, split, root) else "no"
    numbers = (known.documents, known.sentences, _total(info, split))
    called = f"{split} (as test)" if split == info.substitute_test else split
    return (called, known.file, *(_number(n) for n in numbers), leaks, here)


def _types(info: CorpusInfo) -> str:
    """Its types, or how many where they are many."""
    types = info.entity_types
    return ", ".join(types) if len(types) <= _SHOWN else f"{len(types)} types"


def _mapping(info: CorpusInfo) -> str:
    """Its types, with the labels that they stand for where these have other names."""
    labels = {
        type: [label for label, own in info.types.items() if own == type]
        for type in info.entity_types
    }
    return ", ".join(
        type if own == [type] else f"{type} ({', '.join(own)})" for type, own in labels.items()
    )


def _splits(info: CorpusInfo, root: Path | None) -> str:
    """Names of the splits and their mentions, those without a file marked."""
    there = {s: root is None or split_file(info, s, root) is not None for s in info.splits}
    if not any(there.values()):
        return "not here"
    shown = (f"{split} {_number(_total(info, split))}".strip() for split in info.splits)
    return ", ".join(
        text if found else f"({text} missing)"
        for text, found in zip(shown, there.values(), strict=True)
    )


def _total(info: CorpusInfo, split: str) -> int | None:
    mentions = info.mentions(split)
    return sum(mentions.values()) if isinstance(mentions, Mapping) else mentions


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
