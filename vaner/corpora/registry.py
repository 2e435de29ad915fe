"""The registered corpora and the views of them, read from ``registry.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from vaner.formats import suggest


@dataclass(frozen=True, slots=True)
class SplitInfo:
    """What is known of one split without opening it.

    Args:
        file: name of the file in the corpus's folder.
        origin: its name where it is downloaded from; `file` if empty.
        sha256: of the file that is downloaded, in hex; empty where nobody could tell.
        documents: number of documents, to check against; None where it is not known.
        sentences: number of sentences, likewise.
        mentions: number of mentions by label of the file, or of all together; likewise.
        nested: number of pairs of mentions one of which lies in the other; None if not known.
        crossing: number of pairs that share a part and have one each of their own; likewise.
        wrong_offsets: mentions of the file whose offsets do not give their text; they are left out.
        in_train: corpus -> sentences of eight words or more that are known to stand in its train.
        same_texts: corpus -> its splits that are made from the texts of this one. Stated with one
            of the two; `vaner.corpora.same_texts` knows both ways.
    """

    file: str
    origin: str = ""
    sha256: str = ""
    documents: int | None = None
    sentences: int | None = None
    mentions: Mapping[str, int] | int | None = None
    nested: int | None = None
    crossing: int | None = None
    wrong_offsets: int = 0
    in_train: Mapping[str, int] = field(default_factory=dict)
    same_texts: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CorpusInfo:
    """What is known of a corpus without opening it.

    Args:
        name: registered name.
        folder: folder below the corpora root.
        types: label in the files -> entity type here. A view lists those it keeps.
        files: split -> what is known of its file.
        licence: what the source of the files says of their licence.
        home: the corpus's home page.
        address: folder of files, or archive, that it is downloaded from; empty if there is none.
        archive: how the archive at the address is laid out; empty for a folder of files.
        excluded: addresses of files whose documents are left out of its splits.
        untyped: type of the tags that have none in the files at the address.
        closed: why there is nothing to download, and what to do instead.
        scored_on: split that stands for the test split of a corpus that has none; empty for one
            that has its own, or nothing to be scored on.
        type_views: whether there is a view for each of its types, such as BioRED-Gene.
        odd: what must be known before a figure is made with it, in a line.
        view_of: name of the corpus whose files a view reads; empty for a corpus.
        left_out: labels of those files that the view leaves out.
    """

    name: str
    folder: str
    types: Mapping[str, str]
    files: Mapping[str, SplitInfo]
    licence: str
    home: str
    address: str = ""
    archive: str = ""
    excluded: tuple[str, ...] = ()
    untyped: str = ""
    closed: str = ""
    scored_on: str = ""
    type_views: bool = False
    odd: str = ""
    view_of: str = ""
    left_out: frozenset[str] = field(default_factory=frozenset)

    @property
    def entity_types(self) -> tuple[str, ...]:
        """The types it annotates, sorted."""
        return tuple(sorted(set(self.types.values())))

    @property
    def whole(self) -> str:
        """Name of the corpus whose files it reads: of a corpus its own."""
        return self.view_of or self.name

    @property
    def format(self) -> str:
        """Format of its files, a name in `vaner.formats.FORMATS`."""
        return suggest(next(iter(self.files.values())).file)

    @property
    def splits(self) -> dict[str, str]:
        """Split -> file name."""
        return {split: info.file for split, info in self.files.items()}

    @property
    def test(self) -> str:
        """The split that a model is scored on, and neither trained nor chosen by; empty if none.

        >>> REGISTRY["BC5CDR"].test, REGISTRY["CMeEE"].test, REGISTRY["Tianchi-TCM"].test
        ('test', 'devel', '')
        """
        return "test" if "test" in self.files else self.scored_on

    def mentions(self, split: str) -> dict[str, int] | int | None:
        """Mentions to expect in a split: by entity type, or all together, or None if not known.

        >>> REGISTRY["BC5CDR"].mentions("test")
        {'Chemical': 5385, 'Disease': 4424}
        >>> VIEWS["BC5CDR-chem"].mentions("test")
        {'Chemical': 5385}
        """
        known = self.files[split].mentions
        if not isinstance(known, Mapping):
            return None if self.left_out else known
        found: dict[str, int] = {}
        for label, type in self.types.items():
            found[type] = found.get(type, 0) + known.get(label, 0)
        return found


def _read() -> tuple[Mapping[str, CorpusInfo], Mapping[str, CorpusInfo]]:
    content = tomllib.loads((files("vaner.corpora") / "registry.toml").read_text("utf-8"))
    views = content.pop("views")
    corpora = {name: _corpus(name, entry) for name, entry in content.items()}
    return MappingProxyType(corpora), MappingProxyType(dict(_views(views, corpora)))


def _corpus(name: str, entry: dict[str, Any]) -> CorpusInfo:
    splits = {split: SplitInfo(**one) for split, one in entry.pop("splits").items()}
    excluded = tuple(entry.pop("excluded", ()))
    types = _types(entry.pop("types"))
    return CorpusInfo(name=name, types=types, files=splits, excluded=excluded, **entry)


def _types(given: list[str] | dict[str, str]) -> Mapping[str, str]:
    """Label -> type; a list of labels stands for types of the same names."""
    return given if isinstance(given, dict) else {label: label for label in given}


def _views(
    views: Mapping[str, Mapping[str, Any]], corpora: Mapping[str, CorpusInfo]
) -> Iterator[tuple[str, CorpusInfo]]:
    for name, entry in views.items():
        yield name, _view(name, corpora[entry["of"]], _types(entry["types"]))
    for info in corpora.values():
        for type in info.entity_types if info.type_views else ():
            labels = {label: each for label, each in info.types.items() if each == type}
            yield f"{info.name}-{type}", _view(f"{info.name}-{type}", info, labels)


def _view(name: str, whole: CorpusInfo, types: Mapping[str, str]) -> CorpusInfo:
    left_out = frozenset(whole.types.keys() - types.keys())
    return replace(whole, name=name, types=types, view_of=whole.name, left_out=left_out)


REGISTRY, VIEWS = _read()
"""The corpora, each with files of its own, and the views, which read a corpus's files."""


def scored_split(name: str) -> str:
    """The split that a model is scored on, of whatever corpus: empty for one without.

    >>> scored_split("CMeEE"), scored_split("my_corpus/")
    ('devel', 'test')
    """
    info = lookup(name)
    return info.test if info else "test"


def taught_split(name: str) -> str:
    """The split that a model learns from, of whatever corpus: train, or what there is of it.

    >>> taught_split("GENIA-nested"), taught_split("my_corpus/")
    ('train_partial', 'train')
    """
    info = lookup(name)
    return next((split for split in (info.files if info else ()) if "train" in split), "train")


def lookup(name: str) -> CorpusInfo | None:
    """A registered corpus or view by name, whatever the case of its letters.

    >>> lookup("bc5cdr-Chem").folder
    'BC5CDR'
    """
    folded = {key.casefold(): info for key, info in (*REGISTRY.items(), *VIEWS.items())}
    return folded.get(name.casefold())
