"""The content of the corpus registry as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from vaner.corpora import VIEWS, CorpusInfo, lookup, shared_texts, split_file
from vaner.corpora.registry import suggest_corpus
from vaner.display.text import align_columns
from vaner.errors import CorpusError

_MAX_TYPES = 5  # corpora with more types, such as Few-NERD with 36, show their number


def base_corpora(names: Iterable[str]) -> list[str]:
    """Return the corpora of names and views in order, each once; unknown names as they are."""
    infos = ((name, lookup(name)) for name in names)
    return list(dict.fromkeys(info.base_corpus if info else name for name, info in infos))


def corpus_rows(corpora: Iterable[CorpusInfo], root: Path | None) -> Iterator[tuple[str, ...]]:
    """Yield the header and a row for each corpus.

    Args:
        corpora: the corpora.
        root: folder with the registered corpora, to show which splits exist; None to show all.
    """
    yield "corpus", "types", "splits and their mentions", "source", "license"
    for info in corpora:
        source = "fetch" if info.url else "manual"
        yield info.name, _types(info), _splits(info, root), source, info.license


def view_rows(infos: Iterable[CorpusInfo]) -> Iterator[tuple[str, ...]]:
    """Yield the header and a row for each view."""
    yield "view", "of", "types", "splits and their mentions"
    for info in infos:
        yield info.name, info.base_corpus, _types_and_labels(info), _splits(info, None)


def describe(name: str, root: Path | None) -> str:
    """Return everything that the registry contains about a corpus or a view.

    Raises:
        CorpusError: if the name is not registered.
    """
    info = lookup(name)
    if info is None:
        raise CorpusError(f"corpus {name!r} is not registered; {suggest_corpus(name)}")
    views = [view.name for view in VIEWS.values() if view.base_corpus == info.name]
    rows = [
        ("view of", info.view_of),
        ("types", _types_and_labels(info)),
        ("views", ", ".join(views)),
        ("license", info.license),
        ("home page", info.homepage),
        ("download", info.url),
        ("access", info.unavailable),
        ("known problems", info.caveat),
        *(("same texts", text) for text in shared_texts(info)),
        ("folder", f"{info.folder} ({info.format})"),
    ]
    details = align_columns((f"  {label}", text) for label, text in rows if text)
    header = (
        "split", "file", "documents", "sentences", "mentions", "long sentences in train", "exists",
    )  # fmt: skip
    splits = [header, *(_split_row(info, split, root) for split in info.splits)]
    table = align_columns([("", *row) for row in splits], right=(3, 4, 5))
    return f"{info.name}\n{details}\n\n{table}"


def _split_row(info: CorpusInfo, split: str, root: Path | None) -> tuple[str, ...]:
    known = info.splits[split]
    leaks = ", ".join(f"{number} in {corpus}" for corpus, number in known.in_train.items())
    exists = "" if root is None else "yes" if split_file(info, split, root) else "no"
    numbers = (known.documents, known.sentences, _total_mentions(info, split))
    label = f"{split} (as test)" if split == info.substitute_test else split
    return (label, known.file, *(_number(n) for n in numbers), leaks, exists)


def _types(info: CorpusInfo) -> str:
    """Return the types, or their number if there are many."""
    types = info.entity_types
    return ", ".join(types) if len(types) <= _MAX_TYPES else f"{len(types)} types"


def _types_and_labels(info: CorpusInfo) -> str:
    """Return the types, each with its labels in the files if they have other names."""
    labels = {
        type: [label for label, name in info.types.items() if name == type]
        for type in info.entity_types
    }
    return ", ".join(
        type if names == [type] else f"{type} ({', '.join(names)})"
        for type, names in labels.items()
    )


def _splits(info: CorpusInfo, root: Path | None) -> str:
    """Return the splits with the numbers of their mentions, and mark those without a file."""
    exists = {s: root is None or split_file(info, s, root) is not None for s in info.splits}
    if not any(exists.values()):
        return "not available"
    labels = (f"{split} {_number(_total_mentions(info, split))}".strip() for split in info.splits)
    return ", ".join(
        label if has_file else f"({label} missing)"
        for label, has_file in zip(labels, exists.values(), strict=True)
    )


def _total_mentions(info: CorpusInfo, split: str) -> int | None:
    mentions = info.mentions(split)
    return sum(mentions.values()) if isinstance(mentions, Mapping) else mentions


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
